"""The head on a grid of half voxels: what the scanner sees of it, before it moves.

The image of a run is a continuous function of place: a cubic B-spline whose coefficients are the
tissue on a grid of half voxels. That spline is as wide as the box of a voxel (both have a variance
of a twelfth of the squared voxel), so a voxel sees the partial volumes it should, and a movement of
any size displaces the function exactly, without a first interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainchange.simulate.raw.anatomy import nearest, sample, template_voxels
from brainchange.simulate.raw.model import Design
from brainchange.simulate.raw.phantom import Phantom
from brainchange.simulate.raw.position import Position
from brainchange.simulate.raw.rigid import moved_points
from brainchange.simulate.raw.shape import HeadShape
from brainchange.simulate.structures import Anatomy as Structures

PAD = 8
"""Half voxels around the grid of the run, so that tissue can move into it."""
AT_KNOT = (1 / 6, 4 / 6, 1 / 6)
"""Cubic B-spline at a knot and at its neighbours."""
IN_BOX = (1 / 4, 2 / 4, 1 / 4)
"""How much of a voxel lies around its middle, and around its lower and upper edge."""


@dataclass(frozen=True)
class Tissue:
    """The head on the grid of half voxels.

    Attributes
    ----------
    shape : tuple of int
        Of the grid of half voxels.
    inside : numpy.ndarray
        Flat index of the half voxels of the brain, (n_brain,).
    base : numpy.ndarray
        Mean intensity everywhere, arbitrary units, (x, y, z).
    labels, grey, fluid : numpy.ndarray
        FreeSurfer's number and shares of tissue in the brain, (n_brain,).
    template : numpy.ndarray
        Indices of the half voxels of the brain in the phantom, (3, n_brain).
    """

    shape: tuple[int, int, int]
    inside: NDArray[np.int64]
    base: NDArray[np.float32]
    labels: NDArray[np.int16]
    grey: NDArray[np.float32]
    fluid: NDArray[np.float32]
    template: NDArray[np.float32]

    @property
    def slices(self) -> NDArray[np.int64]:
        """Index of the slice of the run in which each half voxel of the brain lies, (n_brain,)."""
        fine = self.inside % self.shape[2]
        last = (self.shape[2] - 2 * PAD) // 2 - 1
        return np.clip((fine - PAD) // 2, 0, last)

    def full(self, of_brain: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the brain on the whole grid, 0 elsewhere, (n_brain,) → (x, y, z)."""
        image = np.zeros(self.shape, dtype=np.float32)
        image.reshape(-1)[self.inside] = of_brain
        return image


def tissue_of(
    phantom: Phantom, shape: HeadShape, position: Position, matrix: tuple[int, int, int]
) -> Tissue:
    """Put the head on the grid of half voxels of a run.

    Parameters
    ----------
    phantom : Phantom
        Tissue in the space of the template.
    shape : HeadShape
        The participant's shape.
    position : Position
        Where the head lies.
    matrix : tuple of int
        Voxels of the run.
    """
    n_x, n_y, n_z = (2 * n + 2 * PAD for n in matrix)
    indices = np.indices((n_x, n_y, n_z)).reshape(3, -1)
    points = moved_points(position.to_t1w @ position.affine, (indices - PAD) / 2)
    near = _near_the_head(phantom, shape, points)
    voxels = template_voxels(phantom, shape.to_template(points[:, near]))
    base = np.zeros((n_x, n_y, n_z), dtype=np.float32)
    base.reshape(-1)[near] = np.float32(phantom.bold_scale) * sample(phantom.bold, voxels)
    within = nearest(phantom.brain, voxels) > 0
    voxels = voxels[:, within]
    return Tissue(
        shape=(n_x, n_y, n_z),
        inside=near[within],
        base=base,
        labels=nearest(phantom.labels, voxels),
        grey=sample(phantom.grey, voxels) / np.float32(255),
        fluid=sample(phantom.fluid, voxels) / np.float32(255),
        template=voxels,
    )


