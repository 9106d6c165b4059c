"""The head of a simulated participant: tissue, structures and intensity on the grid of its runs.

The tissue comes from the ICBM 152 template that nilearn brings along (Fonov et al. 2011,
NeuroImage 54:313), so nothing is downloaded and no atlas of another licence is shipped. Structures
are drawn into it from the points and ellipsoids of the configuration. They are where FreeSurfer
would put them to about a centimetre; this is enough for a simulation and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainchange.simulate.model import Acquisition
from brainchange.simulate.structures import CORTEX_LEFT, CORTEX_RIGHT, Anatomy, Ellipsoid, Point

Volume = NDArray[np.float32]

TEMPLATE_RESOLUTION = 2
LEAST_BRAIN = 0.5


@dataclass(frozen=True)
class Template:
    """Tissue of the ICBM 152 template.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm, (4, 4).
    brain, grey, white : numpy.ndarray
        Share of each in a voxel, (x, y, z), from 0 to 1.
    """

    affine: NDArray[np.float64]
    brain: Volume
    grey: Volume
    white: Volume


@dataclass(frozen=True)
class Head:
    """A participant's head on the grid of its runs.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm in the participant's own space, (4, 4); axes along x, y and z.
    labels : numpy.ndarray
        FreeSurfer's numbers, 0 where there is none, (x, y, z).
    brain : numpy.ndarray
        Whether a voxel belongs to the brain, (x, y, z).
    grey, white, fluid : numpy.ndarray
        Share of each tissue in the voxels of the brain, (n_voxels,).
    intensity : numpy.ndarray
        Mean intensity of the voxels of the brain, arbitrary units, (n_voxels,).
    """

    affine: NDArray[np.float64]
    labels: NDArray[np.int16]
    brain: NDArray[np.bool_]
    grey: Volume
    white: Volume
    fluid: Volume
    intensity: Volume


def load_template(resolution: int = TEMPLATE_RESOLUTION) -> Template:
    """Read the template from the files of nilearn.

    Parameters
    ----------
    resolution : int
        Edge of its voxels, in mm.
    """
    # Imported here: nilearn takes more than a second, and the plan of a simulation needs none.
    from nilearn import datasets  # noqa: PLC0415

    brain = datasets.load_mni152_brain_mask(resolution=resolution)
    grey = datasets.load_mni152_gm_template(resolution=resolution)
    white = datasets.load_mni152_wm_template(resolution=resolution)
    return Template(
        affine=np.asarray(brain.affine, dtype=float),
        brain=brain.get_fdata(dtype=np.float32),
        grey=grey.get_fdata(dtype=np.float32),
        white=white.get_fdata(dtype=np.float32),
    )


def make_head(
    template: Template,
    anatomy: Anatomy,
    acquisition: Acquisition,
    random: np.random.Generator,
) -> Head:
    """Make the head of one participant: the template, tilted and scaled at random.

    Parameters
    ----------
    template : Template
        What all heads are made from.
    anatomy : Anatomy
        Structures and the differences between heads.
    acquisition : Acquisition
        Voxel size (mm), margin (mm) and intensities.
    random : numpy.random.Generator
        The participant's.
    """
    to_template = shape_of_head(anatomy, random)
    affine, shape = _grid(template, to_template, acquisition)
    indices = np.indices(shape).reshape(3, -1)
    points = to_template @ (affine[:3, :3] @ indices + affine[:3, 3:])
    brain = _sampled(template.brain, template, points) >= LEAST_BRAIN
    points = points[:, brain]
    labels, grey, white, fluid = structures_at(template, anatomy, points)
    position = points / np.abs(points).max(axis=1, keepdims=True)
    bias = 1 + acquisition.bias * (_direction(random) @ position)
    intensity = bias * (
        grey * acquisition.grey_matter_intensity
        + white * acquisition.white_matter_intensity
        + fluid * acquisition.csf_intensity
    )
    image = np.zeros(brain.size, dtype=np.int16)
    image[brain] = labels
    return Head(
        affine=affine,
        labels=image.reshape(shape),
        brain=brain.reshape(shape),
        grey=grey,
        white=white,
        fluid=fluid,
        intensity=intensity.astype(np.float32),
    )


def lowest_slice(head: Head, numbers: Iterable[int], share: float) -> int:
    """Find the slice above which a structure keeps the rest of its voxels.

    Parameters
    ----------
    head : Head
        The participant's head.
    numbers : iterable of int
        FreeSurfer's numbers of the structure.
    share : float
        Share of the structure's voxels that should lie below.

    Returns
    -------
    int
        Index along z of the lowest slice that is acquired; the closest that whole slices allow.
    """
    per_slice = np.isin(head.labels, list(numbers)).sum(axis=(0, 1))
    below = np.concatenate([[0], np.cumsum(per_slice)]) / max(1, per_slice.sum())
    return int(np.argmin(np.abs(below - share)))


def shape_of_head(anatomy: Anatomy, random: np.random.Generator) -> NDArray[np.float64]:
    """Draw size and tilt of a head: the map from a participant's space to the template.

    Parameters
    ----------
    anatomy : Anatomy
        How much heads differ.
    random : numpy.random.Generator
        The participant's.

    Returns
    -------
    numpy.ndarray
        (3, 3).
    """
    scale = 1 + anatomy.scale * random.standard_normal(3)
    angles = np.deg2rad(anatomy.rotation) * random.standard_normal(3)
    return rotation_matrix(angles) @ np.diag(1 / scale)


def rotation_matrix(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate about x, then y, then z.

    Parameters
    ----------
    angles : numpy.ndarray
        Angles about x, y and z in rad, (3,).

    Returns
    -------
    numpy.ndarray
        (3, 3).
    """
    (sin_x, sin_y, sin_z), (cos_x, cos_y, cos_z) = np.sin(angles), np.cos(angles)
    about_x = np.array([[1, 0, 0], [0, cos_x, -sin_x], [0, sin_x, cos_x]])
    about_y = np.array([[cos_y, 0, sin_y], [0, 1, 0], [-sin_y, 0, cos_y]])
    about_z = np.array([[cos_z, -sin_z, 0], [sin_z, cos_z, 0], [0, 0, 1]])
    rotation: NDArray[np.float64] = about_z @ about_y @ about_x
    return rotation


