"""Images on coarser grids, cut-outs, and masks that grow and shrink by millimetres."""

from __future__ import annotations

import ants
import numpy as np
import numpy.typing as npt
from nibabel.orientations import apply_orientation, inv_ornt_aff, io_orientation
from scipy import ndimage

from brainchange.imaging.nifti import Image

Mask = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

HALF = 0.5


def sizes_of(image: Image) -> FloatArray:
    """Edges of a voxel in mm, (3,)."""
    sizes: FloatArray = np.linalg.norm(image.affine[:3, :3], axis=0)
    return sizes


def intensities(image: Image) -> npt.NDArray[np.float32]:
    """Values of an image as 32-bit floating-point numbers, (x, y, z)."""
    return image.values.astype(np.float32, copy=False)


def canonical(image: Image) -> Image:
    """Reorder voxels to the axes nearest to right, front and top (RAS+); nothing is interpolated.

    Values lie in memory in the order of a NIfTI file, so that sums over them round alike.
    """
    orientation = io_orientation(image.affine)
    values = np.asfortranarray(apply_orientation(image.values, orientation))
    return Image(values, image.affine @ inv_ornt_aff(orientation, image.values.shape))


def block_means(image: Image, voxel_size: float) -> Image:
    """Average neighbouring voxels to voxels of about a size.

    Parameters
    ----------
    image : Image
        (x, y, z).
    voxel_size : float
        In mm; along each axis the whole number of voxels is averaged that comes closest to it.

    Returns
    -------
    Image
        On a grid that nests in the first one, the last voxels of which are repeated to fill it.
    """
    steps = np.maximum(1, np.rint(voxel_size / sizes_of(image))).astype(int)
    values = intensities(image)
    if (steps == 1).all():
        return Image(values, image.affine)
    surplus = [(0, int(-n % step)) for n, step in zip(values.shape, steps, strict=True)]
    whole = np.pad(values, surplus, mode="edge")
    x, y, z = (n // step for n, step in zip(whole.shape, steps, strict=True))
    means = whole.reshape(x, steps[0], y, steps[1], z, steps[2]).mean(axis=(1, 3, 5))
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ ((steps - 1) / 2)
    affine[:3, :3] *= steps
    return Image(means.astype(np.float32), affine)


def box_around(mask: Mask, sizes: FloatArray, margin: float) -> tuple[slice, slice, slice]:
    """Smallest box around a mask and a margin (mm), as far as the grid reaches.

    The mask must not be empty.
    """
    steps = np.ceil(margin / sizes).astype(int)
    box = []
    for axis, step in enumerate(steps):
        others = tuple(other for other in range(3) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(0, int(places[0] - step)), int(places[-1] + step + 1)))
    return box[0], box[1], box[2]


def cut(image: Image, box: tuple[slice, slice, slice]) -> Image:
    """Take a box out of an image; it stays where it is in the world."""
    affine = image.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [side.start for side in box]
    return Image(image.values[box], affine)


def padded(image: Image, margin: float) -> Image:
    """Add a margin (mm) of zeros around an image; it stays where it is in the world."""
    width = np.ceil(margin / sizes_of(image)).astype(int)
    affine = image.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ width
    return Image(np.pad(image.values, [(int(n), int(n)) for n in width]), affine)


def grown(mask: Mask, sizes: FloatArray, distance: float) -> Mask:
    """Add all voxels up to a distance (mm) from a mask."""
    if not mask.any():
        return mask
    near: Mask = ndimage.distance_transform_edt(~mask, sampling=sizes) <= distance
    return near


def shrunk(mask: Mask, sizes: FloatArray, distance: float) -> Mask:
    """Keep the voxels of a mask that are further than a distance (mm) from what is outside it."""
    inner: Mask = ndimage.distance_transform_edt(mask, sampling=sizes) > distance
    return inner


def like(image: ants.ANTsImage, values: npt.NDArray[np.generic]) -> ants.ANTsImage:
    """Make an ANTs image of values (x, y, z) on the grid of another."""
    return image.new_image_like(np.ascontiguousarray(values, dtype=np.float32))


def inside(mask: ants.ANTsImage) -> Mask:
    """Voxels of which more than half are in a mask, (x, y, z)."""
    voxels: Mask = mask.numpy() > HALF
    return voxels


def dice(first: Mask, second: Mask) -> float:
    """Overlap of two masks (Dice 1945): twice the common over the summed volume; NaN if empty."""
    total = int(first.sum()) + int(second.sum())
    return 2 * int((first & second).sum()) / total if total else float("nan")
