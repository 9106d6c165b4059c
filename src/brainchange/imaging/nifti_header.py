"""Headers of NIfTI images, checked before any memory is taken for their voxels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from gzip import BadGzipFile
from pathlib import Path
from typing import BinaryIO, cast

import nibabel as nib
import numpy as np
import numpy.typing as npt
from isal import igzip
from isal.igzip_lib import IsalError
from nibabel.spatialimages import HeaderDataError

from brainchange.errors import ImageError
from brainchange.files import human_bytes

LARGEST_DEFLATE_RATIO = 1032
"""No deflate stream expands more than this (RFC 1951: 258 bytes from 2 bits)."""
LARGEST_VOLUME_BYTES = 1 << 30
LARGEST_HEADER_BYTES = 1 << 24
PIECE_BYTES = 1 << 18
"""Bytes decompressed at once: small enough to stay in the cache until they are used."""

_HEADERS = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_STORED_AS = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8",
    1280: "u8",
}  # fmt: skip
_SECONDS = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}
_MILLIMETRES = {0: 1.0, 1: 1e3, 2: 1.0, 3: 1e-3}


@dataclass(frozen=True)
class NiftiHeader:
    """What a NIfTI header says, after checks.

    Attributes
    ----------
    path : Path
        The file.
    shape : tuple of int
        Voxels along x, y and z.
    n_volumes : int
        Number of volumes; 1 for a three-dimensional image.
    dtype : numpy.dtype
        How a voxel is stored, byte order included.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4): sform if it is set, else qform.
    repetition_time : float or None
        Time between volumes in s; None where the header gives none.
    data_offset : int
        Bytes before the first voxel.
    slope, intercept : float
        Value = slope × stored number + intercept.
    """

    path: Path
    shape: tuple[int, int, int]
    n_volumes: int
    dtype: np.dtype[np.generic]
    affine: npt.NDArray[np.float64]
    repetition_time: float | None
    data_offset: int
    slope: float
    intercept: float

    @property
    def voxels_per_volume(self) -> int:
        """Number of voxels of one volume."""
        return math.prod(self.shape)

    @property
    def volume_bytes(self) -> int:
        """Bytes of one volume."""
        return self.voxels_per_volume * self.dtype.itemsize

    @property
    def is_scaled(self) -> bool:
        """Whether stored numbers are not the values themselves."""
        return (self.slope, self.intercept) != (1.0, 0.0)


def read_header(path: Path) -> NiftiHeader:
    """Read and check the header of a ``.nii`` or ``.nii.gz`` file (NIfTI-1 or NIfTI-2).

    Raises
    ------
    ImageError
        The file is missing, is no NIfTI image, or its header cannot be true.
    """
    with opened(path) as stream:
        return header_of(stream, path)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open an image for reading, decompressed with ISA-L, and tell its damage as ImageError."""
    try:
        with path.open("rb", buffering=0) as raw:
            if path.name.endswith(".gz"):
                with igzip.IGzipFile(fileobj=io.BufferedReader(raw, PIECE_BYTES)) as stream:
                    yield cast("BinaryIO", stream)
            else:
                yield cast("BinaryIO", io.BufferedReader(raw))
    except FileNotFoundError:
        raise ImageError(
            "the image does not exist", where=str(path), cause="it was not fetched"
        ) from None
    except EOFError:
        raise truncated(path, "the compressed data end too early") from None
    except (BadGzipFile, IsalError) as error:  # type: ignore[misc]
        raise ImageError(
            f"the compressed data are damaged ({error})",
            where=str(path),
            cause="the download was incomplete, or something was added to the file",
            fix="delete the file and fetch it again",
        ) from None
    except OSError as error:
        raise ImageError(
            f"the image cannot be read ({error.strerror or error})", where=str(path)
        ) from None


def truncated(path: Path, what: str) -> ImageError:
    """Make the error for a file that is shorter than it says."""
    return ImageError(
        what,
        where=str(path),
        cause="the download or the copy was cut off",
        fix="delete the file and fetch it again",
    )


def header_of(stream: BinaryIO, path: Path) -> NiftiHeader:
    """Read the header of an open image, and go on to its first voxel; see :func:`read_header`."""
    block = stream.read(348)
    if len(block) < 348:
        raise truncated(path, f"the file has {len(block)} bytes, less than a NIfTI header")
    size, order = _size_and_order(block, path)
    block += stream.read(size - 348)
    if len(block) < size:
        raise truncated(path, "the file ends inside its header")
    raw = _HEADERS[size](block, endianness=order, check=False)
    dimensions = _dimensions(raw, path)
    slope, intercept = _scaling(raw)
    header = NiftiHeader(
        path=path,
        shape=dimensions[:3],
        n_volumes=dimensions[3],
        dtype=_dtype(raw, order, path),
        affine=_affine(raw, path),
        repetition_time=_repetition_time(raw),
        data_offset=_data_offset(raw, size, path),
        slope=slope,
        intercept=intercept,
    )
    _check_size(header)
    if len(stream.read(header.data_offset - size)) < header.data_offset - size:
        raise truncated(path, "the file ends before its first voxel")
    return header


