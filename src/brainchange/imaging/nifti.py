"""Reading of images as streams of volumes, keeping only the voxels that are wanted.

Written by hand because nibabel decompresses with zlib and nilearn holds the whole run as floating
point: a stream through ISA-L takes little more time than decompression, and memory only for the
voxels kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti_header import (
    PIECE_BYTES,
    NiftiHeader,
    header_of,
    opened,
    require_end,
    truncated,
)

Voxels = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Image:
    """A three-dimensional image.

    Attributes
    ----------
    values : numpy.ndarray
        One value a voxel, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    """

    values: Voxels
    affine: npt.NDArray[np.float64]


def read_volumes(path: Path, voxels: npt.NDArray[np.intp]) -> Voxels:
    """Read some voxels of all volumes of a run.

    Parameters
    ----------
    path : Path
        ``.nii`` or ``.nii.gz``, NIfTI-1 or NIfTI-2, any byte order.
    voxels : numpy.ndarray
        Flat indices into a volume in Fortran order (x runs fastest), (n_voxels,).

    Returns
    -------
    numpy.ndarray
        (n_volumes, n_voxels) in the type the file stores (native byte order), or float32 where
        the header scales stored numbers. Not-a-number values are kept: see
        :func:`brainchange.imaging.coverage.require_volumes`.

    Raises
    ------
    ImageError
        The file is damaged, cut off, too long, or its header cannot be true.
    """
    with opened(path) as stream:
        header = header_of(stream, path)
        if voxels.size and not (voxels.min() >= 0 and voxels.max() < header.voxels_per_volume):
            raise ImageError(
                f"voxels outside the grid of {header.voxels_per_volume} voxels were asked for",
                where=str(path),
                cause="a mask on another grid",
            )
        dtype = np.dtype(np.float32) if header.is_scaled else header.dtype.newbyteorder("=")
        kept = np.empty((header.n_volumes, voxels.size), dtype=dtype)
        for number, volume in enumerate(_volumes(stream, header)):
            if header.is_scaled:
                kept[number] = _scaled(volume[voxels], header)
            elif volume.dtype.isnative:
                np.take(volume, voxels, out=kept[number], mode="clip")
            else:
                kept[number] = volume[voxels]
        require_end(stream, path)
    return kept


def read_image(path: Path) -> Image:
    """Read a three-dimensional image.

    Raises
    ------
    ImageError
        As :func:`read_volumes`, or the image has several volumes.
    """
    with opened(path) as stream:
        header = header_of(stream, path)
        if header.n_volumes != 1:
            raise ImageError(
                f"the image has {header.n_volumes} volumes where one is expected", where=str(path)
            )
        flat = next(iter(_volumes(stream, header)))
        require_end(stream, path)
    values = _scaled(flat, header) if header.is_scaled else flat
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return Image(values.reshape(header.shape, order="F"), header.affine)


def read_label_image(path: Path) -> Image:
    """Read an image whose values are whole numbers, as integers.

    Raises
    ------
    ImageError
        As :func:`read_image`, or a value is not a whole number.
    """
    image = read_image(path)
    if image.values.dtype.kind in "iu":
        return image
    rounded = np.rint(image.values.astype(np.float64))
    if not np.array_equal(rounded, image.values):
        raise ImageError(
            "a voxel is no whole number, so this is no image of labels",
            where=str(path),
            cause="the parcellation was interpolated linearly, or this is another image",
            fix="resample labels to the nearest neighbour",
        )
    return Image(rounded.astype(np.int64), image.affine)


def _scaled(stored: Voxels, header: NiftiHeader) -> npt.NDArray[np.float64]:
    return stored.astype(np.float64) * header.slope + header.intercept


def _volumes(stream: BinaryIO, header: NiftiHeader) -> Iterator[Voxels]:
    """Yield each volume, flat, in one buffer that is used again."""
    volume = np.empty(header.voxels_per_volume, dtype=header.dtype)
    view = volume.view(np.uint8).data
    for number in range(1, header.n_volumes + 1):
        filled = 0
        while filled < len(view):
            got = stream.readinto(view[filled : filled + PIECE_BYTES])  # type: ignore[attr-defined]
            if not got:
                raise truncated(
                    header.path, f"the file ends in volume {number} of {header.n_volumes}"
                )
            filled += got
        yield volume
