"""Evidence of absence: whether a difference is smaller than the smallest effect of interest."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from scipy.special import stdtr, stdtrit

from brainchange.inference.between import Welch


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference; NaN where they are not defined.

    Attributes
    ----------
    bound : float
        Equivalence bound in the unit of the difference: equivalent is within ± bound.
    p : float
        Larger of the two one-sided p values.
    low, high : float
        The interval that lies within the bounds exactly where p is below the level.
    smallest_bound : float
        Smallest bound for which these tests could succeed with this precision, at a difference
        of 0.
    """

    bound: float
    p: float
    low: float
    high: float
    smallest_bound: float


def equivalence(difference: Welch, bound: float, alpha: float = 0.05) -> Equivalence:
    """Test whether a difference lies within ± bound.

    Parameters
    ----------
    difference : Welch
        Difference with its standard error and degrees of freedom.
    bound : float
        Equivalence bound, above 0, in the unit of the difference.
    alpha : float
        Level of either one-sided test; the interval has a confidence of 1 − 2 alpha.

    Returns
    -------
    Equivalence
        NaN where the difference has no standard error.

    Notes
    -----
    Two one-sided tests (Schuirmann 1987) with Welch's standard error and degrees of freedom
    (Lakens 2017, Social Psychological and Personality Science 8:355). A bound that was converted
    with the observed standard deviation before therapy is treated as known.
    """
    if not difference.standard_error > 0:
        return Equivalence(bound, nan, nan, nan, nan)
    value, error, df = difference.difference, difference.standard_error, difference.df
    p = float(stdtr(df, (abs(value) - bound) / error))
    margin = float(stdtrit(df, 1 - alpha)) * error
    return Equivalence(bound, p, value - margin, value + margin, margin)


def smallest_equivalence_bound(n_treated: int, n_control: int, alpha: float = 0.05) -> float:
    """Smallest equivalence bound that arms of this size could ever support, at a difference of 0.

    Parameters
    ----------
    n_treated, n_control : int
        Participants in either arm.
    alpha : float
        Level of either one-sided test.

    Returns
    -------
    float
        In standard deviations of change, equal in both arms; NaN below 2 participants an arm.

    Notes
    -----
    ``t(1 − alpha, n − 2) √(1/n_T + 1/n_C)``: half the interval of Student's t test.
    """
    if min(n_treated, n_control) < 2:
        return nan
    quantile = float(stdtrit(n_treated + n_control - 2, 1 - alpha))
    return quantile * sqrt(1 / n_treated + 1 / n_control)
