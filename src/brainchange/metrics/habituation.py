"""How much less a region responds late in a run than early."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.events import Events
from brainchange.imaging.task_design import condition_regressors
from brainchange.metrics.inputs import TaskSignals, TaskValues
from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

BLOCK_GAP = 3.0
"""Seconds up to which events of one condition that follow each other are one block."""


def habituation(signals: TaskSignals) -> TaskValues:
    """Compare the response to the first half of each condition with that to its last half.

    The model is that of the metric ``activation`` with two responses a condition: one to the first
    half of its blocks, one to the last half; a middle block has its own. A block is a row of events
    of one condition with at most 3 s between them and no other event among them; a single event is
    a block too. Positive is habituation: early minus late.

    Parameters
    ----------
    signals : TaskSignals
        Of one run.

    Returns
    -------
    TaskValues
        Percent signal change, as ``activation``, (n_contrasts, n_regions). A contrast with a
        condition of one block is missing.
    """
    halves, n_blocks = in_halves(signals.events)
    fitted = signals.fit(condition_regressors(halves, signals.times), signals.percent)

    def difference(weights: FloatArray) -> FloatArray:
        named = np.flatnonzero(weights)
        short = [signals.events.conditions[place] for place in named if n_blocks[place] < 2]
        if short:
            raise ImageError(f"the condition '{short[0]}' has one block in the run, not two halves")
        return fitted.contrast(np.concatenate([weights, -weights]))[0]

    return signals.for_each_contrast(difference)


def in_halves(events: Events) -> tuple[Events, Integers]:
    """Part the events of each condition into an early and a late half of its blocks.

    Parameters
    ----------
    events : Events
        In order of time.

    Returns
    -------
    events : Events
        The same with three conditions for each: all early ones, all late ones, then all that are
        in the middle block of an odd number.
    n_blocks : numpy.ndarray
        Blocks of each condition, (n_conditions,).
    """
    number = len(events.conditions)
    block = _blocks(events)
    n_blocks = np.zeros(number, dtype=np.int64)
    np.maximum.at(n_blocks, events.of_condition, block + 1)
    of_own = n_blocks[events.of_condition]
    part = np.select([block < of_own // 2, block >= of_own - of_own // 2], [0, 1], default=2)
    names = tuple(
        f"{name} ({half})" for half in ("early", "late", "middle") for name in events.conditions
    )
    halves = Events(
        names, events.of_condition + number * part, events.onset, events.duration, events.row
    )
    return halves, n_blocks


def _blocks(events: Events) -> Integers:
    """Count the blocks of the condition of each event up to it, from 0, (n_events,)."""
    found = np.zeros(events.onset.size, dtype=np.int64)
    last: dict[int, int] = {}
    for place, condition in enumerate(events.of_condition.tolist()):
        before = last.get(condition)
        if before is not None:
            end = events.onset[before] + events.duration[before]
            apart = before < place - 1 or events.onset[place] - end > BLOCK_GAP
            found[place] = found[before] + int(apart)
        last[condition] = place
    return found


METRIC = Metric(
    name="habituation",
    label="Habituation",
    unit="percent signal change",
    level="task",
    per="region",
    needs=("task",),
    description="Response to the first half of the blocks of a condition minus that to the last",
    source="Wright et al. 2001, NeuroReport 12:379; halves of a run",
    function=habituation,
)
