"""The symmetric change of a volume."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def symmetric_percent_change(first: FloatArray, second: FloatArray) -> FloatArray:
    """Change in percent of the mean of both volumes; swapping them turns the sign.

    Parameters
    ----------
    first, second : numpy.ndarray
        Volumes in mm3, (n,) or with more dimensions.

    Returns
    -------
    numpy.ndarray
        ``100 (second − first) / ((first + second) / 2)`` in percent, (n,) (Reuter et al. 2012,
        NeuroImage 61:1402).
    """
    change: FloatArray = 200 * (second - first) / (first + second)
    return change
