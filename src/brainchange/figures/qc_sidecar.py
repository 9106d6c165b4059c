"""Sidecars as a picture reads them: what they tell, or nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any


def told(path: Path) -> dict[str, Any]:
    """Read a JSON sidecar; empty where there is none that can be read.

    A picture that shows why a run is left out must not fail because of what the run lacks; that a
    sidecar is missing or damaged is a decision of the steps that need it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def finite(value: object) -> float | None:
    """Give a number as it is; None for anything else."""
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]
