"""Volumes at the start of a run whose magnetisation has not yet reached its steady state."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

EXAMINED_VOLUMES = 50
LARGEST_SCORE = 3.5
"""Modified z-score above which a volume is an outlier (Iglewicz & Hoaglin 1993, section 3)."""
_SCORE_OF_DEVIATION = 0.6745
"""Third quartile of the standard normal distribution, as they round it."""


def non_steady_state_volumes(global_signal: FloatArray) -> int:
    """Count the volumes at the start that are not in steady state.

    As nipype's ``NonSteadyStateDetector``, which fMRIPrep uses: leading volumes whose global signal
    is an outlier among the first 50 by the modified z-score of Iglewicz & Hoaglin (1993).

    Parameters
    ----------
    global_signal : numpy.ndarray
        Mean of all voxels of each volume, arbitrary units, (n_volumes,).

    Returns
    -------
    int
        0 where half of the volumes have one and the same global signal (nipype divides by zero).
    """
    examined = global_signal[:EXAMINED_VOLUMES]
    deviation = np.abs(examined - np.median(examined))
    typical = np.median(deviation)
    if typical == 0:
        return 0
    is_outlier = _SCORE_OF_DEVIATION * deviation / typical > LARGEST_SCORE
    settled = np.flatnonzero(~is_outlier)
    return int(settled[0]) if settled.size else 0
