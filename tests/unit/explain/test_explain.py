"""The chain behind a verdict, from results on disk."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.cli.explain_text import render
from brainchange.errors import BrainchangeError
from brainchange.explain.chain import explain, explained_names
from brainchange.explain.files import files_by_kind, files_of
from brainchange.inference.infer import infer
from brainchange.inference.schemas import CHANGES_TABLE, EFFECTS_TABLE, WITHIN_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.inference.verdict_trace import verdict_trace
from brainchange.inference.verdicts import verdicts_table
from brainchange.metrics.given import read_given
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.project import load_project
from brainchange.sources.lock import LockRow, write_lock


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose study starts from a table, with its results."""
    folder = tmp_path_factory.mktemp("explained")
    shutil.copytree(root / "config", folder / "config")
    page = (root / "docs" / "table.md").read_text(encoding="utf-8")
    (folder / "config" / "tables").mkdir()
    table = re.search(r"```tsv\n(.*?)```", page, re.DOTALL)
    study = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert table is not None
    assert study is not None
    (folder / "config" / "tables" / "ds999998.tsv").write_text(table[1])
    (folder / "config" / "studies" / "ds999998.yaml").write_text(study[1])
    project = load_project(folder, {"study": "ds999998"})
    given = read_given(project.study, project.regions, folder)
    found = infer(
        project.study,
        project.claims,
        project.regions,
        project.settings,
        observations=given.observations,
        participants=given.participants,
    )
    results = folder / "results" / "ds999998"
    for schema, frame in (
        (OBSERVATIONS_TABLE, given.observations),
        (VERDICTS_TABLE, verdicts_table(found.verdicts)),
        (EFFECTS_TABLE, found.effects),
        (WITHIN_TABLE, found.within),
        (CHANGES_TABLE, found.changes),
    ):
        schema.write(frame, results / f"{schema.name}.tsv")
    (results / "verdict_trace.json").write_text(json.dumps(verdict_trace(found.verdicts)))
    return folder


@pytest.fixture(scope="module")
def project(folder):
    return load_project(folder, {"study": "ds999998"})


@pytest.mark.parametrize("drawn", [True, False])
def test_chance_is_told_of_the_contrast_and_not_of_the_study(project, drawn):
    study = project.study
    name = study.primary_contrast
    told = study.contrasts[name].model_copy(update={"randomised": drawn})
    other = study.model_copy(update={"contrasts": study.contrasts | {name: told}})
    claim = explained_names(project)[0]
    record = explain(replace(project, study=other), claim)
    assert record["contrast"]["randomised"] is drawn


def test_the_chain_of_a_claim_goes_from_its_words_to_the_file_with_its_checksum(project):
    told = explain(project, "H1")
    assert told["claim"]["quote"].startswith("An increased hippocampal volume")
    assert told["verdict"]["verdict"] == "SUGGESTIVE"
    assert told["rules"][0]["name"] == "gate_participants"
    assert told["effect"]["lead_difference"] == told["verdict"]["difference"]
    assert told["observations"]["members"] == ["hippocampus_L", "hippocampus_R"]
    assert told["observations"]["n_values"] == 12 * 2 * 2
    assert len(told["participants"]) == 12
    first = told["participants"][0]
    assert first["pre"] == pytest.approx((4012 + 4101) / 2)
    assert first["change"] == pytest.approx(first["post"] - first["pre"])
    assert [file["path"] for file in told["files"]] == ["config/tables/ds999998.tsv"]
    assert told["files"][0]["checksum"].startswith("sha256:")
    assert told["study"]["version"] == "1"
    json.dumps(told, allow_nan=False)


def test_the_documented_keys_are_those_of_the_record(project, root):
    page = (root / "docs" / "explain.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert documented == list(explain(project, "H1"))


def test_in_words_the_plain_sentence_comes_before_the_numbers(project):
    lines = [str(line) for line in render(explain(project, "H1"))]
    text = "\n".join(lines)
    assert lines[0] == "H1 in ds999998: CBT − waiting list"
    plain = text.index("mm3 higher in CBT than in Waiting list")
    assert text.index("The data point the way the article says") < plain
    assert plain < text.index("dppc2")
    assert "– no negative control was measured" in text
    assert "CBT: 6 of 6" in text
    assert "sha256:" in text
    assert all(len(str(line)) <= 72 for line in render(explain(project, "H1"), 72))


def test_a_scale_and_a_claim_that_was_not_tested_are_explained_too(project):
    scale = explain(project, "BDI")
    assert scale["claim"]["quote"] is None
    assert "improvement" in scale["verdict"]["meaning"]
    blind = explain(project, "M3")
    assert blind["verdict"]["verdict"] == "NOT TESTABLE WITH MRI"
    assert blind["effect"] is None
    assert "electrophysiology" in "\n".join(map(str, render(blind)))
    assert explained_names(project)[-1] == "BDI"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ds999998", "H11"], "Did you mean 'H1'"),
        (["ds999998", "H1", "--contrast", "cbt_vs_waitin"], "Did you mean 'cbt_vs_waiting'?"),
        (["demo", "T2"], "the study 'demo' has no results yet"),
        (["dmo", "T2"], "Did you mean 'demo'"),
    ],
)
def test_mistakes_and_missing_results_are_told_in_words(folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["explain", *arguments])
    assert done.exit_code in (1, 2)
    assert message in " ".join(done.output.split())


def test_results_that_do_not_know_a_claim_say_run_again(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    claims = tmp_path / "copy" / "config" / "claims.yaml"
    added = {"id": "Z1", "quote": "new", "construct": "new", "direction": "up"}
    line = json.dumps(added | {"family": "exploratory", "needed": "something"})
    claims.write_text(claims.read_text().rstrip() + f"\n  - {line}\n")
    with pytest.raises(BrainchangeError, match="the results do not know claim 'Z1'"):
        explain(load_project(tmp_path / "copy", {"study": "ds999998"}), "Z1")


def test_the_command_writes_json(folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["explain", "ds999998", "H1", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["claim"]["id"] == "H1"


def test_files_are_those_of_participants_with_both_values(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    project = load_project(tmp_path, {"study": "demo"})
    rows = [
        LockRow(f"sub-0{n}/ses-{session}/func/x_bold.nii.gz", 10, f"md5:{n}" + "0" * 31, "a")
        for n in (1, 2)
        for session in ("pre", "post", "other")
    ]
    project.lock_path.parent.mkdir(parents=True)
    write_lock([LockRow("participants.tsv", 5, "md5:" + "f" * 32, "a"), *rows], project.lock_path)
    people = [
        {"participant_id": "sub-01", "change": 1.0},
        {"participant_id": "sub-02", "change": None},
    ]
    found = files_of(project, people, "claim")
    sessions = {(file["participant_id"], file["session_id"]) for file in found}
    assert sessions == {("sub-01", "ses-pre"), ("sub-01", "ses-post")}
    assert [file["path"] for file in files_of(project, people, "outcome")] == ["participants.tsv"]
    assert files_by_kind(found) == [("bold.nii.gz", 2, 20)]
