"""Confounds tables of fMRIPrep 1.0 to 25, read under one declared rule for missing values.

The rule: what compares a volume with the one before it (framewise displacement, DVARS,
derivatives) does not exist for the first volume of a run and is missing there; it never censors
that volume and is 0 as a regressor. Any other missing value in a column that is used is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.imaging.components import component_columns
from brainchange.tables import read_tsv

FloatArray = npt.NDArray[np.float64]

HEAD_RADIUS = 50.0
"""Radius in mm of the sphere on which rotations are turned into displacements (Power 2012)."""

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
OLD_NAMES = {
    "trans_x": "X",
    "trans_y": "Y",
    "trans_z": "Z",
    "rot_x": "RotX",
    "rot_y": "RotY",
    "rot_z": "RotZ",
    "white_matter": "WhiteMatter",
    "csf": "CSF",
    "global_signal": "GlobalSignal",
    "framewise_displacement": "FramewiseDisplacement",
    "std_dvars": "stdDVARS",
}
"""Names of fMRIPrep before 1.2, by the name it uses since."""
_NON_STEADY_STATE = ("non_steady_state_outlier", "NonSteadyStateOutlier")


@dataclass(frozen=True)
class Confounds:
    """What is known about a run besides its voxels.

    Attributes
    ----------
    motion : numpy.ndarray
        Translations along x, y, z (mm) and rotations about them (radian), (n_volumes, 6).
    framewise_displacement : numpy.ndarray
        Displacement from the volume before, in mm; NaN for the first, (n_volumes,).
    standardised_dvars : numpy.ndarray
        DVARS over its expected value; NaN for the first volume, (n_volumes,).
    signals : dict of str to numpy.ndarray
        ``white_matter``, ``csf``, ``global_signal`` and ``a_comp_cor_00``, … as far as they were
        asked for, (n_volumes,).
    n_non_steady_state : int
        Volumes at the start that fMRIPrep marks as not yet in steady state.
    """

    motion: FloatArray
    framewise_displacement: FloatArray
    standardised_dvars: FloatArray
    signals: dict[str, FloatArray]
    n_non_steady_state: int

    @property
    def n_volumes(self) -> int:
        """Number of volumes of the run."""
        return int(self.motion.shape[0])


@dataclass(frozen=True)
class ConfoundsTable:
    """A confounds table as it is in its file.

    Attributes
    ----------
    path : Path
        ``desc-confounds_timeseries.tsv``, or ``_regressors.tsv`` of older versions.
    cells : pandas.DataFrame
        Text, one row a volume.
    """

    path: Path
    cells: pd.DataFrame

    def confounds(self, signals: Sequence[str]) -> Confounds:
        """Take the columns that are needed.

        Parameters
        ----------
        signals : sequence of str
            Which of ``white_matter``, ``csf``, ``global_signal`` and the components
            (:func:`brainchange.imaging.components.component_names`) are needed.

        Returns
        -------
        Confounds
            ``framewise_displacement`` is computed from the motion parameters where the table has no
            such column (fMRIPrep leaves it out on request).

        Raises
        ------
        TableError
            A needed column is missing, or a cell that must not be missing is; all problems at once.
        """
        table, where = self.cells, str(self.path)
        problems: list[Problem] = []
        components = component_columns(list(map(str, table.columns)), self.path)
        columns = {
            name: _column(table, components.get(name, name), where, problems)
            for name in (*MOTION, "std_dvars", *signals)
        }
        found = _name_in(table, "framewise_displacement")
        displacement = _column(table, found, where, problems) if found else None
        if problems:
            raise TableError.from_problems(problems)
        motion = np.column_stack([columns[name] for name in MOTION])
        if displacement is None:
            displacement = framewise_displacement(motion)
        return Confounds(
            motion=motion,
            framewise_displacement=_undefined_first(displacement),
            standardised_dvars=_undefined_first(columns["std_dvars"]),
            signals={name: columns[name] for name in signals},
            n_non_steady_state=_non_steady_state(table),
        )


def read_confounds_table(path: Path, n_volumes: int) -> ConfoundsTable:
    """Read a confounds table.

    Parameters
    ----------
    path : Path
        The table.
    n_volumes : int
        Volumes of the BOLD image.

    Raises
    ------
    TableError
        The table cannot be read, or the number of rows is not the number of volumes.
    """
    cells = read_tsv(path)
    if len(cells) != n_volumes:
        raise TableError(
            f"the table has {len(cells)} rows where the BOLD image has {n_volumes} volumes",
            where=str(path),
            cause="the table belongs to another run, or a file was cut off",
        )
    return ConfoundsTable(path, cells)


def read_confounds(path: Path, n_volumes: int, signals: Sequence[str]) -> Confounds:
    """Read the columns that are needed: :func:`read_confounds_table`, then ``confounds``."""
    return read_confounds_table(path, n_volumes).confounds(signals)


def framewise_displacement(motion: FloatArray, radius: float = HEAD_RADIUS) -> FloatArray:
    """Framewise displacement of Power et al. (2012), NeuroImage 59:2142.

    Parameters
    ----------
    motion : numpy.ndarray
        Translations (mm) and rotations (radian), (n_volumes, 6).
    radius : float
        Radius of the head in mm.

    Returns
    -------
    numpy.ndarray
        Sum of absolute changes, rotations as arc length on the head, in mm, (n_volumes,); NaN for
        the first volume (as fMRIPrep; other programs write 0).
    """
    changes = np.abs(np.diff(motion, axis=0))
    changes[:, 3:] *= radius
    return np.concatenate([[np.nan], changes.sum(axis=1)])


def backward_difference(values: FloatArray) -> FloatArray:
    """Change from the volume before.

    Parameters
    ----------
    values : numpy.ndarray
        Motion parameters in mm and radian, (n_volumes, n_parameters).

    Returns
    -------
    numpy.ndarray
        In the same units per volume, (n_volumes, n_parameters); 0 for the first volume, which has
        none.
    """
    return np.diff(values, axis=0, prepend=values[:1])


def _name_in(table: pd.DataFrame, name: str) -> str | None:
    """Name under which the table has a column, by fMRIPrep's old or new names."""
    for candidate in (name, _old_name(name)):
        if candidate in table.columns:
            return candidate
    return None


