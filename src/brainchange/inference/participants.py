"""Who is in which arm, from the study's table of participants."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.study.decisions import Decision
from brainchange.study.given import full_label
from brainchange.study.model import Study


@dataclass(frozen=True)
class Enrolment:
    """Participants that can be analysed.

    Attributes
    ----------
    participants : tuple of str
        Full labels (``sub-01``), sorted, so that no result depends on the order of a file.
    arms : tuple of str
        Arm of each of them.
    cells : pandas.DataFrame
        Their rows in the table of participants, as text, indexed by the full label.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE`` for those left out.
    """

    participants: tuple[str, ...]
    arms: tuple[str, ...]
    cells: pd.DataFrame
    decisions: tuple[Decision, ...]


def enrol(table: pd.DataFrame, study: Study) -> Enrolment:
    """Read the arm of every participant.

    Parameters
    ----------
    table : pandas.DataFrame
        The study's table of participants with every cell as text (``brainchange.tables.read_tsv``).
    study : Study
        Names the columns and the arms.

    Returns
    -------
    Enrolment
        A participant without arm, in an arm the study does not name, or given twice with different
        cells is left out, with a decision.

    Raises
    ------
    TableError
        The table lacks a column that the study names.
    """
    _require_columns(table, study)
    column = study.participants.id_column
    named = table[table[column].notna()].copy()
    named.index = pd.Index([full_label(cell) for cell in named[column]], name="participant_id")
    decisions = [_excluded(None, "a row of the table names no participant", column)] * int(
        table[column].isna().sum()
    )
    kept: dict[str, str] = {}
    for participant, rows in named.groupby(level=0, sort=True):
        arm = rows[study.participants.arm_column].iloc[0]
        reason = _reason_against(rows, arm, study)
        if reason is None:
            kept[str(participant)] = str(arm)
        else:
            key = f"participants.{'arm' if len(rows) == 1 else 'id'}_column"
            decisions.append(_excluded(str(participant), reason, key))
    cells = named[~named.index.duplicated()].reindex(list(kept))
    return Enrolment(tuple(kept), tuple(kept.values()), cells, tuple(decisions))


def _reason_against(rows: pd.DataFrame, arm: object, study: Study) -> str | None:
    if len(rows) > 1 and len(rows.drop_duplicates()) > 1:
        return f"the table gives this participant {len(rows)} times with different cells"
    if pd.isna(arm):
        return "the table names no arm"
    if arm not in study.arms:
        return (
            f"the arm '{arm}' is not among those of the study: {did_you_mean(str(arm), study.arms)}"
        )
    return None


def _excluded(participant: str | None, reason: str, key: str) -> Decision:
    return {
        "scope": "participant",
        "participant_id": participant,
        "action": "excluded",
        "reason": reason,
        "config_key": key,
    }


def _require_columns(table: pd.DataFrame, study: Study) -> None:
    named = study.participants
    wanted = {
        "participants.id_column": named.id_column,
        "participants.arm_column": named.arm_column,
        **{f"participants.columns.{what}": column for what, column in named.columns.items()},
        **{f"participants.covariates.{n}": one.column for n, one in named.covariates.items()},
    } | {
        f"outcomes.{name}.columns.{timepoint}": column
        for name, outcome in study.outcomes.items()
        for timepoint, column in outcome.columns.items()
    }
    problems = [
        Problem(
            f"the table of participants has no column '{column}'",
            f"config/studies/{study.id}.yaml: {key}",
            fix=did_you_mean(column, map(str, table.columns)),
        )
        for key, column in wanted.items()
        if column not in table.columns
    ]
    if problems:
        raise TableError.from_problems(problems)
