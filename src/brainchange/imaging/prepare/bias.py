"""The smooth field that the receive coil multiplies an image with (N4, Tustison et al. 2010)."""

from __future__ import annotations

import ants
import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import from_ants, to_ants
from brainchange.imaging.prepare.grids import HALF, Mask, block_means, intensities

VOXEL_SIZE = 4.0
"""The field is estimated at voxels of about this size (mm): it has no detail, and takes minutes at
1 mm."""
ROUGH_ITERATIONS = (30, 30, 30)
FINE_ITERATIONS = (50, 50, 50, 50)
"""Iterations at each level; every level halves the distance between knots."""
TOLERANCE = 1e-7
SMALLEST_FIELD, LARGEST_FIELD = 0.2, 5.0
"""Far from the mask the field is extrapolated, and is not believed beyond these."""


def bias_field(image: Image, mask: Mask, iterations: tuple[int, ...]) -> Image:
    """Estimate the field from the voxels of a mask.

    Parameters
    ----------
    image : Image
        Intensities from 0 up, (x, y, z).
    mask : numpy.ndarray of bool
        Where one tissue should have one intensity, (x, y, z).
    iterations : tuple of int
        At each level.

    Returns
    -------
    Image
        On a grid of about ``VOXEL_SIZE`` with one more voxel on every side than the image needs;
        its median in the mask is 1.

    Raises
    ------
    ImageError
        The mask holds no voxel of this size, or no intensity.
    """
    low = block_means(image, VOXEL_SIZE)
    share = block_means(Image(mask.astype(np.float32), image.affine), VOXEL_SIZE)
    usable = (intensities(share) > HALF) & (intensities(low) > 0)
    if not usable.any():
        raise ImageError("the brain mask of the T1w image is empty")
    coarse = to_ants(low)
    weights = coarse.new_image_like(usable.astype(np.float32))
    found = ants.n4_bias_field_correction(
        coarse,
        mask=weights,
        shrink_factor=1,
        convergence={"iters": list(iterations), "tol": TOLERANCE},
        return_bias_field=True,
    )
    field = from_ants(found).values.astype(np.float32)
    middle = np.median(field[usable])
    scaled = np.clip(field / middle, SMALLEST_FIELD, LARGEST_FIELD).astype(np.float32)
    affine = low.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.ones(3)
    return Image(np.pad(scaled, 1, mode="edge"), affine)


def without_bias(image: Image, field: Image) -> npt.NDArray[np.float32]:
    """Divide an image by the field, which is interpolated linearly, (x, y, z)."""
    target = to_ants(image)
    fine = ants.resample_image_to_target(to_ants(field), target, interp_type="linear").numpy()
    corrected: npt.NDArray[np.float32] = image.values / np.where(fine > 0, fine, 1)
    return corrected.astype(np.float32)
