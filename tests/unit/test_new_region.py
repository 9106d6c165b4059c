"""A region that is added from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.new_region import mirrored
from brainchange.study.regions import read_regions


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "regions.tsv"


def add(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["new", "region", *arguments])
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize(
    ("label", "side"),
    [
        ("Left-Putamen", ("L", "Right-Putamen")),
        ("ctx-rh-insula", ("R", "ctx-lh-insula")),
        ("Frontal_Mid_2_L", ("L", "Frontal_Mid_2_R")),
        ("Right_Middle_Frontal_Gyrus", ("R", "Left_Middle_Frontal_Gyrus")),
        ("7Networks_LH_Cont_PFCl_1", ("L", "7Networks_RH_Cont_PFCl_1")),
        ("PUT-rh", ("R", "PUT-lh")),
        ("Brain-Stem", None),
        ("Lingual", None),
    ],
)
def test_the_other_side_of_a_label(label: str, side: tuple[str, str] | None) -> None:
    assert mirrored(label) == side


def test_labels_of_one_side_add_both_and_change_nothing_else(project: Path) -> None:
    before = project.read_text()
    assert add("putamen", "--labels", "Left-Putamen")[0] == 0
    assert project.read_text().startswith(before)
    added = {one.region: one for one in read_regions(project) if one.group == "putamen"}
    assert {name: (one.hemisphere, one.labels) for name, one in added.items()} == {
        "putamen_L": ("L", ("Left-Putamen",)),
        "putamen_R": ("R", ("Right-Putamen",)),
    }


def test_labels_without_a_side_are_one_region(project: Path) -> None:
    code, told = add("brainstem", "--labels", "Brain-Stem", "--control")
    assert (code, told.split(" What")[0]) == (0, "config/regions.tsv: brainstem")
    (region,) = (one for one in read_regions(project) if one.region == "brainstem")
    assert (region.hemisphere, region.role) == ("B", "negative_control")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["putamen", "--labels", "Left-Puttamen"], "Left-Putamen"),
        (["amygdala", "--labels", "Left-Putamen"], "there is a region 'amygdala_L'"),
        (["mine", "--labels", "Left-Amygdala"], "same labels as the region amygdala_L"),
        (["mine", "--labels", "Left-Putamen;Brain-Stem"], "'Brain-Stem' has no side"),
        (["mine", "--labels", "Left-Putamen", "--atlas", "AAL4"], "AAL"),
        (["my region", "--labels", "Left-Putamen"], "letters, digits"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_written(
    arguments: list[str], said: str, project: Path
) -> None:
    before = project.read_bytes()
    code, told = add(*arguments)
    assert code == 2
    assert said in told
    assert project.read_bytes() == before
