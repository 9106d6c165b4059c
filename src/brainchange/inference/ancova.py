"""Difference after therapy at equal values before: analysis of covariance with robust errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from brainchange.inference.effect_size import standard_deviation

Floats = npt.NDArray[np.float64]
WHOLE_LEVERAGE = 1 - 1e-9
"""Leverage from which a participant is fitted exactly and HC3 is not defined."""


@dataclass(frozen=True)
class Ancova:
    """Adjusted difference of two arms; NaN where it is not defined.

    Attributes
    ----------
    estimate, standard_error : float
        Coefficient of the arm (treated − control) and its HC3 error, in the unit of the measure.
    df : float
        Participants minus coefficients.
    p : float
        Two-sided p against t with these degrees of freedom.
    low, high : float
        Interval of the estimate.
    """

    estimate: float
    standard_error: float
    df: float
    p: float
    low: float
    high: float


def ancova(
    treated: tuple[Floats, Floats],
    control: tuple[Floats, Floats],
    confidence: float = 0.95,
    covariates: Floats | None = None,
) -> Ancova:
    """Compare arms after therapy, adjusted for the value before.

    Parameters
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Values before and after of the same participants, finite.
    confidence : float
        Confidence of the interval.
    covariates : numpy.ndarray, shape (n_treated + n_control, n_covariates), optional
        Further covariates of the treated and then of the control participants, finite.

    Returns
    -------
    Ancova
        NaN where an arm has fewer than 2 participants, nothing varies before therapy, or no degree
        of freedom is left; standard error, interval and p are NaN where a single participant
        decides a coefficient or the model fits exactly.

    Notes
    -----
    ``post ~ 1 + arm + pre + covariates`` with one slope each. Errors HC3 (MacKinnon and White
    1985) with t(n − p) (Long and Ervin 2000, The American Statistician 54:217). Not
    ``statsmodels``, which takes 1.3 s to import and refers HC3 to the normal distribution unless
    asked.
    """
    undefined = Ancova(nan, nan, nan, nan, nan, nan)
    if min(treated[0].size, control[0].size) < 2:
        return undefined
    pre = np.concatenate([treated[0], control[0]])
    post = np.concatenate([treated[1], control[1]])
    arm = np.repeat([1.0, 0.0], [treated[0].size, control[0].size])
    spread = standard_deviation(pre)
    further = np.empty((pre.size, 0)) if covariates is None else _standardised(covariates)
    if not spread > 0 or pre.size <= 3 + further.shape[1]:
        return undefined
    design = np.column_stack([np.ones_like(arm), arm, (pre - pre.mean()) / spread, further])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return undefined
    estimate, error = _fit(design, post)
    df = pre.size - design.shape[1]
    if not error > 0:
        return Ancova(estimate, nan, df, nan, nan, nan)
    margin = float(stdtrit(df, (1 + confidence) / 2)) * error
    p = 2 * float(stdtr(df, -abs(estimate / error)))
    return Ancova(estimate, error, df, p, estimate - margin, estimate + margin)


def _standardised(covariates: Floats) -> Floats:
    """Give every covariate a like size, so that only dependence lowers the rank."""
    centred = covariates - covariates.mean(axis=0)
    sizes = np.sqrt((centred**2).mean(axis=0))
    standard: Floats = centred / np.where(sizes > 0, sizes, 1)
    return standard


def _fit(design: Floats, post: Floats) -> tuple[float, float]:
    """Least-squares coefficient of the second column and its HC3 standard error."""
    projector = np.linalg.pinv(design)
    coefficients = projector @ post
    leverage = np.einsum("ij,ji->i", design, projector)
    residuals = post - design @ coefficients
    exact = standard_deviation(residuals, post) == 0
    if exact or leverage.max() > WHOLE_LEVERAGE:
        return float(coefficients[1]), nan
    variance = float((projector[1] ** 2) @ (residuals / (1 - leverage)) ** 2)
    return float(coefficients[1]), sqrt(variance)
