from __future__ import annotations

import math

import pandas as pd

from brainchange.figures.wording import effect_sentence, metric_of, region_of, text_of, title_of


def test_a_missing_cell_is_no_text() -> None:
    assert [text_of(cell) for cell in (None, math.nan, pd.NA, "x")] == ["", "", "", "x"]


def test_a_claim_is_named_with_its_id_and_a_region_by_its_regions() -> None:
    claim = {"kind": "claim", "measure": "T2", "label": "connectivity goes up", "metric": "c"}
    region = {"kind": "region", "measure": "f_OFC", "label": "OFC, fractional ALFF (z)"}
    assert title_of(claim) == "T2: connectivity goes up"
    assert (region_of(region), metric_of(region)) == ("OFC", "fractional ALFF (z)")
    assert metric_of(claim) == "c"


def test_an_effect_is_said_with_interval_unit_p_and_n() -> None:
    row = {
        "contrast_label": "CBT − untreated",
        "n_treated": 5,
        "n_control": 14,
        "difference": -5.857,
        "ci_low": -14.6,
        "ci_high": 2.9,
        "unit": "points",
        "p_permutation": 0.166,
        "p_floor": 1 / 11628,
        "flag": None,
    }
    assert effect_sentence(row) == (
        "CBT − untreated: difference in change −5.9 points, 95 % interval [−14.6, 2.9], "
        "permutation p = 0.17, smallest possible 0.000086 (n = 5 and 14)."
    )
    missing = row | {"difference": math.nan, "flag": "no control", "n_control": 0}
    assert effect_sentence(missing) == ("CBT − untreated: not estimated (n = 5 and 0; no control).")
