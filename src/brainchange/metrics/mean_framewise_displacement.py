"""Mean framewise displacement of a run."""

from __future__ import annotations

import numpy as np

from brainchange.metrics.inputs import RunQuality
from brainchange.metrics.registry import Metric


def mean_framewise_displacement(quality: RunQuality) -> float:
    """Mean framewise displacement over the analysed volumes, before censoring.

    Power et al. (2012). The first volume of a run has none and does not count, so that the mean is
    n/(n − 1) of the one of programs that write 0 there.

    Parameters
    ----------
    quality : RunQuality
        Of one run.

    Returns
    -------
    float
        In mm; NaN for a run of one volume.
    """
    known = quality.framewise_displacement[np.isfinite(quality.framewise_displacement)]
    return float(known.mean()) if known.size else float("nan")


METRIC = Metric(
    name="mean_framewise_displacement",
    label="Mean framewise displacement",
    unit="mm",
    level="run",
    per="run",
    needs=("rest", "task"),
    description="Mean displacement of the head from one volume to the next, before censoring",
    source="Power et al. 2012, NeuroImage 59:2142",
    function=mean_framewise_displacement,
    smallest=0.0,
)
