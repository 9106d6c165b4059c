"""A raw study is published as valid BIDS, with its truth beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainchange.files import checksum
from brainchange.simulate.model import Simulation
from brainchange.simulate.plan import planned_paths, simulated_runs
from brainchange.simulate.publish import publish
from brainchange.simulate.raw.participant import simulate_participant
from brainchange.simulate.truth import TRUTH_TABLE
from brainchange.sources.lock import LockRow
from brainchange.sources.raw import raw_participants
from brainchange.study.model import Study
from made_up.raw import RawCase, raw_study, simulation_of, the_phantom

TINY = RawCase(
    voxel_size=(7.0, 7.0, 7.0), matrix=(28, 34, 20), n_volumes=20, t1w_voxel_size=6.0,
    slice_order="ascending",
)  # fmt: skip


@pytest.fixture(scope="module")
def study() -> Study:
    return raw_study()


@pytest.fixture(scope="module")
def tiny() -> Simulation:
    """Three sessions: sub-02 did not come back."""
    values = simulation_of(TINY).model_dump()
    values["participants"] = {"therapy": 1, "untreated": 1}
    values["exceptions"]["lost_sessions"] = ({"participant": "sub-02", "timepoint": "post"},)
    return Simulation.model_validate(values)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module")
def rows(study: Study, tiny: Simulation, folder: Path) -> tuple[LockRow, ...]:
    return publish(study, tiny, 7, folder)


def test_what_was_planned_is_written_with_the_truth_beside(
    study: Study, tiny: Simulation, folder: Path, rows: tuple[LockRow, ...]
) -> None:
    written = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    planned = set(planned_paths(study, tiny))
    truth = {name for name in written if name.startswith("truth")}
    assert {row.path for row in rows} == planned
    assert written == planned | truth | {".bidsignore"}
    assert len(truth) == 2 + 2 * 3 + 3 * 6


def test_the_bids_validator_finds_no_error(folder: Path, rows: tuple[LockRow, ...]) -> None:
    program = shutil.which("bids-validator-deno", path=str(Path(sys.executable).parent))
    assert program, "the pinned packages lack the BIDS validator"
    done = subprocess.run(
        [program, str(folder), "--format", "json"], capture_output=True, text=True, check=False
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_the_plan_finds_runs_t1w_and_events(study: Study, rows: tuple[LockRow, ...]) -> None:
    found, _ = raw_participants(
        [row.path for row in rows], study.tasks, tuple(study.timepoints.items())
    )
    assert [len(one.runs) for one in found] == [2, 1]
    assert all(one.t1w_session == "ses-pre" for one in found)
    assert all(run.events for one in found for run in one.runs)


def test_sidecars_agree_with_headers(folder: Path, rows: tuple[LockRow, ...]) -> None:
    for row in rows:
        if row.path.endswith("_bold.nii.gz"):
            image = nib.load(folder / row.path)
            sidecar = json.loads((folder / row.path.replace(".nii.gz", ".json")).read_text())
            assert image.header.get_zooms()[3] == sidecar["RepetitionTime"]
            assert len(sidecar["SliceTiming"]) == image.shape[2]
            assert max(sidecar["SliceTiming"]) < sidecar["RepetitionTime"]
            assert np.asarray(image.dataobj).min() >= 0


def test_planted_change_of_the_response_is_in_the_truth(
    folder: Path, rows: tuple[LockRow, ...]
) -> None:
    stem = "truth/sub-01/ses-{0}/sub-01_ses-{0}_task-faces_desc-true_activation.tsv"
    planted = {
        session: pd.read_csv(folder / stem.format(session), sep="\t").set_index(
            ["condition", "name"]
        )["planted"]["face", "Left-Amygdala"]
        for session in ("pre", "post")
    }
    assert planted == {"pre": 1.2, "post": 0.5}
    truth = TRUTH_TABLE.read(folder / "truth.tsv")
    got = truth[truth["kind"] == "parameter"].set_index(["participant_id", "timepoint"])["quantity"]
    assert got["sub-01", "post"] == pytest.approx(0.5)
    assert got["sub-02", "pre"] == pytest.approx(1.2)


def test_the_same_seed_gives_the_same_files(
    study: Study, tiny: Simulation, rows: tuple[LockRow, ...], tmp_path: Path
) -> None:
    """The second participant alone, in another folder, is the one of the study."""
    runs = [run for run in simulated_runs(study, tiny) if run.participant == "sub-02"]
    simulate_participant(study, tiny, tmp_path, seed=7, runs=runs, phantom=the_phantom())
    published = {row.path: row.checksum for row in rows if row.path.startswith("sub-02")}
    again = {path: checksum(tmp_path / path, "md5") for path in published}
    assert len(again) == 5
    assert again == published
