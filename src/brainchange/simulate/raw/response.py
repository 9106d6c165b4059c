"""Events of a task and the responses of structures to them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainchange.simulate.raw.model import Design

STEP = 0.1
"""Resolution of the responses in time, in s."""


def draw_events(design: Design, length: float, random: np.random.Generator) -> pd.DataFrame:
    """Draw order and gaps of the events of one run.

    Parameters
    ----------
    design : Design
        Conditions, number and length of events.
    length : float
        Length of the run, in s; events that do not end before are not shown.
    random : numpy.random.Generator
        The run's.

    Returns
    -------
    pandas.DataFrame
        BIDS events: ``onset`` and ``duration`` in s, ``trial_type``.
    """
    queue = [one for one in design.conditions for _ in range(one.number)]
    onset, rows = design.first, []
    for place in random.permutation(len(queue)):
        event = queue[place]
        if onset + event.duration > length:
            break
        rows.append({"onset": onset, "duration": event.duration, "trial_type": event.name})
        onset = round(onset + event.duration + random.uniform(*design.gap), 1)
    return pd.DataFrame(rows, columns=["onset", "duration", "trial_type"])


def responses(
    events: pd.DataFrame, seconds: NDArray[np.float64]
) -> Mapping[str, NDArray[np.float64]]:
    """Convolve events with the canonical haemodynamic response.

    Parameters
    ----------
    events : pandas.DataFrame
        ``onset``, ``duration``, ``trial_type``.
    seconds : numpy.ndarray
        Times to know the response at, of any shape.

    Returns
    -------
    dict of str to numpy.ndarray
        Condition → response at the times; 1 is the height of the response to an event that never
        ends. The response is that of SPM (Friston et al. 1998, NeuroImage 7:30), from nilearn.
    """
    # Imported here: nilearn takes more than a second, and the plan of a simulation needs none.
    from nilearn.glm.first_level import spm_hrf  # noqa: PLC0415

    times = np.arange(0, float(seconds.max()) + 32 + STEP, STEP)
    kernel = spm_hrf(STEP, oversampling=1)
    found = {}
    for condition, rows in events.groupby("trial_type"):
        shown = np.zeros(times.size)
        for onset, duration in zip(rows["onset"], rows["duration"], strict=True):
            shown[(times >= onset - STEP / 2) & (times < onset + duration - STEP / 2)] += 1
        course = np.convolve(shown, kernel / kernel.sum())[: times.size]
        found[str(condition)] = np.interp(seconds, times, course)
    return found
