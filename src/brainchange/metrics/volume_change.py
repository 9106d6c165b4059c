"""Symmetric percent change of the volume of regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.imaging.volume.percent import symmetric_percent_change
from brainchange.metrics.inputs import RegionVolumes
from brainchange.metrics.registry import Metric


def volume_change(volumes: RegionVolumes) -> npt.NDArray[np.float64]:
    """Change of volume since the first timepoint, in percent of the mean of both.

    Parameters
    ----------
    volumes : RegionVolumes
        Of one participant.

    Returns
    -------
    numpy.ndarray
        In percent, (n_timepoints, n_regions); 0 at the first timepoint. As it does not vary
        there, a difference in change has no standardised effect; that of ``volume`` has.
    """
    return symmetric_percent_change(volumes.volumes[0], volumes.volumes)


METRIC = Metric(
    name="volume_change",
    label="Volume change",
    unit="percent",
    level="anat",
    per="region",
    needs=("anat",),
    description="Symmetric change of volume since the first timepoint",
    source="Reuter et al. 2012, NeuroImage 61:1402",
    function=volume_change,
    smallest=-200,
    largest=200,
)
