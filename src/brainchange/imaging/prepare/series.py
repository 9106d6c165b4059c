"""The volumes of a raw run in memory, as the scanner stored them, checked before they are used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti import read_volumes
from brainchange.imaging.nifti_header import NiftiHeader

FloatArray = npt.NDArray[np.float64]
Volume = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """A run of volumes on one grid.

    Attributes
    ----------
    stored : numpy.ndarray
        Intensities in arbitrary units, (n_volumes, n_voxels), voxels in Fortran order.
    shape : tuple of int
        Voxels along x, y and z.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4); orthogonal axes.
    """

    stored: npt.NDArray[np.generic]
    shape: tuple[int, int, int]
    affine: FloatArray

    @property
    def n_volumes(self) -> int:
        """Number of volumes."""
        return int(self.stored.shape[0])

    def volume(self, number: int) -> Volume:
        """One volume, (x, y, z)."""
        return in_order(self.stored[number].astype(np.float32), self.shape)

    def mean(self, first: int = 0) -> Volume:
        """Mean of the volumes from the first that counts, (x, y, z)."""
        total = np.zeros(self.stored.shape[1])
        for volume in self.stored[first:]:
            total += volume
        mean = total / max(1, self.n_volumes - first)
        return in_order(mean.astype(np.float32), self.shape)


def in_order(flat: Volume, shape: tuple[int, int, int]) -> Volume:
    """Shape a volume, (x, y, z), of its voxels in the order of the file, (n_voxels,)."""
    volume: Volume = flat.reshape(shape, order="F")
    return volume


MOST_NEGATIVE = 0.1
"""Share of all values of a run that may be negative; the intensity of a magnitude never is."""


@dataclass(frozen=True)
class Mended:
    """Voxels of a run that could not be used as they are.

    Attributes
    ----------
    lost : int
        Voxels that are not a finite number in some volume; they are 0 in all, because one such
        voxel would spoil every voxel that is interpolated from its row.
    negative : int
        Voxels that are negative in some volume; they are 0 there.
    """

    lost: int
    negative: int


def read_series(path: Path, header: NiftiHeader, affine: FloatArray) -> tuple[Series, Mended]:
    """Read all voxels of a run.

    Parameters
    ----------
    path : Path
        The raw BOLD image.
    header : NiftiHeader
        Its header.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4); orthogonal axes.

    Returns
    -------
    series : Series
        The run.
    mended : Mended
        What had to be set to 0 for that.

    Raises
    ------
    ImageError
        The file is damaged, a volume holds one value only, or many values are negative.
    """
    stored = read_volumes(path, np.arange(header.voxels_per_volume))
    lost = _without_numbers(stored)
    stored[:, lost] = 0
    negative = _raised_to_zero(stored, path)
    _require_content(stored, path)
    mended = Mended(int(lost.sum()), int(negative.sum()))
    return Series(stored, header.shape, affine), mended


def _without_numbers(stored: npt.NDArray[np.generic]) -> Mask:
    """Voxels that are not a finite number in some volume, (n_voxels,)."""
    lost = np.zeros(stored.shape[1], dtype=bool)
    if stored.dtype.kind == "f":
        for volume in stored:
            lost |= ~np.isfinite(volume)
    return lost


def _raised_to_zero(stored: npt.NDArray[np.generic], path: Path) -> Mask:
    """Set negative values to 0, in place; the voxels where there were some, (n_voxels,)."""
    negative, count = np.zeros(stored.shape[1], dtype=bool), 0
    if stored.dtype.kind == "u":
        return negative
    for volume in stored:
        here = volume < 0
        count += int(np.count_nonzero(here))
        negative |= here
        volume[here] = 0
    if count > MOST_NEGATIVE * stored.size:
        raise ImageError(
            f"{100 * count / stored.size:.0f} % of the values of the run are negative, which no "
            "intensity is",
            where=str(path),
            cause="the mean of each voxel was taken out, or numbers above 32 767 wrapped around",
            fix="use the images as the scanner wrote them",
        )
    return negative


def _require_content(stored: npt.NDArray[np.generic], path: Path) -> None:
    for number, volume in enumerate(stored, start=1):
        if volume.max() == volume.min():
            raise ImageError(
                f"volume {number} of {len(stored)} holds nothing but {volume[0]:g}",
                where=str(path),
                cause="the scan was stopped, or the conversion from DICOM failed",
                fix="leave the volume out of the image, or the run out of the study",
            )
