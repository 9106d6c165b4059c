"""The confounds of a run, with fMRIPrep's column names, and the sidecar that explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.imaging.confounds import MOTION, framewise_displacement
from brainchange.imaging.denoise import cosine_basis
from brainchange.imaging.prepare.components import Components, noise_components
from brainchange.imaging.prepare.realignment import Realignment
from brainchange.imaging.prepare.variation import dvars, root_mean_square_displacement

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SLOWEST_PERIOD = 128.0
"""Slowest period in s that aCompCor keeps, and of the cosine columns (fMRIPrep's default)."""
OUTLIER_DISPLACEMENT, OUTLIER_DVARS = 0.5, 1.5
"""A volume is a motion outlier above one of these (mm; no unit): fMRIPrep's defaults."""
_COMPONENTS = {
    "c_comp_cor": ("CSF", ("csf",)),
    "w_comp_cor": ("WM", ("white_matter",)),
    "a_comp_cor": ("combined", ("csf", "white_matter")),
}
"""Column name → the mask as fMRIPrep calls it, and its tissues."""


@dataclass(frozen=True)
class BrainCourses:
    """Courses of the voxels of the brain after realignment.

    Attributes
    ----------
    courses : numpy.ndarray
        Arbitrary units, (n_volumes, n_voxels).
    tissue : mapping of str to numpy.ndarray
        ``csf`` and ``white_matter``: which of the voxels are pure, (n_voxels,).
    repetition_time : float
        In s.
    n_unsettled : int
        Volumes at the start that are not in steady state.
    """

    courses: npt.NDArray[np.float32]
    tissue: Mapping[str, Mask]
    repetition_time: float
    n_unsettled: int

    @property
    def n_volumes(self) -> int:
        """Number of volumes."""
        return int(self.courses.shape[0])


def confounds_table(
    brain: BrainCourses, realignment: Realignment
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Compute the confounds of a run.

    Parameters
    ----------
    brain : BrainCourses
        Its voxels.
    realignment : Realignment
        Where the head was; framewise displacement is that of Power et al. (2012), from the
        transforms about the centre of the brain.

    Returns
    -------
    table : pandas.DataFrame
        One row a volume: columns, order and units of fMRIPrep 21 (mm, radian, intensity of the
        image). What compares a volume with the one before is NaN in the first row. Deviation:
        cosines are complete down to 128 s, where nipype leaves out the fastest.
    sidecar : dict
        Content of the JSON file beside it: mask, variance and singular value of each component.
    """
    displacement = framewise_displacement(realignment.parameters)
    raw, standardised = dvars(brain.courses)
    columns: dict[str, FloatArray] = {}
    everywhere = np.ones(brain.courses.shape[1], dtype=bool)
    for name, voxels in (*brain.tissue.items(), ("global_signal", everywhere)):
        columns |= _expanded(name, brain.courses[:, voxels].mean(axis=1, dtype=float))
    columns |= {
        "std_dvars": standardised,
        "dvars": raw,
        "framewise_displacement": displacement,
        "rmsd": root_mean_square_displacement(realignment.transforms, realignment.centre),
    }
    slow = _cosines(brain)
    found = {name: _components(brain, slow, tissues) for name, (_, tissues) in _COMPONENTS.items()}
    for name, components in found.items():
        columns |= _numbered(name, components.courses)
    columns |= _numbered("cosine", slow, separator="")
    columns |= _marks("non_steady_state_outlier", np.arange(brain.n_volumes) < brain.n_unsettled)
    for name, values in zip(MOTION, realignment.parameters.T, strict=True):
        columns |= _expanded(name, values)
    with np.errstate(invalid="ignore"):
        outlier = (displacement > OUTLIER_DISPLACEMENT) | (standardised > OUTLIER_DVARS)
    columns |= _marks("motion_outlier", outlier)
    return pd.DataFrame(columns), _sidecar(found)


def _cosines(brain: BrainCourses) -> FloatArray:
    """Cosines of the volumes in steady state, 0 before."""
    n_settled = brain.n_volumes - brain.n_unsettled
    cosines = cosine_basis(n_settled, brain.repetition_time, SLOWEST_PERIOD)
    return np.vstack([np.zeros((brain.n_unsettled, cosines.shape[1])), cosines])


def _components(brain: BrainCourses, slow: FloatArray, tissues: tuple[str, ...]) -> Components:
    voxels = np.logical_or.reduce([brain.tissue[name] for name in tissues])
    return noise_components(brain.courses[:, voxels], slow, brain.n_unsettled)


def _expanded(name: str, values: FloatArray) -> dict[str, FloatArray]:
    """Give a course with its derivative and the squares of both."""
    derivative = np.concatenate([[np.nan], np.diff(values)])
    return {
        name: values,
        f"{name}_derivative1": derivative,
        f"{name}_derivative1_power2": derivative**2,
        f"{name}_power2": values**2,
    }


def _numbered(name: str, courses: FloatArray, separator: str = "_") -> dict[str, FloatArray]:
    return {f"{name}{separator}{i:02d}": course for i, course in enumerate(courses.T)}


def _marks(name: str, marked: Mask) -> dict[str, FloatArray]:
    """One column a marked volume, 1 there and 0 elsewhere."""
    volumes = np.arange(marked.size)
    return {
        f"{name}{i:02d}": (volumes == volume).astype(float)
        for i, volume in enumerate(np.flatnonzero(marked))
    }


def _sidecar(found: Mapping[str, Components]) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: {"Method": "Mean"} for name in ("csf", "white_matter", "global_signal")
    }
    for name, components in found.items():
        cumulated = components.explained.cumsum()
        for i, (value, share, so_far) in enumerate(
            zip(components.singular_values, components.explained, cumulated, strict=True)
        ):
            told[f"{name}_{i:02d}"] = {
                "Method": "aCompCor",
                "Mask": _COMPONENTS[name][0],
                "Retained": True,
                "SingularValue": round(float(value), 10),
                "VarianceExplained": round(float(share), 10),
                "CumulativeVarianceExplained": round(float(so_far), 10),
            }
    return told
