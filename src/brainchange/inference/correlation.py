"""Correlations with their intervals, within arms and at equal covariates."""

from __future__ import annotations

from dataclasses import dataclass
from math import atanh, nan, sqrt, tanh

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtr

Floats = npt.NDArray[np.float64]
NO_VARIANCE = 1e-20
"""Share of the sum of squares below which what is left after covariates is rounding."""
DEPENDENT = 1e-9
"""Size, relative to the largest, below which a direction of the covariates is rounding."""


@dataclass(frozen=True)
class Correlation:
    """Correlation of two values of the same participants; NaN where it is not defined.

    Attributes
    ----------
    r, low, high : float
        Estimate and its interval.
    p : float
        Two-sided p of t with ``n − 2 − number of independent covariates`` degrees of freedom.
    n : int
        Participants.
    """

    r: float
    low: float
    high: float
    p: float
    n: int


def correlation(
    first: Floats, second: Floats, given: Floats | None = None, confidence: float = 0.95
) -> Correlation:
    """Correlate two values, at equal covariates.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_participants,)
        Values, finite.
    given : numpy.ndarray, shape (n_participants, n_covariates), optional
        What is held equal (arm, change in head motion), finite; a column that is constant, or
        follows from the others, holds nothing more equal and costs no degree of freedom.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Correlation
        NaN where one of them does not vary at equal covariates, or fewer than 2 degrees of
        freedom are left; the interval needs 2 participants more than that.

    Notes
    -----
    Pearson's r of the residuals after the covariates, which is the partial correlation. Interval:
    Fisher's z with standard error ``1/√(n − 3 − number of covariates)`` (Fisher 1924, Metron
    3:329). ``scipy.stats.pearsonr`` knows no covariates, and takes the interval without them.
    """
    n = first.size
    if n < 3:
        return Correlation(nan, nan, nan, nan, n)
    basis = covariate_basis(np.empty((n, 0)) if given is None else given)
    df = n - 2 - basis.shape[1]
    if df < 1:
        return Correlation(nan, nan, nan, nan, n)
    one, other = residuals(first, basis), residuals(second, basis)
    if one is None or other is None:
        return Correlation(nan, nan, nan, nan, n)
    r = float(np.clip(one @ other, -1, 1))
    exact = 1 - abs(r) < 1e-15
    t = r * sqrt(df / (1 - r**2)) if not exact else nan
    p = 0.0 if exact else 2 * float(stdtr(df, -abs(t)))
    return Correlation(r, *_fisher_interval(r, df - 1, confidence), p, n)


def spearman(first: Floats, second: Floats, given: Floats | None = None) -> float:
    """Correlate the ranks of two values, at equal ranks of the covariates.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_participants,)
        Values, finite.
    given : numpy.ndarray, shape (n_participants, n_covariates), optional
        What is held equal, finite.

    Returns
    -------
    float
        Spearman's ρ; NaN as in :func:`correlation`.

    Notes
    -----
    Conover (1999, Practical Nonparametric Statistics): Pearson's correlation of the ranks.
    """
    ranked = None if given is None else np.asarray(pd.DataFrame(given).rank())
    one, other = (pd.Series(values).rank().to_numpy() for values in (first, second))
    return correlation(one, other, ranked).r


def covariate_basis(covariates: Floats) -> Floats:
    """Give orthonormal directions of covariates, each without its mean.

    Parameters
    ----------
    covariates : numpy.ndarray, shape (n, n_covariates)
        Finite, in any unit.

    Returns
    -------
    numpy.ndarray, shape (n, n_independent)
        As many columns as vary independently.
    """
    centred = covariates - covariates.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    varying = lengths > DEPENDENT * np.linalg.norm(covariates, axis=0)
    unit = centred[:, varying] / lengths[varying]
    left, sizes, _ = np.linalg.svd(unit, full_matrices=False)
    return np.asarray(left[:, sizes > DEPENDENT * sizes.max(initial=0.0)], dtype=float)


def residuals(values: Floats, basis: Floats) -> Floats | None:
    """Take the mean and the covariates out of values and scale the rest to length 1.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Values, finite.
    basis : numpy.ndarray, shape (n, n_independent)
        Directions of the covariates (:func:`covariate_basis`).

    Returns
    -------
    numpy.ndarray, shape (n,), or None
        None where nothing is left but rounding.
    """
    centred = values - values.mean()
    scale = float(np.abs(values).max(initial=0.0))
    centred = centred - basis @ (basis.T @ centred)
    length = float(np.sqrt(centred @ centred))
    if not length**2 > NO_VARIANCE * values.size * scale**2:
        return None
    unit: Floats = centred / length
    return unit


def _fisher_interval(r: float, weight: float, confidence: float) -> tuple[float, float]:
    if weight < 1 or not abs(r) < 1:
        return nan, nan
    margin = float(ndtri((1 + confidence) / 2)) / sqrt(weight)
    return tanh(atanh(r) - margin), tanh(atanh(r) + margin)
