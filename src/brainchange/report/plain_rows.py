"""Rows of the page that come from one table as they are: arms by themselves, decisions."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, places
from brainchange.figures.wording import text_of, with_unit


def arms(within: pd.DataFrame, kind: str, measure: str) -> tuple[dict[str, str], ...]:
    """Write the change of each arm in one measure, from ``WITHIN_TABLE``."""
    rows = within[(within["kind"] == kind) & (within["measure"] == measure)]
    return tuple(_arm(row) for row in rows.to_dict("records"))


def _arm(row: dict[Any, Any]) -> dict[str, str]:
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    ends = (row["g_av_ci_low"], row["g_av_ci_high"])
    return {
        "arm": text_of(row["arm_label"]),
        "n": f"{int(row['n_both'])} of {int(row['n_arm'])}",
        "pre": _mean(row["mean_pre"], row["sd_pre"], digits),
        "post": _mean(row["mean_post"], row["sd_post"], digits),
        "change": with_unit(row["change"], digits, unit, sign=True),
        "ends": interval(row["ci_low"], row["ci_high"], digits),
        "g_av": number(row["g_av"], sign=True)
        + (f" {interval(*ends)}" if math.isfinite(ends[0]) else ""),
        "flag": text_of(row["flag"]),
    }


def _mean(mean: float, deviation: float, digits: int) -> str:
    said = number(mean, digits)
    return f"{said} ({number(deviation, digits)})" if math.isfinite(deviation) else said


def decisions(table: pd.DataFrame) -> list[dict[str, str]]:
    """Write what was left out, from ``DECISIONS_TABLE``."""
    return [_decision(row) for row in table.to_dict("records")]


def _decision(row: dict[Any, Any]) -> dict[str, str]:
    unit = text_of(row["unit"])
    where = (row["participant_id"], row["session_id"], row["name"])
    value, threshold = (
        "" if pd.isna(row[key]) else f"{float(row[key]):.3g} {unit}".strip()
        for key in ("value", "threshold")
    )
    return {
        "scope": text_of(row["scope"]),
        "where": " · ".join(text_of(part) for part in where if text_of(part)) or "all",
        "action": text_of(row["action"]),
        "reason": text_of(row["reason"]),
        "value": value,
        "threshold": threshold,
        "config_key": text_of(row["config_key"]),
    }
