"""Permutation test and bootstrap interval of a partial correlation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from brainchange.inference.bootstrap import bca_ends
from brainchange.inference.correlation import correlation, covariate_basis, residuals
from brainchange.inference.permutation import BLOCK_BYTES, TIE

Floats = npt.NDArray[np.float64]
RESAMPLES = 5_000
SINGULAR = 1e-12
"""Share of the variance of a value below which what covariates leave of it is rounding."""


def permutation_p(
    first: Floats,
    second: Floats,
    given: Floats,
    *,
    permutations: int,
    generator: np.random.Generator,
) -> float:
    """Test a partial correlation by permuting what covariates leave.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n,)
        Values, finite, in an order that does not depend on the file.
    given : numpy.ndarray, shape (n, n_covariates)
        What is held equal, finite.
    permutations : int
        Random arrangements.
    generator : numpy.random.Generator
        Source of the arrangements.

    Returns
    -------
    float
        Two-sided p, ``(b + 1)/(m + 1)``; NaN where the correlation is not defined.

    Notes
    -----
    Freedman and Lane (1983): residuals of the second value are permuted, and the covariates taken
    out of them again.
    """
    basis = covariate_basis(given)
    one, other = residuals(first, basis), residuals(second, basis)
    if one is None or other is None:
        return float("nan")
    observed = abs(float(one @ other)) * (1 - TIE) - TIE
    beyond, rows = 0, max(1, BLOCK_BYTES // (8 * other.size))
    for start in range(0, permutations, rows):
        keys = generator.random((min(rows, permutations - start), other.size))
        drawn = other[np.argsort(keys, axis=1)]
        drawn = drawn - (drawn @ basis) @ basis.T
        lengths = np.maximum(np.linalg.norm(drawn, axis=1), np.finfo(float).tiny)
        beyond += int((np.abs(drawn @ one) / lengths >= observed).sum())
    return (beyond + 1) / (permutations + 1)


def bca_interval(
    first: Floats,
    second: Floats,
    given: Floats,
    strata: npt.NDArray[np.str_],
    *,
    generator: np.random.Generator,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Give the bootstrap interval (BCa) of a partial correlation.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n,)
        Values, finite, in an order that does not depend on the file.
    given : numpy.ndarray, shape (n, n_covariates)
        What is held equal, finite.
    strata : numpy.ndarray of str, shape (n,)
        Participants are resampled within these (their arms).
    generator : numpy.random.Generator
        Source of the resamples.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    tuple of float
        The ends; NaN where more than 1 in 100 resamples have no correlation.

    Notes
    -----
    DiCiccio and Efron (1996, Statistical Science 11:189). All resamples at once: a partial
    correlation follows from the covariances of the values and covariates, and these from how often
    every participant was drawn.
    """
    values = np.column_stack([first, second, given])
    spread = values.std(axis=0)
    values = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    products = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
    drawn = np.concatenate(
        [
            _partial(counts @ values, counts @ products, len(values))
            for counts in _counts(strata, generator)
        ]
    )
    left_out = _partial(
        values.sum(axis=0) - values, products.sum(axis=0) - products, len(values) - 1
    )
    estimate = correlation(first, second, given).r
    influence = left_out.mean() - left_out
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = float((influence**3).sum() / (6 * (influence**2).sum() ** 1.5))
    return bca_ends(drawn, estimate, acceleration, confidence)


def _counts(strata: npt.NDArray[np.str_], generator: np.random.Generator) -> Iterator[Floats]:
    """Draw how often each participant occurs, blocks of shape (n_rows, n)."""
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    rows = max(1, BLOCK_BYTES // (8 * strata.size))
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        keys, counts = generator.random((size, strata.size)), np.zeros((size, strata.size))
        for mine in members:
            chosen = mine[(keys[:, mine] * mine.size).astype(np.intp)]
            np.add.at(counts, (np.repeat(np.arange(size), mine.size), chosen.ravel()), 1.0)
        yield counts


def _partial(sums: Floats, products: Floats, size: int) -> Floats:
    """Partial correlation of the first two columns given the others, from sums over participants.

    Sums of shape (n_rows, n_columns), products of two columns (n_rows, n_columns²).
    """
    width = sums.shape[1]
    means = sums / size
    moments = (products / size).reshape(-1, width, width)
    covariance = moments - means[:, :, None] * means[:, None, :]
    inside, between, rest = covariance[:, :2, :2], covariance[:, :2, 2:], covariance[:, 2:, 2:]
    if width > 2:
        inverse = np.linalg.pinv(rest, hermitian=True)
        inside = inside - between @ inverse @ np.swapaxes(between, 1, 2)
    variances = np.stack([inside[:, 0, 0], inside[:, 1, 1]])
    defined = (variances > SINGULAR).all(axis=0)
    scale = np.sqrt(np.where(defined, variances.prod(axis=0), 1.0))
    return np.where(defined, np.clip(inside[:, 0, 1] / scale, -1, 1), np.nan)
