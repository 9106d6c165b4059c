"""A table of values as it is: its columns, participants and sessions, before any value is read."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from brainchange.any_table import MOST_TOLD
from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.study.decisions import Decision
from brainchange.study.given import PLACEHOLDER, Columns, Given, full_label
from brainchange.study.model import Study

LONG = ("participant_id", "timepoint", "metric", "value")
"""Columns that a table in rows must have."""
WHO, WHEN = "(participant)", "(timepoint)"
"""Columns that are added to a table while it is read; no column of a table is called so."""


def given_of(study: Study) -> Given:
    """Give what a study says of its table; an error where it does not start from one."""
    if study.observations is None:
        raise ConfigError("the study does not start from a table", where=f"study {study.id}")
    return study.observations


def id_column_of(study: Study) -> str:
    """Name the column of the participant in the table of values."""
    return given_of(study).id_column or study.participants.id_column


def require_columns(table: pd.DataFrame, study: Study, where: str, *, separate: bool) -> None:
    """Check that every column the study file names is there.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of values.
    study : Study
        Names the columns.
    where : str
        The file.
    separate : bool
        Whether another table says who is in which arm.

    Raises
    ------
    TableError
        A column does not exist; all of them at once, each with the likely name.
    """
    given, known = given_of(study), [str(name) for name in table.columns]
    wanted = {"participants.id_column": id_column_of(study)}
    if not separate:
        wanted["participants.arm_column"] = study.participants.arm_column
    if given.timepoint_column:
        wanted["observations.timepoint_column"] = given.timepoint_column
    if given.layout == "rows":
        wanted = {name: name for name in LONG if name != "participant_id"} | wanted
    for values in given.measures:
        for place, column in values.places:
            for name in column_names(column, study).values():
                of_regions = " ".join(filter(None, (values.metric, *place)))
                wanted[f"observations.measures: {of_regions}: {name}"] = name
    problems = [
        Problem(
            f"the table has no column '{name}'",
            f"{where} ({key})",
            fix=did_you_mean(name, known),
        )
        for key, name in wanted.items()
        if name not in known
    ]
    if problems:
        raise TableError.from_problems(problems)


def column_names(column: Columns, study: Study) -> dict[str, str]:
    """Name the column of every timepoint; ``""`` stands for the timepoint of the row."""
    if isinstance(column, Mapping):
        return {str(timepoint): name for timepoint, name in column.items()}
    if PLACEHOLDER not in column:
        return {"": column}
    return {
        str(timepoint): column.replace(PLACEHOLDER, labels[0])
        for timepoint, labels in study.timepoints.items()
    }


def named(table: pd.DataFrame, study: Study, where: str) -> pd.DataFrame:
    """Add the full label of the participant and, where the pattern has it, the session."""
    given, column = given_of(study), id_column_of(study)
    nameless = table.index[table[column].isna()]
    problems = [Problem(f"row {line} names no participant", where) for line in nameless]
    cells = table[column].fillna("")
    if given.id_pattern:
        found = cells.map(re.compile(given.id_pattern).search)
        problems += [
            Problem(
                f"row {line}: '{cells[line]}' does not fit observations.id_pattern",
                where,
                fix="mend the pattern, or the cell",
            )
            for line in table.index[found.isna()]
            if line not in nameless
        ]
        if not problems:
            table = table.assign(**{WHO: [full_label(one["participant"]) for one in found]})
            if given.by_session and not given.timepoint_column:
                table = table.assign(**{WHEN: [one["session"] for one in found]})
    else:
        table = table.assign(**{WHO: cells.map(full_label)})
    if problems:
        raise TableError.from_problems(problems[:MOST_TOLD])
    return table


def with_session(
    table: pd.DataFrame, study: Study, where: str
) -> tuple[pd.DataFrame, list[Decision]]:
    """Turn labels of sessions into timepoints; other sessions are left out, and told."""
    given = given_of(study)
    column = "timepoint" if given.layout == "rows" else given.timepoint_column or WHEN
    if column not in table.columns or not (given.by_session or given.layout == "rows"):
        refuse_repeated(table, [WHO], where)
        return table, []
    timepoints = {str(t): str(t) for t in study.timepoints}
    timepoints |= {label: str(t) for label, t in study.timepoint_of_session.items()}
    labels = table[column].map(lambda cell: str(cell or "").removeprefix("ses-"))
    known = labels.isin(list(timepoints))
    if not known.any():
        raise TableError(
            f"no row is of a session of the study: column '{column}' holds "
            + ", ".join(f"'{label}'" for label in labels.unique()[:MOST_TOLD]),
            where=where,
            fix="name these labels under 'timepoints' of the study",
        )
    decisions: list[Decision] = [
        {
            "scope": "session",
            "participant_id": row[WHO],
            "session_id": str(row[column]),
            "action": "excluded",
            "reason": "the session is no timepoint of the study",
            "config_key": "timepoints",
        }
        for row in table[~known].drop_duplicates([WHO, column]).to_dict("records")
    ]
    kept = table[known].assign(**{WHEN: labels[known].map(timepoints)})
    if given.layout == "columns":
        refuse_repeated(kept, [WHO, WHEN], where)
    return kept, decisions


def refuse_repeated(table: pd.DataFrame, key: list[str], where: str) -> None:
    """Refuse rows that say the same thing twice.

    Parameters
    ----------
    table : pandas.DataFrame
        Indexed by the line in the file.
    key : list of str
        Columns that together occur only once.
    where : str
        The file.

    Raises
    ------
    TableError
        A row repeats another.
    """
    repeated = table[table.duplicated(key)]
    problems = [
        Problem(
            f"row {line} repeats " + ", ".join(str(row[name]) for name in key),
            where,
            fix="keep one of them; if every session has a row, name observations.timepoint_column",
        )
        for line, row in repeated.head(MOST_TOLD).iterrows()
    ]
    if problems:
        raise TableError.from_problems(problems)
