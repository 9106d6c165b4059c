"""The table of confounds, computed from the simulated run and named as fMRIPrep names it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainchange.simulate.head import Head, rotation_matrix
from brainchange.simulate.model import Acquisition
from brainchange.simulate.motion import (
    PARAMETERS,
    Movement,
    framewise_displacement,
)
from brainchange.simulate.scan import Scan

Series = NDArray[np.float64]

COMPONENTS = 5
HIGH_PASS_PERIOD = 128.0
"""Slowest period of the cosines, in s (fMRIPrep's default)."""
OUTLIER_DISPLACEMENT, OUTLIER_DVARS = 0.5, 1.5
"""fMRIPrep marks a volume as an outlier above these (mm; no unit)."""
PURE = 0.9
"""Least share of a tissue in the voxels that stand for it."""
JENKINSON_RADIUS = 80.0
"""Radius of the sphere of the root-mean-square displacement, in mm (Jenkinson 1999)."""


def confounds_table(
    head: Head, run: Scan, movement: Movement, acquisition: Acquisition
) -> pd.DataFrame:
    """Compute the confounds of a run from its image and its estimated movement.

    Parameters
    ----------
    head : Head
        Tissue of the voxels.
    run : Scan
        The realigned run.
    movement : Movement
        Only the estimate is used.
    acquisition : Acquisition
        Repetition time (s) and volumes before the steady state.

    Returns
    -------
    pandas.DataFrame
        One row a volume; columns as in fMRIPrep 21. What needs a volume before is NaN in the
        first row.
    """
    acquired = run.brain[head.brain]
    series = run.series[:, acquired]
    white, fluid = head.white[acquired] >= PURE, head.fluid[acquired] >= PURE
    unsettled = acquisition.non_steady_state_volumes
    cosines = cosine_basis(acquisition.n_volumes, acquisition.repetition_time)
    dvars, standardised = dvars_of(series)
    displacement = framewise_displacement(movement.estimated)
    means = {
        "global_signal": series.mean(axis=1, dtype=float),
        "csf": series[:, fluid].mean(axis=1, dtype=float),
        "white_matter": series[:, white].mean(axis=1, dtype=float),
    }
    columns: dict[str, Series] = {}
    for name, values in means.items():
        columns |= _expanded(name, values)
    columns |= {
        "std_dvars": standardised,
        "dvars": dvars,
        "framewise_displacement": displacement,
        "rmsd": root_mean_square_displacement(movement.estimated),
    }
    components = component_series(series[:, white | fluid], cosines, unsettled)
    columns |= {f"a_comp_cor_{i:02d}": component for i, component in enumerate(components.T)}
    columns |= {f"cosine{i:02d}": cosine for i, cosine in enumerate(cosines.T)}
    columns |= _marks("non_steady_state_outlier", np.arange(len(series)) < unsettled)
    for name, values in zip(PARAMETERS, movement.estimated.T, strict=True):
        columns |= _expanded(name, values)
    with np.errstate(invalid="ignore"):
        outlier = (displacement > OUTLIER_DISPLACEMENT) | (standardised > OUTLIER_DVARS)
    columns |= _marks("motion_outlier", outlier)
    return pd.DataFrame(columns)


def cosine_basis(n_volumes: int, repetition_time: float) -> Series:
    """Discrete cosines slower than 128 s.

    Parameters
    ----------
    n_volumes : int
        Length of the run.
    repetition_time : float
        In s.

    Returns
    -------
    numpy.ndarray
        (n_volumes, n_cosines), each of length 1 (as in nipype and SPM).
    """
    number = int(2 * n_volumes * repetition_time / HIGH_PASS_PERIOD)
    phase = np.pi * (np.arange(n_volumes) + 0.5) / n_volumes
    basis: Series = np.sqrt(2 / n_volumes) * np.cos(phase[:, None] * np.arange(1, number + 1))
    return basis


def dvars_of(series: NDArray[np.float32]) -> tuple[Series, Series]:
    """Root mean square change from volume to volume, raw and standardised.

    Parameters
    ----------
    series : numpy.ndarray
        Intensities of the brain, (n_volumes, n_voxels).

    Returns
    -------
    dvars, standardised : numpy.ndarray
        In units of intensity after scaling the median to 1000, and as a ratio to what is expected
        of first-order autoregressive noise; (n_volumes,), the first is NaN.

    Notes
    -----
    Power et al. 2012, NeuroImage 59:2142; standardised as in nipype's `compute_dvars` (Nichols
    2013): robust standard deviation from the quartiles, autocorrelation of lag 1.
    """
    scaled = series * np.float32(1000 / np.median(series.mean(axis=0)))
    ordered = np.sort(scaled, axis=0)
    lower, upper = ordered[int(0.25 * len(ordered))], ordered[int(0.75 * len(ordered))]
    robust = (upper - lower) / np.float32(1.349)
    centred = scaled - scaled.mean(axis=0)
    power = (centred**2).sum(axis=0)
    lagged = (centred[1:] * centred[:-1]).sum(axis=0)
    autocorrelation = lagged / np.where(power > 0, power, 1)
    expected = (np.sqrt(2 * (1 - autocorrelation)) * robust).mean(dtype=float)
    changes = np.sqrt((np.diff(scaled, axis=0) ** 2).mean(axis=1, dtype=float))
    dvars = np.concatenate([[np.nan], changes])
    return dvars, dvars / expected


def root_mean_square_displacement(parameters: Series) -> Series:
    """Root mean square displacement of a sphere of 80 mm from volume to volume.

    Parameters
    ----------
    parameters : numpy.ndarray
        Translations in mm and rotations in rad, (n_volumes, 6).

    Returns
    -------
    numpy.ndarray
        In mm, (n_volumes,); the first is NaN.

    Notes
    -----
    Jenkinson 1999 (FMRIB TR99MJ1), equation 1.22, about the centre of rotation.
    """
    turns = np.array([rotation_matrix(row[3:]) for row in parameters])
    change = turns[1:] @ turns[:-1].transpose(0, 2, 1) - np.eye(3)
    moved = np.diff(parameters[:, :3], axis=0)
    squared = JENKINSON_RADIUS**2 / 5 * (change**2).sum(axis=(1, 2)) + (moved**2).sum(axis=1)
    return np.concatenate([[np.nan], np.sqrt(squared)])


def component_series(series: NDArray[np.float32], cosines: Series, unsettled: int) -> Series:
    """Principal components of white matter and fluid.

    Parameters
    ----------
    series : numpy.ndarray
        (n_volumes, n_voxels).
    cosines : numpy.ndarray
        Slow courses taken out first, (n_volumes, n_cosines).
    unsettled : int
        Volumes at the start that are left out; 0 in the components.

    Returns
    -------
    numpy.ndarray
        (n_volumes, at most 5), from the strongest; the sign is such that the largest value is
        positive.

    Notes
    -----
    aCompCor, Behzadi et al. 2007, NeuroImage 37:90. Through the covariance of volumes, which
    is small.
    """
    settled = series[unsettled:].astype(float)
    design = np.column_stack([np.ones(len(settled)), cosines[unsettled:]])
    settled -= design @ np.linalg.lstsq(design, settled, rcond=None)[0]
    spread = settled.std(axis=0)
    settled /= np.where(spread > 0, spread, 1)
    number = min(COMPONENTS, settled.shape[1], len(settled))
    vectors = np.linalg.eigh(settled @ settled.T)[1][:, ::-1][:, :number]
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[largest, np.arange(number)])
    return np.vstack([np.zeros((unsettled, number)), vectors])


def _expanded(name: str, values: Series) -> dict[str, Series]:
    """Give a series with its derivative and the squares of both."""
    derivative = np.concatenate([[np.nan], np.diff(values)])
    return {
        name: values,
        f"{name}_derivative1": derivative,
        f"{name}_derivative1_power2": derivative**2,
        f"{name}_power2": values**2,
    }


def _marks(name: str, marked: NDArray[np.bool_]) -> dict[str, Series]:
    """One column a marked volume, 1 there and 0 elsewhere."""
    places = np.flatnonzero(marked)
    return {
        f"{name}{i:02d}": (np.arange(marked.size) == place).astype(float)
        for i, place in enumerate(places)
    }
