"""What is said about the columns of the table of participants."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from brainchange.project import read_study
from brainchange.sources.people_sidecar import UNUSED, describe_columns, write_participants

COLUMNS = ["participant_id", "age", "gender", "group", "BDI_ses-pre", "IQ_Raven"]


def test_columns_the_study_names_are_described_by_it(root: Path) -> None:
    told = describe_columns(COLUMNS, read_study(root, "ds003007"))
    assert list(told) == COLUMNS
    assert told["age"] == {"Description": "Age", "Units": "year"}
    assert told["BDI_ses-pre"] == {
        "Description": "Beck Depression Inventory, pre; 0 to 63, better is down",
        "Units": "points",
    }
    assert told["group"]["Levels"]["depr_cbt"].startswith("CBT. Cognitive behavioural therapy")
    assert told["IQ_Raven"] == {"Description": UNUSED}


def test_a_value_that_is_no_arm_is_a_level_too(root: Path, tmp_path: Path) -> None:
    """BIDS allows no value beside the levels that are named."""
    table = pd.DataFrame({"group": ["depr_cbt", "other", None]})
    written = tmp_path / "participants.tsv"
    write_participants(table, read_study(root, "ds003007"), written, None)
    levels = json.loads(written.with_suffix(".json").read_text())["group"]["Levels"]
    assert set(levels) == {"depr_cbt", "depr_nfb", "depr_no_treatment", "other"}
    assert "in none that is analysed" in levels["other"]


@pytest.mark.parametrize("broken", ["", "[1]", '{"IQ_Raven": 3}', "{"])
def test_words_of_the_dataset_are_kept_and_broken_ones_left(
    root: Path, tmp_path: Path, broken: str
) -> None:
    study, table = read_study(root, "ds003007"), pd.DataFrame({"IQ_Raven": ["100"]})
    own = tmp_path / "own.json"
    own.write_text('{"IQ_Raven": {"Description": "Raven <script>", "Units": "IQ"}}')
    written = tmp_path / "participants.tsv"
    write_participants(table, study, written, own)
    assert written.read_text() == "IQ_Raven\n100\n"
    assert json.loads(written.with_suffix(".json").read_text()) == json.loads(own.read_text())
    own.write_text(broken)
    write_participants(table, study, written, own)
    assert "does not use" in written.with_suffix(".json").read_text()
