"""Expected responses to the events of a task: regressors of conditions, and of parts of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.imaging.events import RESPONSE_LENGTH, Events

FloatArray = npt.NDArray[np.float64]

OVERSAMPLING = 50
"""Steps a volume in which events are placed before they are convolved, as in nilearn."""
HRF_MODEL = "spm + derivative"


@dataclass(frozen=True)
class FrameTimes:
    """When the analysed volumes were taken.

    Attributes
    ----------
    n_volumes : int
        How many.
    repetition_time : float
        Time between them in s.
    reference : float
        Time in s, from the start of a volume, at which it is taken to show the brain: that of the
        slice to which slice-timing correction brought all, else the middle.
    """

    n_volumes: int
    repetition_time: float
    reference: float

    @property
    def seconds(self) -> FloatArray:
        """Seconds from the start of the first analysed volume, (n_volumes,)."""
        volumes = np.arange(self.n_volumes, dtype=np.float64)
        return self.reference + self.repetition_time * volumes


def condition_regressors(events: Events, times: FrameTimes) -> FloatArray:
    """Convolve the events of each condition with the canonical response and its derivative.

    The response is SPM's difference of two gamma functions, with an integral of 1: under a
    stimulation that lasts, the regressor goes to 1. Its time derivative is orthogonal to it. An
    event without duration is an impulse with the area of an event of 1 s, as in SPM
    (``spm_get_ons``); nilearn gives it the area of one step of time.

    Parameters
    ----------
    events : Events
        Relative to the first analysed volume.
    times : FrameTimes
        Of the analysed volumes.

    Returns
    -------
    numpy.ndarray
        (n_volumes, 2 · n_conditions): the response to each condition, then all derivatives.
    """
    found = [
        _of_condition(events.chosen(events.of_condition == place), times)
        for place in range(len(events.conditions))
    ]
    responses = np.column_stack([regressors[:, 0] for regressors in found])
    return np.hstack([responses, *(regressors[:, 1:] for regressors in found)])


def _of_condition(events: Events, times: FrameTimes) -> FloatArray:
    from nilearn.glm.first_level import compute_regressor  # noqa: PLC0415 (takes a second)

    if not events.onset.size:
        return np.zeros((times.n_volumes, 2))
    step = times.repetition_time / OVERSAMPLING
    amplitude = np.where(events.duration > 0, 1.0, 1.0 / step)
    regressors, _ = compute_regressor(
        (events.onset, events.duration, amplitude),
        HRF_MODEL,
        times.seconds,
        oversampling=OVERSAMPLING,
        min_onset=-(RESPONSE_LENGTH + times.repetition_time),
    )
    return np.asarray(regressors, dtype=float)
