"""A study that starts from a table: what the documentation shows works, and needs no images."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from brainchange.study.model import Study
from brainchange.study.strict import parse

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "table.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def brainchange(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brainchange", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory, workflow_in):
    folder = tmp_path_factory.mktemp("table")
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "config" / "tables").mkdir()
    table = re.search(r"```tsv\n(.*?)```", PAGE, re.DOTALL)[1]
    (folder / "config" / "tables" / "ds999998.tsv").write_text(table)
    (folder / "config" / "studies" / "ds999998.yaml").write_text(YAML[0])
    return workflow_in(folder)


@pytest.fixture(scope="module")
def results(project):
    assert project.planned("--config", "study=ds999998") == {
        "observations": 1,
        "effects": 1,
        "prediction": 1,
        "figures": 1,
        "report": 1,
        "crate": 1,
    }
    # A list is a run of several studies; what it has done is done for a run of one.
    project.run("--cores", "1", "--config", "study=[ds999998]")
    assert project.planned("--config", "study=ds999998") == {}
    return project.folder / "results" / "ds999998"


def test_the_study_of_the_documentation_comes_to_a_verdict(results):
    verdicts = pd.read_csv(results / "verdicts.tsv", sep="\t").set_index("measure")
    volume, scale = verdicts.loc["H1"], verdicts.loc["BDI"]
    # Means of both sides: 6 v 6, all treated gain more than anybody who waited.
    assert volume["difference"] == pytest.approx(37.5, abs=3)
    assert volume["unit"] == "mm3"
    assert volume["verdict"] == "SUGGESTIVE"
    assert set(volume["not_made"].split(";")) == {"negative_control", "motion"}
    assert scale["verdict"] == "SUPPORTED"
    assert verdicts.loc["T2", "verdict"] == "NOT TESTED"
    assert verdicts.loc["T2", "reasons"] == "no fMRI at rest"


def test_its_report_leaves_out_what_belongs_to_images_and_says_where_values_are_from(results):
    page = (results / "report.html").read_text()
    assert "config/tables/ds999998.tsv" in page
    assert "FreeSurfer 7.4.1, longitudinal stream." in page
    assert "Which voxels count" not in page
    assert "fMRIPrep" not in page.split('<h2 id="methods"')[1].split("References")[0]
    names = set(pd.read_csv(results / "figures" / "figures.tsv", sep="\t")["figure"])
    assert not names & {"coverage", "motion"}
    attrition = pd.read_csv(results / "attrition.tsv", sep="\t")
    assert "values before and after" in set(attrition["label"])
    assert not attrition["label"].str.contains("images").any()


def test_commands_know_a_study_from_a_table(project):
    checked = brainchange(project.folder, "check", "ds999998")
    assert "2 arms, 28 regions, 1 metrics" in checked.stdout
    assert "48 values of 12 participants in its table" in checked.stdout
    assert (
        "Hippocampal volume before and after"
        in brainchange(project.folder, "list", "studies").stdout
    )
    claims = brainchange(project.folder, "claims", "ds999998").stdout
    told = {line.split("\t")[0]: line.split("\t") for line in claims.splitlines()}
    assert told["H1"][1:3] == ["testable", "yes"]
    assert told["P2"][3] == "no fMRI at rest"


def test_a_table_that_is_gone_is_told_before_any_job(project, tmp_path):
    shutil.copytree(project.folder / "config", tmp_path / "config")
    (tmp_path / "config" / "tables" / "ds999998.tsv").unlink()
    moved = type(project)(tmp_path)
    printed = moved.run("--dry-run", "--config", "study=ds999998", succeeds=False)
    assert "ds999998.tsv does not exist" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("example", YAML[1:], ids=["sessions", "freesurfer"])
def test_the_other_layouts_of_the_documentation_are_understood(example):
    whole = yaml.safe_load(YAML[0]) | yaml.safe_load(example)
    study = parse(Study, whole, "table.md")
    assert study.observations is not None
    assert study.observations.by_session
