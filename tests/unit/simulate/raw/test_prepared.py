"""Derivatives made with the truth show the same regions in the participant's space and in MNI."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainchange.simulate.raw.prepared import write_prepared_run
from brainchange.simulate.raw.truth import ParticipantTruth
from brainchange.sources.bids import prepared_runs
from brainchange.study.model import Images
from made_up.raw import RawCase, make_raw_participant, simulation_of

CASE = RawCase(
    voxel_size=(4.0, 4.0, 4.0), matrix=(48, 58, 35), n_volumes=40, t1w_voxel_size=3.0,
    resting_amplitude=0.9, noise=0.1,
)  # fmt: skip
KEY = "sub-01_ses-pre_task-faces"
OWN = Images(derivatives="derivatives/fmriprep")
MNI = Images(derivatives="derivatives/fmriprep", space="MNI152NLin2009aSym", resolution="2")
REGIONS = {"Left-Amygdala": 18, "Right-Hippocampus": 53, "ctx-lh-precuneus": 1025}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="module")
def truth(folder: Path) -> ParticipantTruth:
    return make_raw_participant(folder, CASE)


@pytest.fixture(scope="module")
def paths(folder: Path, truth: ParticipantTruth) -> dict[str, tuple[str, ...]]:
    simulation = simulation_of(CASE)
    return {
        images.space: write_prepared_run(folder, truth, KEY, simulation=simulation, images=images)
        for images in (OWN, MNI)
    }


def series(folder: Path, name: str, mask: np.ndarray) -> np.ndarray:
    bold = np.asarray(nib.load(folder / name).dataobj, dtype=float)[mask].mean(axis=0)[2:]
    slow = np.polynomial.legendre.legvander(np.linspace(-1, 1, bold.size), 3)
    return bold / bold.mean() - slow @ np.linalg.lstsq(slow, bold / bold.mean())[0]


def test_files_are_found_as_those_of_fmriprep(paths: dict[str, tuple[str, ...]]) -> None:
    found, decisions = prepared_runs(paths["T1w"], OWN, ["faces"])
    assert not decisions
    assert set(found[0].paths) == set(paths["T1w"])
    assert any("_space-MNI152NLin2009aSym_res-2_desc-preproc_bold" in p for p in paths[MNI.space])


def test_regions_have_the_same_signals_in_both_spaces(
    folder: Path, truth: ParticipantTruth, paths: dict[str, tuple[str, ...]]
) -> None:
    own, mni = (paths[images.space] for images in (OWN, MNI))
    labels = np.asarray(nib.load(folder / own[-1]).dataobj)
    template = nib.load(folder / mni[0])
    grid = np.indices(template.shape[:3]).reshape(3, -1)
    phantom = truth.phantom
    indices = template.affine[:3, :3] @ grid + template.affine[:3, 3:] - phantom.affine[:3, 3:]
    atlas = phantom.labels[tuple(indices.astype(int).clip(0, 230))].reshape(template.shape[:3])
    for name, number in REGIONS.items():
        first = series(folder, own[0], labels == number)
        second = series(folder, mni[0], atlas == number)
        assert np.corrcoef(first, second)[0, 1] > 0.95, name
        planted = truth.runs[KEY].signals[name].to_numpy()[2:]
        slow = np.polynomial.legendre.legvander(np.linspace(-1, 1, planted.size), 3)
        planted = planted - slow @ np.linalg.lstsq(slow, planted)[0]
        assert np.corrcoef(first, planted)[0, 1] > 0.9, name
