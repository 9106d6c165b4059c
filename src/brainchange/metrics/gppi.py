"""Task-dependent connectivity of seed regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.glm import Fit
from brainchange.imaging.interaction import Haemodynamics
from brainchange.metrics.inputs import TaskSignals, TaskValues
from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]


def gppi(signals: TaskSignals) -> TaskValues:
    """Estimate how the coupling of seed regions with others changes with the conditions of a task.

    Generalised psychophysiological interaction (McLaren et al. 2012): the signal of a region is
    explained by the seed signal, the responses to all conditions and their derivatives, the
    interaction of the seed's deconvolved activity with every condition, and the nuisance. The
    contrast is of the interactions: by how much more percent the region follows one percent of the
    seed in one condition than in another. For two seeds it is the mean of both directions. It says
    nothing about which region acts on which.

    Deviation: the activity is deconvolved without whitening (:mod:`brainchange.imaging.interaction`
    says how, and why it is deconvolved).

    Parameters
    ----------
    signals : TaskSignals
        Of one run.

    Returns
    -------
    TaskValues
        Difference of slopes, (n_contrasts, n_regions, n_regions), symmetric; NaN for a pair without
        a seed and for a region that is missing.

    Raises
    ------
    ImageError
        No seed has a signal that can be deconvolved.
    """
    fits = _fits(signals)

    def slopes(weights: FloatArray) -> FloatArray:
        size = signals.raw.shape[1]
        directed = np.full((size, size), np.nan)
        for seed, fitted in fits.items():
            directed[seed] = fitted.contrast(weights)[0]
        return _both_ways(directed)

    return signals.for_each_contrast(slopes)


def _fits(signals: TaskSignals) -> dict[int, Fit]:
    """Fit the model of each seed; one whose activity cannot be estimated has none."""
    haemodynamics = Haemodynamics(signals.times)
    deconvolution = haemodynamics.deconvolution(signals.nuisance, signals.kept)
    found: dict[int, Fit] = {}
    reasons: list[str] = []
    for seed in signals.seeds:
        signal = signals.percent[:, seed]
        if not np.isfinite(signal).all():
            reasons.append("the signal of the seed is missing")
            continue
        try:
            activity = deconvolution.activity(signal)
        except ImageError as error:
            reasons.append(error.reason)
            continue
        interactions = haemodynamics.interactions(activity, signals.events)
        targets = signals.percent.copy()
        targets[:, seed] = np.nan
        regressors = np.column_stack([interactions, signals.regressors, signal])
        found[seed] = signals.fit(regressors, targets)
    if not found:
        raise ImageError("; ".join(dict.fromkeys(reasons)) or "no region is a seed")
    return found


def _both_ways(directed: FloatArray) -> FloatArray:
    """Mean of both directions of a pair, where both exist; else the one that does."""
    both = np.stack([directed, directed.T])
    known = np.isfinite(both)
    total = np.where(known, both, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    means: FloatArray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


METRIC = Metric(
    name="gppi",
    label="Task-dependent connectivity",
    unit="percent per percent",
    level="task",
    per="seed",
    needs=("task",),
    description="Change of the slope of a region on a seed with a contrast of conditions (gPPI)",
    source="McLaren et al. 2012, NeuroImage 61:1277; Gitelman et al. 2003, NeuroImage 19:200",
    function=gppi,
)
