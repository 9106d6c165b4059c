"""Restricted maximum likelihood of a linear model of two timepoints, with small-sample errors.

Participants of one arm with the same timepoints present share their design and covariance, so that
counts, means and scatter matrices of these cells are all the likelihood needs, however many
participants there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

PATTERNS = ((True, True), (True, False), (False, True))
"""Timepoints a participant can have: both, only pre, only post."""
MOST_STEPS = 200
MOST_HALVINGS = 40
CONVERGED = 1e-16
"""Newton decrement below which the likelihood is at its top, to rounding."""
ROUNDING = 1e-11
"""Loss of log likelihood, relative to its size, that is rounding."""


@dataclass(frozen=True)
class Cells:
    """Participants with the same design and the same timepoints, one cell each.

    Attributes
    ----------
    present : numpy.ndarray of bool, shape (n_cells, 2)
        Timepoints the participants of the cell have.
    count : numpy.ndarray, shape (n_cells,)
        Participants.
    mean : numpy.ndarray, shape (n_cells, 2)
        Their means; 0 at a timepoint they lack.
    scatter : numpy.ndarray, shape (n_cells, 2, 2)
        Sums of products of deviations from the mean; 0 at a timepoint they lack.
    design : numpy.ndarray, shape (n_cells, 2, n_coefficients)
        Design of one participant; 0 at a timepoint they lack.
    """

    present: Booleans
    count: Floats
    mean: Floats
    scatter: Floats
    design: Floats


@dataclass(frozen=True)
class Fit:
    """Estimate of the last coefficient; NaN where it is not defined.

    Attributes
    ----------
    estimate : float
        The coefficient.
    unadjusted_error : float
        Its standard error with the covariance taken as known.
    standard_error, df, p : float
        Kenward–Roger standard error and degrees of freedom, and the two-sided p of t.
    weights : numpy.ndarray, shape (n_parameters,)
        Weights of the matrices the covariance is made of.
    converged : bool
        Whether the likelihood reached its top.
    """

    estimate: float
    unadjusted_error: float
    standard_error: float
    df: float
    p: float
    weights: Floats
    converged: bool


@dataclass(frozen=True)
class _State:
    """Everything at one covariance."""

    log_likelihood: float
    coefficients: Floats
    spread: Floats
    score: Floats
    information: Floats
    first: Floats
    second: Floats


def cells(arms: Sequence[tuple[Floats, Floats]], designs: Sequence[Floats]) -> Cells:
    """Summarise participants by arm and by the timepoints they have.

    Parameters
    ----------
    arms : sequence of two numpy.ndarray, shape (n_arm,)
        Values at pre and post in every arm; NaN where missing.
    designs : sequence of numpy.ndarray, shape (2, n_coefficients)
        Design of a participant of every arm, rows pre and post.

    Returns
    -------
    Cells
        The cells that have participants.
    """
    found = []
    for (pre, post), design in zip(arms, designs, strict=True):
        values = np.column_stack([pre, post])
        for pattern in PATTERNS:
            present = np.array(pattern)
            kept = values[(np.isfinite(values) == present).all(axis=1)]
            if len(kept):
                kept = np.where(present, kept, 0.0)
                deviation = kept - kept.mean(axis=0)
                scatter = deviation.T @ deviation
                found.append((present, len(kept), kept.mean(axis=0), scatter, design))
    present, count, mean, scatter, stacked = (
        np.array([cell[part] for cell in found]) for part in range(5)
    )
    return Cells(present, count.astype(float), mean, scatter, stacked * present[:, :, None])


def fit(data: Cells, basis: Floats, start: Floats) -> Fit:
    """Maximise the restricted likelihood over a covariance that is linear in its parameters.

    Parameters
    ----------
    data : Cells
        Participants.
    basis : numpy.ndarray, shape (n_parameters, 2, 2)
        Matrices the covariance of pre and post is a weighted sum of.
    start : numpy.ndarray, shape (n_parameters,)
        Weights to start from; their covariance is positive definite.

    Returns
    -------
    Fit
        Estimate, errors and test of the last coefficient; NaN, and not converged, where the
        likelihood has no top.

    Notes
    -----
    Restricted likelihood of Patterson and Thompson (1971, Biometrika 58:545), climbed by Fisher
    scoring with halved steps. Standard error and degrees of freedom of Kenward and Roger (1997,
    Biometrics 53:983); for a covariance that is linear in its parameters their second derivatives
    are 0, and for one coefficient their F has scale 1 and ``2/A`` degrees of freedom.
    """
    state, weights, converged = _climb(data, basis, start)
    if not converged:
        return Fit(nan, nan, nan, nan, nan, weights, converged=False)
    estimate = float(state.coefficients[-1])
    unadjusted_error, error, df = _kenward_roger(state)
    p = 2 * float(stdtr(df, -abs(estimate / error)))
    return Fit(estimate, unadjusted_error, error, df, p, weights, converged=True)


def _climb(data: Cells, basis: Floats, start: Floats) -> tuple[_State, Floats, bool]:
    weights, state = start, _at(data, basis, start)
    for _ in range(MOST_STEPS):
        if not isfinite(state.log_likelihood) or np.linalg.cond(state.information) > 1 / ROUNDING:
            return state, weights, False
        step = np.linalg.solve(state.information, state.score)
        if float(step @ state.score) < CONVERGED:
            return state, weights, True
        least = state.log_likelihood - ROUNDING * (1 + abs(state.log_likelihood))
        for halving in range(MOST_HALVINGS):
            tried = weights + step / 2**halving
            reached = _at(data, basis, tried)
            if reached.log_likelihood >= least:
                break
        else:
            return state, weights, False
        weights, state = tried, reached
    return state, weights, False


def _at(data: Cells, basis: Floats, weights: Floats) -> _State:
    """Compute likelihood, score, expected information and coefficients at one covariance."""
    covariance = np.tensordot(weights, basis, axes=1).astype(np.float64)
    inverse, log_determinant = _inverses(covariance, data.present)
    if not np.isfinite(log_determinant).all():
        return _State(-inf, *[np.empty(0)] * 6)
    count, across = data.count, np.swapaxes(data.design, 1, 2)
    precision = np.tensordot(count, across @ inverse @ data.design, axes=1)
    spread = np.linalg.inv(precision).astype(np.float64)
    totals = count @ (across @ inverse @ data.mean[:, :, None])[:, :, 0]
    coefficients = spread @ totals
    residual = data.mean - data.design @ coefficients
    products = data.scatter + count[:, None, None] * residual[:, :, None] * residual[:, None, :]
    log_likelihood = -0.5 * float(
        count @ log_determinant + np.linalg.slogdet(precision)[1] + np.sum(inverse * products)
    )
    return _State(
        log_likelihood, coefficients, spread, *_slopes(data, basis, inverse, spread, products)
    )


def _slopes(
    data: Cells, basis: Floats, inverse: Floats, spread: Floats, products: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Compute score and expected information, and the two sums of designs they are made of.

    ``first`` are X'V⁻¹GᵢV⁻¹X, shape (n_parameters, n_coefficients, n_coefficients), ``second``
    X'V⁻¹GᵢV⁻¹GⱼV⁻¹X with one dimension more.
    """
    count, design, across = data.count, data.design, np.swapaxes(data.design, 1, 2)
    once = inverse[:, None] @ basis @ inverse[:, None]
    twice = once[:, :, None] @ basis @ inverse[:, None, None]
    first: Floats = np.tensordot(count, across[:, None] @ once @ design[:, None], axes=1).astype(
        np.float64
    )
    second: Floats = np.tensordot(
        count, across[:, None, None] @ twice @ design[:, None, None], axes=1
    ).astype(np.float64)
    scaled = spread @ first
    score = (
        np.einsum("kjab,kab->j", once, products)
        - np.einsum("k,kab,jab->j", count, inverse, basis)
        + np.einsum("jpp->j", scaled)
    )
    information = (
        np.einsum("k,kiab,jab->ij", count, once, basis)
        - 2 * np.einsum("ijpp->ij", spread @ second)
        + np.einsum("ipq,jqp->ij", scaled, scaled)
    )
    return score / 2, information / 2, first, second


