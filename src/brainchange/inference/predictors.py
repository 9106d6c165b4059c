"""What prediction learns from: brain before therapy, and what is known without it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.measures import Members
from brainchange.inference.observed import Cells
from brainchange.inference.participants import Enrolment
from brainchange.study.claims import Predictors
from brainchange.study.model import Study
from brainchange.study.people import Fact
from brainchange.study.regions import Region, network_edges

Floats = npt.NDArray[np.float64]
MOST_MISSING = 0.2
"""Share of participants that may lack a feature before the feature is left out."""
KNOWN: tuple[Fact, ...] = ("age", "sex")
"""Columns of the table of participants that are known before therapy besides the score."""


@dataclass(frozen=True)
class Known:
    """Values of every participant; NaN where missing.

    Attributes
    ----------
    names : tuple of str
        What the columns are.
    columns : numpy.ndarray, shape (n_participants, n_columns)
        The values.
    """

    names: tuple[str, ...]
    columns: Floats


def brain_features(predictors: Predictors, regions: tuple[Region, ...], cells: Cells) -> Known:
    """Take what a claim predicts from, before therapy.

    Parameters
    ----------
    predictors : Predictors
        Groups whose edges are features one by one, or networks whose mean edges are.
    regions : tuple of Region
        The configured regions, in order.
    cells : Cells
        Observations of the metric.

    Returns
    -------
    Known
        One column a feature; a mean over edges is missing where one of them is.
    """
    sets = _edges(predictors, regions)
    values = [
        cells.numbers[0][:, [cells.columns[edge] for edge in edges]].mean(axis=1)
        if all(edge in cells.columns for edge in edges)
        else np.full(cells.numbers.shape[1], np.nan)
        for edges in sets.values()
    ]
    rows = cells.numbers.shape[1]
    return Known(tuple(sets), np.reshape(values, (len(sets), rows)).T)


def known_before(study: Study, enrolment: Enrolment, score: Floats) -> Known:
    """Take what is known of participants without a scan.

    Parameters
    ----------
    study : Study
        Says which columns hold age and sex.
    enrolment : Enrolment
        Participants and their cells.
    score : numpy.ndarray, shape (n_participants,)
        The scale before therapy.

    Returns
    -------
    Known
        Score, age, and 0 and 1 for two sexes, as far as the table has them.
    """
    columns = {"score before": score}
    for fact in KNOWN:
        if fact in study.participants.columns:
            cells = enrolment.cells[study.participants.columns[fact]]
            coded = _numbers(cells)
            if np.isfinite(coded).any():
                columns[fact] = coded
    return Known(tuple(columns), np.column_stack([*columns.values()]))


def complete(known: Known, who: npt.NDArray[np.bool_]) -> tuple[Known, tuple[str, ...]]:
    """Leave out columns that too many participants lack, or that do not vary.

    Parameters
    ----------
    known : Known
        Values of all participants.
    who : numpy.ndarray of bool, shape (n_participants,)
        Those that matter.

    Returns
    -------
    Known
        The columns kept.
    tuple of str
        Names of those left out.
    """
    mine = known.columns[who]
    missing = np.isnan(mine).mean(axis=0) if len(mine) else np.ones(mine.shape[1])
    keep = missing <= MOST_MISSING
    for column in np.flatnonzero(keep):
        found = mine[np.isfinite(mine[:, column]), column]
        keep[column] = np.ptp(found) > 0
    names = np.array(known.names, dtype=object)
    return Known(tuple(names[keep]), known.columns[:, keep]), tuple(names[~keep])


def _edges(predictors: Predictors, regions: tuple[Region, ...]) -> dict[str, Members]:
    """Edges of every feature, by its name; each edge in the configured order."""
    if predictors.groups:
        mine = [region.region for region in regions if region.group in predictors.groups]
        return {f"{first}–{second}": ((first, second),) for first, second in combinations(mine, 2)}
    sets: dict[str, Members] = {}
    for one, other in combinations_with_replacement(predictors.networks, 2):
        name = f"within {one}" if one == other else f"{one} to {other}"
        if edges := network_edges(regions, one, other):
            sets[name] = edges
    return sets


def _numbers(cells: pd.Series) -> Floats:
    """Numbers as they are; two words as 0 and 1; anything else is not used."""
    read = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
    if np.isfinite(read).any() or cells.isna().all():
        return np.where(np.isfinite(read), read, np.nan)
    words = cells.map(lambda cell: None if pd.isna(cell) else str(cell).strip().lower())
    levels = sorted(words.dropna().unique())
    if len(levels) != 2:
        return np.full(len(cells), np.nan)
    return np.where(words.isna(), np.nan, (words == levels[1]).astype(float))
