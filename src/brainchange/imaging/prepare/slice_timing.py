"""Correction for the time at which each slice of a volume was acquired."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.imaging.prepare.series import Series

FloatArray = npt.NDArray[np.float64]

LONGEST_PADDING = 30
"""Volumes at each end that the course is continued by, so that its ends do not leak."""


def reference_time(slice_times: FloatArray) -> float:
    """Time in s from the start of a volume to which all slices are brought: the middle.

    As fMRIPrep (``--slice-time-ref 0.5``): half-way between the first and the last slice.
    """
    return float(slice_times.min() + slice_times.max()) / 2


def correct_slice_timing(
    series: Series,
    slice_times: FloatArray,
    repetition_time: float,
    *,
    axis: int = 2,
    n_unsettled: int = 0,
) -> Series:
    """Bring all slices of each volume to the same time.

    Each voxel's course is shifted by a phase ramp in its Fourier transform, which is exact for what
    the sampling can hold (Sladky et al. 2011, NeuroImage 58:588; AFNI's ``3dTshift -Fourier``, of
    which fMRIPrep makes use). Its line is taken out first, and the rest is continued at both ends
    by point reflection, where AFNI wraps it around.

    Parameters
    ----------
    series : Series
        The run; intensities in arbitrary units.
    slice_times : numpy.ndarray
        Time of each slice in s from the start of the volume, (n_slices,).
    repetition_time : float
        Time between volumes in s.
    axis : int
        Axis of the voxels along which the slices lie.
    n_unsettled : int
        Volumes at the start that are left as they are, as they are not in steady state.

    Returns
    -------
    Series
        32-bit floating point.
    """
    corrected = series.stored.astype(np.float32)
    later = reference_time(slice_times) - slice_times
    slice_of_voxel = np.broadcast_to(
        np.expand_dims(np.arange(slice_times.size), [a for a in range(3) if a != axis]),
        series.shape,
    ).ravel(order="F")
    for number, seconds in enumerate(later):
        if seconds:
            here = np.flatnonzero(slice_of_voxel == number)
            courses = corrected[n_unsettled:, here].astype(float)
            corrected[n_unsettled:, here] = shifted(courses, seconds / repetition_time)
    return Series(corrected, series.shape, series.affine)


def shifted(courses: FloatArray, volumes: float) -> FloatArray:
    """Values of courses a part of a volume later.

    Parameters
    ----------
    courses : numpy.ndarray
        (n_volumes, n_voxels).
    volumes : float
        How much later, in volumes.

    Returns
    -------
    numpy.ndarray
        (n_volumes, n_voxels).
    """
    n_volumes = len(courses)
    time = np.arange(n_volumes)[:, np.newaxis] - (n_volumes - 1) / 2
    mean = courses.mean(axis=0)
    slope = (time * courses).sum(axis=0) / max(1.0, float((time**2).sum()))
    rest = courses - mean - slope * time
    padding = min(LONGEST_PADDING, n_volumes - 1)
    before = 2 * rest[0] - rest[padding:0:-1]
    after = 2 * rest[-1] - rest[-2 : -2 - padding : -1]
    padded = np.concatenate([before, rest, after])
    frequency = np.fft.rfftfreq(len(padded))[:, np.newaxis]
    turned = np.fft.rfft(padded, axis=0) * np.exp(2j * np.pi * frequency * volumes)
    moved = np.fft.irfft(turned, n=len(padded), axis=0)[padding : padding + n_volumes]
    later: FloatArray = moved + mean + slope * (time + volumes)
    return later
