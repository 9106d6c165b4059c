"""Volumes of regions in two images of one participant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brainchange.imaging.volume.halfway import Halfway
from brainchange.imaging.volume.symmetric import (
    Solver,
    relative_volumes,
    symmetric_displacement,
)

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def region_volumes(
    halfway: Halfway, members: Sequence[Indices], solver: Solver | None = None
) -> tuple[FloatArray, FloatArray]:
    """Volume of regions in both images, by integration of the Jacobian determinant.

    No image is segmented by itself: the same voxels of the halfway space are followed into both,
    so that the error of a segmentation cannot pass for change.

    Parameters
    ----------
    halfway : Halfway
        Both images in the halfway space.
    members : sequence of numpy.ndarray
        Flat indices (C order) of each region in the halfway grid; none where it has no voxel.
    solver : Solver, optional
        How the displacement is sought.

    Returns
    -------
    first, second : numpy.ndarray
        Volumes in mm3, (n_regions,); NaN for a region without voxels.

    Notes
    -----
    Pairwise registration in a halfway space after Reuter and Fischl (2011, NeuroImage 57:19); the
    displacement as in :func:`brainchange.imaging.volume.symmetric.symmetric_displacement`.
    """
    voxel = float(np.abs(np.linalg.det(halfway.affine[:3, :3])))
    solver = solver or Solver(voxel_size=float(np.cbrt(voxel)))
    found = symmetric_displacement(halfway.first, halfway.second, halfway.mask, solver)
    first, second = (
        np.array([_sum(image.ravel(), voxels) * voxel for voxels in members])
        for image in relative_volumes(found)
    )
    return first, second


def _sum(values: npt.NDArray[np.float32], voxels: Indices) -> float:
    return float(values[voxels].sum(dtype=np.float64)) if voxels.size else float("nan")
