"""Functional connectivity between regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import RegionSignals
from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]

SAME_SIGNAL = 1 - 1e-9
"""Correlation from which two signals are one: Fisher's z of it means nothing."""


def correlation(signals: FloatArray) -> FloatArray:
    """Pearson correlation of every pair of signals.

    The empirical covariance is used. Shrinkage (the default of nilearn's ConnectivityMeasure)
    grows as volumes are censored and would turn motion into a change of connectivity.

    Parameters
    ----------
    signals : numpy.ndarray
        (n_volumes, n_regions).

    Returns
    -------
    numpy.ndarray
        Symmetric, (n_regions, n_regions); NaN for a signal that is missing or does not vary.
    """
    centred = signals - signals.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    scale = np.linalg.norm(signals, axis=0)
    varies = length > 1e-9 * scale
    unit = np.where(varies, centred, np.nan) / np.where(varies, length, 1.0)
    product: FloatArray = np.einsum("ij,ik->jk", unit, unit)
    return np.clip(product, -1.0, 1.0)


def connectivity(signals: RegionSignals) -> FloatArray:
    """Fisher's z of the Pearson correlation of denoised region signals over the kept volumes.

    Fisher (1915), z = artanh(r).

    Parameters
    ----------
    signals : RegionSignals
        Of one run.

    Returns
    -------
    numpy.ndarray
        (n_regions, n_regions); NaN on the diagonal, for a region that is missing, and for two
        regions with one and the same signal.
    """
    r = correlation(signals.denoised)
    z: FloatArray = np.arctanh(np.where(np.abs(r) < SAME_SIGNAL, r, np.nan))
    return z


METRIC = Metric(
    name="connectivity",
    label="Functional connectivity",
    unit="Fisher z",
    level="signal",
    per="pair",
    needs=("rest", "task"),
    description="Fisher z of the Pearson correlation of denoised region signals (kept volumes)",
    source="Fisher 1915, Biometrika 10:507; empirical covariance",
    function=connectivity,
)
