"""Random effects across studies, with intervals that hold for few of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtri, stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Method = Literal["REML", "DL", "PM"]


@dataclass(frozen=True)
class Estimate:
    """One estimate; NaN where it is not defined.

    Attributes
    ----------
    value, standard_error, low, high : float
        Estimate, its error and 95 % interval, in the unit of the effects.
    """

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class RandomEffects:
    """Studies taken together; NaN where it is not defined.

    Attributes
    ----------
    k : int
        Studies.
    mean : Estimate
        Mean of the effects of all studies, modified Hartung–Knapp.
    df, p : float
        Degrees of freedom of its t, and its two-sided p.
    tau2, tau2_low, tau2_high : float
        Variance of effects between studies, and its interval (Q-profile).
    q, q_p, i2 : float
        Cochran's Q, its p, and the share of the variance that is between studies, in percent.
    prediction_low, prediction_high : float
        Interval of the effect of a further study.
    fixed : Estimate
        Mean weighted by precision alone, with its normal interval.
    weights : numpy.ndarray, shape (k,)
        Weights of the studies in the mean; they add to 1.
    """

    k: int
    mean: Estimate
    df: float
    p: float
    tau2: float
    tau2_low: float
    tau2_high: float
    q: float
    q_p: float
    i2: float
    prediction_low: float
    prediction_high: float
    fixed: Estimate
    weights: Floats


def random_effects(effects: Floats, variances: Floats, method: Method = "REML") -> RandomEffects:
    """Take effects of independent studies together.

    Parameters
    ----------
    effects, variances : numpy.ndarray, shape (k,)
        Effect of every study and its sampling variance, finite and above 0; at least one study.
    method : {'REML', 'DL', 'PM'}
        Estimator of the variance between studies: restricted maximum likelihood, DerSimonian and
        Laird (1986), or Paule and Mandel (1982).

    Returns
    -------
    RandomEffects
        One study alone is its own mean with its normal interval; what needs more is NaN. The
        prediction interval needs 3.

    Notes
    -----
    By PyMARE: REML, DL, Q-profile (Viechtbauer 2007, Statistics in Medicine 26:37), and the
    modified Hartung–Knapp interval, ``q := max(1, q)`` with t(k − 1) (Knapp and Hartung 2003;
    Röver et al. 2015, BMC Medical Research Methodology 15:99). Written here because PyMARE lacks
    them: Paule and Mandel, the prediction interval, ``mean ± t(k − 2) √(τ² + SE²)`` (Higgins et
    al. 2009, Journal of the Royal Statistical Society A 172:137), and one study.
    """
    k = effects.size
    fixed = _fixed(effects, variances)
    if k == 1:
        return _alone(fixed)
    tau2 = _tau2(effects, variances, method)
    weights = 1 / (variances + tau2)
    mean = _modified_hartung_knapp(effects, variances, tau2)
    q = float(((effects - fixed.value) ** 2 / variances).sum())
    margin = nan
    if k > 2:
        margin = float(stdtrit(k - 2, 0.975)) * sqrt(tau2 + mean.standard_error**2)
    return RandomEffects(
        k=k,
        mean=mean,
        df=k - 1,
        p=2 * float(stdtr(k - 1, -abs(mean.value / mean.standard_error))),
        tau2=tau2,
        **_q_profile(effects, variances),
        q=q,
        q_p=float(chdtrc(k - 1, q)),
        i2=100 * tau2 / (tau2 + _typical_variance(variances)),
        prediction_low=mean.value - margin,
        prediction_high=mean.value + margin,
        fixed=fixed,
        weights=weights / weights.sum(),
    )


def _alone(effect: Estimate) -> RandomEffects:
    undefined = [nan] * 10
    df, p, tau2, tau2_low, tau2_high, q, q_p, i2, low, high = undefined
    return RandomEffects(
        1, effect, df, p, tau2, tau2_low, tau2_high, q, q_p, i2, low, high, effect, np.ones(1)
    )


def _fixed(effects: Floats, variances: Floats) -> Estimate:
    weights = 1 / variances
    value = float(weights @ effects / weights.sum())
    error = 1 / sqrt(float(weights.sum()))
    margin = float(ndtri(0.975)) * error
    return Estimate(value, error, value - margin, value + margin)


def _tau2(effects: Floats, variances: Floats, method: Method) -> float:
    """Variance between studies."""
    if method == "PM":
        return _paule_mandel(effects, variances)
    with _pymare_quietly():
        from pymare.estimators import (  # noqa: PLC0415
            DerSimonianLaird,
            VarianceBasedLikelihoodEstimator,
        )

        estimator = (
            VarianceBasedLikelihoodEstimator(method="REML")
            if method == "REML"
            else DerSimonianLaird()
        )
        fitted = estimator.fit(**_columns(effects, variances))
    return max(float(np.ravel(fitted.params_["tau2"])[0]), 0.0)


def _modified_hartung_knapp(effects: Floats, variances: Floats, tau2: float) -> Estimate:
    with _pymare_quietly():
        from pymare.estimators import WeightedLeastSquares  # noqa: PLC0415

        fitted = WeightedLeastSquares(
            tau2=tau2, small_sample_correction="knapp-hartung-conservative"
        ).fit(**_columns(effects, variances))
    value = float(np.ravel(fitted.params_["fe_params"])[0])
    error = sqrt(float(np.ravel(fitted.params_["inv_cov"])[0]))
    margin = float(stdtrit(effects.size - 1, 0.975)) * error
    return Estimate(value, error, value - margin, value + margin)


def _q_profile(effects: Floats, variances: Floats) -> dict[str, float]:
    with _pymare_quietly():
        from pymare.stats import q_profile  # noqa: PLC0415

        ends = q_profile(effects, variances, np.ones((effects.size, 1)))
    return {"tau2_low": float(ends["ci_l"]), "tau2_high": float(ends["ci_u"])}


def _paule_mandel(effects: Floats, variances: Floats) -> float:
    """Find the variance between studies at which Q is what is expected of it."""

    def excess(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        mean = weights @ effects / weights.sum()
        return float(weights @ (effects - mean) ** 2) - (effects.size - 1)

    if excess(0.0) <= 0:
        return 0.0
    highest = float(np.ptp(effects) ** 2) * effects.size
    return float(brentq(excess, 0.0, highest, xtol=1e-14))


def _typical_variance(variances: Floats) -> float:
    """Variance inside a typical study (Higgins and Thompson 2002, equation 9)."""
    weights = 1 / variances
    return (
        (weights.size - 1) * float(weights.sum()) / float(weights.sum() ** 2 - (weights**2).sum())
    )


def _columns(effects: Floats, variances: Floats) -> dict[str, Floats]:
    return {"y": effects[:, None], "v": variances[:, None], "X": np.ones((effects.size, 1))}


def _pymare_quietly() -> warnings.catch_warnings[None]:
    """Import PyMARE without its warning of a file that it leaves open."""
    return warnings.catch_warnings(action="ignore", category=ResourceWarning)
