"""Raw images show the head where the truth says it is, moving and responding as it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from brainchange.simulate.model import Simulation
from brainchange.simulate.plan import simulated_runs
from brainchange.simulate.raw.anatomy import nearest, template_voxels
from brainchange.simulate.raw.participant import simulate_participant
from brainchange.simulate.raw.truth import ParticipantTruth, RunTruth
from brainchange.study.model import Study
from made_up.raw import RawCase, raw_study, simulation_of, the_phantom

CASE = RawCase(
    voxel_size=(4.0, 4.0, 4.0), matrix=(48, 58, 34), n_volumes=40, t1w_voxel_size=3.0,
    slice_order="interleaved", noise=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class Clean:
    """A participant without any noise."""

    folder: Path
    truth: ParticipantTruth
    run: RunTruth
    bold: np.ndarray

    @property
    def t1w(self) -> nib.Nifti1Image:
        return nib.load(self.folder / "sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz")


def record(study: Study, simulation: Simulation, folder: Path) -> Clean:
    run = next(iter(simulated_runs(study, simulation)))
    truth = simulate_participant(study, simulation, folder, runs=[run], phantom=the_phantom())
    image = nib.load(folder / run.folder / f"{run.key}_bold.nii.gz")
    return Clean(folder, truth, truth.runs[run.key], np.asarray(image.dataobj, dtype=float))


def silent(**motion: float) -> Simulation:
    """No noise, no bias, no drift; motion as given."""
    values = simulation_of(CASE).model_dump()
    still = dict.fromkeys(("translation", "rotation", "spikes"), 0.0)
    values["motion"] |= still | motion
    values["acquisition"] |= {
        "bias": 0.0,
        "non_steady_state_volumes": 0,
        # Whole numbers of intensity would hide a response of a thousandth.
        **dict.fromkeys(("grey_matter_intensity", "white_matter_intensity"), 20000.0),
        "csf_intensity": 22000.0,
    }
    values["raw"]["t1w"]["noise"] = 0.0
    return Simulation.model_validate(values)


@pytest.fixture(scope="module")
def rawdemo() -> Study:

    return raw_study()


@pytest.fixture(scope="module")
def still(rawdemo: Study, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    return record(rawdemo, silent(), tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def moving(rawdemo: Study, tmp_path_factory: pytest.TempPathFactory) -> Clean:
    simulation = silent(translation=0.8, rotation=0.015)
    return record(rawdemo, simulation, tmp_path_factory.mktemp("moving"))


def test_signals_of_regions_are_those_of_the_truth(still: Clean) -> None:
    """Averages of the image over the true labels, slice by slice, against what was planted."""
    mean = still.bold.mean(axis=3, keepdims=True)
    percent = 100 * (still.bold / np.maximum(mean, 1) - 1)
    for name, number in (("Left-Amygdala", 18), ("ctx-rh-fusiform", 2007), ("Right-Putamen", 51)):
        found = percent[still.run.labels == number].mean(axis=0)
        expected = still.run.signals[name].to_numpy()
        assert np.corrcoef(found, expected - expected.mean())[0, 1] > 0.98, name
        assert found.std() == pytest.approx(expected.std(), rel=0.12), name


def test_activation_is_less_at_borders_and_leaks_to_neighbours(still: Clean) -> None:
    table = still.run.activation.set_index(["condition", "name"])
    for name in ("Left-Amygdala", "ctx-lh-lateraloccipital"):
        row = table.loc["face", name]
        assert 0.85 < row["on_grid"] / row["planted"] < 1.0
    assert table.loc[("face", "ctx-lh-precentral"), "on_grid"] == 0
    assert table.loc[("face", "Left-Hippocampus"), "on_grid"] > 0
    assert table.loc[("shape", "Left-Amygdala"), "on_grid"] == pytest.approx(0, abs=0.02)


def test_the_head_is_where_the_truth_says(still: Clean) -> None:
    """BOLD and T1w agree about fluid after the true rigid map, and about nothing without it."""
    run, truth = still.run, still.truth
    voxels = np.argwhere(run.brain).T
    t1w = still.t1w
    points = run.to_t1w @ run.position.affine @ np.vstack([voxels, np.ones(voxels.shape[1])])
    indices = np.linalg.solve(t1w.affine, points)[:3]
    bold = still.bold[..., 0][tuple(voxels)]
    smooth = ndimage.gaussian_filter(np.asarray(t1w.dataobj, dtype=float), 0.6)
    there = np.corrcoef(bold, ndimage.map_coordinates(smooth, indices, order=1))[0, 1]
    labels = nearest(np.asarray(truth.anatomy.labels), indices.astype(np.float32))
    known = run.labels[tuple(voxels)]
    assert there < -0.6
    assert (labels == known)[known > 0].mean() > 0.75
    assert (truth.labels_at(points[:3]) == known).mean() > 0.8


def test_labels_of_the_t1w_lie_where_its_tissue_is(still: Clean) -> None:
    image = np.asarray(still.t1w.dataobj, dtype=float)
    tissue, labels = still.truth.anatomy.tissue, still.truth.anatomy.labels
    grey, white, fluid = (np.median(image[tissue == kind]) for kind in (1, 2, 3))
    assert fluid < 0.75 * grey < grey < 0.9 * white
    assert np.median(image[labels == 1024]) == pytest.approx(grey, rel=0.15)
    assert (tissue[labels > 0] > 0).all()


def test_volumes_are_the_first_in_the_pose_of_the_truth(moving: Clean) -> None:
    """Independent: the first volume, resampled by scipy as the true pose says, is the last ones."""
    run = moving.run
    to_voxels = np.linalg.inv(run.position.affine)
    first = moving.bold[..., 0]
    assert np.abs(run.motion[:, :3]).max() > 1
    for volume in (10, 25, 39):
        back = to_voxels @ np.linalg.inv(run.poses[volume]) @ run.position.affine
        predicted = ndimage.affine_transform(first, back[:3, :3], back[:3, 3], order=3)
        inner = ndimage.binary_erosion(run.brain, iterations=4)
        error = predicted[inner] - moving.bold[..., volume][inner]
        unmoved = first[inner] - moving.bold[..., volume][inner]
        assert error.std() < 0.45 * unmoved.std()


def test_files_tell_what_is_returned(moving: Clean) -> None:
    run = moving.run
    folder = moving.folder / "truth/sub-01/ses-pre"
    motion = pd.read_csv(folder / f"{run.run.key}_desc-true_motion.tsv", sep="\t")
    np.testing.assert_allclose(motion.iloc[:, :6], run.motion, atol=1e-7)
    expected = np.abs(np.diff(run.motion, axis=0)) @ [1, 1, 1, 50, 50, 50]
    np.testing.assert_allclose(motion["framewise_displacement"].iloc[1:], expected, atol=1e-6)
    labels = nib.load(folder / f"{run.run.key}_desc-true_dseg.nii.gz")
    np.testing.assert_array_equal(np.asarray(labels.dataobj), run.labels)
    np.testing.assert_allclose(labels.affine, run.position.affine, atol=1e-4)


def test_labels_of_the_phantom_are_the_atlas(still: Clean) -> None:
    """The point of the template in the middle of a structure has its label."""
    phantom = still.truth.phantom
    points = np.array([[23, -3, -20], [-23, -3, -20], [14, 11, 11]]).T
    np.testing.assert_array_equal(
        nearest(phantom.labels, template_voxels(phantom, points)), [54, 18, 50]
    )
