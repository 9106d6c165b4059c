"""Regression to the mean: how much change is expected where nothing happens."""

from __future__ import annotations

from math import erfc, exp, nan, pi, sqrt

import numpy as np
import numpy.typing as npt

from brainchange.inference.correlation import Correlation, correlation

Floats = npt.NDArray[np.float64]


def expected_regression(deviation: float, icc: float, cutoff: float) -> float:
    """Give the fall expected of participants who were selected for values above a cutoff.

    Parameters
    ----------
    deviation : float
        Standard deviation of single values in the population, in the unit of the measure.
    icc : float
        Reliability: variance between participants over whole variance.
    cutoff : float
        Cutoff in standard deviations above the mean of the population.

    Returns
    -------
    float
        Fall of the mean towards that of the population, in the unit of the measure; NaN where the
        reliability is not between 0 and 1.

    Notes
    -----
    Barnett, van der Pols and Dobson (2005, International Journal of Epidemiology 34:215),
    ``σ_w²/σ_t · φ(z)/(1 − Φ(z))`` with ``σ_w² = (1 − ICC) σ_t²``.
    """
    if not 0 <= icc <= 1:
        return nan
    density = exp(-(cutoff**2) / 2) / sqrt(2 * pi)
    return (1 - icc) * deviation * density / (erfc(cutoff / sqrt(2)) / 2)


def expected_difference(treated: Floats, control: Floats, icc: float) -> float:
    """Give the difference in change that regression to the mean alone would make.

    Parameters
    ----------
    treated, control : numpy.ndarray, shape (n_arm,)
        Values before therapy, finite.
    icc : float
        Reliability of a single value, from participants who were not treated.

    Returns
    -------
    float
        Treated − control, in the unit of the measure: an arm that starts higher falls more. NaN
        where an arm is empty or the reliability is unknown; a reliability below 0 counts as 0.

    Notes
    -----
    Barnett et al. (2005) with the selection that was observed instead of a cutoff: their
    ``σ_t φ(z)/(1 − Φ(z))`` is how far the mean of the selected lies above that of the population,
    so that the fall is ``(1 − ICC)`` times this distance. Here the distance is that between the
    arms, which supposes that they would have drawn together completely: the most that regression
    to the mean can do.
    """
    if not min(treated.size, control.size):
        return nan
    return -(1 - max(icc, 0.0)) * float(treated.mean() - control.mean())


def baseline_change_correlation(pre: Floats, post: Floats, arm: Floats) -> Correlation:
    """Correlate value before and change within arms: negative by construction.

    Parameters
    ----------
    pre, post, arm : numpy.ndarray, shape (n_participants,)
        Values before and after, finite, and the arm as 0 and 1.

    Returns
    -------
    Correlation
        Of ``pre`` and ``post − pre`` at equal arm.

    Notes
    -----
    The value before stands on both sides, so that the correlation is negative even where nothing
    regresses (Oldham 1962): see :func:`oldham_correlation`.
    """
    return correlation(pre, post - pre, arm[:, None])


def oldham_correlation(pre: Floats, post: Floats, arm: Floats) -> Correlation:
    """Correlate the mean of both values with change within arms.

    Parameters
    ----------
    pre, post, arm : numpy.ndarray, shape (n_participants,)
        Values before and after, finite, and the arm as 0 and 1.

    Returns
    -------
    Correlation
        Of ``(pre + post)/2`` and ``post − pre`` at equal arm; 0 in expectation where both have the
        same variance, whatever their reliability.

    Notes
    -----
    Oldham (1962, Journal of Chronic Diseases 15:969).
    """
    return correlation((pre + post) / 2, post - pre, arm[:, None])
