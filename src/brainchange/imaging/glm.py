"""The general linear model of region signals: least squares with nuisance, spikes and AR(1) noise.

Regression commutes with averaging: with independent noise the parameters of the mean signal of a
region are the mean of the parameters of its voxels, so that a model of 30 signals says what one of
50,000 voxels would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.denoise import projection

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Noise = Literal["ar1", "ols"]

DEPENDENT = 1e-7
"""Singular values below this share of the largest are zero: columns that depend on others."""
NOT_ESTIMABLE = 1e-9
"""Share of a contrast's squared length outside the design from which it is not estimable."""


@dataclass(frozen=True)
class Design:
    """A design as orthonormal columns, so that units and dependent columns do no harm.

    With columns of unit length X = U S Vᵀ, the contrast c of the columns of X is c V S⁻¹ in those
    of U: the same estimate with the same error.

    Attributes
    ----------
    columns : numpy.ndarray
        U, (n_volumes, rank).
    singular : numpy.ndarray
        S, (rank,).
    right : numpy.ndarray
        Vᵀ, (rank, n_columns).
    length : numpy.ndarray
        Lengths of the columns as they were given, (n_columns,).
    """

    columns: FloatArray
    singular: FloatArray
    right: FloatArray
    length: FloatArray

    @property
    def degrees_of_freedom(self) -> int:
        """Volumes minus independent columns; each censored volume has a column."""
        return int(self.columns.shape[0] - self.columns.shape[1])

    def weights(self, contrast: FloatArray) -> FloatArray:
        """Weights of the orthonormal columns for a contrast of the first columns, (rank,)."""
        found: FloatArray = self._inside(contrast) / self.singular
        return found

    def require(self, contrast: FloatArray) -> None:
        """Refuse a contrast of the first columns that the design does not determine.

        Raises
        ------
        ImageError
            It depends on other columns, or on columns that are zero.
        """
        size = float(np.sum((contrast / self.length[: contrast.size]) ** 2))
        missing = size - float(np.sum(self._inside(contrast) ** 2))
        if missing > NOT_ESTIMABLE * size:
            raise ImageError(
                "the volumes that are kept do not tell its conditions from each other, from the "
                "baseline or from the nuisance"
            )

    def _inside(self, contrast: FloatArray) -> FloatArray:
        scaled = contrast / self.length[: contrast.size]
        found: FloatArray = self.right[:, : contrast.size] @ scaled
        return found


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    design : Design
        Regressors of interest, nuisance, spikes.
    defined : numpy.ndarray
        Which signals could be fitted, (n_signals,).
    labels, results : numpy.ndarray, mapping
        As nilearn's ``run_glm`` gives them.
    """

    design: Design
    defined: Mask
    labels: npt.NDArray[Any]
    results: Mapping[Any, Any]

    def contrast(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Estimate a contrast.

        Parameters
        ----------
        weights : numpy.ndarray
            Of the regressors of interest, (n_regressors,).

        Returns
        -------
        effect : numpy.ndarray
            In the unit of the signals, (n_signals,); NaN for a signal that could not be fitted.
        t : numpy.ndarray
            Effect over its standard error, (n_signals,).

        Raises
        ------
        ImageError
            The design does not determine the contrast.
        """
        self.design.require(weights)
        if not self.defined.any():
            return np.full(self.defined.size, np.nan), np.full(self.defined.size, np.nan)
        from nilearn.glm.contrasts import compute_contrast  # noqa: PLC0415

        found = compute_contrast(self.labels, self.results, self.design.weights(weights))
        effect, t = np.full((2, self.defined.size), np.nan)
        effect[self.defined] = found.effect_size()
        t[self.defined] = found.stat()
        return effect, t


def task_design(regressors: FloatArray, nuisance: FloatArray, kept: Mask) -> Design:
    """Join regressors, nuisance and spikes.

    Parameters
    ----------
    regressors : numpy.ndarray
        Of interest, (n_volumes, n_regressors).
    nuisance : numpy.ndarray
        (n_volumes, n_nuisance); a constant is added.
    kept : numpy.ndarray
        Volumes that motion does not censor, (n_volumes,). Each censored one has a regressor of its
        own (spike): with independent noise that is the same as to leave it out, and with
        autoregressive noise the distance between the others stays what it was.
    """
    spikes = np.eye(kept.size)[:, ~kept]
    design = np.hstack([regressors, projection(nuisance).basis, spikes])
    length = np.linalg.norm(design, axis=0)
    length[length == 0] = 1.0
    left, singular, right = np.linalg.svd(design / length, full_matrices=False)
    counts = singular > DEPENDENT * singular.max()
    return Design(left[:, counts], singular[counts], right[counts], length)


def fit(design: Design, signals: FloatArray, noise: Noise = "ar1") -> Fit:
    """Fit region signals by least squares.

    Parameters
    ----------
    design : Design
        Of :func:`task_design`.
    signals : numpy.ndarray
        (n_volumes, n_signals); one with NaN, or that does not vary, is not fitted.
    noise : {'ar1', 'ols'}
        Autoregressive of order 1 with one coefficient a signal, estimated from the residuals of
        ordinary least squares (nilearn's ``run_glm``: Yule-Walker, cut to 0.01), or independent.

    Returns
    -------
    Fit
        Of all signals.

    Raises
    ------
    ImageError
        The volumes are not more than the independent columns.
    """
    from nilearn.glm.first_level import run_glm  # noqa: PLC0415 (takes a second)

    if design.degrees_of_freedom < 1:
        raise ImageError(
            f"{design.columns.shape[0]} volumes cannot carry {design.columns.shape[1]} regressors "
            "of task, nuisance and censored volumes",
            fix="use fewer regressors (denoising in config/config.yaml), or leave the run out",
        )
    with np.errstate(invalid="ignore"):
        defined: Mask = np.isfinite(signals).all(axis=0) & (np.ptp(signals, axis=0) > 0)
    if not defined.any():
        return Fit(design, defined, np.empty(0), {})
    labels, results = run_glm(signals[:, defined], design.columns, noise_model=noise)
    return Fit(design, defined, labels, results)


def variance_inflation(design: Design, uncensored: Design, contrast: FloatArray) -> float:
    """Say how much censoring adds to the variance of a contrast.

    Parameters
    ----------
    design, uncensored : Design
        With and without spikes.
    contrast : numpy.ndarray
        Weights of the first columns; estimable in both.

    Returns
    -------
    float
        Variance with independent noise of equal size, over that without censoring; at least 1.
    """
    variance = [float(np.sum(one.weights(contrast) ** 2)) for one in (design, uncensored)]
    return variance[0] / variance[1]
