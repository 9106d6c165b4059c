"""Costs, estimates and the plan of a study from its lock."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.planning.costs import UNKNOWN_SECONDS, costs, default_costs
from brainchange.planning.dry_run import counted_jobs
from brainchange.planning.estimate import (
    ANATOMY_BYTES,
    PREPARED_A_RAW_BYTE,
    RESULT_BYTES,
    _hours,
    peak_bytes,
)
from brainchange.planning.plan import make_plan
from brainchange.project import load_project
from brainchange.sources.lock import read_lock

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
    assert _hours(plan, jobs, known, 2) * 3600 == pytest.approx(29 * 100 / 2 + 60)
    assert _hours(plan, jobs, known, 64) * 3600 == pytest.approx(100 + 60)


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


@pytest.mark.slow
@pytest.mark.parametrize("study", ["ds003007", "ds003357", "demo"])
def test_the_plan_counts_what_snakemake_counts_and_the_lock_holds(
    study: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    told = CliRunner().invoke(app, ["plan", study])
    assert told.exit_code == 0, told.output
    header, row = (line.split("\t") for line in told.stdout.splitlines()[:2])
    said = dict(zip(header, row, strict=True))
    dry = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--config", f"study={study}"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    counted = re.search(r"^total +(\d+)", dry.stdout + dry.stderr, re.MULTILINE)
    assert counted
    assert said["jobs"] == counted[1]
    if study == "ds003007":
        assert said["to fetch"] == "3.16 GB"
        assert said["participants"] == "29"
        assert float(said["2 cores (h)"]) >= float(said["64 cores (h)"])
