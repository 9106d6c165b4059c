"""The T1w image as it comes: read, checked and mended, with everything told that was changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image, read_image
from brainchange.imaging.nifti_header import NiftiHeader, read_header
from brainchange.imaging.prepare.ants_images import orthogonal_affine
from brainchange.imaging.prepare.grids import canonical, intensities

SMALLEST_EXTENT = 100.0
"""An image that is thinner along an axis holds no whole brain, in mm."""


@dataclass(frozen=True)
class T1w:
    """A T1w image that can be worked with.

    Attributes
    ----------
    image : Image
        Finite values from 0 up (x, y, z), 32-bit; axes of voxels at right angles, x nearest to
        the right, y to the front and z to the top.
    mended : tuple of (str, int)
        What was wrong with voxels that are 0 now (``not a number``, ``negative``), and how many.
    """

    image: Image
    mended: tuple[tuple[str, int], ...]


def read_t1w(path: Path) -> T1w:
    """Read and check a T1w image.

    Parameters
    ----------
    path : Path
        ``.nii`` or ``.nii.gz``, of any orientation, byte order and scaling; a fourth dimension of
        one volume is allowed.

    Returns
    -------
    T1w
        Its voxels are reordered to the axes nearest to right, front and top (RAS+), as fMRIPrep
        does, so that the orientation in which a file is stored changes nothing after this.

    Raises
    ------
    ImageError
        The file is missing, damaged or cut off; it has several volumes; its affine is sheared or
        degenerate; it holds no whole brain, or nothing at all.
    """
    header = read_header(path)
    if header.n_volumes != 1:
        raise ImageError(
            f"the T1w image has {header.n_volumes} volumes where one is expected",
            where=str(path),
            cause="echoes or repetitions were saved in one file, or it is a BOLD run",
            fix="average them, or name the image that is meant, and lock the study again",
        )
    _require_whole_brain(orthogonal_affine(header.affine, str(path)), header)
    read = read_image(path)
    image = canonical(Image(read.values.astype(np.float32), read.affine))
    values = intensities(image)
    mended = _mended(values)
    if not values.max() > values.min():
        raise ImageError(
            "all voxels of the T1w image have one value",
            where=str(path),
            cause="the file was written without its content",
        )
    return T1w(Image(values, orthogonal_affine(image.affine, str(path))), mended)


def _require_whole_brain(affine: npt.NDArray[np.float64], header: NiftiHeader) -> None:
    extent = np.linalg.norm(affine[:3, :3], axis=0) * header.shape
    if extent.min() < SMALLEST_EXTENT:
        told = " × ".join(f"{side:.0f}" for side in extent)
        raise ImageError(
            f"the T1w image covers {told} mm, which holds no whole brain",
            where=str(header.path),
            cause="it is a slab, a localiser, or the sizes of its voxels are wrong",
        )


def _mended(values: npt.NDArray[np.float32]) -> tuple[tuple[str, int], ...]:
    """Set voxels that cannot be intensities to 0, in place."""
    found = []
    for name, wrong in (("not a number", ~np.isfinite(values)), ("negative", values < 0)):
        if count := int(np.count_nonzero(wrong)):
            values[wrong] = 0
            found.append((name, count))
    return tuple(found)
