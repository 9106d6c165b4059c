"""Tables about participants become one, however a dataset keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from brainchange.errors import TableError
from brainchange.inference.participants import enrol
from brainchange.sources.people import read_people
from brainchange.study.model import Study
from made_up.study import MadeUp, study_of

SCORES = {"pre": "score_pre", "post": "score_post"}


def study(participants: Mapping[str, Any], **changed: Any) -> Study:
    base = study_of(MadeUp(counts=(2, 2))).model_dump()
    base["participants"] = {"arm_column": "group", **participants}
    base["outcomes"]["BDI"]["columns"] = SCORES
    return Study.model_validate(base | changed)


def write(folder: Path, path: str, *rows: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join("\t".join(row.split()) for row in rows) + "\n")


def cells(folder: Path, described: Study) -> dict[str, dict[str, Any]]:
    table = read_people(described, folder).table
    return table.set_index("participant_id").to_dict("index")


def test_a_wide_table_is_joined_by_labels_without_leading_zeros(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id group", "sub-020131 arm0", "sub-7 arm1")
    rows = ("participant_id score_pre score_post", "sub-020131 9 4", "sub-08 1 2")
    write(tmp_path, "phenotype/scores.tsv", *rows)
    named = {"drop_leading_zeros": True, "tables": ({"path": "phenotype/scores.tsv"},)}
    people = read_people(study(named), tmp_path)
    found = people.table.set_index("participant_id")
    assert found.loc["sub-20131", ["group", "score_pre", "score_post"]].tolist() == [
        "arm0", "9", "4"
    ]  # fmt: skip
    assert found.loc["sub-7", "score_pre"] is None
    (told,) = people.decisions
    assert told["participant_id"] == "sub-8"
    assert "the table of participants does not" in told["reason"]


LONG = {"path": "phenotype/scores.tsv", "session_column": "session_id"}


def test_a_row_a_session_becomes_a_column_a_session_and_a_timepoint(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id group", "sub-1 arm0", "sub-2 arm1")
    rows = ("sub-1 ses-pre 9 3TA", "sub-1 ses-post 4 3TA", "sub-2 ses-pre 7 3TA", "sub-2 x 5 3TB")
    write(tmp_path, LONG["path"], "participant_id session_id score scanner", *rows)
    found = cells(tmp_path, study({"tables": (LONG,)}))
    assert (found["sub-1"]["score_pre"], found["sub-1"]["score_post"]) == ("9", "4")
    assert (found["sub-2"]["score_pre"], found["sub-2"]["score_post"]) == ("7", None)
    assert found["sub-2"]["score_ses-x"] == "5"
    assert (found["sub-1"]["scanner"], found["sub-2"]["scanner"]) == ("3TA", None)


def test_everybody_may_have_a_table_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id", "sub-1", "sub-2")
    write(tmp_path, "sub-1/sub-1_sessions.tsv", "session_id group score", "ses-pre arm0 3")
    table = {"path": "{participant}/{participant}_sessions.tsv", "session_column": "session_id"}
    people = read_people(study({"tables": (table,)}), tmp_path)
    found = people.table.set_index("participant_id")
    assert found.loc["sub-1", ["group", "score_pre"]].tolist() == ["arm0", "3"]
    assert [row["participant_id"] for row in people.decisions] == ["sub-2"]


def crossover() -> Study:
    base = study({"tables": (LONG,), "made": {"group": ("ill", "first")}}).model_dump()
    base["timepoints"] = {"pre": ("b0",), "post": ("d2", "p2")}
    arms = list(base["arms"].values())
    base["arms"] = {
        "MDD-d": arms[0] | {"sessions": {"post": ("d2",)}},
        "MDD-p": arms[1] | {"sessions": {"post": ("p2",)}},
    }
    base["contrasts"] = {
        "one": {"label": "x", "treated": ("MDD-d",), "control": ("MDD-p",), "primary": True}
    }
    return Study.model_validate(base)


def test_in_a_crossover_the_arm_says_which_session_is_the_one_after(tmp_path: Path) -> None:
    lines = ("participant_id ill first", "sub-1 MDD d", "sub-2 MDD p", "sub-3 MDD n/a")
    write(tmp_path, "participants.tsv", *lines)
    rows = [f"sub-{n} ses-{label} {score}" for n in (1, 2) for label, score in
            (("b0", 30), ("d2", 10), ("p2", 20))]  # fmt: skip
    write(tmp_path, LONG["path"], "participant_id session_id score", *rows)
    described = crossover()
    found = cells(tmp_path, described)
    assert (found["sub-1"]["score_post"], found["sub-2"]["score_post"]) == ("10", "20")
    assert found["sub-3"]["group"] == "MDD-none"
    (left_out,) = enrol(read_people(described, tmp_path).table, described).decisions
    assert "the arm 'MDD-none' is not among those of the study" in left_out["reason"]


def test_rows_given_twice_keep_the_cells_on_which_they_agree(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id group", "sub-1 arm0")
    rows = ("sub-1 ses-pre 9 a", "sub-1 ses-pre 9 b")
    write(tmp_path, LONG["path"], "participant_id session_id score drug", *rows)
    people = read_people(study({"tables": (LONG,)}), tmp_path)
    row = people.table.iloc[0]
    assert (row["score_pre"], row["drug_pre"]) == ("9", None)
    assert "2 rows" in people.decisions[0]["reason"]


def test_a_table_that_is_not_there_leaves_its_columns_empty_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id group", "sub-1 arm0")
    people = read_people(study({"tables": (LONG,)}), tmp_path)
    assert people.table["score_pre"].tolist() == [None]
    assert [row["name"] for row in people.decisions] == [LONG["path"]]


@pytest.mark.parametrize("kind", ["link", "pointer"])
def test_an_annexed_table_of_participants_that_was_not_fetched_is_named(
    tmp_path: Path, kind: str
) -> None:
    key = "SHA256E-s10--" + "a" * 64 + ".tsv"
    path = tmp_path / "participants.tsv"
    if kind == "link":
        path.symlink_to(f".git/annex/objects/aa/bb/{key}/{key}")
    else:
        path.write_text(f"/annex/objects/{key}\n")
    with pytest.raises(TableError, match=r"pointer of git-annex[\s\S]*datalad get"):
        read_people(study({}), tmp_path)


def test_labels_that_are_one_without_zeros_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "participants.tsv", "participant_id group", "sub-01 arm0", "sub-1 arm1")
    with pytest.raises(TableError, match="two participants are sub-1"):
        read_people(study({"drop_leading_zeros": True}), tmp_path)
