"""The events of a run of a task and what follows from them: read, judged and handed to metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError, ImageError
from brainchange.files import inside
from brainchange.imaging.denoise import Nuisance
from brainchange.imaging.events import EventDoubt, Events, RunTimes, read_events
from brainchange.imaging.sidecar import SliceTime, read_slice_time
from brainchange.imaging.task_design import FrameTimes
from brainchange.metrics.layout import ContrastOfTask, StudyLayout
from brainchange.metrics.registry import Metric
from brainchange.metrics.task_signals import TaskSignals, TaskValues
from brainchange.sources.bids import PreparedFiles
from brainchange.sources.run_decisions import decision
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

FloatArray = npt.NDArray[np.float64]

QUICK_REPETITION_TIME = 1.5
"""Below this time between volumes in s, AR(1) leaves correlated noise (Olszowy et al. 2019)."""


@dataclass(frozen=True)
class TimedRun:
    """Files and times of a run.

    Attributes
    ----------
    files : PreparedFiles
        Paths in the study folder.
    folder : Path
        The study folder.
    repetition_time : float
        Time between volumes in s.
    n_volumes : int
        All volumes, dummies included.
    """

    files: PreparedFiles
    folder: Path
    repetition_time: float
    n_volumes: int


@dataclass(frozen=True)
class TaskRun:
    """What the events of a run allow.

    Attributes
    ----------
    contrasts : tuple of ContrastOfTask
        Contrasts of its task.
    signals : TaskSignals or None
        None where there are no contrasts, or the events cannot be used.
    reason : str
        Why the events cannot be used; empty where they can.
    caution : str
        What weakens every value that rests on them.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE``.
    """

    contrasts: tuple[ContrastOfTask, ...] = ()
    signals: TaskSignals | None = None
    reason: str = ""
    caution: str = ""
    decisions: tuple[Decision, ...] = ()

    def compute(self, metric: Metric) -> TaskValues:
        """Compute a metric of level ``task``.

        Raises
        ------
        BrainchangeError
            It cannot be computed for this run.
        """
        if not self.contrasts:
            return TaskValues(np.empty(0))
        if self.signals is None:
            raise ImageError(self.reason)
        found: TaskValues = metric.function(self.signals)
        return found


def seeds_of(regions: Sequence[Region], settings: Settings) -> tuple[int, ...]:
    """Places of the regions that are seeds of task-dependent connectivity."""
    group = settings.task.seeds
    return tuple(place for place, region in enumerate(regions) if region.group == group)


def task_run(
    run: TimedRun,
    raw: FloatArray,
    removed: Nuisance,
    *,
    layout: StudyLayout,
    regions: Sequence[Region],
    settings: Settings,
) -> TaskRun:
    """Read the events of a run, and bring them together with its signals.

    Parameters
    ----------
    run : TimedRun
        The run.
    raw : numpy.ndarray
        Mean signals of the regions, (n_analysed, n_regions).
    removed : Nuisance
        Nuisance regressors and kept volumes.
    layout : StudyLayout
        How events are read, and the contrasts of each task.
    regions : sequence of Region
        The configured regions.
    settings : Settings
        Noise model and seeds.

    Returns
    -------
    TaskRun
        Never an exception: what cannot be used is a reason.
    """
    contrasts = layout.contrasts_of(run.files.run.task)
    if not contrasts:
        return TaskRun()
    try:
        events, doubts = _events(run, removed, layout)
    except BrainchangeError as error:
        return TaskRun(contrasts, reason=_reason(error), decisions=(_no_events(run, error),))
    slice_time = read_slice_time(inside(run.folder, run.files.sidecar), run.repetition_time)
    times = FrameTimes(raw.shape[0], run.repetition_time, slice_time.seconds)
    signals = TaskSignals(
        raw=raw,
        nuisance=removed.design,
        kept=removed.kept,
        events=events,
        times=times,
        contrasts=contrasts,
        seeds=seeds_of(regions, settings),
        noise=settings.task.noise,
    )
    told = [*doubts, *_time_doubts(slice_time, run.repetition_time, settings)]
    return TaskRun(
        contrasts,
        signals,
        caution="; ".join(doubt.reason for doubt in told),
        decisions=(*_doubts(run, told), *_untold(run, signals)),
    )


def _events(
    run: TimedRun, removed: Nuisance, layout: StudyLayout
) -> tuple[Events, tuple[EventDoubt, ...]]:
    path = run.files.events
    if path is None:
        raise ImageError("no table of events holds for the run")
    step = run.repetition_time
    times = RunTimes(removed.n_dummies * step, run.n_volumes * step)
    return read_events(inside(run.folder, path), layout.events, times)


def _time_doubts(
    slice_time: SliceTime, repetition_time: float, settings: Settings
) -> Iterator[EventDoubt]:
    if slice_time.doubt:
        yield EventDoubt("caution", slice_time.doubt, 0)
    if repetition_time < QUICK_REPETITION_TIME and settings.task.noise == "ar1":
        reason = (
            f"at {repetition_time:g} s between volumes noise is correlated beyond the one before; "
            "t is too large"
        )
        yield EventDoubt("caution", reason, 0)


def _reason(error: BrainchangeError) -> str:
    causes = [problem.cause for problem in error.problems if problem.cause]
    return f"{error.reason} ({causes[0]})" if causes else error.reason


def _no_events(run: TimedRun, error: BrainchangeError) -> Decision:
    reason = f"no activation: {_reason(error)}"
    return decision(run.files.run, "excluded", reason, scope="event", config_key="events")


def _doubts(run: TimedRun, doubts: Sequence[EventDoubt]) -> Iterator[Decision]:
    for doubt in doubts:
        number = {"value": doubt.n_events, "unit": "events"} if doubt.n_events else {}
        yield decision(
            run.files.run,
            doubt.action,
            doubt.reason,
            scope="event",
            config_key="events",
            **number,
        )


def _untold(run: TimedRun, signals: TaskSignals) -> Iterator[Decision]:
    """Tell of contrasts that this run cannot show."""
    for name, reason in signals.problems.items():
        yield decision(
            run.files.run,
            "excluded",
            f"no value: {reason}",
            scope="event",
            name=name,
            config_key="task_contrasts",
        )
