"""The volumes of a run after their one interpolation, small enough to keep and to write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.imaging.prepare.realignment import Realignment
from brainchange.imaging.prepare.resampling import resampled
from brainchange.imaging.prepare.series import FloatArray, Mask, Series, Volume, in_order

LARGEST_STORED = 32767
HEADROOM = 1.3
"""How far splines may overshoot the brightest voxel of the raw run before they are cut off."""


@dataclass(frozen=True)
class RealignedSeries:
    """A run on the grid of its reference, stored as scaled 16-bit numbers.

    The step between two stored numbers is a 25,000th of the brightest voxel: far below any noise,
    and half the memory and disk of floating-point numbers.

    Attributes
    ----------
    stored : numpy.ndarray
        (n_volumes, n_voxels), voxels in Fortran order.
    slope : float
        Intensity = slope × stored number.
    shape : tuple of int
        Voxels along x, y and z.
    """

    stored: npt.NDArray[np.int16]
    slope: float
    shape: tuple[int, int, int]

    def in_file_order(self) -> npt.NDArray[np.int16]:
        """Give the stored numbers as (n_volumes, z, y, x)."""
        return self.stored.reshape(-1, *self.shape[::-1])

    def courses(self, mask: Mask) -> npt.NDArray[np.float32]:
        """Intensities of the voxels of a mask (x, y, z), (n_volumes, n_voxels)."""
        voxels = np.flatnonzero(mask.ravel(order="F"))
        return self.stored[:, voxels] * np.float32(self.slope)

    def mean(self, volumes: tuple[int, ...]) -> Volume:
        """Mean of some volumes, (x, y, z)."""
        total = np.zeros(self.stored.shape[1])
        for volume in volumes:
            total += self.stored[volume]
        return in_order((total * (self.slope / len(volumes))).astype(np.float32), self.shape)


def apply_realignment(series: Series, realignment: Realignment) -> RealignedSeries:
    """Interpolate each volume once, from the raw grid to that of the reference.

    Parameters
    ----------
    series : Series
        The raw run, corrected for slice timing or not.
    realignment : Realignment
        Where the head was in each volume.
    """
    slope = _slope(series)
    stored = np.empty(series.stored.shape, dtype="<i2")
    for number, transform in enumerate(realignment.transforms):
        volume = _aligned(series, number, transform) / np.float32(slope)
        np.clip(np.rint(volume), -LARGEST_STORED, LARGEST_STORED, out=volume)
        stored[number] = volume.ravel(order="F")
    return RealignedSeries(stored, slope, series.shape)


def _aligned(series: Series, number: int, transform: FloatArray) -> Volume:
    return resampled(series.volume(number), series.affine, transform)


def _slope(series: Series) -> float:
    """Slope that leaves headroom, as a header holds it (single precision)."""
    largest = max(float(np.abs(volume.astype(np.float64)).max()) for volume in series.stored)
    return float(np.float32(HEADROOM * largest / LARGEST_STORED))
