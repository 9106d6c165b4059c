"""A dataset that a study file is written for: images, tables, guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from brainchange.new_study.scales import columns_of
from brainchange.sources.dataset import Dataset
from brainchange.sources.survey import Survey, Task
from brainchange.sources.survey_sessions import GuessedTimepoints, guess_timepoints
from brainchange.sources.survey_tables import (
    Column,
    DatasetTable,
    arm_candidates,
    dataset_tables,
    folders_of,
)
from brainchange.study.model import Timepoint

FIRST = "participants.tsv"
"""The table of participants; others are joined to it."""


@dataclass(frozen=True)
class NewStudy:
    """A dataset, read, that a study file is written for.

    Attributes
    ----------
    id : str
        Name of the study.
    survey : Survey
        Its images.
    derivatives : Dataset or None
        Its public fMRIPrep derivatives, where they could be read.
    folder : Path or None
        Where it is, for a dataset on this machine.
    """

    id: str
    survey: Survey
    derivatives: Dataset | None = None
    folder: Path | None = None

    @cached_property
    def tables(self) -> tuple[DatasetTable, ...]:
        """Its tables."""
        return dataset_tables(self.survey.dataset)

    @cached_property
    def timepoints(self) -> GuessedTimepoints:
        """Which session is which timepoint, as far as labels say it."""
        return guess_timepoints(self.survey.sessions)

    @cached_property
    def arms(self) -> list[Column]:
        """Columns that may say the arm, the likeliest first."""
        return arm_candidates(self.tables)

    @cached_property
    def joined(self) -> tuple[tuple[DatasetTable, tuple[str, ...]], ...]:
        """Further tables that are used, each with the columns that are."""
        used = ((table, self._used(table)) for table in self.tables if table.path != FIRST)
        return tuple((table, columns) for table, columns in used if columns)

    def _used(self, table: DatasetTable) -> tuple[str, ...]:
        scales = (s for s in table.scales if columns_of(s, self.timepoints))
        columns = [column for scale in scales for column in scale.columns.values()]
        columns += [column.name for column in table.columns if column.use == "covariate"]
        if self.arm is not None and self.arm.table == table.path:
            columns.append(self.arm.name)
        return tuple(dict.fromkeys(columns))

    @cached_property
    def of_participants(self) -> DatasetTable | None:
        """The table of participants."""
        return next((one for one in self.tables if one.path == FIRST), None)

    @property
    def arm(self) -> Column | None:
        """The likeliest arm column: one that is here first, of the table of participants first."""
        told = [column for column in self.arms if column.levels or column.labels_of_levels]
        order = [(not column.levels, column.table != FIRST) for column in told]
        return told[order.index(min(order))] if told else None

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """Arm → folders of its participants."""
        arm = self.arm
        table = next((one for one in self.tables if arm and one.path == arm.table), None)
        if table is None or arm is None:
            return {}
        folder = folders_of(table.participants, self.survey.participants)
        return {
            level: frozenset(
                folder[row["participant_id"]]
                for row in table.table.rows
                if row[arm.name] == level and row.get("participant_id") in folder
            )
            for level in arm.levels
        }

    def complete(self, task: Task, timepoint: Timepoint = "post") -> frozenset[str]:
        """Participants with a run of a task at pre and at another timepoint."""
        at = [
            frozenset().union(*(task.sessions.get(label, frozenset()) for label in labels))
            for labels in (
                self.timepoints.labels.get("pre", ()),
                self.timepoints.labels.get(timepoint, ()),
            )
        ]
        return at[0] & at[1]