def _size_and_order(block: bytes, path: Path) -> tuple[int, str]:
    for order in ("<", ">"):
        size = int(np.frombuffer(block, dtype=f"{order}i4", count=1)[0])
        if size in _HEADERS:
            return size, order
    raise ImageError(
        "this is not a NIfTI image",
        where=str(path),
        cause="another kind of file under this name, or a git-annex pointer without its content",
        fix="fetch the file again",
    )


def _dimensions(raw: nib.Nifti1Header, path: Path) -> tuple[int, int, int, int]:
    n_dimensions, *sizes = (int(n) for n in raw["dim"])
    told = sizes[: max(0, min(n_dimensions, 7))]
    too_many = any(n != 1 for n in told[4:])
    if n_dimensions not in range(3, 8) or any(n < 1 for n in told) or too_many:
        raise ImageError(
            f"the header gives the dimensions {told}, which no image or run has",
            where=str(path),
            cause="the header is damaged",
        )
    x, y, z, n_volumes = [*told[:4], 1][:4]
    return x, y, z, n_volumes


def _dtype(raw: nib.Nifti1Header, order: str, path: Path) -> np.dtype[np.generic]:
    code = int(raw["datatype"])
    if code not in _STORED_AS:
        raise ImageError(
            f"voxels are stored as NIfTI data type {code}, which is not supported",
            where=str(path),
            fix="use whole numbers or floating-point numbers of at most 64 bits",
        )
    return np.dtype(order + _STORED_AS[code])


def _affine(raw: nib.Nifti1Header, path: Path) -> npt.NDArray[np.float64]:
    try:
        affine = np.array(raw.get_best_affine(), dtype=float)
    except (ValueError, HeaderDataError):
        affine = np.full((4, 4), np.nan)
    affine[:3] *= _MILLIMETRES.get(int(raw["xyzt_units"]) & 0x07, 1.0)
    determinant = abs(np.linalg.det(affine[:3, :3])) if np.isfinite(affine).all() else 0.0
    if not determinant > 1e-9:
        raise ImageError(
            "the header's affine does not say where the voxels are",
            where=str(path),
            cause="sform and qform are damaged",
        )
    return affine


def _repetition_time(raw: nib.Nifti1Header) -> float | None:
    seconds = float(raw["pixdim"][4]) * _SECONDS.get(int(raw["xyzt_units"]) & 0x38, math.nan)
    if int(raw["dim"][0]) < 4 or not math.isfinite(seconds) or seconds <= 0:
        return None
    return round(seconds, 6)


def _data_offset(raw: nib.Nifti1Header, header_bytes: int, path: Path) -> int:
    offset = float(raw["vox_offset"])
    if bytes(raw["magic"])[:3] not in (b"n+1", b"n+2"):
        raise ImageError(
            "the header belongs to a pair of files (.hdr and .img)",
            where=str(path),
            fix="save the image as one .nii.gz file",
        )
    if not header_bytes <= offset <= LARGEST_HEADER_BYTES:
        raise ImageError(
            f"the header says that voxels start at byte {offset:g}",
            where=str(path),
            cause="the header is damaged",
        )
    return int(offset)


def _scaling(raw: nib.Nifti1Header) -> tuple[float, float]:
    """Slope and intercept; a slope of 0 or one that is no number means no scaling (NIfTI-1)."""
    slope, intercept = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or not math.isfinite(slope) or not math.isfinite(intercept):
        return 1.0, 0.0
    return slope, intercept


def _check_size(header: NiftiHeader) -> None:
    """Compare what the header claims with what the file can hold."""
    path = header.path
    claimed = header.data_offset + header.volume_bytes * header.n_volumes
    size = path.stat().st_size
    compressed = path.name.endswith(".gz")
    possible = size * LARGEST_DEFLATE_RATIO if compressed else size
    if claimed > possible or header.volume_bytes > LARGEST_VOLUME_BYTES:
        raise ImageError(
            f"the header claims {' × '.join(map(str, (*header.shape, header.n_volumes)))} voxels "
            f"({human_bytes(claimed)}), which a file of {human_bytes(size)} cannot hold",
            where=str(path),
            cause="the header is damaged, or the file was cut off",
            fix="delete the file and fetch it again",
        )
    if not compressed and claimed < size:
        raise _too_long(path, size - claimed)


def _too_long(path: Path, surplus: int) -> ImageError:
    return ImageError(
        f"the file has {human_bytes(surplus)} more than its header claims",
        where=str(path),
        cause="the header gives too few volumes, or something was added to the file",
    )


def require_end(stream: BinaryIO, path: Path) -> None:
    """Check that nothing follows the last voxel; reading to the end also checks the checksum.

    Raises
    ------
    ImageError
        The file holds more than its header claims, or its checksum is wrong.
    """
    surplus = len(stream.read(PIECE_BYTES))
    if surplus:
        raise _too_long(path, surplus)