def _grid(
    template: Template, to_template: NDArray[np.float64], acquisition: Acquisition
) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Lay a grid around the brain in the participant's space."""
    inside = np.argwhere(template.brain >= LEAST_BRAIN).T
    points = template.affine[:3, :3] @ inside + template.affine[:3, 3:]
    own = np.linalg.solve(to_template, points)
    low = own.min(axis=1) - acquisition.margin
    high = own.max(axis=1) + acquisition.margin
    size = acquisition.voxel_size
    n_x, n_y, n_z = (int(n) for n in np.ceil((high - low) / size) + 1)
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = np.round(low, 3)
    return affine, (n_x, n_y, n_z)


def structures_at(
    template: Template, anatomy: Anatomy, points: NDArray[np.float64]
) -> tuple[NDArray[np.int16], Volume, Volume, Volume]:
    """Label points of the brain and say what tissue is there.

    Parameters
    ----------
    template : Template
        Its tissue.
    anatomy : Anatomy
        Structures.
    points : numpy.ndarray
        In mm of the template, (3, n).

    Returns
    -------
    labels, grey, white, fluid : numpy.ndarray
        FreeSurfer's numbers, and shares of tissue in which deep structures are painted; (n,).
    """
    grey = np.clip(_sampled(template.grey, template, points), 0, 1)
    white = np.clip(_sampled(template.white, template, points), 0, 1 - grey)
    fluid = 1 - grey - white
    labels = _deep_structures(anatomy, points, {"grey": grey, "white": white, "fluid": fluid})
    right = points[0] >= 0
    is_white = (labels == 0) & (white > grey) & (white > fluid)
    labels[is_white] = np.where(right, anatomy.white_matter[1], anatomy.white_matter[0])[is_white]
    is_cortex = (labels == 0) & (grey >= anatomy.grey_matter_share)
    labels[is_cortex] = _nearest_cortex(anatomy, points[:, is_cortex])
    return labels, grey, white, fluid


def _deep_structures(
    anatomy: Anatomy, points: NDArray[np.float64], tissue: dict[str, Volume]
) -> NDArray[np.int16]:
    """Draw the ellipsoids; what comes first wins. The shares of tissue are changed in place."""
    labels = np.zeros(points.shape[1], dtype=np.int16)
    right = points[0] >= 0
    mirrored = np.abs(points[0]), points[1], points[2]
    drawn = [
        (np.where(right, one.right, one.left), one.tissue, _within(one.bodies, mirrored))
        for one in anatomy.paired.values()
    ]
    drawn += [
        (np.full(right.size, one.number), one.tissue, _within(one.bodies, tuple(points)))
        for one in anatomy.midline.values()
    ]
    for numbers, kind, within in drawn:
        new = within & (labels == 0)
        labels[new] = numbers[new]
        for name, share in tissue.items():
            share[new] = float(name == kind)
    return labels


def _within(
    bodies: tuple[Ellipsoid, ...], points: tuple[NDArray[np.float64], ...]
) -> NDArray[np.bool_]:
    within = np.zeros(points[0].size, dtype=bool)
    for body in bodies:
        scaled = [(p - c) / r for p, c, r in zip(points, body.centre, body.radii, strict=True)]
        within |= scaled[0] ** 2 + scaled[1] ** 2 + scaled[2] ** 2 <= 1
    return within


def _nearest_cortex(anatomy: Anatomy, points: NDArray[np.float64]) -> NDArray[np.int16]:
    """Label of the nearest seed on the same side."""
    seeds: list[Point] = []
    numbers: list[int] = []
    for label in anatomy.cortex.values():
        seeds += label.seeds
        numbers += [label.number] * len(label.seeds)
    mirrored = np.vstack([np.abs(points[0]), points[1:]]).astype(np.float32)
    places = np.array(seeds, dtype=np.float32)
    squared = sum((mirrored[axis][:, None] - places[:, axis]) ** 2 for axis in range(3))
    nearest = np.array(numbers)[np.argmin(squared, axis=1)]
    side = np.where(points[0] >= 0, CORTEX_RIGHT, CORTEX_LEFT)
    labels: NDArray[np.int16] = (nearest + side).astype(np.int16)
    return labels


def _sampled(image: Volume, template: Template, points: NDArray[np.float64]) -> Volume:
    """Interpolate an image of the template at points in mm, (3, n) → (n,)."""
    indices = np.linalg.solve(template.affine[:3, :3], points - template.affine[:3, 3:])
    sampled: Volume = ndimage.map_coordinates(image, indices, order=1, output=np.float32)
    return sampled


def _direction(random: np.random.Generator) -> NDArray[np.float64]:
    drawn = random.standard_normal(3)
    direction: NDArray[np.float64] = drawn / np.sqrt((drawn**2).sum())
    return direction
