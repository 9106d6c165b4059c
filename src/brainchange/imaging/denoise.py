"""Nuisance regression and censoring: one design, one step.

Filtering is part of the regression (a cosine basis in the same design), so that neither brings back
what the other removed (Hallquist et al. 2013; Lindquist et al. 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.components import component_names
from brainchange.imaging.confounds import Confounds, backward_difference
from brainchange.study.settings import Censoring, Denoising, Regressors

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Nuisance:
    """Everything that is removed from the signals of a run, and the volumes that are kept.

    Attributes
    ----------
    n_dummies : int
        Volumes dropped at the start.
    design : numpy.ndarray
        Nuisance regressors of the analysed volumes (all but the dummies), intercept first,
        (n_analysed, n_regressors).
    kept : numpy.ndarray
        Which analysed volumes motion does not censor, (n_analysed,).
    """

    n_dummies: int
    design: FloatArray
    kept: Mask

    @property
    def n_kept(self) -> int:
        """Number of volumes that are kept."""
        return int(self.kept.sum())

    @cached_property
    def of_kept(self) -> Projection:
        """Regressors of the kept volumes."""
        return projection(self.design[self.kept])

    @property
    def residual_degrees_of_freedom(self) -> int:
        """Kept volumes minus independent regressors."""
        return self.of_kept.residual_degrees_of_freedom if self.n_kept else 0


@dataclass(frozen=True)
class Projection:
    """Space spanned by nuisance regressors, as an orthonormal basis.

    Attributes
    ----------
    basis : numpy.ndarray
        Orthonormal columns, (n_volumes, rank).
    """

    basis: FloatArray

    @property
    def rank(self) -> int:
        """Number of independent regressors."""
        return int(self.basis.shape[1])

    @cached_property
    def spectrum(self) -> npt.NDArray[np.complex128]:
        """Discrete Fourier transform of the basis, (rank, n_frequencies + 1)."""
        return np.fft.rfft(self.basis.T, axis=1)

    @property
    def residual_degrees_of_freedom(self) -> int:
        """Volumes minus independent regressors."""
        return int(self.basis.shape[0]) - self.rank

    def residuals(self, signals: FloatArray) -> FloatArray:
        """Give what the regressors do not explain.

        Parameters
        ----------
        signals : numpy.ndarray
            In any unit, (n_volumes, n_signals).

        Returns
        -------
        numpy.ndarray
            Residuals of least squares in the same unit, (n_volumes, n_signals).
        """
        explained: FloatArray = self.basis @ (self.basis.T @ signals)
        return np.subtract(signals, explained, out=explained)


def nuisance(
    confounds: Confounds, repetition_time: float, denoising: Denoising, censoring: Censoring
) -> Nuisance:
    """Make the design and the censoring mask of a run.

    Parameters
    ----------
    confounds : Confounds
        Of all volumes of the run.
    repetition_time : float
        Time between volumes in s.
    denoising : Denoising
        Which regressors, slowest period (s), dummy volumes; fMRIPrep's own count of non-steady
        state volumes replaces the latter where it is larger.
    censoring : Censoring
        Thresholds.

    Returns
    -------
    Nuisance
        Design of the analysed volumes, and which of them are kept.

    Raises
    ------
    ImageError
        Nothing is left after the dummies.
    """
    n_dummies = max(denoising.dummy_volumes, confounds.n_non_steady_state)
    if confounds.n_volumes - n_dummies < 1:
        raise ImageError(
            f"the run has {confounds.n_volumes} volumes, of which {n_dummies} are dropped "
            "at the start",
            fix="lower denoising.dummy_volumes, or leave the run out",
        )
    return Nuisance(
        n_dummies=n_dummies,
        design=_design(confounds, n_dummies, repetition_time, denoising),
        kept=kept_volumes(
            confounds.framewise_displacement[n_dummies:],
            confounds.standardised_dvars[n_dummies:],
            censoring,
        ),
    )


def signal_names(regressors: Regressors) -> tuple[str, ...]:
    """Names of the signals a denoising needs from the confounds table.

    Parameters
    ----------
    regressors : Regressors
        What is regressed out.

    Returns
    -------
    tuple of str
        Some of ``white_matter``, ``csf`` and ``global_signal``, and the anatomical components.
    """
    return (*_mean_signal_names(regressors), *component_names(regressors.anatomical_components))


def motion_regressors(motion: FloatArray, number: int) -> FloatArray:
    """Motion regressors.

    Parameters
    ----------
    motion : numpy.ndarray
        Rigid parameters, (n_volumes, 6).
    number : {6, 12, 24}
        6; 12 with backward differences; 24 with the squares of all 12 (Satterthwaite et al. 2013;
        the differences are those of fMRIPrep, which has no squares of lagged values as the 24 of
        Friston et al. 1996).

    Returns
    -------
    numpy.ndarray
        (n_volumes, number); the difference of the first volume, which has none, is 0.
    """
    return motion if number == 6 else _expanded(motion, squares=number == 24)


def cosine_basis(n_volumes: int, repetition_time: float, period: float) -> FloatArray:
    """Discrete cosines slower than a period, without the constant.

    Parameters
    ----------
    n_volumes : int
        Length.
    repetition_time : float
        Time between volumes in s.
    period : float
        Slowest period that is kept, in s.

    Returns
    -------
    numpy.ndarray
        (n_volumes, ⌊2 · n_volumes · repetition_time / period⌋), unit length; cosines of order
        1, 2, … as in SPM (Ashburner and Friston) and fMRIPrep.
    """
    number = min(math.floor(2 * n_volumes * repetition_time / period + 1e-9), n_volumes - 1)
    order = np.arange(1, number + 1)
    time = np.arange(n_volumes)[:, np.newaxis] + 0.5
    basis: FloatArray = math.sqrt(2 / n_volumes) * np.cos(np.pi / n_volumes * time * order)
    return basis


def kept_volumes(
    framewise_displacement: FloatArray, standardised_dvars: FloatArray, censoring: Censoring
) -> Mask:
    """Say which volumes motion does not spoil.

    A volume is left out above either threshold (Power et al. 2012, 2014), and so is a kept stretch
    that is too short. A missing value (first volume of the run) never leaves a volume out.

    Parameters
    ----------
    framewise_displacement : numpy.ndarray
        In mm, (n_volumes,).
    standardised_dvars : numpy.ndarray
        (n_volumes,).
    censoring : Censoring
        Thresholds and the shortest stretch.

    Returns
    -------
    numpy.ndarray
        True for kept volumes, (n_volumes,).
    """
    kept = ~_spoiled(framewise_displacement, standardised_dvars, censoring)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]]).astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start < censoring.shortest_segment:
            kept[start:stop] = False
    return kept


def projection(design: FloatArray) -> Projection:
    """Orthonormal basis of a constant and the columns of a design.

    Parameters
    ----------
    design : numpy.ndarray
        (n_volumes, n_regressors). Columns are scaled to unit length first, so that the unit of a
        regressor (mm, radian, intensity) does not decide whether it counts as independent.

    Returns
    -------
    Projection
        Residuals on it equal those of least squares; columns that depend on others (a motion
        parameter that is constant) add nothing.
    """
    lengths = np.linalg.norm(design, axis=0)
    scaled = design[:, lengths > 0] / lengths[lengths > 0]
    centred = scaled - scaled.mean(axis=0)
    constant = np.full((design.shape[0], 1), design.shape[0] ** -0.5)
    varying = np.linalg.norm(centred, axis=0) > 1e-9
    left, singular, _ = np.linalg.svd(
        centred[:, varying] / np.linalg.norm(centred[:, varying], axis=0), full_matrices=False
    )
    tolerance = 1e-9 * singular.max(initial=0.0)
    return Projection(np.hstack([constant, left[:, singular > tolerance]]))


def _spoiled(displacement: FloatArray, dvars: FloatArray, censoring: Censoring) -> Mask:
    """Say which volumes are above a threshold; one that is not set leaves none out."""
    spoiled = np.zeros(displacement.size, dtype=bool)
    for values, threshold in (
        (displacement, censoring.framewise_displacement),
        (dvars, censoring.standardised_dvars),
    ):
        if threshold is not None:
            with np.errstate(invalid="ignore"):
                spoiled |= values > threshold
    return spoiled


def _mean_signal_names(regressors: Regressors) -> tuple[str, ...]:
    asked = (
        ("white_matter", regressors.white_matter),
        ("csf", regressors.csf),
        ("global_signal", regressors.global_signal),
    )
    return tuple(name for name, wanted in asked if wanted)


def _expanded(values: FloatArray, *, squares: bool) -> FloatArray:
    """Values with their backward differences, and with the squares of both."""
    both = np.hstack([values, backward_difference(values)])
    return np.hstack([both, both**2]) if squares else both


def _design(
    confounds: Confounds, n_dummies: int, repetition_time: float, denoising: Denoising
) -> FloatArray:
    n_analysed = confounds.n_volumes - n_dummies
    motion = motion_regressors(confounds.motion, denoising.motion_parameters)[n_dummies:]
    tissue = _mean_signals(confounds, denoising)[n_dummies:]
    components = [
        confounds.signals[name][n_dummies:, np.newaxis]
        for name in component_names(denoising.anatomical_components)
    ]
    cosines = cosine_basis(n_analysed, repetition_time, denoising.high_pass_period)
    return np.hstack([np.ones((n_analysed, 1)), motion, tissue, *components, cosines])


def _mean_signals(confounds: Confounds, denoising: Denoising) -> FloatArray:
    """Mean signals of tissues with what they are expanded by, (n_volumes, n_columns).

    Squares are taken of the signals without their means, where fMRIPrep squares them as they are:
    with the constant both span the same space, but the squares of signals of thousands are, to
    rounding, the signals again.
    """
    names = _mean_signal_names(denoising)
    columns = [confounds.signals[name][:, np.newaxis] for name in names]
    tissue = np.hstack([np.empty((confounds.n_volumes, 0)), *columns])
    if denoising.mean_signal_parameters == 1:
        return tissue
    return _expanded(tissue - tissue.mean(axis=0), squares=True)
