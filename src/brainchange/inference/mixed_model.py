"""Difference in change with everybody who has at least one timepoint: two models of all values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from brainchange.inference.restricted_likelihood import Fit, cells, fit

Floats = npt.NDArray[np.float64]
Arm = tuple[Floats, Floats]
"""Values at pre and post of the participants of one arm; NaN where missing."""

EXCHANGEABLE = np.array([np.eye(2), np.ones((2, 2))])
"""Variance within participants, and between them: that of a random intercept."""
UNSTRUCTURED = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [1, 0]]], dtype=float)
"""Variance at pre, variance at post, covariance."""
DETERMINED = 1e-10
"""Share of the variance of pre and post below which what is left is rounding."""
TOO_FEW = "fewer than 2 participants of an arm have both values"
NO_VARIANCE = "the values do not vary, or post follows from pre exactly"
NO_TOP = "the likelihood has no top"
NEGATIVE = (
    "the variance between participants is estimated below 0: before and after correlate negatively"
)


@dataclass(frozen=True)
class ModelEffect:
    """Difference in change of two arms by a model; NaN where it is not defined.

    Attributes
    ----------
    estimate, standard_error : float
        Treated − control and its Kenward–Roger error, in the unit of the measure.
    unadjusted_error : float
        Standard error without the small-sample adjustment (what ``lme4`` and ``nlme`` print).
    df, p : float
        Kenward–Roger degrees of freedom and the two-sided p of t.
    n_treated, n_control : int
        Participants with at least one value.
    problem : str
        Why there is no estimate, or what is unusual about it; empty where nothing is.
    """

    estimate: float
    standard_error: float
    unadjusted_error: float
    df: float
    p: float
    n_treated: int
    n_control: int
    problem: str = ""

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Give the interval of the estimate: t with the Kenward–Roger error and df."""
        if not (self.standard_error > 0 and self.df > 0):
            return nan, nan
        margin = float(stdtrit(self.df, (1 + confidence) / 2)) * self.standard_error
        return self.estimate - margin, self.estimate + margin


def mixed_model(treated: Arm, control: Arm) -> ModelEffect:
    """Compare change by a mixed model: arm × time with a random intercept.

    Parameters
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Values before and after of the participants, finite or NaN. Whoever has one of them counts.

    Returns
    -------
    ModelEffect
        NaN with the problem where an arm has fewer than 2 participants with both values, or values
        do not vary.

    Notes
    -----
    ``y ~ arm * time + (1 | participant)`` by restricted maximum likelihood with the standard error
    and t of Kenward and Roger (1997). With both values of everybody t is Student's t of change.
    Deviation from ``lme4``: a variance between participants below 0 (pre and post correlate
    negatively) is kept and told, not set to 0, because the interval would be too short.

    Not ``statsmodels``: it takes 1.3 s to import, refers to the normal distribution, and its
    default optimiser ends in a singular matrix on real scales. Two timepoints have so few
    sufficient statistics that the likelihood is climbed exactly in about a millisecond.
    """
    designs = [np.array([[1.0, 0, arm, 0], [1, 1, arm, arm]]) for arm in (1.0, 0.0)]
    return _model(treated, control, designs, EXCHANGEABLE)


def constrained_baseline(treated: Arm, control: Arm) -> ModelEffect:
    """Compare change by a model in which both arms have the same mean before therapy.

    Parameters
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Values before and after of the participants, finite or NaN. Whoever has one of them counts.

    Returns
    -------
    ModelEffect
        NaN with the problem where an arm has fewer than 2 participants with both values, or values
        do not vary.

    Notes
    -----
    Constrained longitudinal data analysis (Liang and Zeger 2000, Sankhya B 62:134): ``time`` and
    ``arm × time`` only, unstructured covariance of pre and post, restricted maximum likelihood,
    standard error and t of Kenward and Roger (1997). The constraint holds by design where arms were
    randomised; elsewhere, as analysis of covariance, it supposes that arms that start apart would
    have drawn together.
    """
    designs = [np.array([[1.0, 0, 0], [1, 1, arm]]) for arm in (1.0, 0.0)]
    return _model(treated, control, designs, UNSTRUCTURED)


def _model(treated: Arm, control: Arm, designs: list[Floats], basis: Floats) -> ModelEffect:
    some = [np.isfinite(arm[0]) | np.isfinite(arm[1]) for arm in (treated, control)]
    both = [np.isfinite(arm[0]) & np.isfinite(arm[1]) for arm in (treated, control)]
    sizes = int(some[0].sum()), int(some[1].sum())
    undefined = ModelEffect(nan, nan, nan, nan, nan, *sizes)
    if min(kept.sum() for kept in both) < 2:
        return replace(undefined, problem=TOO_FEW)
    complete = [np.array(arm)[:, kept] for arm, kept in zip((treated, control), both, strict=True)]
    covariance = _pooled_covariance(complete)
    unit, centre = sqrt(np.trace(covariance) / 2), float(np.hstack(complete).mean())
    if not unit > 0:
        return replace(undefined, problem=NO_VARIANCE)
    flat = basis.reshape(len(basis), 4).T
    start = np.linalg.lstsq(flat, covariance.ravel() / unit**2)[0].astype(np.float64)
    if np.linalg.eigvalsh(np.tensordot(start, basis, axes=1)).min() < DETERMINED:
        return replace(undefined, problem=NO_VARIANCE)
    arms = [((pre - centre) / unit, (post - centre) / unit) for pre, post in (treated, control)]
    return _effect(fit(cells(arms, designs), basis, start), unit, undefined, basis is EXCHANGEABLE)


def _effect(found: Fit, unit: float, undefined: ModelEffect, intercept: bool) -> ModelEffect:
    if not found.converged:
        return replace(undefined, problem=NO_TOP)
    return replace(
        undefined,
        estimate=unit * found.estimate,
        standard_error=unit * found.standard_error,
        unadjusted_error=unit * found.unadjusted_error,
        df=found.df,
        p=found.p,
        problem=NEGATIVE if intercept and found.weights[1] <= 0 else "",
    )


def _pooled_covariance(arms: list[Floats]) -> Floats:
    """Covariance of pre and post within arms of participants with both, shape (2, 2)."""
    deviations = np.hstack([arm - arm.mean(axis=1, keepdims=True) for arm in arms])
    pooled: Floats = deviations @ deviations.T / (deviations.shape[1] - len(arms))
    return pooled
