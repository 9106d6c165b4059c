"""Participants of a table of values: one row each, in the arms of the study."""

from __future__ import annotations

import pandas as pd

from brainchange.any_table import MOST_TOLD
from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.metrics.given_table import WHEN, WHO, column_names, given_of, id_column_of
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.model import Study


def value_columns(table: pd.DataFrame, study: Study) -> list[str]:
    """List the columns that are no facts about participants: values, and what places them.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of values.
    study : Study
        Names the columns; one that is also an outcome is kept.
    """
    given = given_of(study)
    values = {
        name
        for one in given.measures
        for _, column in one.places
        for name in column_names(column, study).values()
    }
    if given.layout == "rows":
        kept = {id_column_of(study), study.participants.arm_column}
        values = {*OBSERVATIONS_TABLE.names} - kept
    outcomes = {name for one in study.outcomes.values() for name in one.columns.values()}
    return [name for name in table.columns if name in values - outcomes]


def people_of(table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Bring a table to one row a participant.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows with participant and, where every session has one, timepoint; columns of values left
        out.
    study : Study
        Names the columns of participant and arm.

    Returns
    -------
    pandas.DataFrame
        Text or None. A column that differs between sessions becomes one a timepoint, called
        ``<column>_<timepoint>``; one that does not keeps its name and has those too.
    """
    people = study.participants
    plain = [name for name in table.columns if name not in (WHO, WHEN, id_column_of(study))]
    by_name = table.groupby(WHO, sort=True)
    steady = by_name[plain].nunique(dropna=False).le(1).all() if plain else pd.Series(dtype=bool)
    cells = {people.id_column: pd.Series({name: name for name in by_name.groups})}
    for name in plain:
        if name == people.arm_column or WHEN not in table.columns:
            cells[name] = by_name[name].first()
            continue
        if steady[name]:
            cells[name] = by_name[name].first()
        for timepoint, rows in table.groupby(WHEN, sort=False):
            of_one = rows.drop_duplicates(WHO).set_index(WHO)[name]
            cells.setdefault(f"{name}_{timepoint}", of_one)
    return pd.DataFrame(cells).astype(object).where(lambda frame: frame.notna(), None)


def require_one_arm(table: pd.DataFrame, who: pd.Series, arm_column: str, where: str) -> None:
    """Refuse a participant in two arms.

    Parameters
    ----------
    table : pandas.DataFrame
        One or several rows a participant.
    who : pandas.Series
        Participant of every row.
    arm_column : str
        Column of the arm; a table without it is told of elsewhere.
    where : str
        The file.

    Raises
    ------
    TableError
        Somebody is in two arms.
    """
    if arm_column not in table.columns:
        return
    arms = table[arm_column].dropna().groupby(who).unique()
    problems = [
        Problem(
            f"participant '{name}' is in {len(found)} arms: {', '.join(sorted(found))}",
            where,
            fix="give every participant one arm",
        )
        for name, found in arms.items()
        if len(found) > 1
    ]
    if problems:
        raise TableError.from_problems(problems[:MOST_TOLD])


def require_arms(people: pd.DataFrame, study: Study, where: str) -> None:
    """Refuse arms of a contrast that nobody is in.

    Parameters
    ----------
    people : pandas.DataFrame
        One row a participant.
    study : Study
        Names the column and the arms.
    where : str
        The file.

    Raises
    ------
    TableError
        The column does not exist, or an arm of a contrast has no participant.
    """
    column = study.participants.arm_column
    if column not in people.columns:
        known = map(str, people.columns)
        raise TableError(
            f"the table has no column '{column}'",
            where=f"{where} (participants.arm_column)",
            fix=did_you_mean(column, known),
        )
    found = sorted(people[column].dropna().unique())
    named = {arm for one in study.contrasts.values() for arm in (*one.treated, *one.control)}
    problems = [
        Problem(
            f"no participant is in the arm '{arm}' (column '{column}')",
            where,
            fix=did_you_mean(arm, found),
        )
        for arm in study.arms
        if arm in named and arm not in found
    ]
    if problems:
        raise TableError.from_problems(problems)
