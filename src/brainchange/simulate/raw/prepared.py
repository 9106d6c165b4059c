"""What fMRIPrep would have made of a raw run, had it known the truth.

The images of one raw run, resampled once by its true movement, position and shape, with fMRIPrep's
names: in T1w space with a parcellation of the participant's own, or in the space of the template
with voxels of 2 mm. So the three ways to a prepared run can be held against each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainchange.files import inside, write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.simulate.confounds import confounds_table
from brainchange.simulate.head import Head, load_template
from brainchange.simulate.model import Simulation
from brainchange.simulate.motion import Movement
from brainchange.simulate.raw.anatomy import nearest, sample, template_voxels
from brainchange.simulate.raw.rigid import moved_points
from brainchange.simulate.raw.truth import ParticipantTruth, RunTruth
from brainchange.simulate.scan import Scan
from brainchange.sources.bids import derivative_name
from brainchange.study.model import Images
from brainchange.tables import write_tsv

DECIMALS = 8
MARGIN = 6.0
"""Space around the brain in T1w space, in mm."""
TEMPLATE_VOXELS = 2
"""Edge of the voxels in the space of the template, in mm (fMRIPrep's res-2)."""


@dataclass(frozen=True)
class Grid:
    """A grid and the points of the participant its voxels show.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm of its space, (4, 4).
    shape : tuple of int
        Its size.
    points : numpy.ndarray
        Place of every voxel in T1w space, in mm, (3, n_voxels).
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    points: NDArray[np.float64]


def write_prepared_run(
    folder: Path, truth: ParticipantTruth, key: str, *, simulation: Simulation, images: Images
) -> tuple[str, ...]:
    """Write the derivatives of one raw run.

    Parameters
    ----------
    folder : Path
        Study folder with the raw run; the derivatives are written below ``images.derivatives``.
    truth : ParticipantTruth
        What is true of the participant.
    key : str
        The run (``sub-01_ses-pre_task-faces``).
    simulation : Simulation
        Repetition time and volumes before the steady state.
    images : Images
        Folder, space (T1w, or the template with ``resolution`` 2) and parcellation; the
        parcellation is written in T1w space alone.

    Returns
    -------
    tuple of str
        Paths in the study folder.
    """
    run = truth.runs[key]
    grid = _t1w_grid(truth, simulation) if images.space == "T1w" else _template_grid(truth)
    voxels = template_voxels(truth.phantom, truth.shape.to_template(grid.points))
    brain = (nearest(truth.phantom.brain, voxels) > 0).reshape(grid.shape)
    raw = np.asarray(
        nib.nifti1.load(folder / run.run.folder / f"{key}_bold.nii.gz").dataobj, dtype=np.float32
    )
    series, acquired = _resampled(raw, run, grid.points[:, brain.reshape(-1)])
    series, brain[brain] = series[:, acquired], acquired
    head = _head(truth, grid, brain, voxels, series)
    image = np.zeros((len(series), *grid.shape), dtype=np.float32)
    image[:, brain] = series
    names = _names(run, images)
    paths = {what: inside(folder, path) for what, path in names.items()}
    acquisition = simulation.acquisition.model_copy(update={"n_volumes": len(series)})
    repetition_time = acquisition.repetition_time
    stored = np.rint(image).astype("<i2").transpose(0, 3, 2, 1)
    write_image(paths["bold"], stored, grid.affine, repetition_time)
    write_image(paths["brain_mask"], brain.T.astype(np.uint8), grid.affine)
    if "parcellation" in paths:
        write_image(paths["parcellation"], head.labels.T, grid.affine)
    scan = Scan(stored, brain, series)
    table = confounds_table(head, scan, Movement(run.motion, run.motion), acquisition)
    write_tsv(table.round(DECIMALS), paths["confounds"])
    sidecar = {
        "RepetitionTime": repetition_time,
        "SkullStripped": True,
        "SliceTimingCorrected": False,
        "TaskName": run.run.task,
    }
    write_text(paths["sidecar"], json.dumps(sidecar, indent=2) + "\n")
    return tuple(names.values())


def _t1w_grid(truth: ParticipantTruth, simulation: Simulation) -> Grid:
    """Lay a grid along the axes of the T1w around the brain, with voxels like those of the run."""
    anatomy = truth.anatomy
    inside_brain = moved_points(anatomy.affine, np.argwhere(anatomy.tissue > 0).T)
    low, high = inside_brain.min(axis=1) - MARGIN, inside_brain.max(axis=1) + MARGIN
    size = np.array(simulation.raw.bold.voxel_size)
    n_x, n_y, n_z = (int(n) for n in np.ceil((high - low) / size) + 1)
    affine = np.diag([*size, 1.0])
    affine[:3, 3] = np.round(low, 3)
    indices = np.indices((n_x, n_y, n_z)).reshape(3, -1)
    return Grid(affine, (n_x, n_y, n_z), moved_points(affine, indices))


def _template_grid(truth: ParticipantTruth) -> Grid:
    template = load_template(TEMPLATE_VOXELS)
    n_x, n_y, n_z = template.brain.shape
    indices = np.indices((n_x, n_y, n_z)).reshape(3, -1)
    points = np.full((3, indices.shape[1]), 1e4)
    near = ndimage.binary_dilation(template.brain > 0, iterations=2).reshape(-1)
    places = moved_points(template.affine, indices[:, near])
    points[:, near] = truth.shape.from_template(places)
    return Grid(template.affine, (n_x, n_y, n_z), points)


def _resampled(
    raw: NDArray[np.float32], run: RunTruth, points: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Take every volume at points of the T1w, by its true pose.

    Returns
    -------
    series, acquired : numpy.ndarray
        (n_volumes, n_points); and whether a point is in the image in every volume, (n_points,).
    """
    at_rest = moved_points(np.asarray(np.linalg.inv(run.to_t1w), dtype=float), points)
    to_voxels = np.linalg.inv(run.position.affine)
    last = np.array(raw.shape[:3])[:, None] - 1
    acquired = np.ones(points.shape[1], dtype=bool)
    series = np.empty((len(run.poses), points.shape[1]), dtype=np.float32)
    for volume, pose in enumerate(run.poses):
        voxels = moved_points(np.asarray(to_voxels @ pose, dtype=float), at_rest)
        acquired &= ((voxels >= 0) & (voxels <= last)).all(axis=0)
        series[volume] = ndimage.map_coordinates(raw[..., volume], voxels, order=3)
    return series.clip(0), acquired


def _head(
    truth: ParticipantTruth,
    grid: Grid,
    brain: NDArray[np.bool_],
    voxels: NDArray[np.float32],
    series: NDArray[np.float32],
) -> Head:
    """Describe the head on the grid for the table of confounds."""
    within = voxels[:, brain.reshape(-1)]
    grey, fluid = (
        sample(share, within) / np.float32(255)
        for share in (truth.phantom.grey, truth.phantom.fluid)
    )
    labels = nearest(truth.phantom.labels, voxels).reshape(grid.shape)
    return Head(
        affine=grid.affine,
        labels=labels,
        brain=brain,
        grey=grey,
        white=1 - grey - fluid,
        fluid=fluid,
        intensity=series.mean(axis=0),
    )


def _names(run: RunTruth, images: Images) -> dict[str, str]:
    space = {"space": images.space} | ({"res": images.resolution} if images.resolution else {})

    def named(suffix: str, extension: str, **entities: str) -> str:
        name = derivative_name(run.run, suffix=suffix, extension=extension, **entities)
        return f"{images.derivatives}/{run.run.folder}/{name}"

    names = {
        "bold": named("bold", ".nii.gz", **space, desc="preproc"),
        "sidecar": named("bold", ".json", **space, desc="preproc"),
        "brain_mask": named("mask", ".nii.gz", **space, desc="brain"),
        "confounds": named("timeseries", ".tsv", desc="confounds"),
    }
    if images.space == "T1w":
        names["parcellation"] = named("dseg", ".nii.gz", **space, desc=images.parcellation)
    return names
