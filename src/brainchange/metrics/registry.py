"""The registry of metrics: a metric is one file in this package that declares a ``METRIC``."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import brainchange.metrics
from brainchange.errors import BrainchangeError, did_you_mean

Level = Literal["voxel", "neighbourhood", "signal", "run", "task", "anat", "network"]
Per = Literal["region", "pair", "seed", "run", "network"]
Need = Literal["rest", "task", "anat"]

Z_SUFFIX = "_z"
Z_UNIT = "SD over the brain"


@dataclass(frozen=True)
class Metric:
    """What is computed from a run, and how.

    Attributes
    ----------
    name : str
        Name in the configuration, in tables and in claims.
    label : str
        Name for figures and text.
    unit : str
        Unit of its values.
    level : {'voxel', 'neighbourhood', 'signal', 'run', 'task', 'anat', 'network'}
        What `function` is given: a block of voxels, the whole brain, the region signals, the
        quality of the run, the region signals with the events of a task, the volumes of regions
        (``VoxelBlock``, ``BrainSeries``, ``RegionSignals``, ``RunQuality``, ``TaskSignals`` and
        ``RegionVolumes`` of :mod:`brainchange.metrics.inputs`), or the edges of networks.
    per : {'region', 'pair', 'seed', 'run', 'network'}
        What one value belongs to; seed: a pair of a seed region and another one; network: a pair
        of networks, or one network twice.
    needs : tuple of {'rest', 'task', 'anat'}
        Kinds of images it can be computed from.
    description : str
        What it is.
    source : str
        Who defined it.
    function : callable
        ``voxel``: ``VoxelBlock → (n_voxels,)``, averaged over the valid voxels of each region;
        ``neighbourhood``: ``BrainSeries → (n_voxels,)``, averaged where it is defined;
        ``signal``: ``RegionSignals → (n_regions,)`` or ``(n_regions, n_regions)``;
        ``run``: ``RunQuality → float``;
        ``task``: ``TaskSignals → TaskValues``, as ``signal`` for each contrast of conditions;
        ``network``: values of edges, NaN where one is left out, ``(n, n_edges) → (n,)``.
    smallest, largest : float
        Range of possible values; a value outside it is an error of the program.
    whole_brain_z : bool
        Whether ``<name>_z`` is produced too: the value minus the mean over the valid voxels of the
        brain, divided by their standard deviation.
    of : str
        Metric of pairs that a metric of networks is made from; empty for others.
    """

    name: str
    label: str
    unit: str
    level: Level
    per: Per
    needs: tuple[Need, ...]
    description: str
    source: str
    function: Callable[[Any], Any]
    smallest: float = -math.inf
    largest: float = math.inf
    whole_brain_z: bool = False
    of: str = ""

    @property
    def of_runs(self) -> bool:
        """Whether it is computed from runs, and neither from T1w images nor from other metrics."""
        return self.level not in ("anat", "network")

    @property
    def of_voxels(self) -> bool:
        """Whether it is a map that is averaged within regions."""
        return self.level in ("voxel", "neighbourhood")

    @property
    def produced(self) -> tuple[str, ...]:
        """Names of the values it yields: its own, and ``<name>_z`` where that is made."""
        return (self.name, self.name + Z_SUFFIX) if self.whole_brain_z else (self.name,)

    def unit_of(self, produced: str) -> str:
        """Give the unit of one of the values it yields."""
        return self.unit if produced == self.name else Z_UNIT


def metrics() -> dict[str, Metric]:
    """Find every metric: each module of this package that has a ``METRIC``.

    Returns
    -------
    dict of str to Metric
        By name, sorted.

    Raises
    ------
    BrainchangeError
        Two modules declare the same name.
    """
    found: dict[str, Metric] = {}
    for module in pkgutil.iter_modules(brainchange.metrics.__path__):
        loaded = importlib.import_module(f"{brainchange.metrics.__name__}.{module.name}")
        metric = getattr(loaded, "METRIC", None)
        if not isinstance(metric, Metric):
            continue
        for name in metric.produced:
            if any(name in other.produced for other in found.values()):
                raise BrainchangeError(
                    f"two metrics are called '{name}'",
                    where=f"src/brainchange/metrics/{module.name}.py",
                    fix="rename one of them",
                )
        found[metric.name] = metric
    return dict(sorted(found.items()))


def computed_metrics(names: tuple[str, ...]) -> dict[str, Metric]:
    """Metric of every value that is computed, ``<name>_z`` included; unknown names are left out.

    Parameters
    ----------
    names : tuple of str
        Metrics, as in ``config/config.yaml``.
    """
    known = metrics()
    chosen = (known[name] for name in names if name in known)
    return {name: metric for metric in chosen for name in metric.produced}


def contrasted_metrics() -> frozenset[str]:
    """Names of the values that belong to a contrast of conditions of a task."""
    return frozenset(
        name for metric in metrics().values() if metric.level == "task" for name in metric.produced
    )


def anatomy_metrics() -> frozenset[str]:
    """Names of the values that are measured from T1w images, not from runs."""
    return frozenset(
        name for metric in metrics().values() if metric.level == "anat" for name in metric.produced
    )


def chosen_metrics(names: tuple[str, ...]) -> tuple[Metric, ...]:
    """Metrics by name.

    Parameters
    ----------
    names : tuple of str
        Names as in ``metrics`` of the configuration; one given twice counts once.

    Returns
    -------
    tuple of Metric
        In the order asked for.

    Raises
    ------
    BrainchangeError
        A name is no metric.
    """
    known = metrics()
    for name in names:
        if name not in known:
            raise BrainchangeError(f"there is no metric '{name}'", fix=did_you_mean(name, known))
    return tuple(known[name] for name in dict.fromkeys(names))
