"""The T1w image of a participant, and where its structures truly are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainchange.simulate.raw.model import T1w
from brainchange.simulate.raw.phantom import T1_CONTRAST, Phantom
from brainchange.simulate.raw.shape import CENTRE, HeadShape

Number = TypeVar("Number", bound=np.generic)

SLAB = 16
"""Slices that are computed at once, to save memory."""


@dataclass(frozen=True)
class Anatomy:
    """The anatomical image of a participant with its truth.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm, (4, 4); the participant's space.
    image : numpy.ndarray
        Intensities, (x, y, z).
    labels : numpy.ndarray
        True labels (FreeSurfer's numbers), 0 where there is none, (x, y, z).
    tissue : numpy.ndarray
        0 outside the brain; 1 grey, 2 white, 3 fluid: the largest share of each voxel, (x, y, z).
    """

    affine: NDArray[np.float64]
    image: NDArray[np.int16]
    labels: NDArray[np.int16]
    tissue: NDArray[np.uint8]


def scan_t1w(phantom: Phantom, shape: HeadShape, t1w: T1w, random: np.random.Generator) -> Anatomy:
    """Record the T1w image of a head.

    Parameters
    ----------
    phantom : Phantom
        Tissue in the space of the template.
    shape : HeadShape
        The participant's shape.
    t1w : T1w
        Grid (mm), noise and bias.
    random : numpy.random.Generator
        The participant's.

    Returns
    -------
    Anatomy
        The image has the bias of the receive field and the noise of a magnitude (Rician).
    """
    affine = _affine(shape, t1w)
    image = np.empty(t1w.matrix, dtype=np.int16)
    labels = np.empty(t1w.matrix, dtype=np.int16)
    tissue = np.empty(t1w.matrix, dtype=np.uint8)
    unit = np.float32(t1w.white_matter / (255 * T1_CONTRAST.white))
    noise = np.float32(t1w.noise / 100 * t1w.white_matter)
    field = _receive_field(t1w, random)
    for place in _slabs(t1w.matrix[0]):
        own = affine.copy()
        own[0, 3] += affine[0, 0] * place.start
        size = (place.stop - place.start, *t1w.matrix[1:])
        voxels = template_voxels(phantom, shape.grid_to_template(own, size))
        signal = sample(phantom.t1, voxels).reshape(size) * unit * field[place]
        real, imaginary = noise * random.standard_normal((2, *size), dtype=np.float32)
        image[place] = np.rint(np.hypot(signal + real, imaginary))
        labels[place] = nearest(phantom.labels, voxels).reshape(size)
        tissue[place] = tissue_at(phantom, voxels).reshape(size)
    return Anatomy(affine, image, labels, tissue)


def template_voxels(phantom: Phantom, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Find the indices of points of the template (mm) in the phantom, (3, n) → (3, n)."""
    scale = np.diag(phantom.affine)[:3, None]
    indices: NDArray[np.float32] = ((points - phantom.affine[:3, 3:]) / scale).astype(np.float32)
    return indices


def sample(image: NDArray[np.generic], voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate linearly at indices, (3, n) → (n,); beyond the image is 0."""
    values: NDArray[np.float32] = ndimage.map_coordinates(image, voxels, order=1, output=np.float32)
    return values


def nearest(labels: NDArray[Number], voxels: NDArray[np.float32]) -> NDArray[Number]:
    """Take the value of the nearest voxel at indices, (3, n) → (n,); beyond the image is 0."""
    values: NDArray[Number] = ndimage.map_coordinates(labels, voxels, order=0)
    return values


def tissue_at(phantom: Phantom, voxels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Tissue with the largest share at indices: 0 none, 1 grey, 2 white, 3 fluid; (3, n) → (n,)."""
    brain = nearest(phantom.brain, voxels) > 0
    grey, fluid = nearest(phantom.grey, voxels), nearest(phantom.fluid, voxels)
    white = 255 - np.minimum(grey.astype(np.int16) + fluid, 255)
    kind: NDArray[np.uint8] = np.argmax([grey, white, fluid], axis=0).astype(np.uint8) + 1
    return np.where(brain, kind, 0).astype(np.uint8)


def _affine(shape: HeadShape, t1w: T1w) -> NDArray[np.float64]:
    """Lay the grid so that the middle of the brain lies a little above its middle."""
    middle = shape.from_template(CENTRE[:, None])[:, 0] - [0, 0, 12]
    affine = np.diag([t1w.voxel_size] * 3 + [1.0])
    affine[:3, 3] = np.round(middle - t1w.voxel_size * (np.array(t1w.matrix) - 1) / 2, 2)
    return affine


def _receive_field(t1w: T1w, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth field around 1: a slope and a bend along each axis, (x, y, z)."""
    slopes, bends = random.standard_normal((2, 3)) / np.sqrt(6)
    field = np.zeros(t1w.matrix, dtype=np.float32)
    for axis, length in enumerate(t1w.matrix):
        place = np.linspace(-1, 1, length)
        along = slopes[axis] * place + bends[axis] * (place**2 - 0.5)
        field += along.astype(np.float32).reshape([-1 if axis == o else 1 for o in range(3)])
    scaled: NDArray[np.float32] = 1 + np.float32(t1w.bias / np.abs(field).max()) * field
    return scaled


def _slabs(length: int) -> Iterator[slice]:
    for start in range(0, length, SLAB):
        yield slice(start, min(start + SLAB, length))
