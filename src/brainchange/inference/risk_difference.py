"""How many of either arm something happened to."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

from scipy.stats import binomtest, fisher_exact


@dataclass(frozen=True)
class RiskDifference:
    """Difference of two shares; NaN where an arm is empty.

    Attributes
    ----------
    difference, low, high : float
        Treated − control, as shares.
    p : float
        Two-sided p of Fisher's exact test.
    """

    difference: float
    low: float
    high: float
    p: float


def risk_difference(
    treated: int, n_treated: int, control: int, n_control: int, confidence: float = 0.95
) -> RiskDifference:
    """Compare two shares.

    Parameters
    ----------
    treated, control : int
        Participants of either arm to whom it happened.
    n_treated, n_control : int
        Participants of either arm.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    RiskDifference
        With the interval of Newcombe (1998, Statistics in Medicine 17:873), method 10, from
        Wilson's intervals of both shares: it is never empty, even where a share is 0.
    """
    if not min(n_treated, n_control):
        return RiskDifference(nan, nan, nan, nan)
    shares = treated / n_treated, control / n_control
    wilson = [
        binomtest(count, n).proportion_ci(confidence, method="wilson")
        for count, n in ((treated, n_treated), (control, n_control))
    ]
    difference = shares[0] - shares[1]
    below = sqrt((shares[0] - wilson[0].low) ** 2 + (wilson[1].high - shares[1]) ** 2)
    above = sqrt((wilson[0].high - shares[0]) ** 2 + (shares[1] - wilson[1].low) ** 2)
    table = [[treated, n_treated - treated], [control, n_control - control]]
    p = float(fisher_exact(table).pvalue)
    return RiskDifference(difference, difference - below, difference + above, p)
