"""Raw images of one's own, from the folder to the report: killed on the way, and taken up again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from brainchange.simulate.raw.truth import ParticipantTruth
from made_up.own_study import documented, own_project

pytestmark = pytest.mark.slow

STUDY = ("--config", "study=own")
LONGEST = 900.0
"""Until preparation has begun twice, in s; less than two minutes where no other work is done."""


@dataclass(frozen=True)
class Analysed:
    """The study after its report, and when files of sub-01 were written before all was killed."""

    workflow: Any
    truth: ParticipantTruth
    written: dict[Path, int]

    def table(self, name: str) -> pd.DataFrame:
        """One table of the results."""
        return pd.read_csv(self.results / name, sep="\t", na_values="n/a")

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self.workflow.folder / "results" / "own"


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory, workflow_in: Any) -> Analysed:
    folder, truth = own_project(tmp_path_factory.mktemp("own"))
    workflow = workflow_in(folder)
    check, lock, plan, run = documented("sh")[1].splitlines()
    for command in (check, lock):
        subprocess.run(command.split(), cwd=folder, env=workflow.variables(), check=True)
    assert plan.split() == ["snakemake", "-n", *STUDY]
    assert run.split() == ["snakemake", *STUDY]
    assert workflow.planned(*STUDY)["prepare"] == 2
    killed_while_preparing(workflow)
    written = times_of(prepared_files(workflow.folder))
    assert written
    workflow.run("--unlock", *STUDY)
    workflow.run("--cores", "2", *STUDY)
    return Analysed(workflow, truth, written)


def killed_while_preparing(workflow: Any) -> None:
    """Kill the workflow when one participant is prepared and the other is in work."""
    process = subprocess.Popen(
        workflow.command("--cores", "1", *STUDY),
        cwd=workflow.folder,
        env=workflow.variables(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    logs = workflow.folder / "logs" / "own" / "prepare"
    wait_until(lambda: len(list(logs.glob("*.log"))) == 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reached()


def prepared_files(folder: Path) -> list[Path]:
    """Prepared images of participants whose preparation has ended."""
    ended = (folder / "results" / "own" / "prepared").glob("sub-*_decisions.tsv")
    people = [path.name.split("_")[0] for path in ended]
    derivatives = folder / "data" / "studies" / "own" / "derivatives" / "brainchange"
    return [path for one in people for path in derivatives.glob(f"{one}/**/*.nii.gz")]


def times_of(paths: list[Path]) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in paths}


def test_the_folder_describes_itself(analysed: Analysed) -> None:
    command = documented("sh")[0].replace("scans", "../scans").replace("own", "draft")
    folder = analysed.workflow.folder
    variables = analysed.workflow.variables()
    subprocess.run(command.split(), cwd=folder, env=variables, check=True)
    draft = (folder / "config" / "studies" / "draft.yaml").read_text()
    assert "TO DECIDE:" in draft
    assert "source: raw" in draft
    assert "conditions: [face, shape]" in draft


def test_what_was_prepared_before_it_was_killed_is_not_prepared_again(analysed: Analysed) -> None:
    assert times_of(list(analysed.written)) == analysed.written
    assert len(prepared_files(analysed.workflow.folder)) > len(analysed.written)
    assert analysed.workflow.planned(*STUDY) == {}


def test_planted_activation_reaches_the_table_of_observations(analysed: Analysed) -> None:
    """At voxels of 4 mm and a coarse registration; tests/truth/ is stricter at those of a study."""
    for timepoint in ("pre", "post"):
        found = activation(analysed, timepoint)
        truth = analysed.truth.runs[f"sub-01_ses-{timepoint}_task-faces"].activation
        true = truth[truth["condition"] == "face"].set_index("name")["on_grid"]
        for region, label in (
            ("amygdala_L", "Left-Amygdala"),
            ("amygdala_R", "Right-Amygdala"),
            ("vmPFC_L", "ctx-lh-medialorbitofrontal"),
            ("vmPFC_R", "ctx-rh-medialorbitofrontal"),
        ):
            assert found[region] == pytest.approx(true[label], rel=0.2), (timepoint, region)


def test_regions_without_response_show_none(analysed: Analysed) -> None:
    names = ["dlPFC_L", "dlPFC_R", "PCC_L", "PCC_R", "precentral_L", "precentral_R"]
    for timepoint in ("pre", "post"):
        assert np.abs(activation(analysed, timepoint)[names]).max() < 0.15


def activation(analysed: Analysed, timepoint: str) -> pd.Series:
    """Response of sub-01 to faces by region, percent."""
    table = analysed.table("observations.tsv")
    rows = (table["metric"] == "activation") & (table["condition"] == "face")
    rows &= (table["participant_id"] == "sub-01") & (table["timepoint"] == timepoint)
    return table[rows].set_index("region")["value"]


def test_a_run_that_fails_the_gate_is_left_out_with_its_reason_and_the_other_goes_on(
    analysed: Analysed,
) -> None:
    decisions = analysed.table("decisions.tsv")
    left_out = decisions[(decisions["action"] == "excluded") & (decisions["scope"] == "run")]
    assert set(left_out["participant_id"]) == {"sub-02"}
    assert left_out["reason"].str.contains("does not fit the T1w image").all()
    assert left_out["config_key"].str.startswith("preparation.").all()
    assert (left_out["value"].notna() & left_out["threshold"].notna()).all()
    observed = analysed.table("observations.tsv").dropna(subset="value")
    assert set(observed["participant_id"]) == {"sub-01"}
    assert "does not fit the T1w image" in (analysed.results / "report.html").read_text()


@pytest.fixture
def changed(analysed: Analysed, tmp_path: Path, workflow_in: Any) -> Any:
    """A copy of the finished study, to be changed."""
    folder = tmp_path / "project"
    shutil.copytree(analysed.workflow.folder, folder, symlinks=True)
    return workflow_in(folder)


def test_a_new_region_prepares_and_parcellates_nothing_again(changed: Any) -> None:
    with (changed.folder / "config" / "regions.tsv").open("a") as table:
        table.write("putamen_L\tputamen\tL\tsimulated\tLeft-Putamen\tn/a\ttarget\t-25\t0\t0\tn/a\n")
    planned = changed.planned(*STUDY)
    assert planned["measure"] == 2
    assert not {"fetch", "template", "atlas", "prepare", "parcellate"} & set(planned)


def test_a_new_metric_prepares_and_parcellates_nothing_again(changed: Any) -> None:
    edit(changed.folder, metrics=["activation", "connectivity", "tsnr"])
    planned = changed.planned(*STUDY)
    assert planned["measure"] == 2
    assert not {"fetch", "template", "atlas", "prepare", "parcellate"} & set(planned)


def test_another_gate_prepares_again(changed: Any) -> None:
    edit(changed.folder, preparation={"smallest_mask_overlap": 0.8})
    planned = changed.planned(*STUDY)
    assert (planned["prepare"], planned["parcellate"], planned["measure"]) == (2, 2, 2)
    assert not {"fetch", "template", "atlas"} & set(planned)


def edit(folder: Path, **keys: Any) -> None:
    path = folder / "config" / "config.yaml"
    settings = yaml.safe_load(path.read_text())
    for key, value in keys.items():
        settings[key] = {**settings[key], **value} if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
