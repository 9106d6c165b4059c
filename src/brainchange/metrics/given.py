"""Observations of a study that starts from a table, checked as strictly as those made here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from brainchange.any_table import read_any_table
from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.metrics.given_names import known_metrics
from brainchange.metrics.given_people import people_of, require_arms, require_one_arm, value_columns
from brainchange.metrics.given_table import (
    WHEN,
    WHO,
    given_of,
    named,
    require_columns,
    with_session,
)
from brainchange.metrics.given_values import values_in_columns, values_in_rows, without_impossible
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.metrics.registry import anatomy_metrics
from brainchange.study.decisions import DECISIONS_TABLE, Decision
from brainchange.study.given import GIVEN, full_label
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.tasks import ANATOMY


@dataclass(frozen=True)
class GivenTables:
    """What a table of values becomes.

    Attributes
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``, sorted by participant and timepoint.
    participants : pandas.DataFrame
        One row a participant, every cell as text; where the table has a row a session, a column
        that differs between sessions is called ``<column>_<timepoint>``.
    decisions : pandas.DataFrame
        ``DECISIONS_TABLE``: sessions and values that were set aside.
    """

    observations: pd.DataFrame
    participants: pd.DataFrame
    decisions: pd.DataFrame


def given_files(study: Study, root: Path) -> tuple[Path, ...]:
    """Paths of the table of values and, where there is one, of the table of participants.

    Parameters
    ----------
    study : Study
        A study that starts from a table.
    root : Path
        Folder of the project.
    """
    given = given_of(study)
    people = study.participants
    named = [given.table, *([people.table] if "table" in people.model_fields_set else [])]
    return tuple(root / name for name in dict.fromkeys(named))


def read_given(
    study: Study, regions: tuple[Region, ...], root: Path, only: tuple[str, ...] = ()
) -> GivenTables:
    """Read the table a study starts from.

    Parameters
    ----------
    study : Study
        Names the table and its columns.
    regions : tuple of Region
        The configured regions, in order.
    root : Path
        Folder of the project.
    only : tuple of str
        Participants to keep (``sub-01``); empty for all.

    Returns
    -------
    GivenTables
        Infinite values, and those a metric cannot take, are missing with a flag and a decision;
        rows of sessions that are no timepoint of the study are left out with a decision.

    Raises
    ------
    TableError, ConfigError
        A table cannot be read; a column, region, metric or arm does not exist (with the likely
        name); a row or a participant is given twice; a cell is no number; units differ.
    """
    path, *others = given_files(study, root)
    where, given = _shown(path, root), given_of(study)
    table = read_any_table(path)
    require_columns(table, study, where, separate=bool(others))
    rows, decisions = with_session(named(table, study, where), study, where)
    reader = values_in_rows if given.layout == "rows" else values_in_columns
    long, set_aside = without_impossible(reader(rows, study, regions, where), known_metrics(given))
    if others:
        people = _participants(others[0], study, root)
    else:
        require_one_arm(rows, rows[WHO], study.participants.arm_column, where)
        people = people_of(rows.drop(columns=value_columns(rows, study)), study)
    require_arms(people, study, _shown(others[0] if others else path, root))
    not_chosen = _not_chosen(long, people, study, only)
    gone = [one["participant_id"] for one in not_chosen]
    return GivenTables(
        _observations(long[~long[WHO].isin(gone)], people, study),
        people.reset_index(drop=True),
        DECISIONS_TABLE.frame([*decisions, *set_aside, *not_chosen]),
    )


def _participants(path: Path, study: Study, root: Path) -> pd.DataFrame:
    """Read a table of participants of its own."""
    people, where, column = read_any_table(path), _shown(path, root), study.participants.id_column
    if column not in people.columns:
        raise TableError(
            f"the table has no column '{column}'",
            where=f"{where} (participants.id_column)",
            fix=did_you_mean(column, map(str, people.columns)),
        )
    require_one_arm(people, people[column].map(full_label), study.participants.arm_column, where)
    return people


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _not_chosen(
    long: pd.DataFrame, people: pd.DataFrame, study: Study, only: tuple[str, ...]
) -> list[Decision]:
    """Tell of participants that are not among those chosen."""
    named = [full_label(cell) for cell in people[study.participants.id_column].dropna()]
    known = sorted({*named, *long[WHO]})
    problems = [
        Problem(
            f"the study has no participant '{name}'",
            "config/config.yaml: only_participants",
            fix=did_you_mean(name, known),
        )
        for name in only
        if name not in known
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    return [
        {
            "scope": "participant",
            "participant_id": name,
            "action": "excluded",
            "reason": "not among the participants chosen in the configuration",
            "config_key": "only_participants",
        }
        for name in known
        if only and name not in only
    ]


def _observations(long: pd.DataFrame, people: pd.DataFrame, study: Study) -> pd.DataFrame:
    who = [full_label(cell) for cell in people[study.participants.id_column]]
    arms = dict(zip(who, people[study.participants.arm_column], strict=True))
    specification = given_of(study).specification or GIVEN
    order = {str(timepoint): place for place, timepoint in enumerate(study.timepoints)}
    rows = pd.DataFrame(
        {
            "participant_id": long[WHO],
            "arm": long[WHO].map(arms),
            "timepoint": long[WHEN],
            "session_id": None,
            "task": _tasks(long, study),
            "specification": specification,
            "metric": long["metric"],
            "condition": long.get("condition"),
            "region": long["region"].replace("", None),
            "region_2": long["region_2"].replace("", None),
            "value": long["value"],
            "unit": long["unit"],
            "n_runs": 1,
            "flag": long["flag"].replace("", None),
        }
    )
    rows["n_runs"] = rows["value"].notna().astype(int)
    rows = rows.assign(place=rows["timepoint"].map(order))
    rows = rows.sort_values(["participant_id", "place"], kind="stable").drop(columns="place")
    return OBSERVATIONS_TABLE.frame(rows.reset_index(drop=True))


def _tasks(long: pd.DataFrame, study: Study) -> pd.Series:
    """Name the task of every value: as the table says, else the first one; none for anatomy."""
    anatomy = long["metric"].isin(list(anatomy_metrics()))
    usual = pd.Series(study.tasks[0], index=long.index, dtype=object).mask(anatomy, ANATOMY)
    return long["task"].fillna(usual) if "task" in long else usual
