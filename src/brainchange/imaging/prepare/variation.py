"""Change from volume to volume: DVARS and root-mean-square displacement."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from brainchange.imaging.prepare.rigid import inverse, moved

FloatArray = npt.NDArray[np.float64]

MEDIAN_INTENSITY = 1000.0
INTERQUARTILE_RANGE = 1.349
"""Of the standard normal distribution, as rounded by Nichols (2013)."""
SMALLEST_DEVIATION = 1e-7
SPHERE_RADIUS = 80.0
"""Radius in mm of the sphere over which a displacement is averaged (Jenkinson 1999)."""


def dvars(courses: npt.NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
    """Root mean square change from volume to volume over the brain, raw and standardised.

    Parameters
    ----------
    courses : numpy.ndarray
        Voxels of the brain in arbitrary units, (n_volumes, n_voxels).

    Returns
    -------
    dvars, standardised : numpy.ndarray
        Power et al. (2012), NeuroImage 59:2142, after the median of all values is scaled to 1000;
        and over what is expected of first-order autoregressive noise (Nichols 2013, "Notes on
        creating a standardized version of DVARS"): robust standard deviation from the quartiles,
        autocorrelation of lag 1 by Yule and Walker. Each (n_volumes,), NaN for the first volume.
        Equal to nipype's ``compute_dvars(remove_zerovariance=True)``, which fMRIPrep uses.
    """
    scaled = courses * np.float32(MEDIAN_INTENSITY / np.median(courses))
    quartiles = np.percentile(scaled, (25, 75), axis=0, method="lower")
    deviation = (quartiles[1] - quartiles[0]).astype(float) / INTERQUARTILE_RANGE
    varies = deviation > SMALLEST_DEVIATION
    scaled, deviation = scaled[:, varies], deviation[varies]
    centred = scaled - scaled.mean(axis=0)
    power = np.einsum("ij,ij->j", centred, centred, dtype=float)
    lagged = np.einsum("ij,ij->j", centred[1:], centred[:-1], dtype=float)
    expected = float((np.sqrt(2 * (1 - lagged / power)) * deviation).mean())
    change = np.sqrt((np.diff(scaled, axis=0) ** 2).mean(axis=1, dtype=float))
    raw = np.concatenate([[np.nan], change])
    return raw, raw / expected


def root_mean_square_displacement(transforms: FloatArray, centre: FloatArray) -> FloatArray:
    """Root mean square displacement of a sphere of 80 mm from volume to volume.

    Parameters
    ----------
    transforms : numpy.ndarray
        Rigid transforms of world coordinates in mm, (n_volumes, 4, 4).
    centre : numpy.ndarray
        Centre of the sphere in mm, (3,).

    Returns
    -------
    numpy.ndarray
        In mm, (n_volumes,); NaN for the first volume. Jenkinson (1999), FMRIB technical report
        TR99MJ1, equation 1.22.
    """
    squared = []
    for before, after in pairwise(transforms):
        change = after @ inverse(before) - np.eye(4)
        shift = moved(change, centre[np.newaxis])[0]
        squared.append(SPHERE_RADIUS**2 / 5 * (change[:3, :3] ** 2).sum() + (shift**2).sum())
    return np.concatenate([[np.nan], np.sqrt(squared)])
