"""The whole way on a small simulated study: what runs, what runs again, and what comes out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from brainchange.files import checksum
from brainchange.sources.lock import read_lock, write_lock

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.slow

STAGES = ("observations", "effects", "prediction", "figures", "report", "crate")
"""Rules of the whole study."""


def test_a_dry_run_works_before_anything_is_simulated_or_fetched(project):
    jobs = {"simulate": 1, "fetch": 7, "measure": 6, "quality": 1, "brain": 1}
    stages = dict.fromkeys(STAGES, 1)
    assert project.planned() == {**jobs, **stages}
    assert not (project.folder / "data").exists()


def test_a_second_run_does_nothing(finished):
    assert finished.planned() == {}


def test_the_report_is_one_page_that_says_it_is_simulated(finished):
    page = (finished.folder / "results" / "demo" / "report.html").read_text()
    assert "SIMULATED DATA" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_every_configured_region_comes_out_in_order_and_what_is_missing_says_why(finished):
    table = pd.read_csv(finished.folder / "results" / "demo" / "observations.tsv", sep="\t")
    every = pd.read_csv(ROOT / "config" / "regions.tsv", sep="\t")
    regions = every.loc[every["atlas"] == "aparcaseg", "region"].to_list()
    falff = table[table["metric"] == "falff_z"]
    for _, rows in falff.groupby(["participant_id", "timepoint", "specification"]):
        assert rows["region"].to_list() == regions
    assert table.loc[table["value"].isna(), "flag"].notna().all()
    moved = falff[(falff["participant_id"] == "sub-05") & (falff["timepoint"] == "post")]
    assert moved["value"].isna().all()
    assert moved["flag"].str.contains("framewise displacement").all()


def test_what_was_left_out_is_in_the_table_of_decisions(finished):
    decisions = pd.read_csv(finished.folder / "results" / "demo" / "decisions.tsv", sep="\t")
    found = set(zip(decisions["participant_id"], decisions["scope"], strict=True))
    assert {("sub-06", "session"), ("sub-05", "run"), ("sub-03", "outcome")} <= found


def test_arms_of_one_and_two_participants_are_described_but_not_tested(finished):
    effects = pd.read_csv(finished.folder / "results" / "demo" / "effects.tsv", sep="\t")
    claims = effects[effects["kind"] == "claim"]
    assert claims["p_permutation"].isna().all()
    assert claims["flag"].notna().all()


def test_a_run_that_is_killed_goes_on_with_one_core_and_gives_the_bytes_of_two(finished, project):
    process = subprocess.Popen(
        project.command("--cores", "2"),
        cwd=project.folder,
        env=project.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    measured = project.folder / "results" / "demo" / "measured"
    deadline = time.monotonic() + 240
    while not list(measured.glob("sub-*_observations.tsv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(measured.glob("sub-*_observations.tsv")), "it was killed before anything was done"
    assert not (project.folder / "results" / "demo" / "report.html").exists()
    project.run("--unlock")
    project.run("--cores", "1")
    assert project.tables() == finished.tables()


def test_a_new_region_measures_again_and_fetches_nothing(copy):
    with (copy.folder / "config" / "regions.tsv").open("a") as table:
        table.write("putamen_L\tputamen\tL\taparcaseg\tLeft-Putamen\tn/a\ttarget\t-25\t0\t0\tn/a\n")
        table.write("putamen_R\tputamen\tR\taparcaseg\tRight-Putamen\tn/a\ttarget\t26\t2\t0\tn/a\n")
    stages = dict.fromkeys(STAGES, 1)
    assert copy.planned() == {"measure": 6, "quality": 1, "brain": 1, **stages}
    copy.run("--cores", "2", "--until", "effects")
    effects = pd.read_csv(copy.folder / "results" / "demo" / "effects.tsv", sep="\t")
    assert "falff_z_putamen" in set(effects["measure"])
    assert not {"fetch", "measure", "observations", "effects"} & set(copy.planned())


@pytest.mark.parametrize(
    ("edit", "reruns"),
    [
        ("sources: {timeout: 9.0}", set()),
        ("inference: {alpha: 0.01}", set(STAGES) - {"observations"}),
        (
            "censoring: {framewise_displacement: 0.4}",
            {
                "measure",
                "quality",
                "brain",
                "observations",
                "effects",
                "prediction",
                "figures",
                "report",
                "crate",
            },
        ),
    ],
)
def test_an_edit_of_a_key_runs_again_what_reads_it(copy, edit, reruns):
    path = copy.folder / "edit.yaml"
    path.write_text(edit + "\n")
    assert set(copy.planned("--configfile", str(path))) == reruns


@pytest.mark.parametrize(
    ("edit", "reruns"),
    [
        (
            ("inference/between.py", "def welch(", "VALUE = 1\n\n\ndef welch("),
            {"effects", "figures", "report", "crate"},
        ),
        (
            ("figures/theme.py", "\n\n\n", "\n\nVALUE = 1\n\n\n"),
            {"figures", "quality", "brain", "report", "crate"},
        ),
        (("inference/between.py", "\n\n\n", "\n\n\n# A remark.\n\n\n"), set()),
    ],
)
def test_an_edit_of_a_module_runs_again_what_uses_it_and_a_remark_does_not(
    copy, tmp_path, edit, reruns
):
    module, old, new = edit
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    edited = replace(copy, environment={"PYTHONPATH": str(source)})
    assert edited.planned() == {}
    path = source / "brainchange" / module
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert set(edited.planned()) == reruns


def test_a_fetched_file_that_is_gone_is_fetched_again_when_it_is_needed(copy):
    gone = next((copy.folder / "data" / "studies" / "demo").rglob("sub-01*_bold.nii.gz"))
    gone.unlink()
    assert copy.planned() == {}, "what was measured needs its images no more"
    censor = copy.folder / "edit.yaml"
    censor.write_text("censoring: {framewise_displacement: 0.4}\n")
    arguments = ("--configfile", str(censor))
    planned = copy.planned(*arguments)
    assert (planned["fetch"], planned["measure"]) == (1, 6)
    copy.run("--cores", "2", "--until", "observations", *arguments)
    assert gone.exists()
    assert not {"fetch", "measure", "observations"} & set(copy.planned(*arguments))


def test_a_study_on_a_web_server_is_fetched_and_gives_the_same_bytes(finished, project, web):
    """The same way as a real study: a lock with http addresses, nothing on this disk."""
    published = finished.folder / "data" / "published"
    lock = finished.folder / "data" / "locks" / "demo.tsv"
    # A study is simulated or it is not: here it comes from an archive, with its lock committed.
    study = project.folder / "config" / "studies" / "demo.yaml"
    repository = "{name: demo, url: none, ref: none, commit: %s, files: [none]}" % ("a" * 40)
    text = study.read_text().replace("simulated: true", f"repositories: [{repository}]")
    study.write_text(text)
    target = project.folder / "data" / "locks" / "demo.tsv"
    target.parent.mkdir(parents=True)
    target.write_text(lock.read_text().replace("\tdata/published/", f"\t{web(published)}/"))
    assert project.planned()["fetch"] == 7
    project.run("--cores", "2", "--until", "observations")
    name = "demo/observations.tsv"
    assert project.tables()[name] == finished.tables()[name]


def test_a_truncated_image_costs_its_run_and_nobody_else(copy, finished):
    folder = copy.folder / "data" / "studies" / "demo"
    image = next(folder.rglob("sub-01_ses-post*_bold.nii.gz"))
    content = image.read_bytes()
    # As if the archive itself had published it so: the lock names the broken file.
    published = copy.folder / "data" / "published" / "demo" / image.relative_to(folder)
    for path in (image, published):
        path.write_bytes(content[: len(content) // 2])
    relock(copy, image.relative_to(folder).as_posix(), published)
    copy.run("--cores", "2", "--until", "effects")
    results = copy.folder / "results" / "demo"
    decisions = pd.read_csv(results / "decisions.tsv", sep="\t")
    told = decisions[(decisions["participant_id"] == "sub-01") & (decisions["scope"] == "run")]
    assert told["reason"].str.contains("end too early", case=False).any(), told
    other = "measured/sub-02_observations.tsv"
    assert (results / other).read_bytes() == (
        finished.folder / "results" / "demo" / other
    ).read_bytes()


def relock(workflow, path: str, published: Path) -> None:
    """Write size and checksum of a changed file into the lock."""
    lock = workflow.folder / "data" / "locks" / "demo.tsv"
    size, digest = published.stat().st_size, checksum(published, "md5")
    rows = [
        replace(row, size_bytes=size, checksum=digest) if row.path == path else row
        for row in read_lock(lock)
    ]
    write_lock(rows, lock)


def test_a_mistake_in_the_configuration_is_told_before_any_job(project):
    path = project.folder / "config" / "config.yaml"
    path.write_text(path.read_text().replace("seed:", "sead:"))
    printed = project.run("--cores", "1", succeeds=False)
    assert re.search(r"config/config.yaml, line \d+: sead: unknown key", printed)
    assert "Did you mean 'seed'?" in printed
    assert "Traceback" not in printed
    printed = project.run("--cores", "1", "--config", "study=demmo", succeeds=False)
    assert "there is no study 'demmo'" in printed


def test_without_network_one_message_says_what_is_missing(tmp_path, workflow_in):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "data" / "locks", tmp_path / "data" / "locks")
    mirror = 'sources: {retries: 0, timeout: 1.0, mirrors: {"https://": "http://127.0.0.1:9/"}}\n'
    (tmp_path / "edit.yaml").write_text(mirror)
    workflow = workflow_in(tmp_path)
    arguments = ("--configfile", "edit.yaml", "--config", "study=ds003007")
    assert workflow.planned(*arguments)["measure"] == 29
    printed = workflow.run("--cores", "2", *arguments, succeeds=False)
    assert printed.count("354 of 354 files of the study (3.16 GB) are missing") == 1
    assert "Traceback" not in printed


def test_the_workflow_is_formatted_and_follows_the_rules_of_snakemake(root):
    formatted = subprocess.run(
        [str(BIN / "snakefmt"), "--check", "workflow", "Snakefile"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert formatted.returncode == 0, formatted.stderr
    linted = subprocess.run(
        [str(BIN / "snakemake"), "--lint"], cwd=root, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stderr
    assert "Congratulations" in linted.stderr + linted.stdout


def test_the_results_are_a_valid_bids_derivative_dataset(finished):
    done = subprocess.run(
        [str(BIN / "bids-validator-deno"), "results/demo"],
        cwd=finished.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[ERROR]" not in done.stdout


def test_the_results_are_a_crate_of_everything_that_came_out(finished):
    results = finished.folder / "results" / "demo"
    graph = json.loads((results / "ro-crate-metadata.json").read_text())["@graph"]
    described = {one["@id"]: one for one in graph}
    for name in ("report.html", "verdicts.tsv", "figures/figures.tsv", "code/workflow/Snakefile"):
        content = (results / name).read_bytes()
        assert described[name]["sha256"] == hashlib.sha256(content).hexdigest(), name
    assert "code/data/locks/demo.tsv" in described
    assert described["./"]["name"].endswith("(no real participant)")


def test_snakemakes_own_report_shows_figures_and_tables_with_what_was_set(finished, tmp_path):
    """Its scripts are part of Snakemake; no network is needed to make it."""
    page = tmp_path / "snakemake.html"
    finished.run("--report", str(page))
    shown = page.read_text().replace("\\n", " ")
    assert "Level 0.05; smallest effect of interest 0.5 standard" in shown
    for category in ("Answer", "Evidence", "Threats", "Figures", "Left out"):
        assert f'"{category}"' in shown, category
    for label in ("the whole report", "forest_therapy_vs_untreated", "other analysis choices"):
        assert label in shown, label