def seen_at(image: NDArray[np.float32], voxels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Tell what voxels of the run see of an image on half voxels while the head lies still.

    Parameters
    ----------
    image : numpy.ndarray
        Coefficients, (x, y, z).
    voxels : numpy.ndarray
        Indices of voxels of the run, (3, n).

    Returns
    -------
    numpy.ndarray
        (n,).
    """
    seen = np.zeros(voxels.shape[1])
    for weight, fine in neighbours(voxels):
        seen += weight * image[tuple(fine)]
    return seen


def neighbours(voxels: NDArray[np.int64]) -> list[tuple[float, NDArray[np.int64]]]:
    """Half voxels that a voxel sees, and the weight of each: 27 times (weight, (3, n))."""
    return _around(voxels, AT_KNOT)


def _around(
    voxels: NDArray[np.int64], weights: tuple[float, float, float]
) -> list[tuple[float, NDArray[np.int64]]]:
    middle = 2 * voxels + PAD
    return [
        (
            float(np.prod([weights[1 + step] for step in steps])),
            middle + np.array(steps)[:, None],
        )
        for steps in product((-1, 0, 1), repeat=3)
    ]


def labels_of_voxels(
    tissue: Tissue, matrix: tuple[int, int, int]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Label the voxels of a run while the head lies still.

    Parameters
    ----------
    tissue : Tissue
        The head on half voxels.
    matrix : tuple of int
        Voxels of the run.

    Returns
    -------
    labels, brain : numpy.ndarray
        The label with the largest share of the voxel, 0 where that is none; and whether at least
        half of the voxel is brain, (x, y, z).
    """
    numbers = np.unique(tissue.labels[tissue.labels > 0])
    # After the columns of the labels: brain without a label, and what is no brain.
    unlabelled, outside = numbers.size, numbers.size + 1
    column = np.full(tissue.base.size, outside, dtype=np.int64)
    of_brain = np.searchsorted(numbers, tissue.labels)
    column[tissue.inside] = np.where(tissue.labels > 0, of_brain, unlabelled)
    voxels = np.indices(matrix).reshape(3, -1)
    near = np.flatnonzero(column.reshape(tissue.shape)[tuple(2 * voxels + PAD)] != outside)
    share = np.zeros((near.size, numbers.size + 2), dtype=np.float32)
    for weight, fine in _around(voxels[:, near], IN_BOX):
        met = column[np.ravel_multi_index(tuple(fine), tissue.shape)]
        share[np.arange(near.size), met] += weight
    largest = share[:, :unlabelled].argmax(axis=1)
    is_labelled = share[:, :unlabelled].max(axis=1) >= share[:, unlabelled:].sum(axis=1)
    labels = np.zeros(voxels.shape[1], dtype=np.int16)
    labels[near] = np.where(is_labelled, numbers[largest], 0)
    brain = np.zeros(voxels.shape[1], dtype=bool)
    brain[near] = share[:, outside] <= 0.5
    return labels.reshape(matrix), brain.reshape(matrix)


def activation_fields(
    phantom: Phantom, structures: Structures, design: Design
) -> dict[str, NDArray[np.float32]]:
    """Height of the responses in the space of the template.

    Parameters
    ----------
    phantom : Phantom
        Labels in the space of the template.
    structures : Structures
        Numbers of the structures.
    design : Design
        What responds, and over which distance (mm) it fades out around.

    Returns
    -------
    dict of str to numpy.ndarray
        Condition → percent of the mean intensity, (x, y, z). Where two structures respond, the
        stronger response counts.
    """
    boxes = ndimage.find_objects(phantom.labels)
    fields = {
        condition: np.zeros(phantom.labels.shape, dtype=np.float32)
        for condition in dict.fromkeys(one.condition for one in design.activations)
    }
    for activation in design.activations:
        field = fields[activation.condition]
        for number in (n for label in activation.labels for n in structures.numbers(label)):
            box = _widened(boxes[number - 1], design.margin, phantom.labels.shape)
            new = activation.percent * _faded(phantom.labels[box] == number, design.margin)
            field[box] = np.where(np.abs(new) > np.abs(field[box]), new, field[box])
    return fields


def _near_the_head(
    phantom: Phantom, shape: HeadShape, points: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find the points that may lie in the head, wherever it is deformed to."""
    step = 4
    reach = 1 + int(4 * np.abs(shape.coefficients).std() / step)
    coarse = phantom.bold[::step, ::step, ::step] > 0
    head = ndimage.maximum_filter(coarse.astype(np.uint8), 2 * reach + 1)
    voxels = template_voxels(phantom, shape.linear @ points + shape.offset[:, None])
    return np.flatnonzero(ndimage.map_coordinates(head, voxels / step, order=0))


def _widened(
    box: tuple[slice, ...] | None, margin: float, shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """Widen a box by a margin in mm; a structure without a voxel has an empty box."""
    if box is None:
        return (slice(0, 0),) * 3
    reach = int(np.ceil(margin)) + 1
    return tuple(
        slice(max(0, side.start - reach), min(side.stop + reach, length))
        for side, length in zip(box, shape, strict=True)
    )


def _faded(within: NDArray[np.bool_], margin: float) -> NDArray[np.float32]:
    """1 within and less around, down to 0 at the margin (mm)."""
    if margin <= 0 or not within.any():
        return within.astype(np.float32)
    distance = ndimage.distance_transform_edt(~within).astype(np.float32)
    faded: NDArray[np.float32] = np.clip(1 - distance / np.float32(margin), 0, 1)
    return faded
