"""Symptom scores: every cell that is not used is told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.observed import Values
from brainchange.inference.outcomes import outcome_values
from brainchange.inference.participants import enrol
from brainchange.study.model import Study


def read(study: Study, pre: list[str | None], post: list[str | None]) -> Values:
    """Two participants in therapy, the others in waiting."""
    cells = {
        "participant_id": [f"sub-{number}" for number in range(1, len(pre) + 1)],
        "group": ["therapy", "therapy", *["waiting"] * (len(pre) - 2)],
        "BDI_pre": pre,
        "BDI_post": post,
    }
    return outcome_values("BDI", study, enrol(pd.DataFrame(cells, dtype=object), study))


def test_scores_are_read(study_with: Callable[..., Study]) -> None:
    found = read(study_with(), ["20", "63", "0"], ["10.5", "1e1", "5"])
    assert found.numbers.tolist() == [[20.0, 63.0, 0.0], [10.5, 10.0, 5.0]]
    assert found.decisions == ()


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "no pre value"),
        ("64", "pre value 64 is outside the scale (0 to 63)"),
        ("-1", "pre value -1 is outside the scale (0 to 63)"),
        ("about 20", "pre value 'about 20' is not a number"),
        ("inf", "pre value 'inf' is not a number"),
        ("nan", "pre value 'nan' is not a number"),
    ],
)
def test_a_cell_that_cannot_be_used_is_told(
    cell: str | None, reason: str, study_with: Callable[..., Study]
) -> None:
    found = read(study_with(), [cell, "20", "20"], ["10", "10", "10"])
    assert np.isnan(found.numbers[0, 0])
    assert found.flags[0, 0] == reason
    told = [(row["participant_id"], row["reason"], row["action"]) for row in found.decisions]
    assert told == [("sub-1", reason, "excluded")]
    assert found.decisions[0]["config_key"] == "outcomes.BDI"


def test_a_scale_an_arm_was_never_given_is_told_once(study_with: Callable[..., Study]) -> None:
    found = read(study_with(), ["20", "20", None, None], ["10", None, None, None])
    told = [(row["participant_id"], row["reason"]) for row in found.decisions]
    assert told == [
        ("sub-2", "no post value"),
        (None, "no participant of the arm 'waiting' has a value at pre or post"),
    ]


def test_a_scale_collected_once_has_no_post_value(study_with: Callable[..., Study]) -> None:
    outcome = study_with().outcomes["BDI"].model_copy(update={"columns": {"pre": "BDI_pre"}})
    study = study_with().model_copy(update={"outcomes": {"BDI": outcome}})
    found = read(study, ["20", "21", "22"], ["1", "2", "3"])
    assert found.numbers[0].tolist() == [20.0, 21.0, 22.0]
    assert set(found.flags[1]) == {"not collected at post"}
