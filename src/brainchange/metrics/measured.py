"""What was measured: the values of a run, and of a participant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.imaging.signals import RegionSignals
from brainchange.metrics.registry import Metric
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Computed:
    """Values of the metrics of a run under one specification.

    Attributes
    ----------
    values : dict of str to numpy.ndarray
        By produced name: (n_regions,), (n_regions, n_regions) or (), NaN where missing.
    reasons : dict of (str, str) to str
        By metric and contrast of conditions ("" for all): why it could not be computed.
    """

    values: dict[str, FloatArray]
    reasons: dict[tuple[str, str], str]


@dataclass(frozen=True)
class MeasuredRun:
    """What was measured in one run.

    Attributes
    ----------
    files : PreparedFiles
        Its files.
    repetition_time : float
        Time between volumes in s.
    n_dummies : int
        Volumes dropped at the start.
    n_regressors : int
        Nuisance regressors.
    signals : RegionSignals
        Region signals.
    computed : dict of str to numpy.ndarray
        By produced name: (n_regions,), (n_regions, n_regions) or (), NaN where missing.
    reasons : dict of (str, str) to str
        By metric and contrast of conditions ("" for all): why it could not be computed.
    caution : str
        What weakens every value of the run; empty where nothing does.
    task_caution : str
        What weakens values that rest on the events of the task.
    alternatives : dict of str to Computed
        Metrics of voxels under other denoising, by the name of the specification.
    """

    files: PreparedFiles
    repetition_time: float
    n_dummies: int
    n_regressors: int
    signals: RegionSignals
    computed: dict[str, FloatArray]
    reasons: dict[tuple[str, str], str]
    caution: str
    task_caution: str = ""
    alternatives: dict[str, Computed] = field(default_factory=dict)

    def reason(self, metric: str, condition: str | None) -> str:
        """Say why a metric could not be computed; empty where it could."""
        return self.reasons.get((metric, "")) or self.reasons.get((metric, condition or ""), "")

    @property
    def run(self) -> Run:
        """Which run."""
        return self.files.run


@dataclass(frozen=True)
class ParticipantMeasurement:
    """What was measured in one participant.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    regions : tuple of Region
        The configured regions.
    metrics : tuple of Metric
        The configured metrics.
    specification : str
        Name of the set of analysis choices.
    runs : tuple of MeasuredRun
        Runs that are used.
    excluded : dict of Run to str
        Runs that are not, and why.
    unusable : dict of str to str
        Regions without enough valid voxels, and why.
    weak : dict of str to str
        Regions that are used although their signal is weak, and how weak.
    coverage : tuple of dict
        Rows of ``COVERAGE_TABLE``.
    decisions : tuple of dict
        Rows of ``DECISIONS_TABLE``.
    seeds : frozenset of str
        Regions that are seeds of task-dependent connectivity.
    others : tuple of str
        Specifications under which some metrics of voxels were computed too.
    repeated : tuple of Metric
        These metrics.
    """

    participant: str
    regions: tuple[Region, ...]
    metrics: tuple[Metric, ...]
    specification: str
    runs: tuple[MeasuredRun, ...]
    excluded: dict[Run, str]
    unusable: dict[str, str]
    weak: dict[str, str]
    coverage: tuple[dict[str, Any], ...]
    decisions: tuple[Decision, ...]
    seeds: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    repeated: tuple[Metric, ...] = ()

    @property
    def alternatives(self) -> tuple[ParticipantMeasurement, ...]:
        """The same under every other denoising, with the metrics that are computed under it."""
        return tuple(self._under(name) for name in self.others if self.repeated)

    def _under(self, name: str) -> ParticipantMeasurement:
        runs = tuple(
            replace(run, computed=other.values, reasons=other.reasons, alternatives={})
            for run in self.runs
            for other in [run.alternatives[name]]
        )
        return replace(
            self, metrics=self.repeated, specification=name, runs=runs, others=(), repeated=()
        )
