"""Amplitude of low-frequency fluctuations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import VoxelBlock
from brainchange.metrics.registry import Metric


def alff(block: VoxelBlock) -> npt.NDArray[np.float64]:
    """Mean amplitude over the frequencies of the low-frequency band.

    Zang et al. (2007), Brain Dev 29:83: the square root of the power spectrum averaged over
    0.01-0.08 Hz. Deviation: drift and nuisance are regressed out instead of linearly detrended,
    and nothing is smoothed.

    Parameters
    ----------
    block : VoxelBlock
        Voxels of a run.

    Returns
    -------
    numpy.ndarray
        In the intensity units of the image, (n_voxels,).

    Raises
    ------
    ImageError
        The run has no frequency in the band.
    """
    mean: npt.NDArray[np.float64] = block.amplitudes[block.in_band].mean(axis=0)
    return mean


METRIC = Metric(
    name="alff",
    label="ALFF",
    unit="a.u.",
    level="voxel",
    per="region",
    needs=("rest",),
    description="Amplitude of low-frequency fluctuations: mean spectral amplitude in the band",
    source="Zang et al. 2007, Brain and Development 29:83",
    function=alff,
    smallest=0.0,
    whole_brain_z=True,
)
