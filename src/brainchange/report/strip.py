"""A small picture of a standardised effect: places on a line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[Any, Any]
WIDEST = 3.0
"""Standardised effect at the end of the line."""


@dataclass(frozen=True)
class Strip:
    """A small picture of a standardised effect: places on a line from −3 to 3 SD, in percent."""

    low: float
    high: float
    value: float
    band_low: float
    band_high: float


def strip(row: Row, sesoi: float) -> Strip | None:
    """Place a standardised effect and its interval on a line.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    sesoi : float
        Smallest effect of interest, in standard deviations before therapy.

    Returns
    -------
    Strip or None
        None where there is no standardised effect; what lies beyond the line ends at its edge.
    """
    if not math.isfinite(row["dppc2"]):
        return None
    low, high = row["dppc2_ci_low"], row["dppc2_ci_high"]
    ends = (low, high) if math.isfinite(low) and math.isfinite(high) else (row["dppc2"],) * 2
    return Strip(
        _percent(ends[0]),
        _percent(ends[1]),
        _percent(row["dppc2"]),
        _percent(-sesoi),
        _percent(sesoi),
    )


def _percent(value: float) -> float:
    clipped = max(-WIDEST, min(WIDEST, float(value)))
    return round(50 + 50 * clipped / WIDEST, 2)
