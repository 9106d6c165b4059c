"""Models of all values: facts that hold whatever the data are, and what is told where none fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brainchange.inference.mixed_model import (
    NEGATIVE,
    NO_VARIANCE,
    TOO_FEW,
    ModelEffect,
    constrained_baseline,
    mixed_model,
)

MODELS = (mixed_model, constrained_baseline)
Model = Callable[..., ModelEffect]


def arm(seed: int, n: int, gone: int = 0, correlated: float = 5.0) -> tuple[Any, Any]:
    """Correlated values of n participants; the first ``gone`` lack one of them in turn."""
    rng = np.random.default_rng(seed)
    pre, post = 30 + correlated * rng.normal(size=n) + rng.normal(0, 4, (2, n))
    pre[: gone // 2] = np.nan
    post[gone // 2 : gone] = np.nan
    return pre, post


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), correlated=st.sampled_from([0.0, 1.0, 8.0]))
def test_with_all_values_t_is_that_of_student(seed: int, correlated: float) -> None:
    """Also where pre and post correlate negatively, by chance."""
    treated, control = arm(seed, 5, 0, correlated), arm(seed + 1, 9, 0, correlated)
    found = mixed_model(treated, control)
    expected = stats.ttest_ind(treated[1] - treated[0], control[1] - control[0])
    assert found.estimate / found.standard_error == pytest.approx(expected.statistic, rel=1e-6)
    assert found.df == pytest.approx(12, rel=1e-6)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)
    assert found.standard_error == pytest.approx(found.unadjusted_error, rel=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_whoever_has_one_value_counts(model: Model) -> None:
    treated, control = arm(1, 9, gone=4), arm(2, 12, gone=3)
    found = model(treated, control)
    assert (found.n_treated, found.n_control) == (9, 12)
    complete = model(*((pre[4:], post[4:]) for pre, post in (treated, control)))
    assert (complete.n_treated, complete.n_control) == (5, 8)
    assert found.estimate != pytest.approx(complete.estimate, rel=1e-3)
    nobody = (np.append(treated[0], np.nan), np.append(treated[1], np.nan))
    again = model(nobody, control)
    assert again.n_treated == 9
    assert again.estimate == pytest.approx(found.estimate, rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_missing_values_cost_degrees_of_freedom_and_precision(model: Model) -> None:
    whole = model(arm(1, 9), arm(2, 12))
    found = model(arm(1, 9, gone=4), arm(2, 12, gone=4))
    assert found.df < whole.df
    assert found.standard_error > found.unadjusted_error


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-1e4, 1e4), scale=st.floats(1e-3, 1e3))
def test_shift_and_scale(model: Model, seed: int, shift: float, scale: float) -> None:
    treated, control = arm(seed, 8, gone=3), arm(seed + 1, 11, gone=2)
    expected = model(treated, control)
    found = model(
        *(tuple(scale * values + shift for values in side) for side in (treated, control))
    )
    assert found.p == pytest.approx(expected.p, rel=1e-5)
    assert found.df == pytest.approx(expected.df, rel=1e-5)
    assert found.standard_error == pytest.approx(scale * expected.standard_error, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_exchanging_arms_flips_the_sign(model: Model) -> None:
    treated, control = arm(3, 8, gone=3), arm(4, 11, gone=2)
    found, turned = model(treated, control), model(control, treated)
    assert turned.estimate == pytest.approx(-found.estimate, rel=1e-6)
    assert turned.p == pytest.approx(found.p, rel=1e-6)


def test_exchanging_sessions_flips_the_mixed_model() -> None:
    treated, control = arm(3, 8, gone=3), arm(4, 11, gone=2)
    found, turned = mixed_model(treated, control), mixed_model(treated[::-1], control[::-1])
    assert turned.estimate == pytest.approx(-found.estimate, rel=1e-6)


def test_arms_that_start_apart_are_drawn_together_only_by_the_constraint() -> None:
    """Both arms keep their level; the constraint reads the gap after therapy as an effect."""
    treated, control = arm(5, 40, 0, 8.0), arm(6, 40, 0, 8.0)
    treated = (treated[0] + 30, treated[1] + 30)
    free, constrained = mixed_model(treated, control), constrained_baseline(treated, control)
    assert abs(free.estimate) < 4
    assert constrained.estimate > free.estimate + 3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pairs_in_an_arm_give_no_estimate(model: Model, n: int) -> None:
    found = model(arm(1, n + 3, gone=3), arm(2, 9))
    assert np.isnan(found.estimate)
    assert np.isnan(found.p)
    assert found.problem == TOO_FEW == "fewer than 2 participants of an arm have both values"


@pytest.mark.parametrize("model", MODELS)
def test_two_pairs_in_an_arm_give_one(model: Model) -> None:
    found = model(arm(1, 2), arm(2, 2))
    assert np.isfinite([found.estimate, found.standard_error, found.df, found.p]).all()


@pytest.mark.parametrize("model", MODELS)
def test_values_that_do_not_vary_give_no_estimate(model: Model) -> None:
    constant = np.full(6, 0.3)
    assert model((constant, constant), (constant, constant)).problem == NO_VARIANCE
    pre, _ = arm(1, 6)
    found = model((pre, pre + 0.1), (pre, pre))
    assert np.isnan(found.estimate)
    assert found.problem == "the values do not vary, or post follows from pre exactly"


def test_a_negative_variance_between_participants_is_kept_and_told() -> None:
    pre, post = arm(1, 9)
    found = mixed_model((pre, 60 - post), arm(2, 12, correlated=0.5))
    assert found.problem == NEGATIVE
    assert found.problem.endswith("before and after correlate negatively")
    assert np.isfinite(found.p)


@pytest.mark.parametrize("model", MODELS)
def test_ten_thousand_participants_cost_no_more(model: Model) -> None:
    found = model(arm(1, 10_000, gone=1000), arm(2, 10_000, gone=500))
    assert abs(found.estimate) < 4 * found.standard_error
    assert found.standard_error == pytest.approx(0.08, rel=0.1)


@pytest.mark.parametrize("model", MODELS)
def test_nulls_with_missing_values_are_rarely_significant(model: Model) -> None:
    """400 studies of 8 and 15: 5 % are expected, with a standard error of 1.1 %."""
    p = [model(arm(s, 8, gone=2), arm(s + 10_000, 15, gone=3)).p for s in range(400)]
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.085
