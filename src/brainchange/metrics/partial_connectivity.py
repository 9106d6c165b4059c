"""Functional connectivity of two regions at equal signals of all others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.metrics.connectivity import SAME_SIGNAL, correlation
from brainchange.metrics.inputs import RegionSignals
from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]

LARGEST_CONDITION = 1e10
"""Condition of a correlation matrix from which its inverse is rounding."""


def partial_correlation(r: FloatArray) -> FloatArray:
    """Correlation of every pair of signals with all others held equal.

    Parameters
    ----------
    r : numpy.ndarray
        Correlation matrix without missing values, (n_signals, n_signals).

    Returns
    -------
    numpy.ndarray
        ``-pᵢⱼ/√(pᵢᵢ pⱼⱼ)`` of the inverse p (Whittaker 1990), 1 on the diagonal, (n_signals,
        n_signals).

    Raises
    ------
    ImageError
        A signal follows from the others.
    """
    if np.linalg.cond(r) > LARGEST_CONDITION:
        raise ImageError("the signal of a region follows from those of others")
    precision = np.linalg.inv(r)
    scale = np.sqrt(np.diag(precision))
    partial: FloatArray = -precision / np.outer(scale, scale)
    np.fill_diagonal(partial, 1.0)
    return np.clip(partial, -1.0, 1.0)


def partial_connectivity(signals: RegionSignals) -> FloatArray:
    """Fisher's z of the partial correlation of denoised region signals over the kept volumes.

    From the empirical covariance: shrinkage or a sparse inverse would grow as volumes are censored
    and turn motion into change (as for :func:`brainchange.metrics.connectivity.correlation`). A
    region that is not usable is left out for all others too.

    Parameters
    ----------
    signals : RegionSignals
        Of one run.

    Returns
    -------
    numpy.ndarray
        (n_regions, n_regions); NaN on the diagonal and for a region that is missing.

    Raises
    ------
    ImageError
        The degrees of freedom that nuisance regression leaves are not more than the regions, or a
        signal follows from others.
    """
    r = correlation(signals.denoised)
    usable = np.isfinite(np.diag(r))
    n_regions, left = int(usable.sum()), signals.residual_degrees_of_freedom
    if left <= n_regions:
        raise ImageError(
            f"{left} degrees of freedom are left for the partial correlation of {n_regions} regions"
        )
    found = np.full(r.shape, np.nan)
    partial = partial_correlation(r[np.ix_(usable, usable)])
    found[np.ix_(usable, usable)] = np.where(np.abs(partial) < SAME_SIGNAL, partial, np.nan)
    z: FloatArray = np.arctanh(found)
    return z


METRIC = Metric(
    name="partial_connectivity",
    label="Partial connectivity",
    unit="Fisher z",
    level="signal",
    per="pair",
    needs=("rest", "task"),
    description="Fisher z of the correlation of two regions with all other regions held equal",
    source="Whittaker 1990, Graphical Models (Wiley); empirical covariance",
    function=partial_connectivity,
)
