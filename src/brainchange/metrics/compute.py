"""Metrics of a run, each from the level it is computed at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError
from brainchange.imaging.signals import RegionSignals, region_means
from brainchange.metrics.inputs import RunQuality
from brainchange.metrics.measured import Computed
from brainchange.metrics.prepared import ReadRun
from brainchange.metrics.registry import Metric
from brainchange.metrics.tasks import TaskRun
from brainchange.metrics.voxel_maps import VoxelMap

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Material:
    """What the metrics of a run are computed from.

    Attributes
    ----------
    quality : RunQuality
        Motion.
    maps : mapping of str to VoxelMap
        Metrics of voxels.
    members : sequence of numpy.ndarray
        Places of the voxels of each region in the maps.
    signals : RegionSignals
        Region signals.
    task : TaskRun
        Events of the task.
    """

    quality: RunQuality
    maps: Mapping[str, VoxelMap]
    members: Sequence[Indices]
    signals: RegionSignals
    task: TaskRun

    def computed(self, metrics: Iterable[Metric]) -> Computed:
        """Compute metrics; what cannot be computed has a reason."""
        values: dict[str, FloatArray] = {}
        reasons: dict[tuple[str, str], str] = {}
        for metric in metrics:
            try:
                found = self._one(metric)
            except BrainchangeError as error:
                found = Computed({}, {(metric.name, ""): error.reason})
            values |= found.values
            reasons |= found.reasons
        return Computed(values, reasons)

    def _one(self, metric: Metric) -> Computed:
        if metric.level == "task":
            of_task = self.task.compute(metric)
            reasons = {(metric.name, name): why for name, why in of_task.reasons.items()}
            numbers = of_task.numbers
            return Computed({metric.name: numbers} if numbers.size else {}, reasons)
        if metric.level == "run":
            return Computed({metric.name: np.asarray(metric.function(self.quality), float)}, {})
        if metric.level == "signal":
            return Computed({metric.name: np.asarray(metric.function(self.signals), float)}, {})
        return self._averaged(metric)

    def _averaged(self, metric: Metric) -> Computed:
        """Average the map of a metric of voxels within regions."""
        found = self.maps[metric.name]
        reasons = {(metric.name, ""): found.reason} if found.reason else {}
        members = self.members
        if metric.level == "neighbourhood":
            members = [own[np.isfinite(found.values[own])] for own in members]
        means = region_means(found.values[np.newaxis], members)[0]
        if not metric.whole_brain_z:
            return Computed({metric.name: means}, reasons)
        plain, z = metric.produced
        deviation = found.deviation if found.deviation > 0 else np.nan
        return Computed({plain: means, z: (means - found.mean) / deviation}, reasons)


def under_alternatives(
    metrics: Sequence[Metric], run: ReadRun, material: Material
) -> dict[str, Computed]:
    """Average the maps of other denoising, and say which the run has no confounds for.

    Parameters
    ----------
    metrics : sequence of Metric
        All that are chosen.
    run : ReadRun
        The run, with its maps under other denoising.
    material : Material
        What the primary metrics are computed from.

    Returns
    -------
    dict of str to Computed
        By the name of the specification.
    """
    made = {
        name: replace(material, maps=maps).computed(m for m in metrics if m.name in maps)
        for name, maps in run.alternatives.items()
    }
    lacking = {
        name: Computed({}, {(metric.name, ""): f"{name}: {reason}" for metric in metrics})
        for name, reason in run.inputs.lacking.items()
    }
    return made | lacking
