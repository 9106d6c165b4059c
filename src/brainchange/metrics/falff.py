"""Fractional amplitude of low-frequency fluctuations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.inputs import VoxelBlock
from brainchange.metrics.registry import Metric


def falff(block: VoxelBlock) -> npt.NDArray[np.float64]:
    """Share of the low-frequency band in the sum of all amplitudes.

    Zou et al. (2008), J Neurosci Methods 172:137: sum of the amplitudes in 0.01-0.08 Hz over the
    sum from 0 (excluded) to Nyquist. Volumes are neither censored nor low-pass filtered, which
    would empty the denominator. Deviation: nuisance regression precedes.

    Parameters
    ----------
    block : VoxelBlock
        Voxels of a run.

    Returns
    -------
    numpy.ndarray
        0 to 1, (n_voxels,); NaN for a voxel without fluctuations.

    Raises
    ------
    ImageError
        The run has no frequency in the band.
    """
    whole = block.amplitudes.sum(axis=0)
    band = block.amplitudes[block.in_band].sum(axis=0)
    fluctuates = whole > 0
    share: npt.NDArray[np.float64] = np.where(fluctuates, band, np.nan) / np.where(
        fluctuates, whole, 1.0
    )
    return share


METRIC = Metric(
    name="falff",
    label="Fractional ALFF",
    unit="ratio",
    level="voxel",
    per="region",
    needs=("rest",),
    description="Share of the low-frequency band in the amplitude spectrum",
    source="Zou et al. 2008, Journal of Neuroscience Methods 172:137",
    function=falff,
    smallest=0.0,
    largest=1.0,
    whole_brain_z=True,
)
