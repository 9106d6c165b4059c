"""The JSON sidecar of a BOLD image."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from brainchange.errors import ImageError

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
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ImageError(
            "the sidecar is missing or is no JSON", where=str(path), fix="fetch the file again"
        ) from None
    seconds = told.get("RepetitionTime") if isinstance(told, dict) else None
    in_sidecar = seconds is not None
    if not in_sidecar:
        seconds = in_header
    usable = isinstance(seconds, int | float) and 0 < seconds <= LONGEST_REPETITION_TIME
    if seconds is None or not usable or isinstance(seconds, bool):
        raise ImageError(
            f"RepetitionTime is {seconds!r}, not a number of seconds up to "
            f"{LONGEST_REPETITION_TIME:g}",
            where=str(path),
            cause="it is missing, or given in milliseconds",
            fix="correct the sidecar, and report it to whoever published the data",
        )
    return RepetitionTime(float(seconds), in_sidecar)


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
