"""From the observations table to one value per participant, timepoint and measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.measures import Measure, Members, Source
from brainchange.study.decisions import Decision, distinct

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
TIMEPOINTS = ("pre", "post")
"""Timepoints that are compared unless others are named."""


@dataclass(frozen=True)
class Cells:
    """All observations of one metric, task and condition.

    Attributes
    ----------
    columns : dict of (str, str) to int
        Place of each region or edge; ``("", "")`` for a value of the whole run.
    numbers : numpy.ndarray, shape (2, n_participants, n_columns)
        Values at pre and post; NaN where missing.
    flags : numpy.ndarray of str, shape (2, n_participants, n_columns)
        Their flags.
    timepoints : tuple of str
        The two timepoints.
    """

    columns: dict[tuple[str, str], int]
    numbers: Floats
    flags: Texts
    timepoints: tuple[str, ...] = TIMEPOINTS


@dataclass(frozen=True)
class Values:
    """One measure of every participant at pre and post.

    Attributes
    ----------
    numbers : numpy.ndarray, shape (2, n_participants)
        NaN where missing.
    flags : numpy.ndarray of str, shape (2, n_participants)
        Why a value is missing or weak.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE``.
    """

    numbers: Floats
    flags: Texts
    decisions: tuple[Decision, ...] = ()


def observed_cells(
    observations: pd.DataFrame,
    participants: Sequence[str],
    timepoints: tuple[str, ...] = TIMEPOINTS,
) -> dict[Source, Cells]:
    """Arrange observations by source, timepoint, participant and region or edge.

    Parameters
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``, of one specification.
    participants : sequence of str
        The participants to keep, in order.
    timepoints : tuple of str
        The two timepoints to keep, in order.

    Returns
    -------
    dict of (str, str, str) to Cells
        By metric, task and condition. An infinite value, or one given twice with different values,
        is missing and flagged.
    """
    known = observations["participant_id"].isin(participants)
    known &= observations["timepoint"].isin(timepoints)
    kept = observations[known].fillna({"condition": ""})
    return {
        (str(metric), str(task), str(condition)): _cells(rows, participants, timepoints)
        for (metric, task, condition), rows in kept.groupby(
            ["metric", "task", "condition"], sort=False
        )
    }


def measured_values(measure: Measure, cells: Cells | None, participants: Sequence[str]) -> Values:
    """Average the members of a measure, and subtract the mean of those that are subtracted.

    Parameters
    ----------
    measure : Measure
        What to compute.
    cells : Cells or None
        Observations of its source; None if there are none.
    participants : sequence of str
        Rows of the cells.

    Returns
    -------
    Values
        A participant lacking a member is NaN with a flag, never a mean over fewer; where only some
        members are lacking there is a decision too (where all are, the run was left out and that
        has been told).
    """
    shape = (len(TIMEPOINTS), len(participants))
    if measure.problem or cells is None:
        reason = measure.problem or f"the metric '{measure.metric}' was not computed"
        return Values(np.full(shape, np.nan), np.full(shape, reason, dtype=object))
    values, flags = _of_members(cells, measure.every)
    missing = np.isnan(values)
    nothing = np.asarray(np.isnan(cells.numbers).all(axis=2))
    dropped = missing if measure.complete else _unsteady(missing)
    n_added = len(measure.members)
    means = _means(values[:, :, :n_added], dropped[:, :, :n_added], measure.complete)
    if measure.subtracted:
        means -= _means(values[:, :, n_added:], dropped[:, :, n_added:], measure.complete)
    texts = np.full(shape, "", dtype=object)
    for t, row in np.argwhere(missing.any(axis=2) | (flags != "").any(axis=2)).tolist():
        texts[t, row] = _flag(measure, missing[t, row], flags[t, row])
        if nothing[t, row]:
            texts[t, row] = distinct(flags[t, row]) or f"no {cells.timepoints[t]} value"
    partly = np.logical_and(missing.any(axis=2), ~nothing & measure.complete)
    decisions = tuple(
        _decision(measure, participants[row], partly[:, row], texts[:, row], cells.timepoints)
        for row in np.flatnonzero(partly.any(axis=0)).tolist()
    )
    return Values(means, texts, decisions)


def _cells(rows: pd.DataFrame, participants: Sequence[str], timepoints: tuple[str, ...]) -> Cells:
    pairs = list(zip(rows["region"].fillna(""), rows["region_2"].fillna(""), strict=True))
    columns = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
    shape = (len(TIMEPOINTS), len(participants), len(columns))
    place = np.ravel_multi_index(
        (
            pd.Index(timepoints).get_indexer(rows["timepoint"]),
            pd.Index(participants).get_indexer(rows["participant_id"]),
            np.array([columns[pair] for pair in pairs]),
        ),
        shape,
    )
    found = rows["value"].to_numpy(dtype=float)
    told = rows["flag"].fillna("").to_numpy(dtype=object, copy=True)
    told[np.isinf(found)] = "the value is infinite"
    found = np.where(np.isinf(found), np.nan, found)
    values = np.full(int(np.prod(shape)), np.nan)
    flags = np.full(values.shape, "", dtype=object)
    values[place], flags[place] = found, told
    kept = values[place]
    contradicted = place[(kept != found) & ~(np.isnan(kept) & np.isnan(found))]
    values[contradicted], flags[contradicted] = np.nan, "given twice with different values"
    return Cells(columns, values.reshape(shape), flags.reshape(shape), timepoints)


def _of_members(cells: Cells, members: Members) -> tuple[Floats, Texts]:
    """Take the members' columns; a member that was never observed is missing for everybody."""
    places = np.array([cells.columns.get(member, -1) for member in members], dtype=int)
    values, flags = cells.numbers[:, :, places], cells.flags[:, :, places]
    values[:, :, places < 0] = np.nan
    flags[:, :, places < 0] = ""
    return values, flags


