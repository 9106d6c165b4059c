"""Number of volumes that censoring keeps."""

from __future__ import annotations

from brainchange.metrics.inputs import RunQuality
from brainchange.metrics.registry import Metric


def kept_volumes(quality: RunQuality) -> float:
    """Count the analysed volumes that are kept (Power et al. 2014, NeuroImage 84:320).

    Parameters
    ----------
    quality : RunQuality
        Of one run.

    Returns
    -------
    float
        Number of volumes.
    """
    return float(quality.kept.sum())


METRIC = Metric(
    name="kept_volumes",
    label="Kept volumes",
    unit="volumes",
    level="run",
    per="run",
    needs=("rest", "task"),
    description="Analysed volumes that motion does not censor",
    source="Power et al. 2014, NeuroImage 84:320",
    function=kept_volumes,
    smallest=0.0,
)
