"""How far two groups of participants lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt

from brainchange.inference.effect_size import pooled_sd, small_sample_factor
from brainchange.inference.noncentral_t import noncentrality_interval

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Apart:
    """Standardised difference of two groups; NaN where it is not defined.

    Attributes
    ----------
    g, low, high : float
        First − second, in pooled standard deviations.
    """

    g: float
    low: float
    high: float


def standardised_difference(first: Floats, second: Floats, confidence: float = 0.95) -> Apart:
    """Compare the means of two groups in their pooled standard deviation.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_group,)
        Values, finite.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Apart
        NaN where a group has fewer than 2 participants or nothing varies.

    Notes
    -----
    Hedges (1981): ``J(n₁ + n₂ − 2)`` times the difference over the pooled SD. The interval of the
    population value is from the noncentral t distribution (Steiger and Fouladi 1997).
    """
    if min(first.size, second.size) < 2 or not (spread := pooled_sd(first, second)) > 0:
        return Apart(nan, nan, nan)
    df = first.size + second.size - 2
    d = float(first.mean() - second.mean()) / spread
    root = sqrt(1 / first.size + 1 / second.size)
    low, high = noncentrality_interval(d / root, df, confidence)
    return Apart(small_sample_factor(df) * d, low * root, high * root)
