"""Threats and what is beyond means, as the page says them."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE
from brainchange.inference.prediction_schema import PREDICTION_TABLE
from brainchange.inference.reliability_schema import (
    BRAIN_SYMPTOM_TABLE,
    RELIABILITY_TABLE,
    RESPONDERS_TABLE,
)
from brainchange.inference.threat_row import ASKED, THREATS_TABLE
from brainchange.report.beyond import brain_symptom, prediction, responders
from brainchange.report.data_table import Cell
from brainchange.report.threat_tables import TOPICS, multiverse, overview, reliability, topics


def threats(**weakens: bool | None) -> Any:
    return THREATS_TABLE.frame(
        {
            "measure": "T2",
            "kind": "claim",
            "label": "connectivity goes up",
            "contrast": "one",
            "contrast_label": "therapy − untreated",
            "threat": name,
            "asked": ASKED[name],
            "n_treated": 8,
            "n_control": 8,
            "weakens": state,
            "words": "what was found",
        }
        for name, state in weakens.items()
    )


FOUND = threats(tsnr_change=True, motion_adjusted=False, attrition=None, oldham_correlation=None)


def test_every_threat_has_one_topic():
    named = [name for topic in TOPICS for name in topic.threats]
    assert sorted(named) == sorted(ASKED)


def test_a_threat_that_is_there_is_named_with_the_claim_it_weakens():
    told = {one.topic.name: one for one in topics(FOUND, "one")}
    assert told["motion"].sentence == "It weakens what may be said of T2 (of 1 claim or scale)."
    answers = [row[2].text for row in told["motion"].table.rows]
    assert answers == ["✗ yes: weakens", "✓ no"]
    assert told["attrition"].sentence == "Nothing of it could be judged here."
    assert told["baseline"].table.rows[0][2].text == "– described"
    assert not told["negative-controls"].table


def test_that_no_threat_is_found_proves_nothing():
    told = topics(threats(motion_adjusted=False), "one")
    assert told[0].sentence.endswith("that proves nothing.")


def test_the_overview_tells_found_not_found_and_not_judged_apart():
    table = overview(FOUND, "one")
    assert table.columns[1:] == ("T2",)
    signs = {row[0].text: row[1].text for row in table.rows}
    assert signs == {"tSNR change": "✗", "motion adjusted": "✓", "attrition": "–"}
    assert not overview(FOUND, "another").rows


def test_missing_numbers_are_sorted_as_missing():
    assert Cell("n/a", sort=nan).key == "n/a"
    assert Cell("−1.5", sort=-1.5).key == "-1.5"
    assert Cell("words").key == ""


def test_reliability_is_of_claims_and_scales_with_its_interval():
    row = {
        "measure": "T2",
        "kind": "claim",
        "label": "connectivity",
        "metric": "connectivity",
        "unit": "Fisher z",
        "n": 9,
        "icc_consistency": 0.5,
        "icc_consistency_low": -0.1,
        "icc_consistency_high": 0.85,
        "mdc95": 0.21,
    }
    table = reliability(RELIABILITY_TABLE.frame([row, row | {"kind": "region", "measure": "x"}]))
    assert len(table.rows) == 1
    assert table.rows[0][2].text == "0.50 [−0.10, 0.85]"
    assert table.rows[0][4].text == "± 0.21 Fisher z"


def test_specifications_are_held_against_chance():
    row = {
        "measure": "T2",
        "label": "connectivity",
        "contrast": "one",
        "contrast_label": "therapy − untreated",
        "n_specifications": 24,
        "median_dppc2": 0.4,
        "median_null_low": -0.7,
        "median_null_high": 0.8,
        "median_p": 0.3,
        "share_claimed": 0.75,
        "share_claimed_p": 0.36,
        "share_significant": 0.0,
        "share_significant_p": 1.0,
        "n_permutations": 999,
        "p_floor": 0.001,
    }
    cells = multiverse(MULTIVERSE_SUMMARY_TABLE.frame([row]), "one").rows[0]
    assert (cells[2].text, cells[2].small) == ("+0.40 SD", "by chance [−0.70, 0.80], p = 0.30")
    assert [cell.text for cell in cells[3:]] == ["75 %", "0 %"]


def test_a_correlation_of_few_is_described_and_says_its_ceiling():
    row = {
        "measure": "T2",
        "label": "connectivity",
        "outcome": "BDI",
        "outcome_label": "Beck",
        "scope": "all",
        "scope_label": "all arms",
        "given": "arm",
        "n": 12,
        "descriptive": True,
        "r": 0.4,
        "ci_low": -0.2,
        "ci_high": 0.8,
        "largest_r": 0.3,
        "flag": "n = 12, fewer than 20: descriptive, not tested",
    }
    cells = brain_symptom(BRAIN_SYMPTOM_TABLE.frame([row])).rows[0]
    assert cells[3].text == "+0.40 [−0.20, 0.80]"
    assert cells[4].text == "described"
    assert cells[5].text == "0.30"


def test_responders_are_counted_by_arm(make_up: Any, made_up_size: Any):
    study = make_up(made_up_size(counts=(3, 3, 3))).study
    arm = next(iter(study.arms))
    rows = [
        {
            "measure": "BDI",
            "kind": "outcome",
            "participant_id": f"sub-{place}",
            "arm": arm,
            "detected": said,
            "response": answered,
        }
        for place, (said, answered) in enumerate(
            [("improved", True), ("unchanged", False), ("worse", False), ("improved", True)]
        )
    ]
    cells = responders(RESPONDERS_TABLE.frame(rows), study).rows[0]
    assert [cell.text for cell in cells[2:]] == ["4", "2 improved; 1 worse", "2 of 4", "n/a"]


def test_a_prediction_below_forty_is_described():
    row = {
        "measure": "Y1",
        "label": "connectivity predicts",
        "outcome": "BDI",
        "outcome_label": "Beck",
        "unit": "points",
        "n": 10,
        "descriptive": True,
        "q2_clinical": -1.4,
        "q2_both": -1.3,
        "q2_gain": 0.1,
        "error_clinical": 6.2,
        "error_both": 6.0,
    }
    cells = prediction(PREDICTION_TABLE.frame([row])).rows[0]
    assert [cell.text for cell in cells[1:]] == [
        "10",
        "−1.40",
        "−1.30",
        "+0.10",
        "6.00 points",
        "described",
    ]


@pytest.mark.parametrize("table", [THREATS_TABLE, RELIABILITY_TABLE])
def test_a_study_without_them_has_empty_tables(table):
    assert not (
        overview(table.frame(), "one") if table is THREATS_TABLE else reliability(table.frame())
    )
