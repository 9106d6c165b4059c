"""Activation by a task, relative to its error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import TaskSignals, TaskValues
from brainchange.metrics.registry import Metric


def activation_t(signals: TaskSignals) -> TaskValues:
    """Estimate the t statistic of the response of each region to the contrasts of a task.

    The model is that of the metric ``activation``; t is the contrast over its standard error. It
    grows with the length of a run and shrinks with noise, so it says how sure a response is, not
    how large.

    Parameters
    ----------
    signals : TaskSignals
        Of one run.

    Returns
    -------
    TaskValues
        t, (n_contrasts, n_regions).
    """

    def statistic(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return signals.fitted.contrast(weights)[1]

    return signals.for_each_contrast(statistic)


METRIC = Metric(
    name="activation_t",
    label="t of activation",
    unit="t",
    level="task",
    per="region",
    needs=("task",),
    description="Response to a contrast of conditions over its standard error, one run",
    source="Friston et al. 1994, Human Brain Mapping 2:189",
    function=activation_t,
)
