"""Tests and intervals equal those of scipy, statsmodels and pingouin on random data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pingouin
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from brainchange.inference.between import welch
from brainchange.inference.change import describe_change, sign_flip_test
from brainchange.inference.multiplicity import benjamini_hochberg, holm
from brainchange.inference.noncentral_t import noncentrality_interval
from brainchange.inference.permutation import named_generator, permutation_test
from brainchange.inference.power import minimum_detectable_effect


@pytest.mark.parametrize("seed", range(5))
def test_welch_equals_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    treated, control = rng.normal(size=rng.integers(2, 20)), rng.normal(0, 3, rng.integers(2, 20))
    found = welch(treated, control)
    expected = stats.ttest_ind(treated, control, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert (found.t, found.p, found.df) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.df), rel=1e-9
    )
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_the_t_interval_of_change_equals_scipy() -> None:
    rng = np.random.default_rng(3)
    pre, post = rng.normal(size=(2, 12))
    found, expected = describe_change(pre, post), stats.ttest_rel(post, pre)
    interval = expected.confidence_interval(0.95)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_the_exact_permutation_p_equals_a_loop_over_all_arrangements() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(11, 3))
    treated = np.arange(11) < 4

    def distance(x: Any, y: Any, axis: int) -> Any:
        return np.abs(stats.ttest_ind(x, y, axis=axis, equal_var=False).statistic)

    found = permutation_test(
        values, treated, exact_up_to=1000, permutations=999, generator=named_generator(1)
    )
    expected = [
        stats.permutation_test(
            (values[treated, m], values[~treated, m]),
            distance,
            n_resamples=np.inf,
            alternative="greater",
            vectorized=True,
        ).pvalue
        for m in range(3)
    ]
    assert found.p == pytest.approx(expected, rel=1e-12)
    assert found.n_permutations == 330
    assert found.floor == 1 / 330


def test_the_sign_flip_p_equals_scipy() -> None:
    change = np.random.default_rng(5).normal(0.4, 1, 9)
    found = sign_flip_test(
        change[:, None], exact_up_to=1000, permutations=999, generator=named_generator(1)
    )
    expected = stats.permutation_test(
        (change,),
        lambda x, axis: np.abs(x.mean(axis=axis)),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert found.p[0] == pytest.approx(expected.pvalue, rel=1e-12)


def test_the_noncentrality_interval_equals_the_interval_of_pingouin() -> None:
    low, high = noncentrality_interval(-3.314234429835611, 7)
    change = np.array([-1.7, 0.1, -2.5, -2.9, 0.2, -2.5, -0.5, -3.4])
    d_z = change.mean() / change.std(ddof=1)
    expected = (-2.066700799682638, -0.23156796909395017)  # R, noncentral t
    assert d_z == pytest.approx(-1.1717588198893456)
    assert (low / np.sqrt(8), high / np.sqrt(8)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("n_treated", "n_control"), [(8, 15), (14, 15), (6, 15), (5, 14)])
def test_the_detectable_effect_equals_statsmodels_and_pingouin(
    n_treated: int, n_control: int
) -> None:
    found = minimum_detectable_effect(n_treated, n_control)
    ratio = n_control / n_treated
    expected = TTestIndPower().solve_power(nobs1=n_treated, ratio=ratio, alpha=0.05, power=0.8)
    assert found == pytest.approx(expected, rel=1e-5)  # its solver stops there
    power = pingouin.power_ttest2n(n_treated, n_control, d=found, alpha=0.05)
    assert power == pytest.approx(0.8, abs=1e-6)


def test_adjusted_p_values_equal_statsmodels() -> None:
    p = np.random.default_rng(6).uniform(0, 0.2, 25).round(2)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1], abs=1e-12)
