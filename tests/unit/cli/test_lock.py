"""A study is pinned again after its dataset was published anew: what changed is told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.planning.plan import Plan, make_plan
from brainchange.project import load_project

FILES = (
    "space-T1w_desc-preproc_bold.nii.gz",
    "space-T1w_desc-preproc_bold.json",
    "space-T1w_desc-brain_mask.nii.gz",
    "space-T1w_desc-aparcaseg_dseg.nii.gz",
    "desc-confounds_timeseries.tsv",
)


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The flagship with files of two participants, published in a folder."""
    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "studies" / "ds003007.yaml"
    text = re.sub(
        r"^repositories:\n(  .*\n)+", "folder: {path: data}\n", path.read_text(), flags=re.MULTILINE
    )
    path.write_text(text.replace("path: data", "path: published"))
    for who in ("sub-01", "sub-02"):
        for when in ("pre", "post"):
            folder = tmp_path / "published/derivatives/fmriprep" / who / f"ses-{when}" / "func"
            folder.mkdir(parents=True)
            for name in FILES:
                (folder / f"{who}_ses-{when}_task-rest_{name}").write_text(f"{who} {when} {name}")
    (tmp_path / "published" / "participants.tsv").write_text("participant_id\tgroup\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def locked(project: Path) -> tuple[Plan, str]:
    done = CliRunner().invoke(app, ["lock", "ds003007"])
    assert done.exit_code == 0, done.output
    return make_plan(load_project(project, {"study": "ds003007"})), " ".join(done.output.split())


def test_a_newer_snapshot_that_drops_somebody_and_exchanges_a_file_is_told_and_planned(
    project: Path,
) -> None:
    before, told = locked(project)
    assert before.participants == ("sub-01", "sub-02")
    assert "no longer" not in told
    published = project / "published" / "derivatives" / "fmriprep"
    shutil.rmtree(published / "sub-02")
    exchanged = next(published.rglob("sub-01_ses-post*_bold.nii.gz"))
    exchanged.write_text("another scan under the same path")
    after, told = locked(project)
    assert "1 participant is no longer in the dataset: sub-02" in told
    path = exchanged.relative_to(project / "published").as_posix()
    assert f"1 file has other content under the same path: {path}" in told
    assert after.participants == ("sub-01",)
    # What was fetched of sub-01 is verified again.
    assert before.signature("sub-01") != after.signature("sub-01")
    assert before.signature("study") == after.signature("study")