def _inverses(covariance: Floats, present: Booleans) -> tuple[Floats, Floats]:
    """Invert the part of the covariance each cell has; 0 elsewhere."""
    (pre, shared), (_, post) = covariance.tolist()
    determinants = {(True, True): pre * post - shared**2, (True, False): pre, (False, True): post}
    inverse, logs = np.zeros((len(present), 2, 2)), np.full(len(present), nan)
    if not (pre > 0 and post > 0 and determinants[True, True] > 0):
        return inverse, logs
    for cell, pattern in enumerate(map(tuple, present.tolist())):
        determinant = determinants[pattern]
        logs[cell] = np.log(determinant)
        inverse[cell] = (
            np.array([[post, -shared], [-shared, pre]]) / determinant
            if all(pattern)
            else np.diag(present[cell] / determinant)
        )
    return inverse, logs


def _kenward_roger(state: _State) -> tuple[float, float, float]:
    """Give the standard error of the last coefficient, the adjusted one, degrees of freedom."""
    uncertainty = np.linalg.inv(state.information)
    row = state.spread[-1]
    variance = float(row[-1])
    change = np.einsum("p,jpq,q->j", row, state.first, row)
    df = 2 * variance**2 / float(change @ uncertainty @ change)
    products = np.einsum("ipq,qr,jrs->ijps", state.first, state.spread, state.first)
    bias = np.einsum("ij,ijps->ps", uncertainty, state.second - products)
    return sqrt(variance), sqrt(variance + 2 * float(row @ bias @ row)), df
