"""Volume within the skull."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import RegionVolumes
from brainchange.metrics.registry import Metric


def intracranial_volume(volumes: RegionVolumes) -> npt.NDArray[np.float64]:
    """Estimated total intracranial volume at each timepoint.

    It does not change in weeks of therapy: a change of it is one of the scanner, or a failure.

    Parameters
    ----------
    volumes : RegionVolumes
        Of one participant.

    Returns
    -------
    numpy.ndarray
        In mm3, (n_timepoints,); NaN where it was not measured, as by registration in pairs.
    """
    if volumes.intracranial is None:
        return np.full(len(volumes.timepoints), np.nan)
    return volumes.intracranial


METRIC = Metric(
    name="intracranial_volume",
    label="Intracranial volume",
    unit="mm3",
    level="anat",
    per="run",
    needs=("anat",),
    description="Estimated total intracranial volume, as FreeSurfer measured it (eTIV)",
    source="Buckner et al. 2004, NeuroImage 23:724",
    function=intracranial_volume,
    smallest=0,
)
