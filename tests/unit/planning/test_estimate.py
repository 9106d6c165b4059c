"""Costs, estimates and the plan of a study from its lock."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from math import ceil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.planning.costs import UNKNOWN_SECONDS, costs, default_costs
from brainchange.planning.dry_run import counted_jobs, jobs_of_studies
from brainchange.planning.estimate import (
    ANATOMY_BYTES,
    PREPARED_A_RAW_BYTE,
    RESULT_BYTES,
    Work,
    _hours,
    _hours_together,
    _work,
    peak_bytes,
)
from brainchange.planning.plan import make_plan
from brainchange.planning.several import several_studies
from brainchange.project import load_project
from brainchange.sources.lock import read_lock

REAL = [
    "ds002748", "ds003007", "ds003357", "ds004627", "ds005016", "ds005917", "ds006303", "ds006577"
]  # fmt: skip

STATS = """Building DAG of jobs...
Job stats:
job        count
-------  -------
default        1
fetch         30
total         31

rule fetch:
"""


def test_jobs_are_read_from_what_snakemake_prints() -> None:
    assert counted_jobs(STATS) == {"default": 1, "fetch": 30}
    assert counted_jobs("Nothing to be done (all requested files are present).") == {}


def test_a_cost_is_the_mean_of_the_benchmarks_of_this_project(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "one" / "measure"
    folder.mkdir(parents=True)
    for name, seconds in (("sub-1", "10.0"), ("sub-2", "20.0")):
        (folder / f"{name}.benchmark.tsv").write_text(f"s\th:m:s\n{seconds}\t0:00:10\n")
    (folder / "sub-3.benchmark.tsv").write_text("")
    found = costs(["measure", "unheard", "prepare"], tmp_path / "logs" / "one")
    assert found["measure"].of(10**9) == 15.0
    assert "2 jobs of this project" in found["measure"].source
    assert found["unheard"].of(0) == UNKNOWN_SECONDS
    assert found["prepare"] == default_costs()["prepare"]


def test_costs_are_of_rules_that_exist_and_say_where_they_are_from(root: Path) -> None:
    rules = {
        name
        for path in (root / "workflow" / "rules").glob("*.smk")
        for name in re.findall(r"^ *(?:rule|checkpoint) (\w+):", path.read_text(), re.MULTILINE)
    }
    known = default_costs()
    assert set(known) - rules == set()
    assert {"fetch", "prepare", "measure", "effects", "figures", "report"} <= set(known)
    assert all(cost.source for cost in known.values())


def test_hours_are_the_work_shared_by_the_cores_and_never_less_than_one_participant(
    root: Path,
) -> None:
    """By hand: 29 participants of 100 s each, and 60 s for the study after them."""
    plan = make_plan(load_project(root, {"study": "ds003007"}))
    used = costs([], root)
    assert used == {}
    cost = default_costs()["measure"]
    fixed = type(cost)("measure", 100.0, 0.0, 1, "")
    after = type(cost)("effects", 60.0, 0.0, 1, "")
    jobs = {"measure": 29, "effects": 1}
    known = {"measure": fixed, "effects": after}
    hours = {cores: _hours(_work(plan, jobs, known, cores), cores) for cores in (2, 64)}
    assert hours[2] * 3600 == pytest.approx(29 * 100 / 2 + 60)
    assert hours[64] * 3600 == pytest.approx(100 + 60)


def test_the_peak_is_what_is_fetched_and_what_is_prepared_from_it(root: Path) -> None:
    locked = sum(row.size_bytes for row in read_lock(root / "data/locks/ds003007.tsv"))
    plan = make_plan(load_project(root, {"study": "ds003007"}))
    assert peak_bytes(plan) == locked + RESULT_BYTES
    loose = make_plan(load_project(root, {"study": "ds005016"}))
    rows = read_lock(root / "data/locks/ds005016.tsv")
    bold = sum(row.size_bytes for row in rows if row.path.endswith("_bold.nii"))
    assert bold > 10**11
    made = PREPARED_A_RAW_BYTE * 0.44 * bold + ANATOMY_BYTES * len(loose.raw) + RESULT_BYTES
    expected = sum(row.size_bytes for row in rows) + made
    assert peak_bytes(loose) == pytest.approx(expected, abs=2)
    raw = make_plan(load_project(root, {"study": "ds003357"}))
    rows = read_lock(root / "data/locks/ds003357.tsv")
    bold = sum(row.size_bytes for row in rows if "_bold.nii" in row.path)
    assert peak_bytes(raw) > sum(row.size_bytes for row in rows) + PREPARED_A_RAW_BYTE * bold


def test_studies_beside_each_other_fill_the_cores_and_none_ends_before_its_longest_chain() -> None:
    """By hand: (600 + 300) s of participants and 90 s after them on 2 cores; on 64 the longest."""
    works = [Work(600.0, 100.0, 60.0, 0.0), Work(300.0, 150.0, 30.0, 0.0)]
    assert _hours_together(works, 2) * 3600 == pytest.approx((900 + 90) / 2)
    assert _hours_together(works, 64) * 3600 == pytest.approx(150 + 30)


def test_jobs_of_one_run_are_those_of_its_studies_and_the_goal() -> None:
    jobs = {"default": 1, "a_fetch": 3, "a_b_fetch": 5, "a_b_check_atlas": 1}
    own, rest = jobs_of_studies(jobs, ["a", "a_b"])
    assert own == {"a": {"fetch": 3}, "a_b": {"fetch": 5, "check_atlas": 1}}
    assert rest == {"default": 1}


def test_all_studies_are_those_that_are_not_simulated(root: Path) -> None:
    assert several_studies(root, "all") == tuple(REAL)
    assert several_studies(root, ["ds003007", "demo", "ds003007"]) == ("ds003007", "demo")
    assert several_studies(root, "ds003007") == ()
    assert several_studies(root, None) == ()


@pytest.fixture(scope="module")
def together(root: Path) -> Mapping[str, Mapping[str, str]]:
    """What is told of every real study in one run, from one dry run of Snakemake."""
    with chdir(root):
        told = CliRunner().invoke(app, ["plan", "--all"])
    assert told.exit_code == 0, told.output
    header, *rows = (line.split("\t") for line in told.stdout.splitlines())
    return {row[0]: dict(zip(header, row, strict=True)) for row in rows}


def lock_of(root: Path, study: str) -> pd.DataFrame:
    """Read a lock as any table; participants by the folder called after them."""
    lock = pd.read_csv(root / "data" / "locks" / f"{study}.tsv", sep="\t", dtype=str)
    lock["who"] = lock["path"].str.extract(r"(?:^|/)(sub-[^/]+)/")[0]
    lock["bytes"] = lock["size_bytes"].astype(int)
    return lock


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "scanned"),
    [
        ("ds003357", 32),
        ("ds004627", 36),
        ("ds005016", 112),
        ("ds005917", 58),
        ("ds006303", 149),
        ("ds006577", 100),
    ],
)
def test_raw_images_take_four_jobs_a_participant_beside_fetching_and_pictures(
    together: Mapping[str, Mapping[str, str]], root: Path, study: str, scanned: int
) -> None:
    """Prepare, parcellate, measure, anatomy; pictures of ten together; eight jobs for the study.

    Atlas and template are the same in all of them: two jobs, counted for the first.
    """
    units = lock_of(root, study)["who"].nunique() + 1
    jobs = 4 * scanned + ceil(scanned / 10) + units + 8 + (2 if study == "ds003357" else 0)
    assert int(together[study]["jobs"]) == jobs


@pytest.mark.slow
@pytest.mark.parametrize(("study", "scanned"), [("ds003007", 29), ("ds002748", 72)])
def test_derivatives_take_one_job_a_participant_beside_fetching_and_pictures(
    together: Mapping[str, Mapping[str, str]], root: Path, study: str, scanned: int
) -> None:
    units = lock_of(root, study)["who"].nunique() + 1
    assert int(together[study]["jobs"]) == scanned + ceil(scanned / 10) + units + 7


@pytest.mark.slow
@pytest.mark.parametrize("study", REAL)
def test_the_bytes_to_fetch_are_those_of_the_lock(
    together: Mapping[str, Mapping[str, str]], root: Path, study: str
) -> None:
    lock = lock_of(root, study)
    assert together[study]["to fetch"] == f"{lock['bytes'].sum() / 1e9:.3g} GB"
    scanned = lock[lock["path"].str.contains("_bold.nii")]["who"].nunique()
    assert int(together[study]["participants"]) == scanned
    each = lock["bytes"].sum() / scanned
    told, unit = together[study]["a participant"].split()
    assert float(told) * {"MB": 1e6, "GB": 1e9}[unit] == pytest.approx(each, rel=0.005)
    assert float(together[study]["fetching (h)"]) == pytest.approx(
        lock["bytes"].sum() / 20e6 / 3600, rel=0.05
    )


@pytest.mark.slow
def test_all_studies_are_planned_in_one_run(
    together: Mapping[str, Mapping[str, str]], root: Path
) -> None:
    """Who is in several counts once: 28 and 40 known pairs, and two people of ds004627."""
    every = together["all"]
    assert list(together) == [*REAL, "all"]
    assert int(every["jobs"]) == 1 + sum(int(together[name]["jobs"]) for name in REAL)
    size = sum(lock_of(root, name)["bytes"].sum() for name in REAL)
    assert every["to fetch"] == f"{size / 1e9:.0f} GB"
    listed = sum(int(together[name]["participants"]) for name in REAL)
    assert listed - int(every["participants"]) == 70
    assert float(every["64 cores (h)"]) < float(every["2 cores (h)"])


@pytest.mark.slow
def test_the_plan_counts_what_snakemake_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    told = CliRunner().invoke(app, ["plan", "ds003007"])
    assert told.exit_code == 0, told.output
    header, row = (line.split("\t") for line in told.stdout.splitlines()[:2])
    said = dict(zip(header, row, strict=True))
    dry = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--config", "study=ds003007"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    counted = re.search(r"^total +(\d+)", dry.stdout + dry.stderr, re.MULTILINE)
    assert counted
    assert said["jobs"] == counted[1] == "70"
    assert said["participants"] == "29"
    assert float(said["2 cores (h)"]) >= float(said["64 cores (h)"])
