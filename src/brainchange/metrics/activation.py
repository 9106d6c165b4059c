"""Activation by a task, in percent signal change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import TaskSignals, TaskValues
from brainchange.metrics.registry import Metric


def activation(signals: TaskSignals) -> TaskValues:
    """Estimate the response of each region to the contrasts of a task.

    The general linear model (Friston et al. 1994) has, for each condition, its events convolved
    with SPM's canonical response and the derivative of it in time, the nuisance regressors of the
    configuration with slow cosines, a spike for each censored volume, and AR(1) noise. The contrast
    is of the parameters of the responses.

    Percent signal change is 100 · parameter / mean signal of the region over the kept volumes, for
    a response whose integral is 1: the change that a stimulation which lasts would reach. So it
    depends neither on the length of events nor on the scale of the image. A condition whose events
    have no duration is measured as if they were of 1 s.

    Parameters
    ----------
    signals : TaskSignals
        Of one run.

    Returns
    -------
    TaskValues
        Percent signal change, (n_contrasts, n_regions).
    """

    def effect(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return signals.fitted.contrast(weights)[0]

    return signals.for_each_contrast(effect)


METRIC = Metric(
    name="activation",
    label="Activation",
    unit="percent signal change",
    level="task",
    per="region",
    needs=("task",),
    description="Response to a contrast of conditions that a lasting stimulation would reach",
    source="Friston et al. 1994, Human Brain Mapping 2:189; canonical HRF, derivative, AR(1)",
    function=activation,
)
