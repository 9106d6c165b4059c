"""The JSON sidecar of a BOLD image."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainchange.errors import ImageError
from brainchange.sources.bids import Run
from brainchange.sources.run_decisions import decision
from brainchange.study.decisions import Decision

SHORTEST_REPETITION_TIME = 0.05
"""No scanner takes a volume of the brain in less, in s."""
LONGEST_REPETITION_TIME = 60.0
"""A longer time between volumes, in s, is one in milliseconds."""


@dataclass(frozen=True)
class RepetitionTime:
    """Time between volumes, and who says so.

    Attributes
    ----------
    seconds : float
        In s.
    in_sidecar : bool
        Whether the sidecar gives it; otherwise the header of the image does.
    """

    seconds: float
    in_sidecar: bool


def read_repetition_time(path: Path, in_header: float | None) -> RepetitionTime:
    """Read the time between volumes.

    Parameters
    ----------
    path : Path
        Sidecar of the BOLD image; its ``RepetitionTime`` wins over the header of the image, whose
        field programs often leave at 1 or 0.
    in_header : float or None
        What the header says, for a sidecar without ``RepetitionTime``.

    Raises
    ------
    ImageError
        The sidecar is missing or no JSON, or neither gives a number of seconds.
    """
    return repetition_time(read_sidecar(path), in_header, str(path))


def read_sidecar(path: Path) -> dict[str, Any]:
    """Read a sidecar; one that holds no ``key: value`` pairs is empty.

    Raises
    ------
    ImageError
        It is missing or no JSON.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ImageError(
            "the sidecar is missing or is no JSON", where=str(path), fix="fetch the file again"
        ) from None
    return told if isinstance(told, dict) else {}


def repetition_time(told: Mapping[str, Any], in_header: float | None, where: str) -> RepetitionTime:
    """Take the time between volumes from what a sidecar says, else from the header.

    Parameters
    ----------
    told : mapping
        Content of the sidecar.
    in_header : float or None
        What the header of the image says, in s.
    where : str
        The sidecar, for the message.

    Raises
    ------
    ImageError
        Neither gives a number of seconds.
    """
    seconds = told.get("RepetitionTime")
    in_sidecar = seconds is not None
    if not in_sidecar:
        seconds = in_header
    usable = (
        isinstance(seconds, int | float)
        and SHORTEST_REPETITION_TIME <= seconds <= LONGEST_REPETITION_TIME
    )
    if seconds is None or not usable or isinstance(seconds, bool):
        raise ImageError(
            f"RepetitionTime is {seconds!r}, not a number of seconds from "
            f"{SHORTEST_REPETITION_TIME:g} to {LONGEST_REPETITION_TIME:g}",
            where=where,
            cause="it is missing, or given in milliseconds",
            fix="correct the sidecar, and report it to whoever published the data",
        )
    return RepetitionTime(float(seconds), in_sidecar)


def repetition_time_doubt(
    run: Run, told: RepetitionTime, in_header: float | None
) -> list[Decision]:
    """Say that sidecar and header disagree about the time between volumes, or only one tells it.

    Parameters
    ----------
    run : Run
        Which run.
    told : RepetitionTime
        What is used.
    in_header : float or None
        What the header of the image says, in s.

    Returns
    -------
    list of dict
        No row, or one with the action ``caution``.
    """
    if not told.in_sidecar:
        reason = (
            f"the sidecar gives no RepetitionTime; the {told.seconds:g} s of the header are used"
        )
        return [decision(run, "caution", reason, value=told.seconds, unit="s")]
    if in_header is None or math.isclose(in_header, told.seconds, rel_tol=0.01):
        return []
    reason = (
        f"the sidecar gives a repetition time of {told.seconds:g} s, the header {in_header:g} s; "
        "the sidecar's is used"
    )
    return [decision(run, "caution", reason, value=in_header, threshold=told.seconds, unit="s")]


@dataclass(frozen=True)
class SliceTime:
    """Time in a volume at which all its slices are taken to show the brain.

    Attributes
    ----------
    seconds : float
        From the start of the volume.
    doubt : str
        Why it is only roughly so; empty where slice-timing correction made it so.
    """

    seconds: float
    doubt: str = ""


def read_slice_time(path: Path, repetition_time: float) -> SliceTime:
    """Read to which time in the volume slice-timing correction brought all slices.

    Parameters
    ----------
    path : Path
        Sidecar of the prepared BOLD image: ``SliceTimingCorrected`` and ``StartTime``, as fMRIPrep
        writes them since version 21. One that was read before (:func:`read_repetition_time`).
    repetition_time : float
        Time between volumes in s.

    Returns
    -------
    SliceTime
        ``StartTime`` where slices were corrected; else the middle of the volume, which is the mean
        over slices without correction and where fMRIPrep puts them by default.
    """
    told = json.loads(path.read_text(encoding="utf-8"))
    start, middle = told.get("StartTime"), repetition_time / 2
    if told.get("SliceTimingCorrected") is False:
        return SliceTime(
            middle,
            "slices were not corrected for the time at which they were acquired: taken as the "
            f"middle of the volume, {middle:g} s",
        )
    number = isinstance(start, int | float) and not isinstance(start, bool)
    if number and 0 <= start <= repetition_time:
        return SliceTime(float(start))
    wrong = "" if start is None else f" (StartTime is {str(start)[:20]!r})"
    return SliceTime(
        middle,
        f"the sidecar does not say to which time slices were corrected{wrong}: taken as the middle "
        f"of the volume, {middle:g} s",
    )
