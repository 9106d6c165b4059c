"""Volumes of regions in two images of one participant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.imaging.nifti import Image
from brainchange.imaging.volume.halfway import Halfway
from brainchange.imaging.volume.symmetric import (
    Solver,
    relative_volumes,
    symmetric_displacement,
)

FloatArray = npt.NDArray[np.float64]
Volume = npt.NDArray[np.floating]

MARGIN = 5
"""Voxels around a region that its displacement does not leave."""


def region_volumes(
    halfway: Halfway, regions: Sequence[Image], solver: Solver | None = None
) -> tuple[FloatArray, FloatArray]:
    """Volume of regions in both images, by integration of the Jacobian determinant.

    No image is segmented by itself: the same voxels of the halfway space are followed into both,
    so that the error of a segmentation cannot pass for change.

    Parameters
    ----------
    halfway : Halfway
        Both images in the halfway space.
    regions : sequence of Image
        Mask of each region in the first image, on any grid.
    solver : Solver, optional
        How the displacement is sought.

    Returns
    -------
    first, second : numpy.ndarray
        Volumes in mm3, (n_regions,); NaN for a region without voxels.

    Notes
    -----
    Pairwise registration in a halfway space after Reuter and Fischl (2011, NeuroImage 57:19); the
    displacement as in :func:`brainchange.imaging.volume.symmetric.symmetric_displacement`. A region
    follows it to the halfway space: one that has grown lies half of its growth further out there,
    and what surrounds it must not count as part of it, nor its rim be lost.
    """
    voxel = float(np.abs(np.linalg.det(halfway.affine[:3, :3])))
    solver = solver or Solver(voxel_size=float(np.cbrt(voxel)))
    found = symmetric_displacement(halfway.first, halfway.second, halfway.mask, solver)
    densities = relative_volumes(found)
    volumes = [_volumes(region, halfway, found, densities) for region in regions]
    first, second = np.array(volumes, dtype=np.float64).reshape(-1, 2).T * voxel
    return first, second


def _volumes(
    region: Image, halfway: Halfway, displacement: Volume, densities: tuple[Volume, Volume]
) -> tuple[float, float]:
    """Add up the voxels of a region in both images, those at its edge in part."""
    to_region = np.linalg.inv(region.affine) @ halfway.to_first @ halfway.affine
    inside = np.argwhere(region.values)
    if not inside.size:
        return np.nan, np.nan
    box = _box(inside, np.linalg.inv(to_region), halfway.first.shape)
    points = np.array(np.mgrid[box]) - displacement[(slice(None), *box)] / 2
    places = np.tensordot(to_region[:3, :3], points, axes=1) + to_region[:3, 3, None, None, None]
    share = ndimage.map_coordinates(
        np.asarray(region.values, dtype=np.float32), places, order=1, output=np.float32
    )
    first, second = (float((share * one[box]).sum(dtype=np.float64)) for one in densities)
    return first, second


def _box(
    inside: npt.NDArray[np.intp], to_halfway: npt.NDArray[np.floating], shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """Find the part of the halfway grid that holds some voxels, with a margin."""
    ends = np.array([inside.min(axis=0), inside.max(axis=0)])
    corners = np.array(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1)
    there = to_halfway[:3, :3] @ corners + to_halfway[:3, 3:]
    low = np.clip(np.floor(there.min(axis=1)) - MARGIN, 0, np.array(shape) - 1).astype(int)
    high = np.clip(np.ceil(there.max(axis=1)) + MARGIN, low + 1, shape).astype(int)
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))
