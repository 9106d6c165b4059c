"""Difference in change of two arms in raw units."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from brainchange.inference.effect_size import standard_deviation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Welch:
    """Comparison of two means without equal variances; NaN where it is not defined.

    Attributes
    ----------
    difference, standard_error : float
        Treated − control, in the unit of the values.
    df, t, p : float
        Welch–Satterthwaite degrees of freedom, t and its two-sided p.
    low, high : float
        Interval of the difference.
    """

    difference: float
    standard_error: float
    df: float
    t: float
    p: float
    low: float
    high: float


def welch(
    treated: Floats, control: Floats, confidence: float = 0.95, scale: Floats | None = None
) -> Welch:
    """Compare two means without assuming equal variances.

    Parameters
    ----------
    treated, control : numpy.ndarray, shape (n_arm,)
        Change of every participant, finite, in the unit of the measure.
    confidence : float
        Confidence of the interval.
    scale : numpy.ndarray, optional
        Values the changes were computed from; their size says what is rounding.

    Returns
    -------
    Welch
        Everything but the difference is NaN where an arm has fewer than 2 participants or nothing
        varies in either.

    Notes
    -----
    Welch (1947), Biometrika 34:28. Not ``scipy.stats.ttest_ind``, which warns instead of saying
    NaN and gives no interval of a difference that cannot be computed.
    """
    if not min(treated.size, control.size):
        return Welch(nan, nan, nan, nan, nan, nan, nan)
    difference = float(treated.mean() - control.mean())
    both = np.concatenate([treated, control]) if scale is None else scale
    parts = [standard_deviation(arm, both) ** 2 / arm.size for arm in (treated, control)]
    variance = sum(parts)
    if not variance > 0:
        return Welch(difference, nan, nan, nan, nan, nan, nan)
    df = variance**2 / sum(
        part**2 / (arm.size - 1) for part, arm in zip(parts, (treated, control), strict=True)
    )
    error = sqrt(variance)
    t = difference / error
    margin = float(stdtrit(df, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(df, -abs(t)))
    return Welch(difference, error, df, t, p, difference - margin, difference + margin)
