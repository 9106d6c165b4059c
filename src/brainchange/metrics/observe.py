"""From what was measured in runs to observations: one value per element and timepoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measured import MeasuredRun, ParticipantMeasurement
from brainchange.metrics.registry import Metric
from brainchange.sources.bids import Run

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Cell:
    """Runs of one participant, timepoint and task."""

    timepoint: str
    task: str
    contrasts: tuple[str, ...]
    runs: tuple[MeasuredRun, ...]
    excluded: Mapping[Run, str]

    @property
    def sessions(self) -> str | None:
        """Sessions the runs are from, joined by '+'."""
        named = {run.run.session for run in self.runs} | {run.session for run in self.excluded}
        return "+".join(sorted(name for name in named if name)) or None


@dataclass(frozen=True)
class _Element:
    """What one value belongs to, and where it is among the values of its metric."""

    regions: tuple[str, ...]
    index: tuple[int, ...]
    condition: str | None = None


def observation_rows(
    measurement: ParticipantMeasurement, layout: StudyLayout
) -> list[dict[str, Any]]:
    """Make the observations of one participant.

    Every configured metric has one row for each region, each pair of regions (first before second
    in the configured order) or the whole run, at every timepoint of the study and for every task,
    whether a value exists or not; a missing value has a flag that says why. A metric of tasks has
    them for each contrast of the conditions of a task, and none for a task without contrasts.

    Parameters
    ----------
    measurement : ParticipantMeasurement
        What was measured.
    layout : StudyLayout
        Timepoints, tasks and their contrasts.

    Returns
    -------
    list of dict
        Rows of ``PARTICIPANT_OBSERVATIONS_TABLE``; several runs of one timepoint are averaged.
        Metrics of voxels under other denoising follow those of the primary specification.
    """
    every = (measurement, *measurement.alternatives)
    return [row for one in every for row in _observed(one, layout)]


def _observed(measurement: ParticipantMeasurement, layout: StudyLayout) -> list[dict[str, Any]]:
    """Make the observations of one specification."""
    return [
        {
            "participant_id": measurement.participant,
            "timepoint": cell.timepoint,
            "session_id": cell.sessions,
            "task": cell.task,
            "specification": measurement.specification,
            "metric": produced,
            "unit": metric.unit_of(produced),
            **row,
        }
        for cell in _cells(measurement, layout)
        for metric in measurement.metrics
        for produced in metric.produced
        for row in _rows(cell, metric, produced, measurement)
    ]


def _cells(measurement: ParticipantMeasurement, layout: StudyLayout) -> Iterator[_Cell]:
    def belongs(run: Run, timepoint: str, task: str) -> bool:
        return layout.task(run.task) == task and layout.timepoint(run.session) == timepoint

    for timepoint, _ in layout.timepoints:
        for task in layout.tasks:
            yield _Cell(
                timepoint=timepoint,
                task=task,
                contrasts=tuple(contrast.name for contrast in layout.contrasts_of(task)),
                runs=tuple(r for r in measurement.runs if belongs(r.run, timepoint, task)),
                excluded={
                    run: reason
                    for run, reason in measurement.excluded.items()
                    if belongs(run, timepoint, task)
                },
            )


def _rows(
    cell: _Cell,
    metric: Metric,
    produced: str,
    measurement: ParticipantMeasurement,
) -> Iterator[dict[str, Any]]:
    stacked = [run.computed[produced] for run in cell.runs if produced in run.computed]
    for element in _elements(metric, cell, measurement):
        found = np.array([values[element.index] for values in stacked], dtype=float)
        possible = (found >= metric.smallest) & (found <= metric.largest)
        possible |= produced != metric.name
        usable = found[np.isfinite(found) & possible]
        regions = element.regions
        impossible = bool(np.any(np.isfinite(found) & ~possible))
        yield {
            "condition": element.condition,
            "region": regions[0] if regions else None,
            "region_2": regions[1] if len(regions) > 1 else None,
            "value": float(usable.mean()) if usable.size else None,
            "n_runs": int(usable.size),
            "flag": _weakness(cell, metric, usable.size, regions, measurement.weak)
            if usable.size
            else _absence(cell, metric, element, measurement.unusable, impossible=impossible),
        }


def _elements(
    metric: Metric, cell: _Cell, measurement: ParticipantMeasurement
) -> Iterator[_Element]:
    """List what a metric has a value for; of a pair, the region configured first comes first."""
    names = [region.region for region in measurement.regions]
    conditions = tuple(enumerate(cell.contrasts)) if metric.level == "task" else (None,)
    for condition in conditions:
        for index in _places(metric, len(names)):
            regions = tuple(names[place] for place in index)
            if metric.per == "seed" and not measurement.seeds.intersection(regions):
                continue
            yield (
                _Element(regions, index)
                if condition is None
                else _Element(regions, (condition[0], *index), condition[1])
            )


def _places(metric: Metric, n_regions: int) -> list[tuple[int, ...]]:
    if metric.per == "run":
        return [()]
    if metric.per == "region":
        return [(place,) for place in range(n_regions)]
    first, second = np.triu_indices(n_regions, k=1)
    return list(zip(first.tolist(), second.tolist(), strict=True))


def _absence(
    cell: _Cell,
    metric: Metric,
    element: _Element,
    unusable: Mapping[str, str],
    *,
    impossible: bool,
) -> str:
    """Say why a value is missing."""
    if not cell.runs and not cell.excluded:
        return f"no run of task {cell.task} at {cell.timepoint}"
    if not cell.runs:
        told = [f"{run.key} is left out: {reason}" for run, reason in cell.excluded.items()]
        return "; ".join(told)
    reasons = (run.reason(metric.name, element.condition) for run in cell.runs)
    failed = list(dict.fromkeys(filter(None, reasons)))
    if failed:
        return "; ".join(failed)
    lost = [f"{name}: {unusable[name]}" for name in element.regions if name in unusable]
    if lost:
        return "; ".join(lost)
    if impossible:
        return f"the value is outside {metric.smallest:g} to {metric.largest:g}"
    return "the value is not defined: a signal does not vary, or two are the same"


def _weakness(
    cell: _Cell, metric: Metric, n_runs: int, regions: Sequence[str], weak: Mapping[str, str]
) -> str | None:
    """Say what weakens a value that exists."""
    told = [run.caution for run in cell.runs]
    told += [run.task_caution for run in cell.runs if metric.level == "task"]
    told = list(dict.fromkeys(filter(None, told)))
    told += [f"{name}: {weak[name]}" for name in regions if name in weak]
    n_all = len(cell.runs) + len(cell.excluded)
    if n_runs < n_all:
        told.append(f"{n_all - n_runs} of {n_all} runs are left out")
    return "; ".join(told) or None
