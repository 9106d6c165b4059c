"""What lasts and several arms, as a reader meets them."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from brainchange.inference.crossover import CROSSOVER_TABLE
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE
from brainchange.report.more import both_treatments, lasting, omnibus


@pytest.fixture(scope="module")
def study(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(8, 8, 8), n_groups=3)).study


def durable(**changes: Any) -> dict[str, Any]:
    return {
        "measure": "T2",
        "kind": "claim",
        "label": "connectivity goes up",
        "metric": "connectivity",
        "unit": "Fisher z",
        "family": "confirmatory",
        "contrast": "one",
        "contrast_label": "one",
        "primary": True,
        "interval": "followup-post",
        "n_treated": 9,
        "n_control": 10,
        "difference": 0.021,
        "ci_low": -0.11,
        "ci_high": 0.15,
        "p_permutation": 0.71,
        "p_adjusted": nan,
        "treated_change": 0.01,
        "treated_ci_low": -0.08,
        "treated_ci_high": 0.1,
        "treated_tost_p": 0.03,
        "lasting": "kept",
    } | changes


def test_change_since_post_stands_below_change_since_pre() -> None:
    first = durable(interval="followup-pre", lasting=None)
    table = DURABILITY_TABLE.frame([durable(), first, durable(contrast="two")])
    told = lasting(table, "one")
    assert [one.interval for one in told] == ["follow-up − pre", "follow-up − post"]
    assert told[1].label == "T2: connectivity goes up"
    assert (told[1].difference, told[1].ends) == ("+0.02 Fisher z", "[−0.11, 0.15]")
    assert (told[1].equivalence, told[1].lasting) == ("p = 0.030", "kept")
    assert lasting(DURABILITY_TABLE.frame(), "one") == ()


def test_several_arms_are_named_with_their_sizes(study: Any) -> None:
    arms = list(study.arms)
    row = {
        "measure": "A2",
        "kind": "claim",
        "label": "activity goes down",
        "unit": "z",
        "family": "confirmatory",
        "among": "all",
        "arms": ";".join(arms),
        "n": "8;8;7",
        "largest_difference": 1.234,
        "largest_between": f"{arms[2]};{arms[0]}",
        "statistic": 7.5,
        "df1": 2,
        "df2": 12.34,
        "p_permutation": 0.004,
        "p_adjusted": 0.016,
        "adjustment": "holm",
    }
    told = omnibus(OMNIBUS_TABLE.frame([row]), study)[0]
    assert told.arms == "Talk therapy 8, Exercise 8, Untreated 7"
    assert told.between == "Untreated − Talk therapy"
    assert told.statistic == "F(2, 12.3) = 7.50"
    assert (told.p, told.shared) == ("p = 0.016 (adjusted)", "")


def test_both_treatments_are_told_with_period_and_carry_over() -> None:
    row = {
        "study": "one",
        "group": "ketamine − saline",
        "measure": "MADRS",
        "kind": "outcome",
        "label": "Depression rating",
        "unit": "points",
        "sessions": "d2 / p2",
        "n_treatment_first": 15,
        "n_control_first": 13,
        "effect": -8.04,
        "ci_low": -12.1,
        "ci_high": -4.0,
        "p": 0.0004,
        "q": 0.0012,
        "period": 1.25,
        "period_p": 0.52,
        "carry_over": -3.5,
        "carry_over_p": 0.44,
    }
    none = row | {"measure": "HAMD", "effect": nan, "flag": "no column"}
    (told,) = both_treatments(CROSSOVER_TABLE.frame([row, none]))
    assert (told.label, told.counts) == ("MADRS: Depression rating", "15 and 13")
    assert told.effect == "−8.0 points"
    assert (told.p, told.period, told.period_p) == ("p = 0.001", "+1.2 points", "p = 0.52")
    assert (told.carry_over, told.carry_over_p) == ("−3.5 points", "p = 0.44")
    assert both_treatments(CROSSOVER_TABLE.frame()) == ()
