"""The space halfway between two T1w images of one participant.

Resampling only one of two images makes it smoother than the other, and the difference passes for a
change of volume (Reuter and Fischl 2011, NeuroImage 57:19). So both are resampled once, each by
half of the rigid transform between them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import ants
import numpy as np
import numpy.typing as npt
from scipy import linalg, ndimage

from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import LPS, matrix_of, set_seed, to_ants

FloatArray = npt.NDArray[np.float64]
Volume = npt.NDArray[np.float32]

ROUNDS = (60, 40, 20)
"""Iterations of the rigid registration at a quarter, half and full resolution."""


@dataclass(frozen=True)
class Halfway:
    """Two images on one grid, halfway between them.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices → world coordinates of the halfway space in mm, (4, 4).
    first, second : numpy.ndarray
        The images, (x, y, z), divided by the 98th percentile of their brain.
    mask : numpy.ndarray
        Brain, (x, y, z), from 0 to 1.
    to_first, to_second : numpy.ndarray
        World coordinates of the halfway space → of the first and of the second image, (4, 4).
    """

    affine: FloatArray
    first: Volume
    second: Volume
    mask: Volume
    to_first: FloatArray
    to_second: FloatArray


def rigid_between(first: Image, second: Image, seed: int) -> FloatArray:
    """Rigid transform from the world of the first image to that of the second.

    Parameters
    ----------
    first, second : Image
        T1w images of one participant.
    seed : int
        Of the points at which they are compared.

    Returns
    -------
    numpy.ndarray
        (4, 4), RAS+, mm: the mean of the registration of each to the other, taken between their
        logarithms, so that swapping the images inverts it.
    """
    there, back = _registered(first, second, seed), _registered(second, first, seed)
    middle = (linalg.logm(there) - linalg.logm(back)) / 2
    between: FloatArray = np.real(linalg.expm(middle)).astype(np.float64)
    return between


def halfway_space(
    first: Image, second: Image, brain: Image, between: FloatArray, *, size: float = 1.0
) -> Halfway:
    """Bring two images to the space halfway between them, each with one interpolation.

    By splines of order 5: cubic ones blur so much more where voxels fall between those of the scan
    that a hippocampus which did not change differed by 0.4 % between two positions of the head.

    Parameters
    ----------
    first, second : Image
        T1w images, corrected for the bias of the coil.
    brain : Image
        Brain mask in the world of the first image.
    between : numpy.ndarray
        World of the first → world of the second image, (4, 4) (:func:`rigid_between`).
    size : float
        Size of the voxels of the halfway space, in mm.
    """
    half = np.real(linalg.sqrtm(between)).astype(np.float64)
    to_first, to_second = np.linalg.inv(half), half
    affine, shape = _grid(brain, half, size)
    mask = resampled(brain, affine, shape, to_first, order=1)
    images = [
        resampled(image, affine, shape, mapping, order=5)
        for image, mapping in ((first, to_first), (second, to_second))
    ]
    scaled = [image / np.float32(np.percentile(image[mask > 0.5], 98)) for image in images]
    return Halfway(affine, scaled[0], scaled[1], mask, to_first, to_second)


def resampled(
    image: Image, affine: FloatArray, shape: tuple[int, ...], mapping: FloatArray, *, order: int
) -> Volume:
    """Sample an image on a grid of another space.

    Parameters
    ----------
    image : Image
        What is sampled.
    affine : numpy.ndarray
        Voxel indices of the grid → its world, (4, 4).
    shape : tuple of int
        Of the grid.
    mapping : numpy.ndarray
        World of the grid → world of the image, (4, 4).
    order : int
        0 nearest, 1 linear, 3 and 5 splines.
    """
    to_voxels = np.linalg.inv(image.affine) @ mapping @ affine
    values: Volume = ndimage.affine_transform(
        np.asarray(image.values, dtype=np.float32),
        to_voxels[:3, :3],
        to_voxels[:3, 3],
        output_shape=shape,
        order=order,
        output=np.float32,
    )
    return values


def _registered(fixed: Image, moving: Image, seed: int) -> FloatArray:
    """Rigid registration by ANTs: world of the fixed → world of the moving image."""
    set_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        found = ants.registration(
            to_ants(fixed),
            to_ants(moving),
            type_of_transform="Rigid",
            aff_metric="mattes",
            aff_iterations=(*ROUNDS, 0),
            aff_shrink_factors=(6, 4, 2, 1),
            aff_smoothing_sigmas=(3, 2, 1, 0),
            aff_random_sampling_rate=0.5,
            outprefix=str(Path(folder) / "rigid"),
        )
        matrix = matrix_of(ants.read_transform(found["fwdtransforms"][0]))
    turned: FloatArray = LPS @ matrix @ LPS
    return turned


def _grid(brain: Image, half: FloatArray, size: float) -> tuple[FloatArray, tuple[int, ...]]:
    """Make an isotropic grid around the brain, along the axes of the halfway world."""
    margin = 10.0
    voxels = np.argwhere(np.asarray(brain.values, dtype=np.float64) > 0)
    corners = np.array([voxels.min(axis=0) - 0.5, voxels.max(axis=0) + 0.5])
    every = np.array(np.meshgrid(*corners.T, indexing="ij")).reshape(3, -1)
    world = (half @ brain.affine @ np.vstack([every, np.ones(every.shape[1])]))[:3]
    # Voxels lie on one lattice whichever image is the first: half a voxel elsewhere, the noise of
    # interpolation alone changes a volume by some tenths of a percent.
    low = np.floor((world.min(axis=1) - margin) / size) * size
    high = world.max(axis=1) + margin
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / size))
    return affine, shape
