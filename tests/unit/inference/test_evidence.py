"""What is printed beside every effect: where it is defined, and what it must never say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from brainchange.inference.ancova import ancova
from brainchange.inference.bayes_factor import bayes_factor, student_t
from brainchange.inference.between import welch
from brainchange.inference.equivalence import equivalence, smallest_equivalence_bound
from brainchange.study.settings import Settings

SCORES = st.lists(st.integers(-20, 20), min_size=3, max_size=8)


def arm(*pairs: tuple[float, float]) -> Any:
    return tuple(np.array(pairs, dtype=float).T)


def test_ancova_by_hand() -> None:
    """Post = pre, 2 more in therapy, residuals −1 and 1 at the ends of both arms."""
    control = arm((1, 2), (2, 1), (3, 4), (2, 1))
    treated = arm((1, 4), (2, 3), (3, 6), (2, 3))
    found = ancova(treated, control)
    assert found.estimate == pytest.approx(2)
    assert found.df == 5


def test_ancova_adjusts_for_arms_that_differ_before() -> None:
    """Lord's paradox: nothing changes, yet the adjusted difference is not 0."""
    rng = np.random.default_rng(1)
    high, low = rng.normal(10, 1, (2, 400)), rng.normal(0, 1, (2, 400))
    treated, control = (high[0], high[1]), (low[0], low[1])
    assert abs(float((high[1] - high[0]).mean() - (low[1] - low[0]).mean())) < 0.3
    assert ancova(treated, control).estimate == pytest.approx(10, abs=1)


@pytest.mark.parametrize(
    ("treated", "control"),
    [
        (arm((1, 2)), arm((1, 2), (2, 5), (3, 3))),
        (arm((2, 2), (2, 3)), arm((2, 2), (2, 5), (2, 3))),
        (arm((1, 1), (1, 2)), arm((2, 2), (2, 5), (2, 3))),
    ],
    ids=["one treated", "constant before", "arm decided by pre"],
)
def test_ancova_that_is_not_defined(treated: Any, control: Any) -> None:
    assert np.isnan(astuple(ancova(treated, control))).all()


def test_a_participant_who_decides_a_coefficient_has_no_robust_error() -> None:
    """All control participants are equal before; the treated one apart fixes the slope."""
    found = ancova(arm((5, 5), (5, 6), (9, 1)), arm((5, 4), (5, 5), (5, 7)))
    assert np.isfinite(found.estimate)
    assert np.isnan([found.standard_error, found.p, found.low]).all()


def test_an_exact_fit_has_no_error() -> None:
    found = ancova(arm((1, 3), (2, 4), (4, 6)), arm((1, 1), (3, 3), (7, 7)))
    assert found.estimate == pytest.approx(2)
    assert np.isnan(found.p)


@given(SCORES, SCORES, st.floats(0.1, 30))
def test_equivalence_is_shown_exactly_where_the_interval_lies_inside(
    treated: list[int], control: list[int], bound: float
) -> None:
    raw = welch(np.array(treated, dtype=float), np.array(control, dtype=float))
    assume(raw.standard_error > 0)
    found = equivalence(raw, bound)
    assume(abs(max(-found.low, found.high) - bound) > 1e-9)
    assert (found.p < 0.05) == (-bound < found.low and found.high < bound)
    if found.p < 0.05:
        assert bound > found.smallest_bound


def test_no_precision_no_equivalence() -> None:
    found = equivalence(welch(np.array([1.0, 1.0]), np.array([1.0, 1.0])), 0.5)
    assert found.bound == 0.5
    assert np.isnan(astuple(found)[1:]).all()
    assert np.isnan(smallest_equivalence_bound(1, 9))


def test_bayes_factors_grow_with_t_and_ignore_its_sign() -> None:
    factors = [bayes_factor(t, 8, 15) for t in (0.0, 1.0, 2.0, 4.0, 50.0)]
    assert factors == sorted(factors)
    assert bayes_factor(-2.0, 8, 15) == factors[2]
    assert bayes_factor(1e6, 5000, 5000) == float("inf")


def test_a_wider_prior_speaks_more_against_an_effect() -> None:
    assert bayes_factor(0.0, 20, 20, scale=1.0) < bayes_factor(0.0, 20, 20, scale=0.5)


@pytest.mark.parametrize("case", [(float("nan"), 5, 5), (1.0, 1, 1), (1.0, 1, None)])
def test_a_bayes_factor_that_is_not_defined(case: tuple[Any, ...]) -> None:
    assert np.isnan(bayes_factor(*case))


def test_student_t_by_hand() -> None:
    assert student_t(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(
        3 / np.sqrt(2 / 3)
    )
    assert np.isnan(student_t(np.array([1.0]), np.array([1.0, 2.0])))
    assert np.isnan(student_t(np.array([2.0, 2.0]), np.array([1.0, 1.0])))


def test_every_effect_carries_its_evidence(made_up: Callable[..., Any]) -> None:
    effects = made_up().infer().effects
    row = effects[effects["measure"] == "A2"].iloc[0]
    bound = Settings().inference.smallest_effect_of_interest
    inside = -bound < row["tost_ci_low"] and row["tost_ci_high"] < bound
    assert (row["tost_p"] < 0.05) == inside
    assert row["equivalence_bound"] > 0
    assert row["bayes_factor_reliable"]
    assert row["bayes_factor_01_ceiling"] == pytest.approx(1 / bayes_factor(0.0, 8, 8))
    assert row["smallest_equivalence_bound"] < row["minimum_detectable_effect"]
    assert row["ancova_df"] == 13


def test_small_arms_carry_estimates_without_tests(made_up: Callable[..., Any]) -> None:
    effects = made_up(4).infer().effects
    tests = ["ancova_p", "tost_p", "bayes_factor_10", "bayes_factor_01_ceiling", "p_welch"]
    assert effects[tests].isna().all(axis=None)
    assert effects["bayes_factor_reliable"].isna().all()
    assert effects[["ancova", "tost_ci_low", "minimum_detectable_effect"]].notna().all(axis=None)


def test_arms_of_six_have_a_bayes_factor_that_is_not_reliable(
    made_up: Callable[..., Any],
) -> None:
    effects = made_up(6).infer().effects
    assert effects["bayes_factor_10"].notna().all()
    assert not effects["bayes_factor_reliable"].any()
    assert pd.notna(effects["bayes_factor_10_narrow"]).all()
