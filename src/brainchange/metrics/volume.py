"""Volume of regions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import RegionVolumes
from brainchange.metrics.registry import Metric


def volume(volumes: RegionVolumes) -> npt.NDArray[np.float64]:
    """Volume of each region at each timepoint.

    Parameters
    ----------
    volumes : RegionVolumes
        Of one participant.

    Returns
    -------
    numpy.ndarray
        In mm3, (n_timepoints, n_regions).
    """
    return volumes.volumes


METRIC = Metric(
    name="volume",
    label="Volume",
    unit="mm3",
    level="anat",
    per="region",
    needs=("anat",),
    description="Volume from T1w images registered in pairs, or as FreeSurfer measured it",
    source="Reuter & Fischl 2011, NeuroImage 57:19; Ashburner & Ridgway 2013, Front Neurosci 6:197",
    function=volume,
    smallest=0,
)
