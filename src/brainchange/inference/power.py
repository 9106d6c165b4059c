"""What a design could have found: printed beside every null."""

from __future__ import annotations

from functools import lru_cache
from math import nan, sqrt

from brainchange.inference.noncentral_t import noncentrality_of_power


@lru_cache(maxsize=4096)
def minimum_detectable_effect(
    n_treated: int, n_control: int, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Smallest difference in change that arms of this size find with the given power.

    Parameters
    ----------
    n_treated, n_control : int
        Participants in either arm.
    alpha : float
        Two-sided level.
    power : float
        Probability of finding it.

    Returns
    -------
    float
        In standard deviations of change, equal in both arms; NaN below 2 participants an arm.

    Notes
    -----
    Power of Student's two-sample t test from the noncentral t distribution (Cohen 1988, chapter
    2), both tails counted. With unequal variances Welch's test finds less.
    """
    if min(n_treated, n_control) < 2:
        return nan
    df = n_treated + n_control - 2
    return noncentrality_of_power(df, alpha, power) * sqrt(1 / n_treated + 1 / n_control)


@lru_cache(maxsize=4096)
def minimum_detectable_change(n: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """Smallest change within one arm that a paired test finds with the given power.

    Parameters
    ----------
    n : int
        Participants with both values.
    alpha : float
        Two-sided level.
    power : float
        Probability of finding it.

    Returns
    -------
    float
        In standard deviations of change (d_z); NaN below 2 participants.

    Notes
    -----
    Power of the one-sample t test from the noncentral t distribution (Cohen 1988, chapter 2). It
    says nothing of what caused a change.
    """
    if n < 2:
        return nan
    return noncentrality_of_power(n - 1, alpha, power) * sqrt(1 / n)
