"""Temporal signal-to-noise ratio."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import VoxelBlock
from brainchange.metrics.registry import Metric


def tsnr(block: VoxelBlock) -> npt.NDArray[np.float64]:
    """Temporal signal-to-noise ratio of voxels.

    See :func:`brainchange.imaging.coverage.temporal_snr` for definition and source.

    Parameters
    ----------
    block : VoxelBlock
        Voxels of a run.

    Returns
    -------
    numpy.ndarray
        (n_voxels,), a ratio without unit.
    """
    return block.tsnr


METRIC = Metric(
    name="tsnr",
    label="Temporal SNR",
    unit="ratio",
    level="voxel",
    per="region",
    needs=("rest", "task"),
    description="Temporal mean over standard deviation after a quadratic drift is removed",
    source="Murphy et al. 2007, NeuroImage 34:565; nipype TSNR with regress_poly=2",
    function=tsnr,
)
