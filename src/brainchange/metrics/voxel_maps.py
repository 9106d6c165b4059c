"""Metrics of voxels over the whole brain, block by block, under every denoising that is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError
from brainchange.imaging.coverage import drift_projection
from brainchange.imaging.denoise import Projection
from brainchange.metrics.inputs import BrainSeries, VoxelBlock
from brainchange.metrics.registry import Metric
from brainchange.study.settings import Frequency

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

BLOCK_VOXELS = 1024
"""Voxels computed at once: their spectra fit in the cache of a processor."""


@dataclass(frozen=True)
class VoxelMap:
    """A metric at the voxels that are kept, and how it spreads over the brain.

    Attributes
    ----------
    values : numpy.ndarray
        At the kept voxels, (n_kept_voxels,).
    mean, deviation : float
        Over all valid voxels of the brain (divisor n).
    reason : str
        Why it could not be computed; empty where it could.
    """

    values: FloatArray
    mean: float
    deviation: float
    reason: str = ""


@dataclass(frozen=True)
class Wanted:
    """Metrics that are computed under one denoising.

    Attributes
    ----------
    nuisance : Projection
        Nuisance regressors of all analysed volumes.
    metrics : tuple of Metric
        Metrics of level ``voxel``.
    """

    nuisance: Projection
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class BrainMaps:
    """What is computed at every voxel of the brain mask.

    Attributes
    ----------
    mean, tsnr : numpy.ndarray
        Temporal mean, and temporal signal-to-noise ratio, (n_voxels,).
    values : dict of str to dict of str to numpy.ndarray
        By denoising and metric, (n_voxels,); NaN where the metric could not be computed.
    reasons : dict of str to dict of str to str
        By denoising and metric: why it could not.
    """

    mean: FloatArray
    tsnr: FloatArray
    values: dict[str, dict[str, FloatArray]]
    reasons: dict[str, dict[str, str]]

    def voxel_maps(
        self, denoising: str, valid: npt.NDArray[np.bool_], kept: Indices
    ) -> dict[str, VoxelMap]:
        """Keep the values of some voxels, and how all valid ones spread.

        Parameters
        ----------
        denoising : str
            One of ``values``.
        valid : numpy.ndarray
            Which voxels count, (n_voxels,).
        kept : numpy.ndarray
            Places of the voxels that are kept, (n_kept_voxels,).

        Returns
        -------
        dict of str to VoxelMap
            By metric.
        """
        reasons = self.reasons[denoising]
        return {
            metric: voxel_map(values, valid, kept, reasons.get(metric, ""))
            for metric, values in self.values[denoising].items()
        }


def brain_maps(
    volumes: npt.NDArray[np.generic],
    repetition_time: float,
    frequency: Frequency,
    wanted: Mapping[str, Wanted],
) -> BrainMaps:
    """Compute metrics of voxels, each voxel's volumes taken in hand once.

    Parameters
    ----------
    volumes : numpy.ndarray
        Analysed volumes of the brain in the stored type, (n_analysed, n_voxels).
    repetition_time : float
        Time between volumes in s.
    frequency : Frequency
        Low-frequency band in Hz.
    wanted : mapping of str to Wanted
        By the name of the denoising.

    Returns
    -------
    BrainMaps
        A metric that cannot be computed for this run is NaN, with the reason.
    """
    n_voxels = volumes.shape[1]
    made = BrainMaps(
        mean=np.empty(n_voxels),
        tsnr=np.empty(n_voxels),
        values={
            name: {metric.name: np.full(n_voxels, np.nan) for metric in ask.metrics}
            for name, ask in wanted.items()
        },
        reasons={name: {} for name in wanted},
    )
    drift = drift_projection(volumes.shape[0])
    for start in range(0, n_voxels, BLOCK_VOXELS):
        here = slice(start, start + BLOCK_VOXELS)
        values = volumes[:, here].astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            made.mean[here] = values.mean(axis=0)
        first: VoxelBlock | None = None
        for name, ask in wanted.items():
            block = VoxelBlock(values, repetition_time, ask.nuisance, drift, frequency, first)
            _fill(made, name, here, block, ask.metrics)
            made.tsnr[here] = block.tsnr
            first = first or block
    return made


def _fill(
    made: BrainMaps, name: str, here: slice, block: VoxelBlock, metrics: Sequence[Metric]
) -> None:
    for metric in metrics:
        try:
            made.values[name][metric.name][here] = metric.function(block)
        except BrainchangeError as error:
            made.reasons[name][metric.name] = error.reason


def neighbourhood_maps(
    metrics: Sequence[Metric], brain: BrainSeries, kept: Indices
) -> dict[str, VoxelMap]:
    """Compute metrics of voxels and their neighbours.

    Parameters
    ----------
    metrics : sequence of Metric
        Metrics of level ``neighbourhood``.
    brain : BrainSeries
        Brain of a run under one denoising.
    kept : numpy.ndarray
        Places of the voxels that are kept, (n_kept_voxels,).

    Returns
    -------
    dict of str to VoxelMap
        By metric; one that cannot be computed for this run is NaN, with the reason.
    """
    found = {}
    for metric in metrics:
        values, reason = np.full(brain.voxels.size, np.nan), ""
        try:
            values = metric.function(brain)
        except BrainchangeError as error:
            reason = error.reason
        found[metric.name] = voxel_map(values, brain.valid, kept, reason)
    return found


def voxel_map(
    values: FloatArray, valid: npt.NDArray[np.bool_], kept: Indices, reason: str
) -> VoxelMap:
    """Keep the values of some voxels, and how all valid ones that have one spread."""
    over_brain = values[valid & np.isfinite(values)]
    if not over_brain.size:
        return VoxelMap(values[kept], math.nan, math.nan, reason or "no voxel is valid")
    return VoxelMap(values[kept], float(over_brain.mean()), float(over_brain.std()), reason)
