"""One prepared run, read once: everything that needs voxels is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError, ImageError
from brainchange.files import inside
from brainchange.imaging.confounds import Confounds, ConfoundsTable, read_confounds_table
from brainchange.imaging.coverage import Grid, require_volumes, valid_voxels
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
from brainchange.imaging.sidecar import read_repetition_time, repetition_time_doubt
from brainchange.metrics.gates import judge_motion
from brainchange.metrics.inputs import BrainSeries, RunQuality
from brainchange.metrics.registry import Metric
from brainchange.metrics.voxel_maps import (
    BrainMaps,
    VoxelMap,
    Wanted,
    brain_maps,
    neighbourhood_maps,
)
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.sources.run_decisions import left_out
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.study.specifications import Specification, denoising_alternatives

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

PRIMARY = ""
"""Name of the primary denoising among those of a run."""


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
    alternatives : dict of str to Nuisance
        Designs of other denoising, by the name of the specification.
    lacking : dict of str to str
        Specifications that this run has no confounds for, and which are missing.
    """

    files: PreparedFiles
    folder: Path
    header: NiftiHeader
    repetition_time: float
    confounds: Confounds
    nuisance: Nuisance
    alternatives: dict[str, Nuisance]
    lacking: dict[str, str]

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
    alternatives : dict of str to dict of str to VoxelMap
        The same under other denoising, by the name of the specification.
    """

    inputs: RunInputs
    grid: Grid
    regions: tuple[RegionVoxels, ...]
    voxels: Indices
    volumes: npt.NDArray[np.generic]
    tsnr: FloatArray
    maps: dict[str, VoxelMap]
    alternatives: dict[str, dict[str, VoxelMap]]

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
        Denoising, censoring, and alternatives.

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
        table = read_confounds_table(inside(folder, files.confounds), header.n_volumes)
        confounds = table.confounds(signal_names(settings.denoising))
        removed = nuisance(confounds, time.seconds, settings.denoising, settings.censoring)
    except BrainchangeError as error:
        return None, [left_out(files.run, error)]
    others, lacking = _alternatives(table, time.seconds, denoising_alternatives(settings))
    inputs = RunInputs(files, folder, header, time.seconds, confounds, removed, others, lacking)
    doubts = repetition_time_doubt(files.run, time, header.repetition_time)
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
        Metrics of level ``voxel`` or ``neighbourhood``.
    settings : Settings
        Coverage, frequency band, and what is computed under other denoising.

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
    maps = _brain_maps(volumes, inputs, voxel_metrics, settings)
    valid = valid_voxels(maps.mean, maps.tsnr, settings.coverage)
    kept = np.flatnonzero(in_any_region(found, inputs.header.voxels_per_volume)[brain])
    everywhere = np.zeros(inputs.header.voxels_per_volume, dtype=bool)
    everywhere[brain] = valid
    series = BrainSeries(
        volumes, brain, inputs.header.shape, valid, inputs.nuisance.kept, inputs.nuisance.of_kept
    )
    return ReadRun(
        inputs=inputs,
        grid=Grid(inputs.header.shape, inputs.header.affine, everywhere),
        regions=found,
        voxels=brain[kept],
        volumes=volumes[:, kept],
        tsnr=maps.tsnr[kept],
        maps=maps.voxel_maps(PRIMARY, valid, kept)
        | neighbourhood_maps(_of_neighbours(voxel_metrics), series, kept),
        alternatives={
            name: maps.voxel_maps(name, valid, kept)
            | neighbourhood_maps(
                _of_neighbours(_repeated(voxel_metrics, settings)),
                replace(series, nuisance=removed.of_kept),
                kept,
            )
            for name, removed in inputs.alternatives.items()
        },
    )


def _of_neighbours(metrics: Sequence[Metric]) -> list[Metric]:
    return [metric for metric in metrics if metric.level == "neighbourhood"]


def _repeated(metrics: Sequence[Metric], settings: Settings) -> list[Metric]:
    """Metrics that are computed under other denoising too."""
    return [metric for metric in metrics if metric.name in settings.alternatives.metrics]


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


def _alternatives(
    table: ConfoundsTable, repetition_time: float, others: Sequence[Specification]
) -> tuple[dict[str, Nuisance], dict[str, str]]:
    """Make the designs of other denoising; say which of them the confounds do not allow."""
    made: dict[str, Nuisance] = {}
    lacking: dict[str, str] = {}
    for other in others:
        try:
            confounds = table.confounds(signal_names(other.denoising))
        except BrainchangeError as error:
            lacking[other.name] = error.reason
        else:
            made[other.name] = nuisance(
                confounds, repetition_time, other.denoising, other.censoring
            )
    return made, lacking


def _brain_maps(
    volumes: npt.NDArray[np.generic],
    inputs: RunInputs,
    voxel_metrics: Sequence[Metric],
    settings: Settings,
) -> BrainMaps:
    own = [metric for metric in voxel_metrics if metric.level == "voxel"]
    wanted = {PRIMARY: Wanted(projection(inputs.nuisance.design), tuple(own))}
    wanted |= {
        name: Wanted(projection(removed.design), tuple(_repeated(own, settings)))
        for name, removed in inputs.alternatives.items()
    }
    return brain_maps(volumes, inputs.repetition_time, settings.frequency, wanted)
