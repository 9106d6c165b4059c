"""A made-up participant is prepared as the truth says; bytes repeat, in any orientation."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainchange.imaging.confounds import MOTION
from brainchange.imaging.prepare.anatomy import AnatomyOutcome
from brainchange.imaging.prepare.participant import prepare_runs
from brainchange.imaging.prepare.prepared import PreparationPlan, PreparedRun
from brainchange.simulate.raw.anatomy import sample, template_voxels
from brainchange.simulate.raw.rigid import poses_of
from brainchange.simulate.raw.truth import ParticipantTruth, RunTruth
from brainchange.sources.raw import RawParticipant, raw_participants
from brainchange.study.decisions import Decision
from made_up.prepared import CASE, QUICK, SEED, T1W, prepare_t1w, round_affine
from made_up.raw import ROOT, make_raw_participant

UPSIDE_DOWN = "sub-01_ses-post_task-faces"
PREPARED = "sub-01_ses-pre_task-faces"


@dataclass(frozen=True)
class Participant:
    """A participant after preparation."""

    study: Path
    truth: ParticipantTruth
    anatomy: AnatomyOutcome
    raw: RawParticipant
    runs: list[PreparedRun]
    decisions: list[Decision]
    elsewhere: Path

    @property
    def run(self) -> PreparedRun:
        """The run that could be prepared."""
        return self.runs[0]

    @property
    def true_run(self) -> RunTruth:
        """What is true of it."""
        return self.truth.runs[PREPARED]


@pytest.fixture(scope="module")
def participant(tmp_path_factory) -> Participant:
    """One T1w image and two runs, of which the second lies in its file upside down.

    The T1w image is prepared once more by another process, which finds it stored otherwise.
    """
    study, other = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("other")
    truth = make_raw_participant(study, CASE)
    round_affine(study / T1W)
    store_otherwise(study / T1W, other / T1W)
    turn_upside_down(next(study.rglob(f"{UPSIDE_DOWN}_bold.nii.gz")))
    with in_another_process(other, other / "derivatives") as process:
        anatomy = prepare_t1w(study, study / "derivatives")
        paths = [str(path.relative_to(study)) for path in study.glob("sub-*/**/*.*")]
        timepoints = [("pre", ["pre"]), ("post", ["post"])]
        raw = raw_participants(paths, ["faces"], timepoints)[0][0]
        plan = PreparationPlan(study, study / "derivatives", QUICK, SEED)
        runs, decisions = prepare_runs(
            raw.runs, anatomy.files, plan, processes=1, progress=lambda _: None
        )
        assert process.wait() == 0
    return Participant(study, truth, anatomy, raw, runs, decisions, other)


def store_otherwise(source: Path, target: Path) -> None:
    """Store an image with its first axis to the back, its second up and its third to the left."""
    image = nib.load(source)
    wanted = nib.orientations.axcodes2ornt(("P", "S", "L"))
    here = nib.orientations.io_orientation(image.affine)
    turned = image.as_reoriented(nib.orientations.ornt_transform(here, wanted))
    target.parent.mkdir(parents=True)
    nib.save(turned, target)
    assert nib.aff2axcodes(nib.load(target).affine) == ("P", "S", "L")


def turn_upside_down(path: Path) -> None:
    """Reverse the slices and leave the header as it is."""
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj)[:, :, ::-1], None, image.header), path)


def in_another_process(study: Path, out: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "made_up.prepared", str(study), str(out)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"},
    )


def values(path: Path) -> np.ndarray:
    return np.asarray(nib.load(path).dataobj)


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.fixture(scope="module")
def true_shares(participant) -> np.ndarray:
    """Share of grey matter, white matter and fluid in each voxel of the T1w, (3, x, y, z)."""
    truth = participant.truth
    shape = truth.anatomy.tissue.shape
    affine = nib.load(participant.anatomy.files.tissue).affine
    points = affine[:3, :3] @ np.indices(shape).reshape(3, -1) + affine[:3, 3:]
    voxels = template_voxels(truth.phantom, truth.shape.to_template(points))
    grey, fluid, brain = (
        sample(image, voxels).reshape(shape) / 255
        for image in (truth.phantom.grey, truth.phantom.fluid, truth.phantom.brain)
    )
    return np.array([grey, brain - grey - fluid, fluid])


def test_another_process_and_another_orientation_give_the_same_bytes(participant):
    here = participant.study / "derivatives" / "sub-01" / "ses-pre" / "anat"
    there = participant.elsewhere / "derivatives" / "sub-01" / "ses-pre" / "anat"
    names = sorted(path.name for path in here.iterdir())
    assert names == sorted(path.name for path in there.iterdir())
    assert len(names) == 20
    different = [name for name in names if checksum(here / name) != checksum(there / name)]
    assert different == []


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_brain_mask_is_that_of_the_head(participant):
    mask = values(participant.anatomy.files.brain_mask) > 0
    true = participant.truth.anatomy.tissue > 0
    assert dice(mask, true) > 0.97
    assert participant.anatomy.quality.brain == pytest.approx(0.008 * true.sum(), rel=0.03)
    assert participant.anatomy.failure == ""


@pytest.mark.parametrize(("number", "least"), [(1, 0.9), (2, 0.98), (3, 0.98)])
def test_pure_voxels_get_their_tissue(participant, true_shares, number, least):
    pure = true_shares[number - 1] > 0.95
    labels = values(participant.anatomy.files.tissue)[pure]
    assert pure.sum() > 500
    assert (labels == number).mean() > least


def test_probabilities_of_tissues_add_up_in_the_brain_and_follow_the_truth(
    participant, true_shares
):
    files = participant.anatomy.files
    shares = np.array([values(path) for path in (files.grey, files.white, files.fluid)])
    mask = values(files.brain_mask) > 0
    np.testing.assert_allclose(shares.sum(axis=0)[mask], 1, atol=2e-4)
    assert not shares[:, ~mask].any()
    for found, true in zip(shares, true_shares, strict=True):
        assert np.corrcoef(found[mask], true[mask])[0, 1] > 0.75


def test_cores_are_their_tissue_without_its_outermost_layer(participant, true_shares):
    labels = values(participant.anatomy.files.tissue)
    for path, number in ((participant.anatomy.white_core, 2), (participant.anatomy.fluid_core, 3)):
        core = values(path) > 0
        assert 0 < core.sum() < 0.5 * (labels == number).sum()
        neighbours = [np.roll(labels, step, axis) for axis in range(3) for step in (-1, 1)]
        assert all((one[core] == number).all() for one in (labels, *neighbours))
        assert true_shares[number - 1][core].mean() > 0.7


def test_the_template_comes_to_the_structures_of_the_head(participant):
    """Labels of the template, warped to the T1w image, against where the structures are."""
    import ants

    from brainchange.imaging.nifti import Image
    from brainchange.imaging.prepare.ants_images import to_ants

    truth, files = participant.truth, participant.anatomy.files
    affine = nib.load(files.tissue).affine
    target = to_ants(Image(truth.anatomy.labels.astype(np.float32), affine))
    atlas = to_ants(Image(truth.phantom.labels.astype(np.float32), truth.phantom.affine))
    warped = ants.apply_transforms(target, atlas, [str(files.from_template)], "nearestNeighbor")
    for number in (10, 11, 12, 17, 49, 50, 51, 53):
        found = warped.numpy() == number
        assert dice(found, truth.anatomy.labels == number) > 0.7, number


def test_an_upside_down_run_is_left_out_with_a_reason_and_the_other_goes_on(participant):
    assert len(participant.runs) == 1
    assert PREPARED in participant.run.bold.name
    excluded = [row for row in participant.decisions if row["action"] == "excluded"]
    assert excluded
    for row in excluded:
        assert (row["participant_id"], row["session_id"]) == ("sub-01", "ses-post")
        assert row["reason"].startswith("the BOLD image does not fit the T1w image: ")
        assert row["config_key"].startswith("preparation.")
    func = participant.study / "derivatives/sub-01/ses-post/func"
    kept = {path.name.removeprefix(f"{UPSIDE_DOWN}_") for path in func.glob("*.[nt]*")}
    assert kept == {
        "space-T1w_boldref.nii.gz", "space-T1w_desc-brain_mask.nii.gz",
        "from-boldref_to-T1w_mode-image_xfm.txt",
    }  # fmt: skip


def test_the_run_lies_where_the_truth_puts_it(participant):
    run, true = participant.run, participant.true_run
    sidecar = json.loads(run.sidecar.read_text())
    first = pd.read_csv(run.confounds, sep="\t")[list(MOTION)].to_numpy()[:1]
    pose = poses_of(first, np.array(sidecar["Realignment"]["CentreMillimetres"]))[0]
    voxels = np.column_stack([np.argwhere(true.brain), np.ones(true.brain.sum())])
    # From the grid of the reference to the first volume, which the truth is told for, to the T1w.
    expected = true.to_t1w @ pose @ true.position.affine
    apart = voxels @ (nib.load(run.bold).affine - expected).T
    unmoved = voxels @ (true.position.affine - expected).T
    assert np.linalg.norm(unmoved, axis=1).mean() > 3
    assert np.linalg.norm(apart, axis=1).max() < 0.8


def test_volumes_of_the_run_stay_on_the_grid_of_the_scanner(participant):
    true = participant.true_run
    image = nib.load(participant.run.bold)
    raw = nib.load(participant.study / "sub-01/ses-pre/func" / f"{PREPARED}_bold.nii.gz")
    assert image.shape == raw.shape
    sizes = np.linalg.norm(image.affine[:3, :3], axis=0)
    np.testing.assert_allclose(sizes, [4, 4, 4], atol=1e-4)
    assert image.header.get_zooms()[3] == 2.0
    mask = values(participant.run.brain_mask) > 0
    assert dice(mask, true.brain) > 0.93


def test_the_sidecar_tells_what_was_done(participant):
    told = json.loads(participant.run.sidecar.read_text())
    assert told["NonSteadyStateVolumes"] == 2
    assert told["SliceTimingCorrected"] is True
    # Interleaved slices of 2 s: from 0 to 33/34 of it; the middle is between first and last.
    assert told["StartTime"] == pytest.approx(2 * 33 / 34 / 2, abs=1e-5)
    assert told["GeneratedBy"]["Parameters"] == QUICK.model_dump()
    assert not set(told["ReferenceVolumes"]) & {1, 2}
    anatomical = json.loads((participant.anatomy.files.t1w.parent / T1W_SIDECAR).read_text())
    assert anatomical["Parameters"]["Seed"] == SEED
    assert anatomical["Versions"]["antspyx"]


T1W_SIDECAR = "sub-01_ses-pre_desc-preproc_T1w.json"


def test_the_transform_of_the_run_is_read_by_ants(participant):
    """ITK takes a point of the T1w image to the voxel of the run that lies there."""
    import ants

    point = np.array([12.0, -20.0, 30.0])
    flip = np.array([-1, -1, 1])
    transform = ants.read_transform(str(participant.run.to_t1w))
    in_scanner = np.array(transform.apply_to_point(tuple(point * flip))) * flip
    raw = np.linalg.inv(participant.true_run.position.affine) @ [*in_scanner, 1]
    prepared = np.linalg.inv(nib.load(participant.run.bold).affine) @ [*point, 1]
    np.testing.assert_allclose(raw, prepared, atol=1e-3)


def test_tissue_signals_are_means_over_pure_voxels_of_the_prepared_image(participant):
    table = pd.read_csv(participant.run.confounds, sep="\t")
    volumes = values(participant.run.bold)
    mask = values(participant.run.brain_mask) > 0
    expected = volumes[mask].mean(axis=0)
    np.testing.assert_allclose(table["global_signal"], expected, rtol=1e-4)
    # T2*-weighted: fluid is brighter than white matter.
    assert table["csf"].mean() > 1.15 * table["white_matter"].mean()


def test_a_run_prepared_again_by_another_process_has_the_same_bytes(participant, tmp_path):
    shutil.copytree(participant.study / "sub-01/ses-pre", tmp_path / "sub-01/ses-pre")
    plan = PreparationPlan(tmp_path, tmp_path / "derivatives", QUICK, SEED)
    only = [raw for raw in participant.raw.runs if raw.run.key == PREPARED]
    again, _ = prepare_runs(
        only, participant.anatomy.files, plan, processes=2, progress=lambda _: None
    )
    for name in ("bold", "sidecar", "reference", "brain_mask", "confounds", "to_t1w"):
        assert checksum(getattr(again[0], name)) == checksum(getattr(participant.run, name)), name
