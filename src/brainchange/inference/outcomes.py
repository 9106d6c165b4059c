"""Symptom scales from the table of participants."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
import pandas as pd

from brainchange.inference.observed import TIMEPOINTS, Values
from brainchange.inference.participants import Enrolment
from brainchange.study.decisions import Decision
from brainchange.study.model import Outcome, Study


def outcome_values(
    name: str, study: Study, enrolment: Enrolment, timepoints: tuple[str, ...] = TIMEPOINTS
) -> Values:
    """Read one scale of every participant at two timepoints.

    Parameters
    ----------
    name : str
        The outcome.
    study : Study
        Says its columns and range.
    enrolment : Enrolment
        Participants and their cells.
    timepoints : tuple of str
        The two timepoints.

    Returns
    -------
    Values
        A cell that is missing, no number or outside the scale's range is NaN with a flag and a
        decision; a scale that nobody in an arm has at a timepoint gets one decision for the arm.
    """
    outcome = study.outcomes[name]
    read = [_column(outcome, timepoint, enrolment) for timepoint in timepoints]
    values = np.array([[value for value, _ in column] for column in read], dtype=float)
    flags = np.array([[flag for _, flag in column] for column in read], dtype=object)
    shape = (len(timepoints), len(enrolment.participants))
    values, flags = values.reshape(shape), flags.reshape(shape)
    return Values(
        values, flags, tuple(_decisions(name, study, enrolment, (values, flags), timepoints))
    )


def _column(outcome: Outcome, timepoint: str, enrolment: Enrolment) -> list[tuple[float, str]]:
    column = dict(outcome.columns).get(timepoint)  # type: ignore[call-overload]
    if column is None:
        return [(nan, f"not collected at {timepoint}")] * len(enrolment.participants)
    return [_cell(cell, outcome, timepoint) for cell in enrolment.cells[column]]


def _cell(cell: object, outcome: Outcome, timepoint: str) -> tuple[float, str]:
    if pd.isna(cell):
        return nan, f"no {timepoint} value"
    try:
        value = float(str(cell))
    except ValueError:
        return nan, f"{timepoint} value {str(cell)!r} is not a number"
    if not isfinite(value):
        return nan, f"{timepoint} value {str(cell)!r} is not a number"
    if not outcome.minimum <= value <= outcome.maximum:
        scale = f"{outcome.minimum:g} to {outcome.maximum:g}"
        return nan, f"{timepoint} value {value:g} is outside the scale ({scale})"
    return value, ""


def _decisions(
    name: str,
    study: Study,
    enrolment: Enrolment,
    found: tuple[np.ndarray, np.ndarray],
    timepoints: tuple[str, ...],
) -> list[Decision]:
    decisions = []
    values, flags = found
    arms = np.array(enrolment.arms)
    for arm in study.arms:
        members = np.flatnonzero(arms == arm)
        empty = [t for t in range(len(timepoints)) if np.isnan(values[t, members]).all()]
        if members.size and empty:
            when = " or ".join(timepoints[t] for t in empty)
            reason = f"no participant of the arm '{arm}' has a value at {when}"
            decisions.append(_row(name, study, None, reason))
        decisions += [
            _row(name, study, enrolment.participants[row], str(flags[t, row]))
            for row in members
            for t in range(len(timepoints))
            if t not in empty and np.isnan(values[t, row])
        ]
    return decisions


def _row(name: str, study: Study, participant: str | None, reason: str) -> Decision:
    return {
        "scope": "outcome",
        "participant_id": participant,
        "name": name,
        "action": "excluded",
        "reason": reason,
        "unit": study.outcomes[name].unit,
        "config_key": f"outcomes.{name}",
    }
