"""Volumes that FreeSurfer measured: ``stats/aseg.stats`` of one session."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from brainchange.errors import TableError

NAME, VOLUME = "StructName", "Volume_mm3"
_HEADERS = re.compile(r"#\s*ColHeaders\s+(.*)")
_TOTAL = re.compile(r"#\s*Measure\s+[^,]*,\s*eTIV,[^,]*,\s*([0-9.eE+-]+),\s*mm\^3")


@dataclass(frozen=True)
class AsegStats:
    """What ``aseg.stats`` says.

    Attributes
    ----------
    volumes : dict of str to float
        Volume of each structure in mm3, by FreeSurfer's name (``Left-Hippocampus``).
    intracranial : float
        Estimated total intracranial volume in mm3; NaN where it is not told.
    """

    volumes: dict[str, float]
    intracranial: float


def read_aseg_stats(path: Path) -> AsegStats:
    """Read the volumes of one session.

    Parameters
    ----------
    path : Path
        ``aseg.stats`` as FreeSurfer 5 to 7 write it.

    Returns
    -------
    AsegStats
        The volumes.

    Raises
    ------
    TableError
        The file is missing or no ``aseg.stats``, or a volume is no positive number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise TableError(
            "the table of volumes is missing or no text", where=str(path), fix="fetch it again"
        ) from None
    columns = next((m[1].split() for line in lines if (m := _HEADERS.match(line))), [])
    if NAME not in columns or VOLUME not in columns:
        raise TableError(
            f"no line '# ColHeaders … {VOLUME} {NAME} …'",
            where=str(path),
            cause="it is no aseg.stats of FreeSurfer",
        )
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    places = columns.index(NAME), columns.index(VOLUME)
    volumes = dict(_volume(row, places, str(path)) for row in rows)
    total = next((float(m[1]) for line in lines if (m := _TOTAL.match(line))), math.nan)
    return AsegStats(volumes, total)


def _volume(row: list[str], places: tuple[int, int], where: str) -> tuple[str, float]:
    try:
        name, volume = row[places[0]], float(row[places[1]])
    except (IndexError, ValueError):
        raise TableError(f"the line '{' '.join(row)}' has no volume", where=where) from None
    if not 0 <= volume < math.inf:
        raise TableError(f"the volume of {name} is {volume:g} mm3", where=where)
    return name, volume
