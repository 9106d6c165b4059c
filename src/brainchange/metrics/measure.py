"""All metrics of one participant, each BOLD image read once.

A run that cannot be used becomes a decision, never an exception: the other runs and the other
participants are measured all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError, ConfigError
from brainchange.imaging.parcellation import packaged_labels, read_labels
from brainchange.imaging.signals import RegionSignals, region_means, region_signals
from brainchange.metrics.compute import Material, under_alternatives
from brainchange.metrics.covered import cover, region_decisions
from brainchange.metrics.gates import cautions, exclusion
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measured import MeasuredRun, ParticipantMeasurement
from brainchange.metrics.prepared import ReadRun, open_run, read_run
from brainchange.metrics.registry import Metric, chosen_metrics
from brainchange.metrics.tasks import TaskRun, TimedRun, seeds_of, task_run
from brainchange.sources.bids import PARCELLATIONS, PreparedFiles, Run
from brainchange.sources.run_decisions import decision, left_out
from brainchange.study.decisions import Decision
from brainchange.study.model import Images
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.study.specifications import denoising_alternatives

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Plan:
    """What is the same for every run of a study."""

    folder: Path
    regions: Sequence[Region]
    labels: Mapping[str, int]
    metrics: tuple[Metric, ...]
    settings: Settings
    layout: StudyLayout

    def repeats(self, metric: Metric) -> bool:
        """Whether a metric is computed under other specifications too."""
        return metric.name in self.settings.alternatives.metrics


def measure_participant(
    participant: str,
    runs: Sequence[PreparedFiles],
    folder: Path,
    *,
    layout: StudyLayout,
    regions: Sequence[Region],
    settings: Settings,
    before: Sequence[Decision] = (),
    progress: Progress | None = None,
) -> ParticipantMeasurement:
    """Measure all metrics in all runs of a participant.

    Parameters
    ----------
    participant : str
        ``sub-01``.
    runs : sequence of PreparedFiles
        Its prepared runs (``brainchange.sources.bids.prepared_runs``).
    folder : Path
        The study folder.
    layout : StudyLayout
        Parcellation, timepoints and tasks of the study.
    regions : sequence of Region
        The configured regions, in order.
    settings : Settings
        Metrics, denoising, censoring, coverage, frequency band.
    before : sequence of dict
        Decisions made in preparation; a run that is excluded there is not read.
    progress : callable, optional
        Told one line when a run is begun.

    Returns
    -------
    ParticipantMeasurement
        With a decision for whatever was left out.

    Raises
    ------
    ConfigError
        A region names a label, or the settings a metric, that does not exist: a mistake that
        concerns every participant.
    """
    metrics = tuple(m for m in chosen_metrics(settings.metrics) if m.of_runs)
    labels = labels_of(layout.images, folder)
    plan = _Plan(folder, regions, labels, metrics, settings, layout)
    timed, found = _at_timepoints(participant, runs, layout)
    decisions = [*before, *found]
    usable = [files for files in timed if not exclusion(_of_run(decisions, files.run))]
    read, found = _read_all(usable, plan, progress)
    decisions += found
    covered = cover(read, regions, settings.coverage)
    decisions += region_decisions(participant, covered, settings.coverage)
    measured = []
    for run, voxels in zip(read, covered.voxels, strict=True):
        own = _of_run(decisions, run.inputs.run)
        try:
            done, told = _measured(run, voxels, plan, cautions(own))
            measured.append(done)
            decisions += told
        except BrainchangeError as error:
            decisions.append(left_out(run.inputs.run, error))
    # A session that is no timepoint, or not the one that tells it, is missing nowhere.
    reasons = {files.run: exclusion(_of_run(decisions, files.run)) for files in timed}
    return ParticipantMeasurement(
        participant=participant,
        regions=tuple(regions),
        metrics=metrics,
        specification=settings.denoising.name,
        runs=tuple(measured),
        excluded={run: reason for run, reason in reasons.items() if reason},
        unusable=covered.unusable,
        weak=covered.weak,
        coverage=tuple(covered.rows),
        decisions=tuple(decisions),
        seeds=frozenset(regions[place].region for place in seeds_of(regions, settings)),
        others=tuple(other.name for other in denoising_alternatives(settings)),
        repeated=tuple(m for m in metrics if m.of_voxels and plan.repeats(m)),
    )


def labels_of(images: Images, folder: Path) -> Mapping[str, int]:
    """Numbers of the labels of a study's parcellation.

    The table in the dataset (``desc-<parcellation>_dseg.tsv``) wins over the one that comes with
    the program.

    Raises
    ------
    ConfigError
        There is neither.
    TableError
        The table in the dataset cannot be read.
    """
    atlas = images.segmentation
    home = PARCELLATIONS if images.atlas else images.derivatives
    path = folder / home / f"desc-{atlas}_dseg.tsv"
    return read_labels(path) if path.is_file() else packaged_labels(atlas)


def _of_run(decisions: Sequence[Decision], run: Run) -> list[Decision]:
    return [row for row in decisions if row.get("run") == run.key]


def _at_timepoints(
    participant: str, runs: Sequence[PreparedFiles], layout: StudyLayout
) -> tuple[list[PreparedFiles], list[Decision]]:
    """Choose runs whose session is a timepoint of the study; decide about what is not there."""
    timed = [files for files in runs if layout.timepoint(files.run.session)]
    decisions = [
        decision(
            files.run,
            "excluded",
            f"session '{files.run.session}' is no timepoint of the study"
            f"{' for this arm' if layout.of_arms else ''}",
            config_key="timepoints",
        )
        for files in runs
        if files not in timed
    ]
    if layout.first_session:
        timed, told = _first_sessions(timed, layout)
        decisions += told
    there = {(layout.timepoint(files.run.session), layout.task(files.run.task)) for files in timed}
    decisions += [
        {
            "scope": "session",
            "participant_id": participant,
            "session_id": "+".join(f"ses-{label}" for label in labels),
            "action": "excluded",
            "reason": f"there is no prepared run of task {task} at {timepoint}",
            "config_key": "timepoints",
        }
        for timepoint, labels in layout.timepoints
        for task in layout.tasks
        if (timepoint, task) not in there
    ]
    return timed, decisions


def _first_sessions(
    runs: Sequence[PreparedFiles], layout: StudyLayout
) -> tuple[list[PreparedFiles], list[Decision]]:
    """Keep, of several sessions of one timepoint and task, the first that the study names."""
    order = [f"ses-{label}" for _, labels in layout.timepoints for label in labels]
    chosen: dict[tuple[str | None, str], str | None] = {}
    for files in sorted(runs, key=lambda one: order.index(one.run.session or "ses-")):
        cell = (layout.timepoint(files.run.session), layout.task(files.run.task))
        chosen.setdefault(cell, files.run.session)
    kept, decisions = [], []
    for files in runs:
        cell = (layout.timepoint(files.run.session), layout.task(files.run.task))
        if chosen[cell] == files.run.session:
            kept.append(files)
        else:
            reason = (
                f"{cell[0]} is told by the session '{chosen[cell]}', which the study names first"
            )
            decisions.append(decision(files.run, "excluded", reason, config_key="timepoints"))
    return kept, decisions


def _read_all(
    runs: Sequence[PreparedFiles], plan: _Plan, progress: Progress | None
) -> tuple[list[ReadRun], list[Decision]]:
    read: list[ReadRun] = []
    decisions: list[Decision] = []
    for files in runs:
        if progress:
            progress(f"reading {files.run.key}")
        done, found = _read(files, plan)
        decisions.extend(found)
        if done is not None:
            read.append(done)
    return read, decisions


def _read(files: PreparedFiles, plan: _Plan) -> tuple[ReadRun | None, list[Decision]]:
    """Read one run, unless it is left out before or while it is read."""
    inputs, decisions = open_run(files, plan.folder, plan.settings)
    if inputs is None or exclusion(decisions):
        return None, decisions
    voxel_metrics = [metric for metric in plan.metrics if metric.of_voxels]
    try:
        read = read_run(inputs, plan.regions, plan.labels, voxel_metrics, plan.settings)
    except ConfigError:
        raise
    except BrainchangeError as error:
        return None, [*decisions, left_out(files.run, error)]
    return read, decisions


def _measured(
    run: ReadRun, used: Sequence[Indices], plan: _Plan, caution: str
) -> tuple[MeasuredRun, tuple[Decision, ...]]:
    """Compute the metrics of a run for the voxels that are used."""
    members = [run.columns(voxels) for voxels in used]
    inputs = run.inputs
    signals = region_signals(region_means(run.volumes, members), inputs.nuisance)
    task = _task(run, signals, plan)
    material = Material(inputs.quality, run.maps, members, signals, task)
    computed = material.computed(plan.metrics)
    measured = MeasuredRun(
        files=inputs.files,
        repetition_time=inputs.repetition_time,
        n_dummies=inputs.nuisance.n_dummies,
        n_regressors=inputs.nuisance.design.shape[1],
        signals=signals,
        computed=computed.values,
        reasons=computed.reasons,
        caution=caution,
        task_caution=task.caution,
        alternatives=under_alternatives(plan.metrics, run, material),
    )
    return measured, task.decisions


def _task(run: ReadRun, signals: RegionSignals, plan: _Plan) -> TaskRun:
    """Read the events of a run, where a metric needs them."""
    if not any(metric.level == "task" for metric in plan.metrics):
        return TaskRun()
    known = run.inputs
    timed = TimedRun(known.files, known.folder, known.repetition_time, known.header.n_volumes)
    return task_run(
        timed,
        signals.raw,
        known.nuisance,
        layout=plan.layout,
        regions=plan.regions,
        settings=plan.settings,
    )
