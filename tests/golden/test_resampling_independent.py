"""Bootstrap intervals and max T equal those of scipy and of a loop over all arrangements."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy import stats

from brainchange.inference.bootstrap import bca_intervals
from brainchange.inference.effect_size import between_effect
from brainchange.inference.permutation import named_generator, permutation_test

TREATED = np.arange(23) < 8


def made_up(n_measures: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    pre = rng.gamma(3, 4, (23, n_measures))
    return pre, rng.normal(-3, 4, (23, n_measures)) - 0.3 * pre


def scipy_interval(pre: Any, change: Any, seed: int) -> Any:
    def dppc2(treated: Any, control: Any, axis: int = -1) -> Any:
        n_t, n_c = treated.shape[axis], control.shape[axis]
        df = n_t + n_c - 2
        squares = n_t * pre[treated].var(axis=axis) + n_c * pre[control].var(axis=axis)
        difference = change[treated].mean(axis=axis) - change[control].mean(axis=axis)
        return (1 - 3 / (4 * df - 1)) * difference / np.sqrt(squares / df)

    places = np.flatnonzero(TREATED), np.flatnonzero(~TREATED)
    found = stats.bootstrap(
        places, dppc2, n_resamples=40_000, method="BCa", rng=np.random.default_rng(seed)
    )
    whole = between_effect(*((pre[p], pre[p] + change[p]) for p in places))
    assert dppc2(*places) == pytest.approx(whole.value)
    return found.confidence_interval


def test_bootstrap_intervals_equal_scipy() -> None:
    """Apart from chance, which moves the ends of either by about 0.01."""
    pre, change = made_up(3)
    found = bca_intervals(
        pre, change, TREATED, generator=named_generator(1, "any"), resamples=40_000
    )
    for measure in range(3):
        expected = scipy_interval(pre[:, measure], change[:, measure], measure)
        assert found[measure] == pytest.approx([expected.low, expected.high], abs=0.04)


def test_stepping_down_max_t_equals_a_loop_over_all_arrangements() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(11, 1)) + rng.normal(size=(11, 4))
    values[:4, 1] += 1.5
    treated = np.arange(11) < 4
    found = permutation_test(
        values,
        treated,
        exact_up_to=1000,
        permutations=999,
        generator=named_generator(1),
        families=["regions", "regions", "", "regions"],
    )
    statistics = []
    for chosen in combinations(range(11), 4):
        arm = np.isin(np.arange(11), chosen)
        test = stats.ttest_ind(values[arm], values[~arm], equal_var=False)
        statistics.append(np.abs(test.statistic)[[0, 1, 3]])
    # Westfall & Young 1993: from the largest observed, each against those not yet rejected.
    order = np.argsort(statistics[0])[::-1]
    stepped = []
    for place, measure in enumerate(order):
        largest = np.max(np.array(statistics)[:, order[place:]], axis=1)
        share = (largest >= statistics[0][measure] * (1 - 1e-9)).mean()
        stepped.append(max([share, *stepped]))
    expected = np.empty(3)
    expected[order] = stepped
    assert found.p_max_t[[0, 1, 3]] == pytest.approx(expected, rel=1e-12)
    single = [
        (np.max(statistics, axis=1) >= observed * (1 - 1e-9)).mean() for observed in statistics[0]
    ]
    assert (found.p_max_t[[0, 1, 3]] <= np.array(single) + 1e-12).all()
    assert found.p_max_t[[0, 1, 3]].max() < max(single)
    assert np.isnan(found.p_max_t[2])
    assert (found.p_max_t[[0, 1, 3]] >= found.p[[0, 1, 3]]).all()
