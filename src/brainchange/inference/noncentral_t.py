"""The noncentral t distribution, solved for its noncentrality."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, sqrt

from scipy.optimize import brentq
from scipy.special import gammaincinv, nctdtr, ndtr, ndtri, stdtrit

PRECISION = 1e-12
LARGE = 1e5
"""Ratio t²/df beyond which the spread of the mean no longer matters beside that of the SD."""


def noncentrality_interval(t: float, df: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of the noncentrality parameter of an observed t.

    Parameters
    ----------
    t : float
        Observed t.
    df : float
        Its degrees of freedom.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    tuple of float
        Lower and upper limit.

    Notes
    -----
    The limits are where t is the upper or lower quantile of the noncentral t distribution
    (Steiger and Fouladi 1997). The root is bracketed near t because far from it the
    distribution function is NaN, as are the quantiles of ``scipy.stats.nct``. For t² above
    10⁵ df, where it is NaN throughout, the limiting form is used (relative error below 10⁻⁵).
    """
    tail = (1 - confidence) / 2
    if t < 0:
        low, high = noncentrality_interval(-t, df, confidence)
        return -high, -low
    if t**2 > LARGE * max(1.0, df):
        return _limit(t, df, tail), _limit(t, df, 1 - tail)
    lowest = float(ndtri(tail)) - 1  # for t = 0 the limit is the normal quantile; it grows with t
    low = _root(lambda nc: _distribution(t, df, nc) - (1 - tail), lowest, t - lowest)
    high = _root(lambda nc: _distribution(t, df, nc) - tail, t, 1 + t / sqrt(df))
    return low, high


def noncentrality_of_power(df: float, alpha: float, power: float) -> float:
    """Noncentrality that a two-sided t test finds with the given power.

    Parameters
    ----------
    df : float
        Degrees of freedom.
    alpha : float
        Two-sided level.
    power : float
        Probability of a result beyond either critical value.

    Returns
    -------
    float
        Noncentrality above 0.
    """
    critical = float(stdtrit(df, 1 - alpha / 2))

    def missed(noncentrality: float) -> float:
        above = _distribution(critical, df, noncentrality)
        return above - _distribution(-critical, df, noncentrality) - (1 - power)

    return _root(missed, 0.0, 1.0)


def _distribution(t: float, df: float, noncentrality: float) -> float:
    """Compute P(T ≤ t); in far tails, where scipy says NaN, by Abramowitz & Stegun 26.7.10."""
    probability = float(nctdtr(df, noncentrality, t))
    if not isnan(probability):
        return probability
    return float(ndtr((t * (1 - 1 / (4 * df)) - noncentrality) / sqrt(1 + t**2 / (2 * df))))


def _limit(t: float, df: float, probability: float) -> float:
    """Give the limit of a noncentrality for large t: t times a quantile of √(χ²/df)."""
    return t * sqrt(2 * float(gammaincinv(df / 2, probability)) / df)


def _root(function: Callable[[float], float], start: float, step: float) -> float:
    """Root of a monotone function between a start and the first step beyond a change of sign."""
    end = start + step
    while function(start) * function(end) > 0:
        start, end = end, end + step
    return float(brentq(function, min(start, end), max(start, end), xtol=PRECISION))
