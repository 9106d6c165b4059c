"""Standardised effects within and between arms, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, lgamma, nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from brainchange.inference.noncentral_t import noncentrality_interval

Floats = npt.NDArray[np.float64]
NO_VARIANCE = 1e-12
"""Share of the largest value below which a standard deviation is rounding error."""


@dataclass(frozen=True)
class WithinEffect:
    """Standardised change of one arm; NaN where it is not defined.

    Attributes
    ----------
    d_av, g_av : float
        Change in average standard deviations, without and with the small-sample factor.
    low, high : float
        Interval of the population value.
    d_z : float
        Change in standard deviations of change.
    """

    d_av: float
    g_av: float
    low: float
    high: float
    d_z: float


@dataclass(frozen=True)
class BetweenEffect:
    """Standardised difference in change of two arms (dppc2); NaN where it is not defined.

    Attributes
    ----------
    value, standard_error, low, high : float
        Estimate, its standard error and normal interval, in standard deviations before therapy.
    """

    value: float
    standard_error: float
    low: float
    high: float


def standard_deviation(values: Floats, scale: Floats | None = None) -> float:
    """Sample standard deviation (n − 1); exactly 0 where only rounding differs.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Sample.
    scale : numpy.ndarray, optional
        Values the sample was computed from (pre and post of a change): their size says what is
        rounding. Default: the sample itself.

    Returns
    -------
    float
        NaN for fewer than 2 values.
    """
    if values.size < 2:
        return nan
    spread = float(values.std(ddof=1))
    largest = float(np.abs(values if scale is None else scale).max())
    return 0.0 if spread <= NO_VARIANCE * largest else spread


def small_sample_factor(df: float) -> float:
    """Exact factor J that takes the bias from a standardised mean (Hedges 1981, equation 6e).

    Parameters
    ----------
    df : float
        Degrees of freedom of the standard deviation.

    Returns
    -------
    float
        ``Γ(m/2) / (√(m/2) Γ((m − 1)/2))``; NaN below 2 degrees of freedom.
    """
    if df < 2:
        return nan
    return exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)


def within_effect(pre: Floats, post: Floats, confidence: float = 0.95) -> WithinEffect:
    """Standardised change of one arm.

    Parameters
    ----------
    pre, post : numpy.ndarray, shape (n,)
        Values of the same participants, finite.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    WithinEffect
        NaN for fewer than 3 participants or where nothing varies.

    Notes
    -----
    ``d_av`` divides by ``√((SD_pre² + SD_post²)/2)`` (Cumming 2012); Lakens (2013) divides by the
    mean of the two SDs. ``g_av = J(n − 1) d_av``; others take J(2n − 2). The interval is that of
    Algina and Keselman (2003, Educational and Psychological Measurement 63:537) for the
    population value; it is not multiplied by J.
    """
    both = np.concatenate([pre, post])
    change = post - pre
    spread = standard_deviation(change, both)
    average = sqrt((standard_deviation(pre) ** 2 + standard_deviation(post) ** 2) / 2)
    if change.size < 3 or not average > 0:
        return WithinEffect(nan, nan, nan, nan, nan)
    d_av = float(change.mean()) / average
    g_av = small_sample_factor(change.size - 1) * d_av
    if not spread > 0:
        return WithinEffect(d_av, g_av, nan, nan, nan)
    d_z = float(change.mean()) / spread
    root = sqrt(change.size)
    low, high = noncentrality_interval(d_z * root, change.size - 1, confidence)
    unit = spread / (root * average)
    return WithinEffect(d_av, g_av, low * unit, high * unit, d_z)


def between_effect(
    treated: tuple[Floats, Floats], control: tuple[Floats, Floats], confidence: float = 0.95
) -> BetweenEffect:
    """Difference in change in pooled standard deviations before therapy: dppc2.

    Parameters
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Values before and after of the same participants, finite.
    confidence : float
        Confidence of the normal interval.

    Returns
    -------
    BetweenEffect
        NaN where an arm has fewer than 2 participants, where nothing varies before therapy, and
        (standard error and interval) for 4 participants or fewer in all.

    Notes
    -----
    Morris (2008, Organizational Research Methods 11:364): estimate equations 8 to 10, with
    ``c_P = 1 − 3/(4(n_T + n_C − 2) − 1)``, variance equation 25 with the estimate for the unknown
    effect. The correlation of pre and post is the pooled covariance over the pooled SDs. The
    variance supposes that both arms vary alike: with 8 treated participants who vary twice as much
    as 15 controls the 95 % interval covers 85 %, where Welch's interval in raw units keeps 95 %.
    """
    (pre_t, post_t), (pre_c, post_c) = treated, control
    undefined = BetweenEffect(nan, nan, nan, nan)
    if min(pre_t.size, pre_c.size) < 2:
        return undefined
    df = pre_t.size + pre_c.size - 2
    spread_pre = pooled_sd(pre_t, pre_c)
    if not spread_pre > 0:
        return undefined
    difference = float((post_t - pre_t).mean() - (post_c - pre_c).mean())
    factor = 1 - 3 / (4 * df - 1)
    value = factor * difference / spread_pre
    error = _morris_standard_error(
        value, factor, _pooled_correlation(treated, control), treated, control
    )
    margin = float(ndtri((1 + confidence) / 2)) * error
    return BetweenEffect(value, error, value - margin, value + margin)


def pooled_sd(first: Floats, second: Floats) -> float:
    """Pooled standard deviation of two samples with at least 2 values each.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n,)
        Samples.

    Returns
    -------
    float
        ``√(((n₁ − 1)s₁² + (n₂ − 1)s₂²)/(n₁ + n₂ − 2))``.
    """
    squares = (first.size - 1) * standard_deviation(first) ** 2
    squares += (second.size - 1) * standard_deviation(second) ** 2
    return sqrt(squares / (first.size + second.size - 2))


def _morris_standard_error(
    value: float,
    factor: float,
    correlation: float,
    treated: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
) -> float:
    """Square root of equation 25 of Morris (2008)."""
    n_treated, n_control = treated[0].size, control[0].size
    df = n_treated + n_control - 2
    if df <= 2 or not isfinite(correlation):
        return nan
    change_variance = 2 * (1 - correlation) * (1 / n_treated + 1 / n_control)
    inflation = factor**2 * df / (df - 2)
    return sqrt(max(inflation * (change_variance + value**2) - value**2, 0.0))


def _pooled_correlation(treated: tuple[Floats, Floats], control: tuple[Floats, Floats]) -> float:
    spreads = pooled_sd(treated[0], control[0]) * pooled_sd(treated[1], control[1])
    if not spreads > 0:
        return nan
    covariance = sum(
        float((pre - pre.mean()) @ (post - post.mean())) for pre, post in (treated, control)
    )
    df = treated[0].size + control[0].size - 2
    return covariance / df / spreads
