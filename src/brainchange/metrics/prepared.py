"""One prepared run, read once: everything that needs voxels is computed here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError, ImageError
from brainchange.files import inside
from brainchange.imaging.confounds import Confounds, read_confounds
from brainchange.imaging.coverage import Grid, drift_projection, require_volumes, valid_voxels
from brainchange.imaging.denoise import Nuisance, nuisance, projection, signal_names
from brainchange.imaging.midline import known_midline
from brainchange.imaging.nifti import read_label_image, read_volumes
from brainchange.imaging.nifti_header import NiftiHeader, read_header
from brainchange.imaging.parcellation import (
    RegionVoxels,
    in_any_region,
    region_voxels,
    require_same_grid,
)
from brainchange.imaging.sidecar import RepetitionTime, read_repetition_time
from brainchange.metrics.gates import judge_motion
from brainchange.metrics.inputs import RunQuality, VoxelBlock
from brainchange.metrics.registry import Metric
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.sources.run_decisions import decision, left_out
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

BLOCK_VOXELS = 4096
"""Voxels computed at once: their spectra fit in the cache of a processor."""


@dataclass(frozen=True)
class RunInputs:
    """What is known about a run before its volumes are read.

    Attributes
    ----------
    files : PreparedFiles
        Paths in the study folder.
    folder : Path
        The study folder.
    header : NiftiHeader
        Of the BOLD image.
    repetition_time : float
        Time between volumes in s.
    confounds : Confounds
        Of all volumes.
    nuisance : Nuisance
        Design and kept volumes.
    """

    files: PreparedFiles
    folder: Path
    header: NiftiHeader
    repetition_time: float
    confounds: Confounds
    nuisance: Nuisance

    @property
    def run(self) -> Run:
        """Which run."""
        return self.files.run

    def path(self, relative: str) -> Path:
        """Where a file of the run is."""
        return inside(self.folder, relative)

    @property
    def quality(self) -> RunQuality:
        """Motion over the analysed volumes."""
        analysed = self.confounds.framewise_displacement[self.nuisance.n_dummies :]
        return RunQuality(analysed, self.nuisance.kept)


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
class ReadRun:
    """What is kept of a run when its volumes have been read.

    Attributes
    ----------
    inputs : RunInputs
        What was known before.
    grid : Grid
        Validity of every voxel.
    regions : tuple of RegionVoxels
        Voxels of each region, valid or not, in the configured order.
    voxels : numpy.ndarray
        Flat indices of the brain voxels that belong to a region, sorted, (n_kept_voxels,).
    volumes : numpy.ndarray
        Their analysed volumes in the stored type, (n_analysed, n_kept_voxels).
    tsnr : numpy.ndarray
        Their temporal signal-to-noise ratio, (n_kept_voxels,).
    maps : dict of str to VoxelMap
        Voxel metrics by name.
    """

    inputs: RunInputs
    grid: Grid
    regions: tuple[RegionVoxels, ...]
    voxels: Indices
    volumes: npt.NDArray[np.generic]
    tsnr: FloatArray
    maps: dict[str, VoxelMap]

    def columns(self, voxels: Indices) -> Indices:
        """Columns of ``volumes`` that hold some of the kept voxels."""
        return np.searchsorted(self.voxels, voxels)


def open_run(
    files: PreparedFiles, folder: Path, settings: Settings
) -> tuple[RunInputs | None, list[Decision]]:
    """Read everything about a run but its volumes, and judge its motion.

    Parameters
    ----------
    files : PreparedFiles
        Paths in the study folder.
    folder : Path
        The study folder.
    settings : Settings
        Denoising and censoring.

    Returns
    -------
    inputs : RunInputs or None
        None where a file is not usable.
    decisions : list of dict
        What was left out, and why.
    """
    try:
        header = read_header(inside(folder, files.bold))
        time = read_repetition_time(inside(folder, files.sidecar), header.repetition_time)
        confounds = read_confounds(
            inside(folder, files.confounds), header.n_volumes, signal_names(settings.denoising)
        )
        removed = nuisance(confounds, time.seconds, settings.denoising, settings.censoring)
    except BrainchangeError as error:
        return None, [left_out(files.run, error)]
    inputs = RunInputs(files, folder, header, time.seconds, confounds, removed)
    doubts = _repetition_time_doubt(files.run, time, header.repetition_time)
    return inputs, [*doubts, *judge_motion(files.run, confounds, removed, settings)]


def read_run(
    inputs: RunInputs,
    regions: Sequence[Region],
    labels: Mapping[str, int],
    voxel_metrics: Sequence[Metric],
    settings: Settings,
) -> ReadRun:
    """Read the volumes of a run once and compute whatever needs voxels.

    Parameters
    ----------
    inputs : RunInputs
        What :func:`open_run` found.
    regions : sequence of Region
        The configured regions.
    labels : mapping of str to int
        Number of each label name of the parcellation.
    voxel_metrics : sequence of Metric
        Metrics of level ``voxel``.
    settings : Settings
        Coverage and frequency band.

    Raises
    ------
    ImageError
        An image is damaged, the grids differ, or a volume is lost.
    ConfigError
        A region names an unknown label.
    """
    found, brain = _geometry(inputs, regions, labels)
    volumes = read_volumes(inputs.path(inputs.files.bold), brain)
    n_dummies = inputs.nuisance.n_dummies
    require_volumes(volumes, n_dummies, inputs.files.bold)
    volumes = volumes[n_dummies:]
    mean, tsnr, maps, reasons = _brain_maps(volumes, inputs, voxel_metrics, settings)
    valid = valid_voxels(mean, tsnr, settings.coverage)
    kept = np.flatnonzero(in_any_region(found, inputs.header.voxels_per_volume)[brain])
    everywhere = np.zeros(inputs.header.voxels_per_volume, dtype=bool)
    everywhere[brain] = valid
    return ReadRun(
        inputs=inputs,
        grid=Grid(inputs.header.shape, inputs.header.affine, everywhere),
        regions=found,
        voxels=brain[kept],
        volumes=volumes[:, kept],
        tsnr=tsnr[kept],
        maps={
            metric.name: _voxel_map(maps[metric.name], valid, kept, reasons.get(metric.name, ""))
            for metric in voxel_metrics
        },
    )


def _geometry(
    inputs: RunInputs,
    regions: Sequence[Region],
    labels: Mapping[str, int],
) -> tuple[tuple[RegionVoxels, ...], Indices]:
    """Voxels of each region, and those of the brain, on the grid of the BOLD image."""
    header, files = inputs.header, inputs.files
    brain_mask = read_label_image(inputs.path(files.brain_mask))
    parcellation = read_label_image(inputs.path(files.parcellation))
    for image, name in ((brain_mask, files.brain_mask), (parcellation, files.parcellation)):
        require_same_grid(
            header.shape, header.affine, image.values.shape, image.affine, (files.bold, name)
        )
    found = region_voxels(
        parcellation.values,
        parcellation.affine,
        regions,
        labels,
        files.parcellation,
        midline=known_midline(files.space),
    )
    brain = np.flatnonzero(brain_mask.values.ravel(order="F"))
    if not brain.size:
        raise ImageError("the brain mask is empty", where=files.brain_mask)
    return found, brain


def _brain_maps(
    volumes: npt.NDArray[np.generic],
    inputs: RunInputs,
    voxel_metrics: Sequence[Metric],
    settings: Settings,
) -> tuple[FloatArray, FloatArray, dict[str, FloatArray], dict[str, str]]:
    """Temporal mean, temporal SNR and voxel metrics of the brain, block by block.

    A metric that cannot be computed for this run is NaN, with the reason.
    """
    n_voxels = volumes.shape[1]
    mean, tsnr = np.empty(n_voxels), np.empty(n_voxels)
    maps = {metric.name: np.full(n_voxels, np.nan) for metric in voxel_metrics}
    reasons: dict[str, str] = {}
    removed = projection(inputs.nuisance.design)
    drift = drift_projection(volumes.shape[0])
    for start in range(0, n_voxels, BLOCK_VOXELS):
        here = slice(start, start + BLOCK_VOXELS)
        block = VoxelBlock(
            volumes=volumes[:, here].astype(np.float64),
            repetition_time=inputs.repetition_time,
            nuisance=removed,
            drift=drift,
            frequency=settings.frequency,
        )
        with np.errstate(invalid="ignore", over="ignore"):
            mean[here] = block.volumes.mean(axis=0)
        tsnr[here] = block.tsnr
        for metric in voxel_metrics:
            try:
                maps[metric.name][here] = metric.function(block)
            except BrainchangeError as error:
                reasons[metric.name] = error.reason
    return mean, tsnr, maps, reasons


def _voxel_map(
    values: FloatArray, valid: npt.NDArray[np.bool_], kept: Indices, reason: str
) -> VoxelMap:
    over_brain = values[valid & np.isfinite(values)]
    if not over_brain.size:
        return VoxelMap(values[kept], math.nan, math.nan, reason or "no voxel is valid")
    return VoxelMap(values[kept], float(over_brain.mean()), float(over_brain.std()), reason)


def _repetition_time_doubt(
    run: Run, told: RepetitionTime, in_header: float | None
) -> list[Decision]:
    if not told.in_sidecar:
        reason = (
            f"the sidecar gives no RepetitionTime; the {told.seconds:g} s of the header are used"
        )
        return [decision(run, "caution", reason, value=told.seconds, unit="s")]
    if in_header is None or math.isclose(in_header, told.seconds, rel_tol=0.01):
        return []
    reason = (
        f"the sidecar gives a repetition time of {told.seconds:g} s, the header {in_header:g} s; "
        "the sidecar's is used"
    )
    return [decision(run, "caution", reason, value=in_header, threshold=told.seconds, unit="s")]
