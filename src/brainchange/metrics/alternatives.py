"""Observations under every other specification, computed once for a whole study."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.imaging.denoise import nuisance, signal_names
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.observations import OBSERVATIONS_TABLE, SPECIFICATIONS_TABLE
from brainchange.metrics.registry import Metric, chosen_metrics
from brainchange.metrics.respecified import (
    MeasuredSignals,
    Respecified,
    read_signals,
    respecify,
)
from brainchange.metrics.tasks import TimedRun, task_run
from brainchange.sources.bids import PreparedFiles
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.study.specifications import specifications

FloatArray = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Places = npt.NDArray[np.intp]
Cell = tuple[str, str, str]
"""Participant, timepoint and task."""

UNDEFINED = "the value is not defined: a signal does not vary, or two are the same"


@dataclass(frozen=True)
class AlternativeTables:
    """What other specifications make of the signals of a study.

    Attributes
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``, of the other specifications alone.
    specifications : pandas.DataFrame
        ``SPECIFICATIONS_TABLE``, the primary one included.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE``: runs without values under a specification.
    """

    observations: pd.DataFrame
    specifications: pd.DataFrame
    decisions: tuple[Decision, ...]


def alternative_tables(
    observations: pd.DataFrame,
    runs: Mapping[str, Sequence[PreparedFiles]],
    *,
    results: Path,
    folder: Path,
    layout: StudyLayout,
    regions: Sequence[Region],
    settings: Settings,
    edges: Collection[tuple[str, str]],
) -> AlternativeTables:
    """Compute metrics of signals under every other denoising and censoring.

    Nothing is read but the region signals that ``measure`` wrote and the tables of confounds and
    events.
    Which runs and regions are used is decided by the primary specification.

    Parameters
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE`` of the study. A value that is missing under the primary specification
        is missing under every other, for the same reason.
    runs : mapping of str to sequence of PreparedFiles
        Prepared runs of each participant.
    results : Path
        ``results/<study>``, with the region signals.
    folder : Path
        The study folder, with the confounds.
    layout : StudyLayout
        Images, timepoints, tasks and their contrasts.
    regions : sequence of Region
        The regions that were measured, in order.
    settings : Settings
        Denoising, censoring, alternatives, noise of the model of a task.
    edges : collection of (str, str)
        Pairs of regions that are kept, first before second in the configured order.

    Returns
    -------
    AlternativeTables
        Specification by specification.
    """
    metrics = [
        metric
        for metric in chosen_metrics(settings.metrics)
        if metric.level in ("signal", "task") and metric.name in settings.alternatives.metrics
    ]
    choices = specifications(settings)

    def read(files: PreparedFiles) -> MeasuredSignals | None:
        signals = read_signals(files, layout.images, results, folder)
        if signals is None or not any(metric.level == "task" for metric in metrics):
            return signals
        return _with_task(signals, files, folder, layout=layout, regions=regions, settings=settings)

    measured = filter(None, (read(files) for own in runs.values() for files in own))
    found = [one for run in measured for one in respecify(run, choices, metrics)]
    primary, *others = (choice.name for choice in choices)
    kept = _kept(observations, primary, metrics, edges)
    kept = _without_cautions(kept, _by_cell(found, layout, primary))
    frames = [
        _observed(kept, metrics, regions, _by_cell(found, layout, name), name) for name in others
    ]
    return AlternativeTables(
        observations=pd.concat(frames, ignore_index=True) if frames else OBSERVATIONS_TABLE.frame(),
        specifications=SPECIFICATIONS_TABLE.frame([one.row for one in found]),
        decisions=tuple(_decisions(found)),
    )


def _with_task(
    signals: MeasuredSignals,
    files: PreparedFiles,
    folder: Path,
    *,
    layout: StudyLayout,
    regions: Sequence[Region],
    settings: Settings,
) -> MeasuredSignals:
    """Bring the signals together with the events of the run, as ``measure`` did."""
    primary = signals.confounds.confounds(signal_names(settings.denoising))
    removed = nuisance(primary, signals.repetition_time, settings.denoising, settings.censoring)
    timed = TimedRun(files, folder, signals.repetition_time, primary.n_volumes)
    run = task_run(timed, signals.raw, removed, layout=layout, regions=regions, settings=settings)
    return replace(signals, task=run.signals)


def _kept(
    observations: pd.DataFrame,
    primary: str,
    metrics: Sequence[Metric],
    edges: Collection[tuple[str, str]],
) -> pd.DataFrame:
    """Keep the rows of the primary specification that are computed under others."""
    named = {metric.name for metric in metrics}
    chosen = (observations["specification"] == primary) & observations["metric"].isin(named)
    rows = observations[chosen]
    pairs = pd.MultiIndex.from_frame(rows[["region", "region_2"]])
    wanted = rows["region_2"].isna().to_numpy() | pairs.isin(list(edges))
    return rows[wanted].reset_index(drop=True)


def _without_cautions(
    kept: pd.DataFrame, primary: Mapping[Cell, list[Respecified]]
) -> pd.DataFrame:
    """Take from flags what weakens values under the primary specification alone."""
    stale = {cell: {one.caution for one in runs if one.caution} for cell, runs in primary.items()}
    cells = zip(kept["participant_id"], kept["timepoint"], kept["task"], strict=True)
    flags = [
        "; ".join(part for part in flag.split("; ") if part not in stale.get(cell, ()))
        for cell, flag in zip(cells, kept["flag"].fillna(""), strict=True)
    ]
    return kept.assign(flag=flags)


def _by_cell(
    found: Sequence[Respecified], layout: StudyLayout, name: str
) -> dict[Cell, list[Respecified]]:
    """Group the runs under one specification by participant, timepoint and task."""
    grouped: dict[Cell, list[Respecified]] = defaultdict(list)
    for one in found:
        timepoint = layout.timepoint(one.run.session)
        if one.specification.name == name and timepoint:
            grouped[one.run.participant, timepoint, layout.task(one.run.task)].append(one)
    return grouped


def _observed(
    kept: pd.DataFrame,
    metrics: Sequence[Metric],
    regions: Sequence[Region],
    by_cell: Mapping[Cell, list[Respecified]],
    name: str,
) -> pd.DataFrame:
    """Fill the rows of the primary specification with the values of another."""
    values, counts = np.full(len(kept), np.nan), np.zeros(len(kept), dtype=int)
    flags = kept["flag"].to_numpy(dtype=object, copy=True)
    lost = kept["value"].isna().to_numpy()
    names = pd.Index([region.region for region in regions])
    elements = names.get_indexer(kept["region"]), names.get_indexer(kept["region_2"])
    known = {metric.name: metric for metric in metrics}
    columns = ["participant_id", "timepoint", "task", "metric", "condition"]
    by_source = kept.fillna({"condition": ""}).groupby(columns, sort=False)
    for (*cell, metric, condition), places in by_source.indices.items():
        here: Places = places[~lost[places]]
        runs = by_cell.get((cell[0], cell[1], cell[2]), [])
        element = tuple(index[here] for index in elements)
        found = _stacked(known[metric], condition, runs, element)
        counts[here] = np.isfinite(found).sum(axis=0)
        sums = np.where(np.isfinite(found), found, 0.0).sum(axis=0)
        values[here] = np.where(counts[here] > 0, sums / np.maximum(counts[here], 1), np.nan)
        reasons = (one.reason(metric, condition) for one in runs)
        told = "; ".join(dict.fromkeys(filter(None, reasons)))
        flags[here] = _flags(flags[here], counts[here], runs, told)
    return kept.assign(
        specification=name,
        value=values,
        n_runs=counts,
        flag=[flag or None for flag in flags],
    )


def _stacked(
    metric: Metric, condition: str, runs: Sequence[Respecified], element: tuple[Places, ...]
) -> FloatArray:
    """Possible values of some regions or pairs in every run that has any, (n_runs, n_elements)."""
    index = element if metric.per in ("pair", "seed") else element[:1]
    place = (metric.name, condition)
    rows = [one.computed[place][index] for one in runs if place in one.computed]
    stacked = np.array(rows, dtype=float).reshape(len(rows), element[0].size)
    with np.errstate(invalid="ignore"):
        possible = (stacked >= metric.smallest) & (stacked <= metric.largest)
    return np.where(possible, stacked, np.nan)


def _flags(
    before: Texts, counts: npt.NDArray[np.int_], runs: Sequence[Respecified], reasons: str
) -> list[str]:
    """Say of each value why it is missing, or what weakens it."""
    weak = list(dict.fromkeys(filter(None, (one.caution for one in runs))))
    weak += [f"{reasons} (of some runs)"] * bool(reasons)
    return [
        "; ".join(filter(None, [flag, *weak])) if count else reasons or UNDEFINED
        for flag, count in zip(before, counts, strict=True)
    ]


def _decisions(found: Sequence[Respecified]) -> Iterator[Decision]:
    """Tell once a run and reason under which specifications the run has no values."""
    lost: dict[tuple[str, str], list[Respecified]] = defaultdict(list)
    for one in found:
        if one.reason() and not one.specification.primary:
            lost[one.run.key, one.reason()].append(one)
    for (_, reason), under in lost.items():
        yield {
            "scope": "specification",
            "participant_id": under[0].run.participant,
            "session_id": under[0].run.session,
            "run": under[0].run.key,
            "name": ", ".join(one.specification.name for one in under),
            "action": "excluded",
            "reason": reason,
            "config_key": "alternatives",
        }
