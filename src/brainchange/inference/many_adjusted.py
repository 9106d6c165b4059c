"""Difference in change at equal covariates, under many rearrangements of the arms at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.inference.permutation import NO_VARIANCE
from brainchange.inference.rearranged_arms import Arms

Floats = npt.NDArray[np.float64]
LEAST_DETERMINANT = 1e-12
"""Determinant of the correlations of a design below which its columns depend on each other."""


@dataclass(frozen=True)
class Estimates:
    """One estimate in every arrangement; NaN where it is not defined.

    Attributes
    ----------
    difference, standard_error : numpy.ndarray, shape (n_arrangements,)
        Treated − control, in the unit of the values.
    df : numpy.ndarray, shape (n_arrangements,)
        Observations minus coefficients.
    """

    difference: Floats
    standard_error: Floats
    df: Floats


def adjusted_differences(arms: Arms, values: Floats, covariates: Floats) -> Estimates:
    """Compare two arms at equal covariates.

    Parameters
    ----------
    arms : Arms
        Who is in either arm, in every arrangement.
    values : numpy.ndarray, shape (n_participants,)
        What is compared; NaN for a participant that does not count.
    covariates : numpy.ndarray, shape (n_participants, n_covariates)
        Covariates, without the constant; a NaN leaves the participant out.

    Returns
    -------
    Estimates
        NaN where covariates and arm cannot be told apart, an arm has no degree of freedom, or
        nothing is left to vary.

    Notes
    -----
    Least squares; the error has one residual variance an arm, each over its own degrees of freedom
    ``Σ (1 − leverage)``, as in :func:`brainchange.inference.freedman_lane.freedman_lane`. Without
    covariates it is that of Welch's t. Only sums of products within arms are needed, so that an
    arrangement costs one row of a matrix product, however many participants there are.
    """
    present = np.isfinite(values) & np.isfinite(covariates).all(axis=1)
    unit, outcome = _standardised(values, present)
    further = [_standardised(column, present)[1] for column in covariates.T]
    columns = np.column_stack([present.astype(float), *further, outcome])
    treated, control = arms.products(columns)
    whole = _gram(treated + control, treated)
    inverse, defined = _inverses(whole[:, :-1, :-1])
    coefficients = (inverse @ whole[:, :-1, -1:])[..., 0]
    own = _gram(treated, treated), _gram(control, np.zeros_like(control))
    variances = [_residual_variance(one, inverse, coefficients) for one in own]
    row = inverse[:, -1:, :]
    meat = sum(
        variance[:, None, None] * one[:, :-1, :-1]
        for variance, one in zip(variances, own, strict=True)
    )
    squared = (row @ meat @ np.swapaxes(row, 1, 2))[:, 0, 0]
    enough = defined & (squared > NO_VARIANCE)
    n_present = treated[:, 0, 0] + control[:, 0, 0]
    with np.errstate(invalid="ignore"):
        error = np.where(enough, unit * np.sqrt(squared), np.nan)
    return Estimates(
        np.where(defined, unit * coefficients[:, -1], np.nan), error, n_present - row.shape[2]
    )


def _standardised(values: Floats, present: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    """Centre and scale, so that sums of squares keep their digits; 0 for who does not count."""
    kept = values[present]
    spread = float(kept.std()) if kept.size else 0.0
    unit = spread if spread > 0 else 1.0
    mean = float(kept.mean()) if kept.size else 0.0
    return unit, np.where(present, (values - mean) / unit, 0.0)


def _gram(products: Floats, of_treated: Floats) -> Floats:
    """Insert the arm before the outcome into products of (constant, covariates, outcome).

    The arm is the constant of the treated, so its products are theirs with the constant.
    """
    place = products.shape[1] - 1
    with_row = np.insert(products, place, of_treated[:, 0, :], axis=1)
    column = np.insert(of_treated[:, 0, :], place, of_treated[:, 0, 0], axis=1)
    return np.insert(with_row, place, column, axis=2)


def _inverses(grams: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Invert where columns are independent; the identity, and False, elsewhere."""
    lengths = np.sqrt(np.einsum("ajj->aj", grams))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = grams / (lengths[:, :, None] * lengths[:, None, :])
        determinant = np.linalg.det(np.nan_to_num(correlations))
    defined = determinant > LEAST_DETERMINANT
    safe = np.where(defined[:, None, None], grams, np.eye(grams.shape[1]))
    return np.linalg.inv(safe), defined


def _residual_variance(of_arm: Floats, inverse: Floats, coefficients: Floats) -> Floats:
    """Residual variance of one arm over its own degrees of freedom; 0 where there are none."""
    design, outcome = of_arm[:, :-1, :-1], of_arm[:, :-1, -1]
    squares = (
        of_arm[:, -1, -1]
        - 2 * np.einsum("aj,aj->a", coefficients, outcome)
        + np.einsum("aj,ajk,ak->a", coefficients, design, coefficients)
    )
    leverages = np.einsum("ajk,akj->a", inverse, design)
    df = of_arm[:, 0, 0] - leverages
    enough = df > NO_VARIANCE
    return np.where(enough, np.maximum(squares, 0) / np.where(enough, df, 1), 0.0)
