"""Tables of one participant on disk, and all of them as the tables of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measured import ParticipantMeasurement
from brainchange.metrics.observations import (
    COVERAGE_TABLE,
    OBSERVATIONS_TABLE,
    PARTICIPANT_OBSERVATIONS_TABLE,
)
from brainchange.metrics.observe import observation_rows
from brainchange.study.decisions import DECISIONS_TABLE, Decision
from brainchange.tables import TableSchema


@dataclass(frozen=True)
class MeasuredTables:
    """What was measured, as tables; of one participant or of a study.

    Attributes
    ----------
    observations : pandas.DataFrame
        ``PARTICIPANT_OBSERVATIONS_TABLE`` for a participant, ``OBSERVATIONS_TABLE`` for a study.
    coverage : pandas.DataFrame
        ``COVERAGE_TABLE``.
    decisions : pandas.DataFrame
        ``DECISIONS_TABLE``.
    """

    observations: pd.DataFrame
    coverage: pd.DataFrame
    decisions: pd.DataFrame


@dataclass(frozen=True)
class TablePaths:
    """Where the three tables are.

    Attributes
    ----------
    observations, coverage, decisions : Path
        TSV files.
    """

    observations: Path
    coverage: Path
    decisions: Path


def participant_tables(measurement: ParticipantMeasurement, layout: StudyLayout) -> MeasuredTables:
    """Make the tables of one participant."""
    return MeasuredTables(
        observations=PARTICIPANT_OBSERVATIONS_TABLE.frame(observation_rows(measurement, layout)),
        coverage=COVERAGE_TABLE.frame(measurement.coverage),
        decisions=DECISIONS_TABLE.frame(measurement.decisions),
    )


def write_participant_tables(tables: MeasuredTables, paths: TablePaths) -> None:
    """Write the tables of one participant, each complete or not at all."""
    PARTICIPANT_OBSERVATIONS_TABLE.write(tables.observations, paths.observations)
    COVERAGE_TABLE.write(tables.coverage, paths.coverage)
    DECISIONS_TABLE.write(tables.decisions, paths.decisions)


def read_participant_tables(paths: TablePaths) -> MeasuredTables:
    """Read the tables of one participant.

    Raises
    ------
    TableError
        A table is missing or does not hold what it should.
    """
    return MeasuredTables(
        observations=PARTICIPANT_OBSERVATIONS_TABLE.read(paths.observations),
        coverage=COVERAGE_TABLE.read(paths.coverage),
        decisions=DECISIONS_TABLE.read(paths.decisions),
    )


def gather(
    participants: Sequence[MeasuredTables],
    arms: Mapping[str, str | None],
    more_decisions: Sequence[Mapping[str, Any]] = (),
) -> MeasuredTables:
    """Join the tables of all participants and add the arms.

    Parameters
    ----------
    participants : sequence of MeasuredTables
        In any order.
    arms : mapping of str to str or None
        Arm of each participant (``sub-01``) in the table of participants.
    more_decisions : sequence of mapping
        Rows of ``DECISIONS_TABLE`` made before anything was measured (runs that lack a file).

    Returns
    -------
    MeasuredTables
        Of the study, sorted by participant; a participant that ``arms`` does not have keeps its
        values, without an arm (why is decided where participants are enrolled), and one that only
        ``arms`` has becomes a decision.
    """
    observations = joined(
        PARTICIPANT_OBSERVATIONS_TABLE, [tables.observations for tables in participants]
    )
    told = {*observations["participant_id"], *(row.get("participant_id") for row in more_decisions)}
    decisions = joined(
        DECISIONS_TABLE,
        [
            DECISIONS_TABLE.frame([dict(row) for row in more_decisions]),
            *(tables.decisions for tables in participants),
            DECISIONS_TABLE.frame([_no_images(name) for name in sorted(set(arms) - told)]),
        ],
    )
    named = observations.assign(arm=[arms.get(name) for name in observations["participant_id"]])
    return MeasuredTables(
        observations=OBSERVATIONS_TABLE.frame(named[OBSERVATIONS_TABLE.names]),
        coverage=joined(COVERAGE_TABLE, [tables.coverage for tables in participants]),
        decisions=decisions,
    )


def with_more(
    tables: MeasuredTables, observations: pd.DataFrame, decisions: Sequence[Mapping[str, Any]]
) -> MeasuredTables:
    """Add observations and decisions to those of a study, each participant's after its own.

    Parameters
    ----------
    tables : MeasuredTables
        Of a study (:func:`gather`).
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.
    decisions : sequence of mapping
        Rows of ``DECISIONS_TABLE``.
    """
    more = DECISIONS_TABLE.frame([dict(row) for row in decisions])
    return MeasuredTables(
        observations=joined(OBSERVATIONS_TABLE, [tables.observations, observations]),
        coverage=tables.coverage,
        decisions=joined(DECISIONS_TABLE, [tables.decisions, more]),
    )


def joined(schema: TableSchema, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join frames by participant, each participant's rows in their own order."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return schema.frame()
    joined = pd.concat(filled, ignore_index=True)
    return schema.frame(
        joined.sort_values("participant_id", kind="stable", na_position="first", ignore_index=True)
    )


def _no_images(participant: str) -> Decision:
    return {
        "scope": "participant",
        "participant_id": participant,
        "action": "excluded",
        "reason": "the table of participants names the participant, but there are no images",
        "config_key": "participants.id_column",
    }
