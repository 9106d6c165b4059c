"""Between images in the world of NIfTI and images of ANTs, and the seed of ANTs.

Written by hand around ``ants.from_numpy``, because reading through ITK takes other headers than
the rest of the program does: it refuses scaled and sheared images in its own words, and prefers
the sizes of voxels to the affine.
"""

from __future__ import annotations

import ants
import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image

FloatArray = npt.NDArray[np.float64]

LARGEST_SHEAR = 1e-3
"""Cosine between two axes of voxels up to which they count as orthogonal: 0.1 mm over 100 mm."""
THINNEST_VOXEL, THICKEST_VOXEL = 0.1, 20.0
"""Sizes of voxels, in mm, outside of which a header is not to be believed."""
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""World coordinates of NIfTI (RAS+) → of ITK (LPS+), and back."""


def set_seed(seed: int) -> None:
    """Set the seed of everything random in ANTs (the points at which images are compared).

    The seed of NumPy's and Python's global generators is set with it by ANTs; nothing here uses
    them.
    """
    ants.config.set_ants_deterministic(on=True, seed_value=seed)


def orthogonal_affine(affine: FloatArray, where: str) -> FloatArray:
    """Check that voxels are boxes of a credible size, and take away what rounding bent.

    Parameters
    ----------
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    where : str
        The image, for the message.

    Returns
    -------
    numpy.ndarray
        (4, 4); its axes are orthogonal: the nearest rotation (or rotation and reflection) by the
        polar decomposition, with the sizes of voxels and the origin as they were.

    Raises
    ------
    ImageError
        Axes are sheared by more than ``LARGEST_SHEAR``, or voxels are smaller or larger than any
        scanner makes them.
    """
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    told = " × ".join(f"{size:.3g}" for size in sizes)
    if not ((sizes >= THINNEST_VOXEL) & (sizes <= THICKEST_VOXEL)).all():
        raise ImageError(
            f"the header gives voxels of {told} mm, which no scan of a head has",
            where=where,
            cause="the affine is damaged, or in other units than mm",
        )
    axes = affine[:3, :3] / sizes
    shear = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if shear > LARGEST_SHEAR:
        degrees = np.degrees(np.arcsin(min(1.0, shear)))
        raise ImageError(
            f"the affine is sheared: two axes of voxels are {degrees:.2g}° from a right angle",
            where=where,
            cause="an affine registration was written into the header",
            fix="take the image as the scanner wrote it, or resample it to a grid of boxes",
        )
    left, _, right = np.linalg.svd(axes)
    straight = affine.copy()
    straight[:3, :3] = left @ right * sizes
    return straight


def to_ants(image: Image, where: str = "") -> ants.ANTsImage:
    """Make an ANTs image (32-bit floating point) of a three-dimensional image.

    Parameters
    ----------
    image : Image
        Values (x, y, z) and affine to world coordinates, RAS+, in mm.
    where : str
        The image, for the message.

    Returns
    -------
    ants.ANTsImage
        With origin and directions in ITK's world, LPS+.

    Raises
    ------
    ImageError
        As :func:`orthogonal_affine`.
    """
    affine = LPS @ orthogonal_affine(image.affine, where)
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    return ants.from_numpy(
        np.ascontiguousarray(image.values, dtype=np.float32),
        origin=affine[:3, 3].tolist(),
        spacing=sizes.tolist(),
        direction=affine[:3, :3] / sizes,
    )


def from_ants(image: ants.ANTsImage) -> Image:
    """Take values and affine (RAS+, mm) out of an ANTs image; the inverse of :func:`to_ants`."""
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(image.direction) * np.asarray(image.spacing)
    affine[:3, 3] = image.origin
    return Image(image.numpy(), LPS @ affine)


def matrix_of(transform: ants.ANTsTransform) -> FloatArray:
    """Matrix of a linear transform of ITK, by what it does to four points.

    Parameters
    ----------
    transform : ants.ANTsTransform
        Linear, of three dimensions.

    Returns
    -------
    numpy.ndarray
        World coordinates in mm of ITK (LPS+) → the same, (4, 4).
    """
    origin = np.asarray(transform.apply_to_point((0.0, 0.0, 0.0)))
    units = [np.asarray(transform.apply_to_point(tuple(unit))) - origin for unit in np.eye(3)]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(units).T
    matrix[:3, 3] = origin
    return matrix
