"""Permutation of arms with covariates: the method of Freedman and Lane, studentised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from brainchange.inference.permutation import BLOCK_BYTES, NO_VARIANCE, TIE

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Errors = Literal["arms", "hc3"]


@dataclass(frozen=True)
class Adjusted:
    """Difference of two arms adjusted for covariates; NaN where it is not defined.

    Attributes
    ----------
    difference, standard_error : float
        Treated − control at equal covariates, in the unit of the values.
    low, high : float
        Its interval, with t(n − number of coefficients).
    p, floor : float
        Two-sided permutation p and the smallest that was possible.
    n_permutations : int
        Random arrangements.
    """

    difference: float
    standard_error: float
    low: float
    high: float
    p: float
    floor: float
    n_permutations: int


def freedman_lane(
    values: Floats,
    treated: Booleans,
    covariates: Floats,
    *,
    permutations: int,
    generator: np.random.Generator,
    confidence: float = 0.95,
    errors: Errors = "arms",
) -> Adjusted:
    """Compare two arms at equal covariates by permuting residuals.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants,)
        Change of every participant, finite, in an order that does not depend on the file.
    treated : numpy.ndarray of bool, shape (n_participants,)
        Participants of the treated arm; at least 2 in either arm.
    covariates : numpy.ndarray, shape (n_participants, n_covariates)
        Finite.
    permutations : int
        Random arrangements.
    generator : numpy.random.Generator
        Source of the arrangements.
    confidence : float
        Confidence of the interval.
    errors : {'arms', 'hc3'}
        How the statistic is studentised: one residual variance an arm, or HC3 as in
        :func:`brainchange.inference.ancova.ancova`.

    Returns
    -------
    Adjusted
        NaN where covariates and arm cannot be told apart, fewer than 2 degrees of freedom are
        left, or nothing varies.

    Notes
    -----
    Freedman and Lane (1983), as recommended by Winkler et al. (2014, NeuroImage 92:381): residuals
    of the model without the arm are permuted, added back, and the whole model is fitted to them;
    p is ``(b + 1)/(m + 1)``. The statistic is studentised with one residual variance an arm, and
    equals Welch's t without covariates; Winkler's G weights by these variances where this one puts
    them into the error of the least-squares estimate.
    """
    centred = covariates - covariates.mean(axis=0)
    nuisance = np.column_stack([np.ones(values.size), centred])
    design = np.column_stack([nuisance, treated.astype(float)])
    df = values.size - design.shape[1]
    undefined = Adjusted(nan, nan, nan, nan, nan, nan, 0)
    scaled = design / np.maximum(np.linalg.norm(design, axis=0), np.finfo(float).tiny)
    if df < 2 or np.linalg.matrix_rank(scaled) < design.shape[1]:
        return undefined
    model = _Model(nuisance, design, treated, errors)
    if not model.defined:
        return undefined
    residuals = values - model.nuisance @ (model.nuisance.T @ values)
    if not residuals @ residuals > NO_VARIANCE * float(values @ values):
        return undefined
    estimate, spread = model.fit(residuals[None, :])
    difference, error = float(estimate[0]), float(spread[0])
    if not error > 0:
        return Adjusted(difference, nan, nan, nan, nan, nan, 0)
    observed = abs(difference / error) * (1 - TIE) - TIE
    beyond = 0
    for block in _blocks(residuals, permutations, generator):
        found, spread = model.fit(block)
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond += int((~(np.abs(found) / spread < observed)).sum())
    margin = float(stdtrit(df, (1 + confidence) / 2)) * error
    low, high = difference - margin, difference + margin
    p, floor = (beyond + 1) / (permutations + 1), 1 / (permutations + 1)
    return Adjusted(difference, error, low, high, p, floor, permutations)


class _Model:
    """Least squares of many permuted outcomes on the same design.

    Parameters
    ----------
    nuisance, design : numpy.ndarray, shape (n_participants, n_columns)
        Without and with the arm.
    treated : numpy.ndarray of bool, shape (n_participants,)
        The arm.
    errors : {'arms', 'hc3'}
        How the error of its coefficient is computed.
    """

    def __init__(self, nuisance: Floats, design: Floats, treated: Booleans, errors: Errors) -> None:
        self.nuisance = np.linalg.qr(nuisance)[0]
        self.whole = np.linalg.qr(design)[0]
        arm = treated.astype(float)
        unexplained = arm - self.nuisance @ (self.nuisance.T @ arm)
        self.weights = unexplained / (unexplained @ unexplained)
        self.arms = np.column_stack([arm, 1 - arm])
        self.errors = errors
        self.free = 1 - (self.whole**2).sum(axis=1)
        self.df = self.arms.T @ self.free

    @property
    def defined(self) -> bool:
        """Whether something is left to estimate the error from."""
        left = self.df if self.errors == "arms" else self.free
        return bool(left.min() > NO_VARIANCE)

    def fit(self, outcomes: Floats) -> tuple[Floats, Floats]:
        """Coefficient of the arm and its error for every row of outcomes."""
        estimates = outcomes @ self.weights
        residuals = outcomes - (outcomes @ self.whole) @ self.whole.T
        if self.errors == "hc3":
            return estimates, np.sqrt((residuals / self.free) ** 2 @ self.weights**2)
        variances = (residuals**2 @ self.arms) / self.df
        shares = self.arms.T @ self.weights**2
        return estimates, np.sqrt(variances @ shares)


def _blocks(
    residuals: Floats, permutations: int, generator: np.random.Generator
) -> Iterator[Floats]:
    rows = max(1, BLOCK_BYTES // (8 * residuals.size))
    for start in range(0, permutations, rows):
        keys = generator.random((min(rows, permutations - start), residuals.size))
        yield residuals[np.argsort(keys, axis=1)]


def covariate_rank_problem(covariates: Floats, treated: Booleans) -> str:
    """Say why covariates cannot be adjusted for; empty where they can.

    Parameters
    ----------
    covariates : numpy.ndarray, shape (n_participants, n_covariates)
        Finite.
    treated : numpy.ndarray of bool, shape (n_participants,)
        The arm.
    """
    columns = np.column_stack([np.ones(treated.size), covariates - covariates.mean(axis=0)])
    scaled = columns / np.maximum(np.sqrt((columns**2).sum(axis=0)), sqrt(np.finfo(float).tiny))
    rank = int(np.linalg.matrix_rank(scaled))
    if rank < columns.shape[1]:
        return "a covariate does not vary, or follows from the others"
    if np.linalg.matrix_rank(np.column_stack([scaled, treated])) == rank:
        return "the covariates tell the arms apart completely: nothing is left to compare"
    if treated.size - rank < 3:
        return "too many covariates for so few participants"
    return ""
