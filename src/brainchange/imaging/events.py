"""The events of a task: read, checked, and brought to the time of the analysed volumes.

What cannot be meant is an error with its rows; what cannot be used, or is used with a doubt, is
told with its rows. Written by hand rather than with nilearn's ``check_events``, which warns without
rows, stops at the first missing cell, and sums events that are given twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.study import tasks
from brainchange.tables import read_tsv

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

RESPONSE_LENGTH = 32.0
"""Seconds after its end beyond which an event changes nothing: the length of the HRF."""
MOST_CONDITIONS = 100
"""Conditions beyond which a column does not name conditions (but pictures, or answers)."""
SAME_TIME = 1e-3
"""Seconds up to which two times are one."""
MOST_ROWS = 8
"""Rows that are named in one message; more are counted."""
LONGEST_NAME = 60
"""Characters of a condition that are shown."""
FIRST_ROW = 2
"""Row of the first event in the file, below the header."""


@dataclass(frozen=True)
class Events:
    """The events that are modelled, in order of time.

    Attributes
    ----------
    conditions : tuple of str
        Names, in the order they first occur.
    of_condition : numpy.ndarray
        Place in `conditions` of each event, (n_events,).
    onset : numpy.ndarray
        Seconds from the start of the first analysed volume; negative before it, (n_events,).
    duration : numpy.ndarray
        Seconds; 0 for an event without duration, (n_events,).
    row : numpy.ndarray
        Row of each event in its file, (n_events,).
    """

    conditions: tuple[str, ...]
    of_condition: Integers
    onset: FloatArray
    duration: FloatArray
    row: Integers

    def chosen(self, which: Mask) -> Events:
        """Keep some events; a condition that has none left keeps its place."""
        return Events(
            self.conditions,
            self.of_condition[which],
            self.onset[which],
            self.duration[which],
            self.row[which],
        )


@dataclass(frozen=True)
class EventDoubt:
    """Something about events that was decided.

    Attributes
    ----------
    action : {'excluded', 'caution'}
        Whether the events are left out, or used with a doubt.
    reason : str
        What, with the rows.
    n_events : int
        How many events.
    """

    action: Literal["excluded", "caution"]
    reason: str
    n_events: int


@dataclass(frozen=True)
class RunTimes:
    """When the volumes of a run were taken, in s from the start of its first volume.

    Attributes
    ----------
    first : float
        Start of the first analysed volume: the dummies before it are dropped.
    end : float
        End of the last volume.
    """

    first: float
    end: float


def read_events(
    path: Path, rules: tasks.Events, times: RunTimes
) -> tuple[Events, tuple[EventDoubt, ...]]:
    """Read the events of a run.

    Parameters
    ----------
    path : Path
        BIDS table of events: onset and duration in s, and the column of conditions.
    rules : brainchange.study.tasks.Events
        Which column, and which conditions are the baseline.
    times : RunTimes
        Of the run.

    Returns
    -------
    events : Events
        Without those that are the baseline, lack a cell, are given twice, or lie outside the run;
        what begins more than the length of a response before the run begins that long before it,
        which is the same for every volume.
    doubts : tuple of EventDoubt
        What was left out or is doubtful, with the rows of the file (the header is row 1).

    Raises
    ------
    TableError
        A column is missing, a cell is no number, a duration is negative, no event is left, or there
        are too many conditions; all problems of cells at once.
    """
    table = _columns(read_tsv(path), rules, path)
    baseline = table["condition"].isin(rules.baseline)
    table, doubts = table[~baseline], []
    for reason, wrong in (*_incomplete(table), *_outside(table, times), *_twice(table)):
        here = wrong.reindex(table.index, fill_value=False)
        if here.any():
            doubts.append(_doubt("excluded", reason, table.loc[here, "row"]))
            table = table[~here]
    if table.empty:
        raise TableError(
            "the table has no event that can be used",
            where=str(path),
            cause="; ".join([*_unit_doubt(path, times), *(doubt.reason for doubt in doubts)])
            or "it is empty, or all its events are the baseline",
        )
    _require_conditions(table, rules, path)
    ordered = table.sort_values(["onset", "row"], kind="stable")
    doubts += [
        _doubt("caution", reason, rows) for reason, rows in _doubtful(table, ordered) if len(rows)
    ]
    return _events(ordered, times), tuple(doubts)


def _columns(table: pd.DataFrame, rules: tasks.Events, path: Path) -> pd.DataFrame:
    """Take the three columns that are needed, with the row of each event."""
    needed = {"onset": "onset", "duration": "duration", "condition": rules.column}
    problems = [
        Problem(
            f"column '{name}' is missing",
            str(path),
            fix=did_you_mean(name, [str(column) for column in table.columns]),
        )
        for name in needed.values()
        if name not in table.columns
    ]
    if problems:
        raise TableError.from_problems(problems)
    rows = np.arange(len(table)) + FIRST_ROW
    numbers = {
        name: pd.to_numeric(table[name], errors="coerce").astype(float)
        for name in ("onset", "duration")
    }
    problems = [
        problem
        for name, found in numbers.items()
        for problem in _wrong_cells(name, found, table[name], str(path))
    ]
    if problems:
        raise TableError.from_problems(problems)
    return pd.DataFrame({**numbers, "condition": table[rules.column], "row": rows})


def _require_conditions(table: pd.DataFrame, rules: tasks.Events, path: Path) -> None:
    number = table["condition"].nunique()
    if number > MOST_CONDITIONS:
        shown = ", ".join(map(_short, table["condition"].unique()[:3]))
        raise TableError(
            f"column '{rules.column}' names {number} conditions ({shown}, …)",
            where=str(path),
            cause="it holds pictures or answers, not conditions",
            fix="name the column of conditions in the study file: events: {column: …}",
        )


def _wrong_cells(
    name: str, numbers: pd.Series[float], cells: pd.Series[str], where: str
) -> Iterator[Problem]:
    no_number = cells.notna() & ~np.isfinite(numbers)
    if no_number.any():
        shown = _short(cells[no_number].iloc[0])
        yield Problem(
            f"{_told_rows(np.flatnonzero(no_number) + FIRST_ROW)}: column '{name}' holds {shown!r}",
            where,
            "a decimal comma, or text; what is not known is 'n/a'",
            "write seconds as a number",
        )
    negative = numbers < 0
    if name == "duration" and negative.any():
        yield Problem(
            f"{_told_rows(np.flatnonzero(negative) + FIRST_ROW)}: the duration is negative",
            where,
            "end and onset were swapped when it was computed",
        )


def _incomplete(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series[bool]]]:
    for name in ("onset", "duration", "condition"):
        yield f"the {name} is missing", table[name].isna()


def _outside(table: pd.DataFrame, times: RunTimes) -> Iterator[tuple[str, pd.Series[bool]]]:
    ends = table["onset"] + table["duration"]
    yield "they begin after the end of the run", table["onset"] >= times.end
    yield (
        f"they end more than {RESPONSE_LENGTH:g} s before the first analysed volume",
        ends < times.first - RESPONSE_LENGTH,
    )


def _twice(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series[bool]]]:
    yield (
        "they are given twice and counted once",
        table.duplicated(["onset", "duration", "condition"]) & table.notna().all(axis=1),
    )


def _doubtful(
    table: pd.DataFrame, ordered: pd.DataFrame
) -> Iterator[tuple[str, Sequence[int] | pd.Series[int]]]:
    """Tell what is modelled with a doubt: the reason, and the rows."""
    early = table["onset"].diff() < 0
    yield "they are not in order of time and were sorted", table.loc[early, "row"]
    yield (
        "they begin before the first volume of the run; what remains of the response is modelled",
        table.loc[table["onset"] < 0, "row"],
    )
    yield (
        "they have no duration and are modelled as impulses with the area of an event of 1 s",
        table.loc[table["duration"] == 0, "row"],
    )
    own, others = _overlapping(ordered)
    yield "they overlap events of their own condition; both count while they do", own
    yield "they overlap events of other conditions; responses are taken to add up", others


def _overlapping(ordered: pd.DataFrame) -> tuple[list[int], list[int]]:
    """Rows of events that begin before another one ends: of the same condition, and of another."""
    ends: dict[str, float] = {}
    own: list[int] = []
    others: list[int] = []
    columns = zip(
        *(ordered[name] for name in ("onset", "duration", "condition", "row")), strict=True
    )
    for onset, duration, condition, row in columns:
        later = onset + SAME_TIME
        if ends.get(condition, later) > later:
            own.append(row)
        if any(end > later for name, end in ends.items() if name != condition):
            others.append(row)
        ends[condition] = max(ends.get(condition, -np.inf), onset + duration)
    return own, others


def _events(ordered: pd.DataFrame, times: RunTimes) -> Events:
    onset = ordered["onset"].to_numpy(dtype=float) - times.first
    ends = onset + ordered["duration"].to_numpy(dtype=float)
    onset = np.maximum(onset, -RESPONSE_LENGTH)
    length = times.end - times.first + RESPONSE_LENGTH
    codes, conditions = pd.factorize(ordered["condition"])
    return Events(
        conditions=tuple(map(str, conditions)),
        of_condition=codes.astype(np.int64),
        onset=onset,
        duration=np.minimum(ends - onset, 2 * length),
        row=ordered["row"].to_numpy(dtype=np.int64),
    )


def _unit_doubt(path: Path, times: RunTimes) -> Iterator[str]:
    """Say that onsets look like milliseconds."""
    onsets = pd.to_numeric(read_tsv(path)["onset"], errors="coerce").dropna()
    if len(onsets) and onsets.min() >= times.end > onsets.max() / 1000:
        yield "onsets are in milliseconds"


def _doubt(
    action: Literal["excluded", "caution"], reason: str, rows: Sequence[int] | pd.Series[int]
) -> EventDoubt:
    told = f"{len(rows)} event{'s' if len(rows) != 1 else ''} ({_told_rows(rows)}): {reason}"
    return EventDoubt(action, told, len(rows))


def _told_rows(rows: Sequence[int] | pd.Series[int] | npt.NDArray[np.intp]) -> str:
    named = [str(int(row)) for row in rows]
    more = f" and {len(named) - MOST_ROWS} more" if len(named) > MOST_ROWS else ""
    return f"row{'s' if len(named) > 1 else ''} {', '.join(named[:MOST_ROWS])}{more}"


def _short(name: str) -> str:
    """Show a name from a table, cut if it is long."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
