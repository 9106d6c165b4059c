"""Speed of activation by a task: a model of region signals against nilearn's model of every voxel.

A run of 160 volumes with 40,000 voxels of the brain in memory, six conditions, motion and slow
cosines as nuisance, AR(1) noise, one contrast. Ours averages the voxels of 28 regions and models
the means; nilearn is given the same image, events and confounds. Imports are not timed. With
independent noise both must give the same values.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pandas as pd
from nilearn.glm.first_level import FirstLevelModel

from brainchange.imaging.denoise import cosine_basis
from brainchange.imaging.events import RESPONSE_LENGTH, Events, RunTimes, read_events
from brainchange.imaging.glm import Noise
from brainchange.imaging.signals import region_means
from brainchange.imaging.task_design import FrameTimes
from brainchange.metrics.activation import activation
from brainchange.metrics.layout import ContrastOfTask
from brainchange.metrics.task_signals import TaskSignals
from brainchange.study import tasks

SHAPE, N_VOLUMES, REPETITION_TIME, N_REGIONS = (40, 40, 25), 160, 2.0, 28
CONDITIONS = ("body", "face", "house", "object", "scene", "scramble")
CONTRAST = ContrastOfTask("face - scramble", "faces", (("face", 1.0), ("scramble", -1.0)))
SMALLEST_GAIN, MOST_SECONDS, LARGEST_DIFFERENCE = 10.0, 2.0, 1e-6

Floats = npt.NDArray[np.float64]


def rows() -> Iterator[dict[str, Any]]:
    """Compare time and values: name, value, unit, bar, and whether the bar holds."""
    random = np.random.default_rng(1)
    image = random.normal(1000, 10, (*SHAPE, N_VOLUMES)).astype(np.float32)
    voxels = image.reshape(-1, N_VOLUMES, order="F").T
    members = np.array_split(np.arange(voxels.shape[1]), N_REGIONS)
    confounds = np.hstack(
        [random.normal(size=(N_VOLUMES, 12)), cosine_basis(N_VOLUMES, REPETITION_TIME, 128.0)]
    )
    table, events = _events()

    def ours(noise: Noise) -> Floats:
        return _of_regions(region_means(voxels, members), confounds, events, noise)

    def theirs(noise: Noise) -> Floats:
        return _of_voxels(image, confounds, table, noise)

    means = np.array([voxels[:, columns].mean(dtype=float) for columns in members])
    expected = np.array([theirs("ols")[columns].mean() for columns in members])
    difference = float(np.abs(ours("ols") - 100 * expected / means).max())
    seconds = _seconds(lambda: ours("ar1"))
    gain = _seconds(lambda: theirs("ar1")) / seconds
    yield _row("activation: 28 regions, AR(1)", seconds, "s", MOST_SECONDS, most=True)
    yield _row("activation: speed against nilearn", gain, "×", SMALLEST_GAIN, most=False)
    name = "activation: difference from nilearn, OLS"
    yield _row(name, difference, "percent signal change", LARGEST_DIFFERENCE, most=True)


def _row(name: str, value: float, unit: str, bar: float, *, most: bool) -> dict[str, Any]:
    holds = value <= bar if most else value >= bar
    shown = f"{'≤' if most else '≥'} {bar:g}"
    return {"name": name, "value": value, "unit": unit, "bar": shown, "holds": holds}


def _seconds(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def _events() -> tuple[pd.DataFrame, Events]:
    """Blocks of 12 s every 16 s, the conditions in turn."""
    onset = np.arange(8, N_VOLUMES * REPETITION_TIME - 16, 16)
    kind = np.resize(CONDITIONS, onset.size)
    table = pd.DataFrame({"onset": onset, "duration": 12.0, "trial_type": kind})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.tsv"
        table.to_csv(path, sep="\t", index=False)
        events, _ = read_events(path, tasks.Events(), RunTimes(0.0, N_VOLUMES * REPETITION_TIME))
    return table, events


def _of_regions(raw: Floats, confounds: Floats, events: Events, noise: Noise) -> Floats:
    signals = TaskSignals(
        raw=raw,
        nuisance=np.hstack([np.ones((N_VOLUMES, 1)), confounds]),
        kept=np.ones(N_VOLUMES, dtype=bool),
        events=events,
        times=FrameTimes(N_VOLUMES, REPETITION_TIME, REPETITION_TIME / 2),
        contrasts=(CONTRAST,),
        noise=noise,
    )
    return activation(signals).numbers[0]


def _of_voxels(
    image: npt.NDArray[np.float32], confounds: Floats, table: pd.DataFrame, noise: Noise
) -> Floats:
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    model = FirstLevelModel(
        t_r=REPETITION_TIME,
        slice_time_ref=0.5,
        hrf_model="spm + derivative",
        drift_model=None,
        noise_model=noise,
        signal_scaling=False,
        mask_img=nib.Nifti1Image(np.ones(SHAPE, np.int8), affine),
        min_onset=-RESPONSE_LENGTH - REPETITION_TIME,
    )
    named = pd.DataFrame(confounds).rename(columns=str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the mask that was given is used
        model.fit(nib.Nifti1Image(image, affine), events=table, confounds=named)
        effect = model.compute_contrast(CONTRAST.name, output_type="effect_size")
    return np.asarray(effect.get_fdata(), dtype=float).ravel(order="F")
