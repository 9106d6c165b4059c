"""What there is to do for a study, known from its lock before anything is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from brainchange.errors import BrainchangeError, ConfigError, Problem, did_you_mean
from brainchange.imaging.parcellate import template_decisions
from brainchange.metrics.given import given_files
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.registry import anatomy_metrics
from brainchange.project import Project, read_study
from brainchange.project_folder import CONFIG, study_names
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.simulate.plan import planned_paths
from brainchange.sources.bids import PreparedFiles, prepared_runs
from brainchange.sources.fetch import missing
from brainchange.sources.freesurfer import FreesurferVolumes, freesurfer_volumes
from brainchange.sources.lock import LockRow, participant_of, read_lock
from brainchange.sources.overlap import shared_with, study_images
from brainchange.sources.patterns import matching
from brainchange.sources.raw import (
    AnatomyPaths,
    RawParticipant,
    anatomy_paths,
    prepared_files,
    raw_participants,
)
from brainchange.sources.receipts import receipt_path, unit_of
from brainchange.study.decisions import Decision
from brainchange.study.people import PARTICIPANT

PART = 10
"""Participants whose pictures one job draws: to start Python takes as long as one's pictures."""


@dataclass(frozen=True)
class Plan:
    """Files and runs of a study.

    Attributes
    ----------
    project : Project
        The configuration.
    paths : tuple of str
        Every file of the study, in the study folder.
    rows : tuple of LockRow
        The lock; empty for a simulated study that has not been made yet.
    simulation : Simulation or None
        How a simulated study is made.
    """

    project: Project
    paths: tuple[str, ...]
    rows: tuple[LockRow, ...]
    simulation: Simulation | None = None

    @cached_property
    def runs(self) -> Mapping[str, tuple[PreparedFiles, ...]]:
        """Prepared runs of each participant that is analysed and has one, sorted."""
        only = self.project.settings.only_participants
        grouped = self._prepared_runs
        return {name: runs for name, runs in grouped.items() if not only or name in only}

    @cached_property
    def raw(self) -> Mapping[str, RawParticipant]:
        """Raw images of each participant that is analysed; none where derivatives are measured."""
        found = {one.participant: one for one in self._raw[0]}
        return {name: found[name] for name in self.runs if name in found}

    def anatomy(self, participant: str) -> AnatomyPaths | None:
        """Name what preparation makes of a participant's T1w image; None where there is none."""
        raw = self.raw.get(participant)
        return anatomy_paths(raw, self.project.study.images) if raw else None

    @property
    def measures_anatomy(self) -> bool:
        """Whether metrics of anatomy are asked for, and can be measured in some participant.

        From two T1w images, or as FreeSurfer measured them.
        """
        asked = anatomy_metrics() & set(self.project.settings.metrics)
        there = any(len(raw.t1w_of_timepoint) > 1 for raw in self.raw.values())
        return bool(asked) and (there or bool(self.freesurfer))

    @cached_property
    def freesurfer(self) -> Mapping[str, FreesurferVolumes]:
        """FreeSurfer's volumes of each participant; none where the study names no folder."""
        study = self.project.study
        folder = study.images.freesurfer.rstrip("/")
        times = tuple(study.timepoints.items())
        return freesurfer_volumes(self.paths, folder, times) if folder else {}

    @property
    def decisions(self) -> Sequence[Decision]:
        """What is decided before any job, as rows of the decisions table.

        An atlas of another template, runs that lack a file, and participants not chosen.
        """
        project = self.project
        caveats = template_decisions(project.atlas, project.study.images) if project.atlas else []
        not_chosen = [name for name in self._prepared_runs if name not in self.runs]
        return [*caveats, *self._prepared[1], *(_not_chosen(name) for name in not_chosen)]

    @property
    def participants(self) -> tuple[str, ...]:
        """Participants with at least one prepared run."""
        return tuple(self.runs)

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """Participants in parts of up to ten, in order: work that is short is shared by part."""
        names = self.participants
        parts = [names[start : start + PART] for start in range(0, len(names), PART)]
        return {f"part-{number:02d}": part for number, part in enumerate(parts, start=1)}

    @property
    def units_with_tables(self) -> tuple[str, ...]:
        """Participants who have a table of their own beside the table of participants, sorted."""
        patterns = [
            table.path.replace(PARTICIPANT, "*")
            for table in self.project.study.participants.tables
            if PARTICIPANT in table.path
        ]
        tables = {path for pattern in patterns for path in matching(pattern, self.paths)}
        return tuple(sorted(set(filter(None, map(participant_of, tables)))))

    @cached_property
    def shared(self) -> Mapping[str, tuple[str, ...]]:
        """Other study of the project → participants of this one who are also in it, sorted.

        A study that is simulated, or whose file or lock cannot be read, is left out.
        """
        root, mine = self.project.root, self.project.study.id
        images = {mine: study_images(self.project.lock_path.parent, mine)}
        for name in study_names(root):
            with suppress(BrainchangeError):
                if name != mine and not read_study(root, name).simulated:
                    images[name] = study_images(self.project.lock_path.parent, name)
        return shared_with(mine, images)

    def rows_of(self, unit: str) -> tuple[LockRow, ...]:
        """Lock rows of a participant, or those that belong to none."""
        return self._rows_by_unit.get(unit, ())

    def signature(self, unit: str) -> str:
        """Digest of what is to be fetched for a unit: changes when its rows of the lock do.

        Empty for a simulated study, whose lock is itself made by the workflow.
        """
        if self.simulation:
            return ""
        text = "\n".join(f"{row.path}\t{row.checksum}" for row in self.rows_of(unit))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def drop_false_receipts(self) -> list[str]:
        """Delete receipts of fetched files that are gone, so that they are fetched again.

        Returns
        -------
        list of str
            The units whose receipt was deleted.
        """
        folder = self.project.study_folder
        false = [
            unit
            for unit, rows in self._rows_by_unit.items()
            if receipt_path(folder, unit).exists() and missing(rows, folder)
        ]
        for unit in false:
            receipt_path(folder, unit).unlink()
        return false

    @cached_property
    def _rows_by_unit(self) -> dict[str, tuple[LockRow, ...]]:
        grouped: dict[str, list[LockRow]] = {}
        for row in self.rows:
            grouped.setdefault(unit_of(row), []).append(row)
        return {unit: tuple(rows) for unit, rows in grouped.items()}

    @cached_property
    def _prepared_runs(self) -> Mapping[str, tuple[PreparedFiles, ...]]:
        grouped: dict[str, list[PreparedFiles]] = {}
        for prepared in self._prepared[0]:
            grouped.setdefault(prepared.run.participant, []).append(prepared)
        return {participant: tuple(runs) for participant, runs in sorted(grouped.items())}

    @cached_property
    def _prepared(self) -> tuple[list[PreparedFiles], list[Decision]]:
        study = self.project.study
        if study.images.source == "derivatives":
            return prepared_runs(self.paths, study.images, study.task_of_label)
        participants, decisions = self._raw
        runs = [prepared_files(run, study.images) for one in participants for run in one.runs]
        return runs, decisions

    @cached_property
    def _raw(self) -> tuple[list[RawParticipant], list[Decision]]:
        study = self.project.study
        if study.images.source == "derivatives":
            return [], []
        return raw_participants(
            self.paths, study.task_of_label, StudyLayout.of(study).timepoints, study.images.echoes
        )


