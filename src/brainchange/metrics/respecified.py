"""One run under every specification: region signals that were read once, denoised anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError
from brainchange.files import inside
from brainchange.imaging.confounds import ConfoundsTable, read_confounds_table
from brainchange.imaging.denoise import Nuisance, nuisance, signal_names
from brainchange.imaging.signals import region_signals
from brainchange.metrics.derivatives import derivative_path
from brainchange.metrics.gates import cautions, exclusion, judge_what_is_left
from brainchange.metrics.registry import Metric
from brainchange.metrics.task_signals import TaskSignals
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.study.decisions import Decision
from brainchange.study.model import Images
from brainchange.study.specifications import Specification
from brainchange.tables import read_tsv

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredSignals:
    """Region signals of a run before denoising, and its confounds.

    Attributes
    ----------
    run : Run
        Which run.
    raw : numpy.ndarray
        Mean signals in the intensity units of the image, (n_analysed, n_regions); NaN for a region
        that is not usable.
    repetition_time : float
        Time between volumes in s.
    confounds : ConfoundsTable
        Of all volumes.
    task : TaskSignals or None
        The signals with the events of the task, under the primary specification; None where the
        run shows no contrast of conditions.
    """

    run: Run
    raw: FloatArray
    repetition_time: float
    confounds: ConfoundsTable
    task: TaskSignals | None = None


@dataclass(frozen=True)
class Respecified:
    """What one specification makes of a run.

    Attributes
    ----------
    run : Run
        Which run.
    specification : Specification
        The choices.
    removed : Nuisance or None
        Design and kept volumes; None where confounds are missing.
    decisions : tuple of dict
        What censoring and nuisance regression leave, as decisions about the run.
    computed : dict of (str, str) to numpy.ndarray
        By metric and contrast of conditions ("" where it has none): (n_regions,) or
        (n_regions, n_regions), NaN where missing.
    reasons : dict of (str, str) to str
        By metric ("" for all) and contrast ("" for all): why it could not be computed.
    """

    run: Run
    specification: Specification
    removed: Nuisance | None
    decisions: tuple[Decision, ...] = ()
    computed: Mapping[tuple[str, str], FloatArray] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def caution(self) -> str:
        """What weakens its values; empty where nothing does."""
        return cautions(list(self.decisions))

    def reason(self, metric: str = "", condition: str = "") -> str:
        """Say why there is no value of a metric; empty where there is."""
        places = (("", ""), (metric, ""), (metric, condition))
        return next(filter(None, (self.reasons.get(place) for place in places)), "")

    @property
    def row(self) -> dict[str, Any]:
        """Row of ``SPECIFICATIONS_TABLE``."""
        left = self.removed
        return {
            "participant_id": self.run.participant,
            "session_id": self.run.session,
            "run": self.run.key,
            "specification": self.specification.name,
            "denoising": self.specification.denoising.name,
            "censoring": self.specification.censoring.name,
            "primary": self.specification.primary,
            "n_kept": left.n_kept if left else None,
            "n_regressors": left.design.shape[1] if left else None,
            "residual_degrees_of_freedom": left.residual_degrees_of_freedom if left else None,
            "used": not self.reason(),
            "reason": self.reason() or self.caution or None,
        }


def read_signals(
    files: PreparedFiles, images: Images, results: Path, folder: Path
) -> MeasuredSignals | None:
    """Read what ``measure`` wrote of a run, and its confounds.

    Parameters
    ----------
    files : PreparedFiles
        Paths in the study folder.
    images : Images
        Space and parcellation, for names.
    results : Path
        ``results/<study>``.
    folder : Path
        The study folder.

    Returns
    -------
    MeasuredSignals or None
        None for a run that was not measured.

    Raises
    ------
    TableError
        The confounds do not fit the signals.
    """
    path = results / derivative_path(files.run, images, "raw_timeseries")
    if not path.is_file():
        return None
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    raw = read_tsv(path).to_numpy(dtype=float, na_value=np.nan)
    n_volumes = len(raw) + int(told["NumberOfVolumesDiscardedByUser"])
    confounds = read_confounds_table(inside(folder, files.confounds), n_volumes)
    return MeasuredSignals(files.run, raw, float(told["RepetitionTime"]), confounds)


def respecify(
    signals: MeasuredSignals, choices: Sequence[Specification], metrics: Sequence[Metric]
) -> Iterator[Respecified]:
    """Compute metrics of signals under every specification.

    Parameters
    ----------
    signals : MeasuredSignals
        Of one run.
    choices : sequence of Specification
        The specifications; for the primary one only what is left is computed.
    metrics : sequence of Metric
        Metrics of the levels ``signal`` and ``task``.

    Yields
    ------
    Respecified
        One for each specification. One whose confounds are missing, or that keeps too few volumes,
        has a reason instead of values.
    """
    for choice in choices:
        try:
            confounds = signals.confounds.confounds(signal_names(choice.denoising))
        except BrainchangeError as error:
            yield Respecified(signals.run, choice, None, reasons={("", ""): error.reason})
            continue
        removed = nuisance(confounds, signals.repetition_time, choice.denoising, choice.censoring)
        decisions = judge_what_is_left(signals.run, removed, choice.censoring)
        reason = exclusion(decisions)
        found = Respecified(
            signals.run, choice, removed, tuple(decisions), reasons={("", ""): reason}
        )
        wanted = () if choice.primary or reason else metrics
        yield _with_values(found, signals, removed, wanted)


def _with_values(
    found: Respecified, signals: MeasuredSignals, removed: Nuisance, metrics: Sequence[Metric]
) -> Respecified:
    values: dict[tuple[str, str], FloatArray] = {}
    reasons = dict(found.reasons)
    for metric in metrics:
        try:
            made, told = _computed(metric, signals, removed)
        except BrainchangeError as error:
            reasons[metric.name, ""] = error.reason
        else:
            values |= {(metric.name, condition): numbers for condition, numbers in made.items()}
            reasons |= {(metric.name, condition): why for condition, why in told.items()}
    return Respecified(found.run, found.specification, removed, found.decisions, values, reasons)


def _computed(
    metric: Metric, signals: MeasuredSignals, removed: Nuisance
) -> tuple[Mapping[str, FloatArray], Mapping[str, str]]:
    """Give values and reasons of a metric by contrast of conditions ("" where it has none)."""
    if metric.level == "signal":
        made = metric.function(region_signals(signals.raw, removed))
        return {"": np.asarray(made, dtype=float)}, {}
    if signals.task is None:
        return {}, {}
    task = replace(signals.task, nuisance=removed.design, kept=removed.kept)
    found = metric.function(task)
    names = [contrast.name for contrast in task.contrasts]
    return dict(zip(names, found.numbers, strict=False)), found.reasons
