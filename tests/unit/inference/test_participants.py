"""Who is in which arm: what cannot be meant is left out and told, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from brainchange.errors import TableError
from brainchange.inference.participants import Enrolment, enrol
from brainchange.study.model import Study

StudyMaker = Callable[..., Study]


def table(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    columns = ["participant_id", "group", "BDI_pre", "BDI_post"]
    filled = [(*row, *["1"] * (4 - len(row))) for row in rows]
    return pd.DataFrame(filled, columns=columns, dtype=object)


def enrolled(study: Study, *rows: tuple[str | None, ...]) -> Enrolment:
    return enrol(table(*rows), study)


def reasons(enrolment: Enrolment) -> list[Any]:
    return [(row.get("participant_id"), row["reason"]) for row in enrolment.decisions]


def test_participants_are_sorted_and_get_their_full_label(study_with: StudyMaker) -> None:
    found = enrolled(study_with(), ("sub-02", "waiting"), ("01", "therapy"))
    assert found.participants == ("sub-01", "sub-02")
    assert found.arms == ("therapy", "waiting")
    assert found.decisions == ()


def test_an_unknown_arm_is_told_with_the_closest_name(study_with: StudyMaker) -> None:
    found = enrolled(study_with(), ("sub-01", "Therapy"), ("sub-02", None), ("sub-03", "waiting"))
    assert found.participants == ("sub-03",)
    assert reasons(found) == [
        (
            "sub-01",
            "the arm 'Therapy' is not among those of the study: Did you mean 'therapy'?",
        ),
        ("sub-02", "the table names no arm"),
    ]
    assert found.decisions[0]["config_key"] == "participants.arm_column"


def test_a_participant_in_two_arms_is_left_out(study_with: StudyMaker) -> None:
    found = enrolled(study_with(), ("sub-01", "therapy"), ("sub-01", "waiting"))
    assert found.participants == ()
    reason = "the table gives this participant 2 times with different cells"
    assert reasons(found) == [("sub-01", reason)]


def test_a_row_given_twice_counts_once(study_with: StudyMaker) -> None:
    found = enrolled(study_with(), ("sub-01", "therapy"), ("sub-01", "therapy"))
    assert found.participants == ("sub-01",)
    assert len(found.cells) == 1


def test_a_row_without_participant_is_told(study_with: StudyMaker) -> None:
    found = enrolled(study_with(), (None, "therapy"), ("sub-01", "therapy"))
    assert found.participants == ("sub-01",)
    assert reasons(found) == [(None, "a row of the table names no participant")]


def test_missing_columns_are_told_together(study_with: StudyMaker) -> None:
    found = table(("sub-01", "therapy")).rename(columns={"group": "Group", "BDI_post": "BDI_pots"})
    with pytest.raises(TableError) as error:
        enrol(found, study_with())
    assert str(error.value) == (
        "2 problems:\n"
        "config/studies/made-up.yaml: participants.arm_column: "
        "the table of participants has no column 'group'\n"
        "  What to do: Did you mean 'Group'?\n"
        "config/studies/made-up.yaml: outcomes.BDI.columns.post: "
        "the table of participants has no column 'BDI_post'\n"
        "  What to do: Did you mean 'BDI_pots' or 'BDI_pre'?"
    )