def make_plan(project: Project) -> Plan:
    """Plan a study from its lock, or, if it is simulated, from what will be simulated.

    Of a study that starts from a table there is nothing to fetch or to measure.

    Raises
    ------
    LockError
        The study has no lock, or one that is not to be trusted.
    ConfigError
        The simulation of a simulated study cannot be read.
    """
    if project.study.observations is not None:
        _require_tables(project)
        return Plan(project, (), ())
    if project.study.simulated:
        simulation = read_simulation(project.root, project.study.id)
        paths = planned_paths(project.study, simulation)
        rows = read_lock(project.lock_path) if project.lock_path.exists() else ()
        plan = Plan(project, paths, rows, simulation)
    else:
        rows = read_lock(project.lock_path)
        plan = Plan(project, tuple(row.path for row in rows), rows)
    _require_chosen(plan)
    return plan


def _require_tables(project: Project) -> None:
    """Tell before any job that a table the study starts from is not there."""
    where = f"config/studies/{project.study.id}.yaml"
    problems = [
        Problem(
            f"the table {path} does not exist",
            f"{where}: observations.table" if place == 0 else f"{where}: participants.table",
            fix="correct the path (from the folder of the project), or put the table there",
        )
        for place, path in enumerate(given_files(project.study, project.root))
        if not path.is_file()
    ]
    if problems:
        raise ConfigError.from_problems(problems)


def _require_chosen(plan: Plan) -> None:
    known = {participant_of(path) for path in plan.paths} - {None}
    problems = [
        Problem(
            f"the study has no participant '{name}'",
            f"{CONFIG}: only_participants",
            fix=did_you_mean(name, sorted(filter(None, known))),
        )
        for name in plan.project.settings.only_participants
        if name not in known
    ]
    if problems:
        raise ConfigError.from_problems(problems)


def _not_chosen(participant: str) -> Decision:
    return {
        "scope": "participant",
        "participant_id": participant,
        "action": "excluded",
        "reason": "not among the participants chosen in the configuration",
        "config_key": "only_participants",
    }
