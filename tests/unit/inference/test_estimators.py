"""Four estimators side by side, and what is told of them."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pytest

from brainchange.inference.estimators import disagreement, four_estimators
from brainchange.inference.schemas import EFFECTS_TABLE


def arms(gap: float, effect: float) -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    treated, control = (rng.normal(20, 5, n) for n in (12, 15))
    return (
        (treated + gap, treated + gap + effect + rng.normal(0, 2, 12)),
        (control, control + rng.normal(0, 2, 15)),
    )


def test_estimators_that_agree_need_no_note() -> None:
    found = four_estimators(*arms(0, -8), difference=-8.0, ancova=-8.1, tested=True)
    assert found["estimators_agree"] is True
    assert found["estimators_note"] is None
    assert found["n_treated_any"] == 12
    assert set(found) <= set(EFFECTS_TABLE.names)


def test_estimators_of_different_sign_are_told() -> None:
    found = four_estimators(*arms(40, -1.5), difference=-1.5, ancova=2.0, tested=True)
    assert found["mixed_model"] < 0 < found["constrained_baseline"]  # type: ignore[operator]
    assert found["estimators_agree"] is False
    assert found["estimators_note"] == (
        "the estimators differ in sign (analysis of covariance and constrained baseline above 0, "
        "change score and mixed model below): these data do not tell the direction"
    )


def test_one_estimator_agrees_with_nobody() -> None:
    nobody = np.empty(0), np.empty(0)
    found = four_estimators(nobody, nobody, difference=nan, ancova=nan, tested=False)
    assert found["estimators_agree"] is None
    assert found["estimators_note"] == "fewer than 2 participants of an arm have both values"


def test_a_problem_of_one_model_names_it() -> None:
    rng = np.random.default_rng(1)
    treated, control = rng.normal(20, 5, (2, 6)), rng.normal(20, 5, (2, 6))
    turned = (treated[0], 40 - treated[0] + rng.normal(0, 1, 6))
    found = four_estimators(
        turned, (control[0], control[1]), difference=1.0, ancova=1.0, tested=True
    )
    told = str(found["estimators_note"])
    assert "mixed model: the variance between participants is estimated below 0" in told


def test_arms_too_small_for_tests_have_no_p() -> None:
    found = four_estimators(*arms(0, -8), difference=-8.0, ancova=-8.1, tested=False)
    assert np.isnan(found["mixed_model_p"])  # type: ignore[arg-type]
    assert np.isfinite(found["mixed_model_se"])  # type: ignore[arg-type]


@pytest.mark.parametrize("zero", [0.0, nan])
def test_an_estimate_of_zero_or_none_has_no_sign(zero: float) -> None:
    same = {"difference": 1.0, "mixed_model": zero, "ancova": 2.0, "constrained_baseline": 1.0}
    assert disagreement(same) == ""
