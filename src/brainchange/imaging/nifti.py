"""Reading of images as streams of volumes, keeping only the voxels that are wanted.

Written by hand because nibabel decompresses with zlib and nilearn holds the whole run as floating
point: a stream through ISA-L takes little more time than decompression, and memory only for the
voxels kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti_header import (
    NiftiHeader,
    header_of,
    opened,
    require_end,
    truncated,
)

Voxels = npt.NDArray[np.generic]

LARGEST_PIECE_BYTES = 1 << 19
"""Bytes decompressed at once: few calls, and still in the cache when voxels are taken out."""


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
        if (voxels[1:] < voxels[:-1]).any():
            order = np.argsort(voxels, kind="stable")
            kept = _gathered(stream, header, voxels[order])[:, np.argsort(order)]
        else:
            kept = _gathered(stream, header, voxels)
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
        flat = _next(stream, header, header.voxels_per_volume, 0)
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


@dataclass(frozen=True)
class _Piece:
    """Neighbouring voxels of a volume that are decompressed together.

    Attributes
    ----------
    n_voxels : int
        How many there are.
    columns : slice
        Which of the wanted voxels are among them.
    places : numpy.ndarray
        Where in the piece these are, (n_wanted,).
    """

    n_voxels: int
    columns: slice
    places: npt.NDArray[np.intp]


def _pieces(header: NiftiHeader, voxels: npt.NDArray[np.intp]) -> list[_Piece]:
    """Divide a volume into pieces of about one size; the wanted voxels are sorted."""
    n_pieces = max(1, -(-header.volume_bytes // LARGEST_PIECE_BYTES))
    edges = np.linspace(0, header.voxels_per_volume, n_pieces + 1).astype(np.intp)
    columns = np.searchsorted(voxels, edges)
    return [
        _Piece(int(stop - start), slice(first, last), voxels[first:last] - start)
        for (start, stop), (first, last) in zip(pairwise(edges), pairwise(columns), strict=True)
    ]


def _gathered(stream: BinaryIO, header: NiftiHeader, voxels: npt.NDArray[np.intp]) -> Voxels:
    """Sorted voxels of all volumes, (n_volumes, n_voxels).

    Voxels are taken out of each piece while it is in the cache of the processor; a second thread
    that decompresses whole volumes ahead was slower, as these go to memory and back.
    """
    dtype = np.dtype(np.float32) if header.is_scaled else header.dtype.newbyteorder("=")
    kept = np.empty((header.n_volumes, voxels.size), dtype=dtype)
    pieces = _pieces(header, voxels)
    for number, row in enumerate(kept):
        for piece in pieces:
            read = _next(stream, header, piece.n_voxels, number)
            if header.is_scaled:
                row[piece.columns] = _scaled(read[piece.places], header)
            elif header.dtype.isnative:
                np.take(read, piece.places, out=row[piece.columns], mode="clip")
            else:
                row[piece.columns] = read[piece.places]
    return kept


def _next(stream: BinaryIO, header: NiftiHeader, n_voxels: int, number: int) -> Voxels:
    """Decompress the next voxels, which belong to the volume of this number (from 0)."""
    stored = stream.read(n_voxels * header.dtype.itemsize)
    if len(stored) < n_voxels * header.dtype.itemsize:
        raise truncated(header.path, f"the file ends in volume {number + 1} of {header.n_volumes}")
    return np.frombuffer(stored, dtype=header.dtype)
