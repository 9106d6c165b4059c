"""The rules of evidence, as sentences."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from brainchange.report.findings import finding, reading
from brainchange.study.settings import Inference

RULES = Inference()
FORBIDDEN = ("no effect", "no difference between", "significant", "proves", "proven", "ineffective")


def row(**changes: Any) -> dict[str, Any]:
    return {
        "measure": "T2",
        "kind": "claim",
        "label": "connectivity goes up",
        "metric": "connectivity",
        "unit": "Fisher z",
        "family": "confirmatory",
        "direction": "up",
        "contrast": "arm0_vs_arm2",
        "contrast_label": "Talk therapy − Untreated",
        "n_treated": 9,
        "n_control": 10,
        "difference": 0.12,
        "ci_low": 0.05,
        "ci_high": 0.19,
        "dppc2": 0.8,
        "dppc2_ci_low": 0.2,
        "dppc2_ci_high": 1.4,
        "p_permutation": 0.004,
        "p_floor": 1.1e-5,
        "p_adjusted": 0.016,
        "adjustment": "holm",
        "family_size": 4,
        "minimum_detectable_effect": 1.3,
        "minimum_detectable_difference": 0.16,
        "n_treated_any": 9,
        "n_control_any": 10,
        "mixed_model": 0.118,
        "ancova": 0.09,
        "constrained_baseline": 0.085,
        "estimators_note": None,
        "tost_p": math.nan,
        "tost_p_small": math.nan,
        "tost_p_large": math.nan,
        "bayes_factor_10": math.nan,
        "smallest_equivalence_difference": math.nan,
        "flag": None,
    } | changes


@pytest.fixture(scope="module")
def study(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(3, 3, 3), n_groups=2)).study


@pytest.fixture(scope="module")
def observed(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(3, 3, 3), n_groups=2, randomised=False)).study


def test_an_effect_in_the_direction_of_the_article(study: Any) -> None:
    assert reading(row(), study, RULES) == (
        "The mean change, post − pre, was 0.120 Fisher z higher in “Talk therapy” than in "
        "“Untreated”.",
        "That is the direction the article says.",
        "The 95 % interval, from +0.050 to +0.190 Fisher z, does not include zero.",
        "Adjusted for 4 tests, p = 0.016, below the level of 0.05.",
    )


def test_where_chance_made_the_arms_the_difference_at_equal_values_before_is_told(
    study: Any,
) -> None:
    lead = {
        "lead_estimator": "ancova",
        "lead_difference": 0.09,
        "lead_ci_low": 0.01,
        "lead_ci_high": 0.17,
        "lead_p": 0.031,
        "lead_p_floor": 1e-4,
    }
    said = reading(row(**lead), study, RULES)
    assert said[0] == (
        "At equal values before, the mean after therapy was 0.090 Fisher z higher in “Talk "
        "therapy” than in “Untreated”."
    )
    assert "from +0.010 to +0.170 Fisher z" in said[2]
    made = finding(row(**lead, adjustment="none", p_adjusted=math.nan), None, study, RULES)
    assert (made.difference, made.ends, made.p) == ("+0.090", "[0.010, 0.170]", "p = 0.031")


def test_an_interval_with_zero_is_never_called_an_absence(study: Any) -> None:
    said = " ".join(reading(row(ci_low=-0.05, ci_high=0.29, p_adjusted=0.9), study, RULES))
    assert "includes zero: these data are compatible with no difference and with every" in said
    assert "find a difference of 0.16 Fisher z four times out of five" in said
    assert "p = 0.90, not below the level of 0.05" in said


def test_without_randomisation_every_difference_is_an_association(
    study: Any, observed: Any
) -> None:
    last = reading(row(), observed, RULES)[-1]
    assert last == "Arms were not randomised, so any difference is an association."
    assert last not in reading(row(), study, RULES)


def test_what_was_not_estimated_says_why(study: Any) -> None:
    missing = dict.fromkeys(("difference", "ci_low", "ci_high", "dppc2"), math.nan)
    told = row(**missing, flag="only 3 participants in one arm")
    assert reading(told, study, RULES) == ("Not estimated: only 3 participants in one arm.",)
    made = finding(told, None, study, RULES)
    assert not made.estimated
    assert made.strip is None
    assert made.side == ""


def test_what_was_too_small_to_test_is_described_and_says_so(study: Any) -> None:
    few = "only 2 treated with both values, fewer than 5: described, not tested"
    untested = dict.fromkeys(("p_permutation", "p_floor", "p_adjusted"), math.nan)
    said = reading(row(ci_low=-0.9, ci_high=1.1, flag=few, **untested), study, RULES)
    assert said[-1] == f"No test: {few}."
    assert "four times out of five" not in " ".join(said)


@pytest.mark.parametrize(("direction", "better"), [("down", "lower"), ("up", "higher")])
def test_a_scale_says_which_way_is_better(study: Any, direction: str, better: str) -> None:
    scale = row(kind="outcome", measure="BDI", direction=direction, unit="points")
    said = reading(scale, study, RULES)
    assert said[1] == f"On this scale {better} is better."
    assert not [sentence for sentence in said if "article" in sentence]


@pytest.mark.parametrize(
    ("direction", "low", "high", "side"),
    [
        ("up", 0.05, 0.19, "as the article says"),
        ("down", 0.05, 0.19, "opposite to the article"),
        ("up", -0.05, 0.29, "interval includes zero"),
    ],
)
def test_the_side_of_an_effect(
    study: Any, direction: str, low: float, high: float, side: str
) -> None:
    told = row(direction=direction, ci_low=low, ci_high=high)
    assert finding(told, None, study, RULES).side == side


def test_the_smallest_possible_p_and_the_adjustment_stand_beside_p(study: Any) -> None:
    made = finding(row(), None, study, RULES)
    assert made.p == "p = 0.016"
    assert made.p_note == "Holm of 4, smallest possible 0.000011 before adjustment"
    plain = row(adjustment="none", p_adjusted=math.nan, family_size=None)
    unadjusted = finding(plain, None, study, RULES)
    assert unadjusted.p == "p = 0.004"
    assert unadjusted.p_note == "not adjusted, smallest possible 0.000011"


def test_the_strip_places_the_effect_on_a_line_from_minus_3_to_3(study: Any) -> None:
    strip = finding(row(dppc2=1.5, dppc2_ci_high=9.0), None, study, RULES).strip
    assert strip is not None
    assert (strip.value, strip.high) == (75.0, 100.0)
    assert (strip.band_low, strip.band_high) == pytest.approx((41.67, 58.33))


def test_no_wording_ever_claims_absence_or_judges_by_significance(study: Any) -> None:
    values = (-0.4, 0.0, 0.3, math.nan)
    for difference, width, p, n in itertools.product(
        values, (0.1, 1.0, math.nan), (0.01, 0.6), (1, 9)
    ):
        told = row(
            difference=difference,
            ci_low=difference - width,
            ci_high=difference + width,
            p_adjusted=p,
            n_treated=n,
        )
        said = " ".join(reading(told, study, RULES)).lower()
        assert not [word for word in FORBIDDEN if word in said]
