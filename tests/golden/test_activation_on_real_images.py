"""Activation in a real face and house task: two halves of one run, against nilearn and each other.

Visual localizer of the studyforrest project (Sengupta et al. 2016, Sci Data 3:160093), PDDL. No
registration is needed: voxels are chosen in one half and tested in the other.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pytest

from brainchange.imaging.denoise import cosine_basis
from brainchange.imaging.events import RunTimes, read_events
from brainchange.imaging.task_design import FrameTimes
from brainchange.metrics.activation import activation
from brainchange.metrics.activation_t import activation_t
from brainchange.metrics.layout import ContrastOfTask
from brainchange.metrics.task_signals import TaskSignals
from brainchange.study import tasks

pytestmark = pytest.mark.shared
TR, N_VOLUMES, N_CHOSEN = 2.0, 78, 50
FORMULAS = {
    "face - scramble": {"face": 1.0, "scramble": -1.0},
    "face - house": {"face": 1.0, "house": -1.0},
    "all": dict.fromkeys(("body", "face", "house", "object", "scene", "scramble"), 1 / 6),
}
CONTRASTS = tuple(
    ContrastOfTask(name, "oneback", tuple(weights.items())) for name, weights in FORMULAS.items()
)
Halves = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "real" / "splithalf" / "sub-01"


def files(folder: Path, session: str) -> tuple[Path, Path]:
    start = folder / f"ses-{session}" / "func" / f"sub-01_ses-{session}_task-oneback"
    return Path(f"{start}_bold.nii.gz"), Path(f"{start}_events.tsv")


@pytest.fixture(scope="module")
def posterior(folder: Path) -> npt.NDArray[np.bool_]:
    """Bright voxels in the lower half of the posterior third of the head."""
    image = nib.load(files(folder, "pre")[0])
    mean = image.get_fdata().mean(axis=3)
    bright = mean > 0.4 * np.percentile(mean, 99)
    place = np.moveaxis(np.indices(mean.shape), 0, -1)
    world = nib.affines.apply_affine(image.affine, place)
    low, high = np.percentile(world[bright], [1, 99], axis=0)
    back = world[..., 1] < low[1] + (high[1] - low[1]) / 3
    below = world[..., 2] < (low[2] + high[2]) / 2
    chosen: npt.NDArray[np.bool_] = bright & back & below
    return chosen


@pytest.fixture(scope="module")
def halves(folder: Path, posterior: npt.NDArray[np.bool_]) -> Halves:
    """Signals of the voxels, (n_volumes, n_voxels), by session."""
    return {
        session: nib.load(files(folder, session)[0]).get_fdata()[posterior].T
        for session in ("pre", "post")
    }


def modelled(folder: Path, session: str, raw: npt.NDArray[np.float64], noise: str) -> TaskSignals:
    times = RunTimes(0.0, N_VOLUMES * TR)
    events, doubts = read_events(files(folder, session)[1], tasks.Events(), times)
    assert doubts == ()
    return TaskSignals(
        raw=raw,
        nuisance=np.hstack([np.ones((N_VOLUMES, 1)), cosine_basis(N_VOLUMES, TR, 128.0)]),
        kept=np.ones(N_VOLUMES, dtype=bool),
        events=events,
        times=FrameTimes(N_VOLUMES, TR, TR / 2),
        contrasts=CONTRASTS,
        noise=noise,
    )


@pytest.fixture(scope="module")
def maps(folder: Path, halves: Halves) -> Halves:
    """t of every contrast in every voxel, (n_contrasts, n_voxels), by session."""
    return {
        session: activation_t(modelled(folder, session, raw, "ols")).numbers
        for session, raw in halves.items()
    }


@pytest.mark.parametrize("chosen_in", ["pre", "post"])
@pytest.mark.parametrize("place", [0, 1], ids=list(FORMULAS)[:2])
def test_voxels_that_prefer_faces_in_one_half_do_so_in_the_other(
    folder: Path, halves: Halves, maps: Halves, chosen_in: str, place: int
) -> None:
    [tested_in] = {"pre", "post"} - {chosen_in}
    best = np.argsort(-np.nan_to_num(maps[chosen_in][place]))[:N_CHOSEN]
    mean = halves[tested_in][:, best].mean(axis=1, keepdims=True)
    signals = modelled(folder, tested_in, mean, "ar1")
    assert activation(signals).numbers[place, 0] > 0.5
    assert activation_t(signals).numbers[place, 0] > 3


def test_both_halves_show_where_the_task_activates(maps: Halves) -> None:
    pre, post = maps["pre"][2], maps["post"][2]
    both = np.isfinite(pre) & np.isfinite(post)
    assert np.corrcoef(pre[both], post[both])[0, 1] > 0.8


def test_mean_signals_and_voxels_of_a_real_run_agree(folder: Path, halves: Halves) -> None:
    """The effect of the mean is the mean of the effects, each in the intensity of the image."""
    parts = np.array_split(np.arange(halves["pre"].shape[1]), 5)
    means = np.column_stack([halves["pre"][:, part].mean(axis=1) for part in parts])
    of_means = activation(modelled(folder, "pre", means, "ols")).numbers
    of_voxels = activation(modelled(folder, "pre", halves["pre"], "ols")).numbers
    level = halves["pre"].mean(axis=0)
    for column, part in enumerate(parts):
        expected = (of_voxels[:, part] * level[part]).mean(axis=1) / level[part].mean()
        assert of_means[:, column] == pytest.approx(expected, abs=1e-8)
