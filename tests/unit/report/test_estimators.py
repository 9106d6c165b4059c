"""Four estimators in a line: what is said, and when."""

from __future__ import annotations

from math import nan
from typing import Any

from brainchange.report.estimators import estimators


def row(**changes: Any) -> dict[str, Any]:
    return {
        "unit": "points",
        "n_treated": 11,
        "n_control": 14,
        "n_treated_any": 14,
        "n_control_any": 15,
        "difference": -5.948,
        "ci_low": -15.06,
        "ci_high": 3.16,
        "mixed_model": -5.799,
        "ancova": -2.812,
        "constrained_baseline": -2.340,
        "estimators_note": None,
    } | changes


def test_the_estimators_stand_side_by_side() -> None:
    found = estimators(row(), randomised=False)
    assert found is not None
    assert found.values == (
        "Four estimators of the difference in points: change score −5.9, mixed model −5.8, "
        "analysis of covariance −2.8, constrained baseline −2.3."
    )
    assert "they bracket the truth (Ding & Li 2019)" in found.reading
    assert "at least one timepoint (14 vs 15), the other two those with both" in found.reading
    assert found.note == ""


def test_where_chance_made_the_arms_nothing_is_bracketed() -> None:
    found = estimators(row(n_treated_any=11, n_control_any=14), randomised=True)
    assert found is not None
    assert found.reading == (
        "Arms were randomised: all of them estimate the same difference, the last two most "
        "precisely."
    )


def test_different_signs_are_told() -> None:
    found = estimators(row(estimators_note="the estimators differ in sign"), randomised=False)
    assert found is not None
    assert found.note == "The estimators differ in sign."


def test_a_model_without_estimate_is_left_out() -> None:
    found = estimators(row(mixed_model=nan, constrained_baseline=nan), randomised=False)
    assert found is not None
    assert found.values == (
        "2 of four estimators of the difference in points: change score −5.9, "
        "analysis of covariance −2.8."
    )
    assert "everybody" not in found.reading


def test_one_estimator_is_no_comparison() -> None:
    alone = row(mixed_model=nan, constrained_baseline=nan, ancova=nan)
    assert estimators(alone, randomised=False) is None
