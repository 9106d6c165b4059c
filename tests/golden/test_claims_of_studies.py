"""What the eight studies can say, from locks alone and from the real tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from brainchange.all_studies.claims import (
    NO_PTSD,
    claim_matrix,
    claim_page,
    overlap_notes,
    real_studies,
)
from brainchange.inference.power import minimum_detectable_change
from brainchange.project import read_study
from brainchange.project_folder import CLAIMS
from brainchange.study.claims import Claims
from brainchange.study.strict import parse, read_yaml


@pytest.fixture(scope="module")
def from_locks(root: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    matrix, notes = claim_matrix(root, tmp_path_factory.mktemp("nothing"))
    assert len(notes) == 8
    return matrix


def cell(matrix: pd.DataFrame, claim: str, study: str) -> dict[str, Any]:
    (row,) = matrix[(matrix["claim"] == claim) & (matrix["study"] == study)].to_dict("records")
    return row


def test_every_claim_is_judged_in_every_study(root: Path, from_locks: pd.DataFrame) -> None:
    assert len(real_studies(root)) == 8
    assert len(from_locks) == 51 * 8
    assert set(from_locks["state"]) == {"testable", "only with caveat", "not testable"}


def test_therapies_without_any_open_study_are_said_to_have_none(from_locks: pd.DataFrame) -> None:
    told = from_locks[from_locks["open_data"].notna()]
    assert set(told["claim"]) == {"D2", "D3", "D4", "D5"}
    assert "EMDR" in cell(from_locks, "D4", "ds003007")["open_data"]
    assert "dialectical" in cell(from_locks, "D5", "ds006303")["open_data"]


def test_the_flagship_tests_with_control_and_the_youths_only_describe(
    from_locks: pd.DataFrame,
) -> None:
    assert cell(from_locks, "P3", "ds003007")["state"] == "testable"
    youths = cell(from_locks, "A1", "ds006303")
    assert youths["state"] == "only with caveat"
    assert youths["reason"].startswith("no control arm")
    assert (youths["task"], youths["n_scanned_twice"]) == ("TAU", 74)
    # Habituation of the amygdala: a change, so that without control it is only described.
    assert cell(from_locks, "A3", "ds006303")["state"] == "only with caveat"
    assert cell(from_locks, "T4", "ds006303")["state"] != "not testable"
    assert pd.isna(youths["n_treated"])


def test_known_traps_make_a_caveat(from_locks: pd.DataFrame) -> None:
    assert "mindfulness-is-not-talk-therapy" in cell(from_locks, "P1", "ds005016")["reason"]
    assert "unknown-treatment" in cell(from_locks, "A2", "ds004627")["reason"]


def test_studies_without_talk_therapy_test_nothing(from_locks: pd.DataFrame) -> None:
    for study in ("ds002748", "ds003357", "ds005917"):
        rows = from_locks[from_locks["study"] == study]
        assert set(rows["state"]) == {"not testable"}


@pytest.mark.shared
def test_arms_are_counted_once_tables_are_there_with_what_they_could_find(
    root: Path, shared: Path
) -> None:
    matrix, notes = claim_matrix(root, shared / "openneuro")
    assert notes == ()
    flagship = cell(matrix, "P3", "ds003007")
    assert (flagship["n_treated"], flagship["n_control"]) == (8, 15)
    assert flagship["minimum_detectable_effect"] == pytest.approx(1.29, abs=0.005)
    trial = cell(matrix, "P1", "ds005016")
    assert (trial["n_treated"], trial["n_control"]) == (36, 40)
    youths = cell(matrix, "A1", "ds006303")
    assert (youths["n_treated"], youths["n_control"]) == (44, 0)
    assert youths["minimum_detectable_effect"] == minimum_detectable_change(44)
    # A correlation is no change: what so many find of it is another question.
    assert pd.isna(cell(matrix, "T4", "ds006303")["minimum_detectable_effect"])


def test_the_smallest_change_of_34_participants_by_the_usual_tables() -> None:
    """Cohen's d_z of 0.5 needs 34 participants at 80 % power (G*Power, paired t test)."""
    assert minimum_detectable_change(34) == pytest.approx(0.495, abs=0.005)
    assert minimum_detectable_change(33) > 0.5


def test_the_page_stands_alone_and_tells_what_nobody_can(
    root: Path, from_locks: pd.DataFrame
) -> None:
    claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS).claims
    studies = {name: read_study(root, name) for name in real_studies(root)}
    notes = overlap_notes(root, list(studies))
    page = claim_page(from_locks, claims, studies, notes)
    assert NO_PTSD in page
    assert page.count('<th scope="row">') == 51 + 8
    for told in (
        "ds002748 and ds003007 share 28 participants: they are not independent",
        "ds006303 and ds006577 share 40 participants",
        "No open study of EMDR with images before and after exists.",
        "No open study of psychodynamic therapy",
        "No open study of dialectical behaviour therapy",
    ):
        assert told in page
    # Of the flagship everybody was scanned twice; arms are not known from its lock.
    flagship = page.split("<b>ds003007</b>")[1].split("</tr>")[0]
    assert "29 (rest)" in flagship
    assert "? / ?" in flagship
    assert page.count('class="state"') == 51 * 8
    assert page.count("<script>") == 2
    assert "Of 51 claims of the article, " in page
    assert "://" not in page