def _old_name(name: str) -> str:
    return OLD_NAMES.get(name, name.replace("a_comp_cor_", "aCompCor"))


def _column(table: pd.DataFrame, name: str, where: str, problems: list[Problem]) -> FloatArray:
    """Numbers of one column; what is wrong with it goes on the list."""
    found = name if name in table.columns else _name_in(table, name)
    if found is None:
        problems.append(
            Problem(
                f"column '{name}' is missing (fMRIPrep calls it '{name}', "
                f"before version 1.2 '{_old_name(name)}')",
                where,
                "another program wrote the table",
                did_you_mean(name, [str(c) for c in table.columns]),
            )
        )
        return np.full(len(table), np.nan)
    numbers: FloatArray = pd.to_numeric(table[found], errors="coerce").to_numpy(dtype=float)
    may_lack_first = found in ("framewise_displacement", "std_dvars") or found in (
        OLD_NAMES["framewise_displacement"],
        OLD_NAMES["std_dvars"],
    )
    wrong = np.flatnonzero(~np.isfinite(numbers))
    wrong = wrong[wrong > 0] if may_lack_first else wrong
    if wrong.size:
        row = int(wrong[0])
        cell = table[found].iloc[row]
        problems.append(
            Problem(
                f"row {row + 2}: column '{found}' "
                + (f"holds {cell!r}, not a number" if not pd.isna(cell) else "is missing a value"),
                where,
                "the estimation of confounds failed for this run",
            )
        )
    return numbers


def _undefined_first(values: FloatArray) -> FloatArray:
    """Mark the first value as missing; older versions of fMRIPrep write 0 there."""
    marked = values.copy()
    marked[0] = np.nan
    return marked


def _non_steady_state(table: pd.DataFrame) -> int:
    """Count the leading volumes up to the last one marked as not in steady state."""
    names = [name for name in table.columns if str(name).startswith(_NON_STEADY_STATE)]
    if not names:
        return 0
    marks = table[names].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    marked = np.flatnonzero((np.nan_to_num(marks) != 0).any(axis=1))
    return int(marked[-1]) + 1 if marked.size else 0
