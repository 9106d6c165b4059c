"""Preparation finds the movement, the position, the regions and the activation that are true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainchange.simulate.raw.rigid import moved_points, parameters_of_poses, poses_of
from made_up.known import Prepared, dice, measure, region

pytestmark = pytest.mark.slow
every = pytest.mark.parametrize("case", ["thin", "thick", "rest"])
with_task = pytest.mark.parametrize("case", ["thin", "thick"])
MOTION = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
RESPONDING = {
    "amygdala": ("Left-Amygdala", "Right-Amygdala"),
    "fusiform": ("ctx-lh-fusiform", "ctx-rh-fusiform"),
    "occipital": ("ctx-lh-lateraloccipital", "ctx-rh-lateraloccipital"),
    "vmPFC": ("ctx-lh-medialorbitofrontal", "ctx-rh-medialorbitofrontal"),
}
ACTIVE = tuple(
    region(f"{name}_{side}", label)
    for name, labels in RESPONDING.items()
    for side, label in zip("LR", labels, strict=True)
)


def confounds(prepared: Prepared, case: str) -> pd.DataFrame:
    return pd.read_csv(prepared.folder / prepared.files[case].confounds, sep="\t")


def settled(prepared: Prepared, case: str) -> slice:
    return slice(int(prepared.sidecar(case)["NonSteadyStateVolumes"]), None)


def estimated_poses(prepared: Prepared, case: str) -> np.ndarray:
    """Where the head was in each volume, from what the confounds and the sidecar tell."""
    centre = np.array(prepared.sidecar(case)["Realignment"]["CentreMillimetres"])
    return poses_of(confounds(prepared, case)[MOTION].to_numpy(), centre)


def reference_pose(prepared: Prepared, case: str) -> np.ndarray:
    """Pose of the reference of the run in terms of the truth: from the first volume to it."""
    truth = prepared.truth(case)
    centre = truth.position.centre
    differences = np.linalg.inv(estimated_poses(prepared, case)) @ truth.poses
    mean = parameters_of_poses(differences[settled(prepared, case)], centre).mean(axis=0)
    return poses_of(mean, centre)[0]


def test_every_run_is_prepared(prepared: Prepared) -> None:
    assert len(prepared.result.runs) == 3
    assert [d for d in prepared.result.decisions if d["action"] == "excluded"] == []


@every
def test_motion_is_found_within_a_twentieth_of_a_millimetre_and_degree(
    prepared: Prepared, case: str
) -> None:
    """Root mean square error of each parameter about the true centre, after the first volumes."""
    truth = prepared.truth(case)
    apart = estimated_poses(prepared, case) @ reference_pose(prepared, case)
    error = apart @ np.linalg.inv(truth.poses)
    left = parameters_of_poses(error[settled(prepared, case)], truth.position.centre)
    root_mean_square = np.sqrt((left**2).mean(axis=0))
    assert root_mean_square[:3].max() < 0.05, root_mean_square[:3]
    assert np.rad2deg(root_mean_square[3:]).max() < 0.05, np.rad2deg(root_mean_square[3:])


@every
def test_motion_has_the_signs_of_fmriprep(prepared: Prepared, case: str) -> None:
    found = confounds(prepared, case)[MOTION].to_numpy()[settled(prepared, case)]
    true = prepared.truth(case).motion[settled(prepared, case)]
    for place, name in enumerate(MOTION):
        assert np.corrcoef(found[:, place], true[:, place])[0, 1] > 0.9, name


@every
def test_framewise_displacement_is_that_of_the_truth(prepared: Prepared, case: str) -> None:
    start = settled(prepared, case).start + 1
    found = confounds(prepared, case)["framewise_displacement"].to_numpy()[start:]
    true = prepared.truth(case).framewise_displacement[start:]
    assert np.corrcoef(found, true)[0, 1] >= 0.95
    assert found.mean() == pytest.approx(true.mean(), rel=0.10)


@every
def test_bold_lies_on_the_t1w_where_it_should(prepared: Prepared, case: str) -> None:
    """Distance of brain voxels from their true place in the T1w image: the whole rigid way."""
    truth = prepared.truth(case)
    voxels = np.argwhere(truth.brain).T
    at_rest = np.linalg.inv(reference_pose(prepared, case)) @ truth.position.affine
    true = moved_points(truth.to_t1w @ at_rest, voxels)
    found = moved_points(prepared.image(case, "bold").affine, voxels)
    distance = np.linalg.norm(found - true, axis=0)
    assert distance.mean() < 1.0, distance.mean()
    assert distance.max() < 2.0, distance.max()


@every
def test_regions_overlap_with_the_true_ones_after_the_whole_chain(
    prepared: Prepared, case: str
) -> None:
    """Atlas → T1w → BOLD against the labels that the voxels truly show."""
    truth = prepared.truth(case)
    labels = np.asarray(prepared.image(case, "parcellation").dataobj)
    number_of = {name: number for number, name in _labels(prepared).items()}
    overlap = {}
    for one in prepared.project.regions:
        numbers = [number_of[label] for label in one.labels]
        overlap[one.region] = dice(np.isin(labels, numbers), np.isin(truth.labels, numbers))
    assert min(overlap.values()) >= 0.8, {k: round(v, 3) for k, v in overlap.items() if v < 0.8}


@with_task
def test_planted_activation_is_found_within_a_tenth(prepared: Prepared, case: str) -> None:
    measured = measure(prepared, prepared.files[case], ACTIVE, ("activation",))
    assert not measured.excluded, measured.excluded
    contrasts = list(prepared.project.study.task_contrasts)
    found = measured.runs[0].computed["activation"][contrasts.index("face")]
    table = prepared.truth(case).activation.set_index(["condition", "name"])["on_grid"]
    wrong = {
        one.region: (round(float(value), 3), round(float(table["face", one.labels[0]]), 3))
        for one, value in zip(ACTIVE, found, strict=True)
        if value != pytest.approx(table["face", one.labels[0]], rel=0.10)
    }
    assert not wrong, wrong


def _labels(prepared: Prepared) -> dict[int, str]:
    from brainchange.simulate.model import read_simulation

    return read_simulation(prepared.project.root, "rawdemo").anatomy.labels