def _unsteady(missing: Booleans) -> Booleans:
    """Mark a member at both timepoints if one that has any value lacks it."""
    absent = missing.all(axis=2, keepdims=True)
    lacked = np.any(missing & ~absent, axis=0, keepdims=True)
    return np.logical_or(lacked, absent)


def _means(values: Floats, dropped: Booleans, complete: bool) -> Floats:
    kept = ~dropped
    count = kept.sum(axis=2)
    enough = kept.all(axis=2) if complete else count > 0
    sums = np.where(kept, values, 0.0).sum(axis=2)
    return np.where(enough & (count > 0), sums / np.maximum(count, 1), np.nan)


def _flag(measure: Measure, missing: Booleans, flags: Texts) -> str:
    reasons = distinct(flags[missing] if missing.any() and measure.complete else flags)
    if not missing.any():
        return reasons
    names = _names(measure.every, missing)
    start = "lacks" if measure.complete else "mean without"
    if reasons and all(name in reasons for name in names):
        return f"{start} {reasons}"
    told = f"{start} {distinct(names)}"
    return f"{told}: {reasons}" if reasons else told


def _names(members: Members, missing: Booleans) -> list[str]:
    """Name what is lacking: regions; for edges, the regions all of whose edges are lacking."""
    lacking = [member for member, gone in zip(members, missing, strict=True) if gone]
    present = {name for member in members if member not in lacking for name in member}
    named = dict.fromkeys(name for member in lacking for name in member)
    regions = [name for name in named if name and name not in present]
    return regions or ["–".join(filter(None, member)) for member in lacking]


def _decision(
    measure: Measure,
    participant: str,
    partly: Booleans,
    texts: Texts,
    timepoints: tuple[str, ...],
) -> Decision:
    told = {text: None for text, lacking in zip(texts, partly, strict=True) if lacking}
    when = " and ".join(t for t, lacking in zip(timepoints, partly, strict=True) if lacking)
    return {
        "scope": "measure",
        "participant_id": participant,
        "name": measure.name,
        "action": "excluded",
        "reason": f"{when}: " + "; ".join(told),
        "config_key": "coverage.smallest_share",
    }
