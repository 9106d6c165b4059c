"""Effects in words, under the rules of evidence: an estimate, its interval, never a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from brainchange.figures.numbers import interval, number, p_floor, p_value, places

Row = Mapping[Any, Any]
REGION_KINDS = ("region", "network", "negative_control")
"""Kinds of measures that are about a group of regions, or a network."""


def text_of(cell: object) -> str:
    """Text of a cell; empty where it is missing."""
    missing = cell is None or (isinstance(cell, float) and math.isnan(cell)) or str(cell) == "<NA>"
    return "" if missing else str(cell)


def title_of(row: Row) -> str:
    """Name of a measure as a heading; a claim and a scale begin with their short name."""
    label, name = text_of(row["label"]), text_of(row["measure"])
    short = text_of(row["kind"]) in ("claim", "outcome") and name not in label
    return f"{name}: {label}" if short else label


def region_of(row: Row) -> str:
    """Name of the regions a measure is about: what stands before the metric in its label."""
    return text_of(row["label"]).partition(", ")[0]


def metric_of(row: Row) -> str:
    """Name of the metric for people: what stands after the regions in the label."""
    return text_of(row["label"]).partition(", ")[2] or text_of(row["metric"])


def with_unit(value: float, digits: int, unit: str, *, sign: bool = False) -> str:
    """Write a number with its unit."""
    return f"{number(value, digits, sign=sign)} {unit}".strip()


def permutation_p(row: Row) -> str:
    """Say the p value of the permutation test with the smallest it can give.

    Parameters
    ----------
    row : mapping
        Row of the effects table.
    """
    said = f"permutation {p_value(row['p_permutation'])}"
    return ", ".join(filter(None, [said, p_floor(row["p_floor"])]))


def effect_sentence(row: Row) -> str:
    """Say a difference in change with its interval and unit.

    Parameters
    ----------
    row : mapping
        Row of the effects table.
    """
    name = text_of(row["contrast_label"])
    counts = f"n = {int(row['n_treated'])} and {int(row['n_control'])}"
    if not math.isfinite(row["difference"]):
        why = text_of(row["flag"]) or "no value"
        return f"{name}: not estimated ({counts}; {why})."
    digits = places(row["ci_low"], row["ci_high"])
    unit = text_of(row["unit"])
    said = f"{name}: difference in change {with_unit(row['difference'], digits, unit, sign=True)}"
    if math.isfinite(row["ci_low"]):
        said += f", 95 % interval {interval(row['ci_low'], row['ci_high'], digits)}"
    if math.isfinite(row["p_permutation"]):
        said += f", {permutation_p(row)}"
    return f"{said} ({counts})."


def arm_sentences(rows: Sequence[Row]) -> list[str]:
    """Say the mean change of each arm with its interval."""
    said = []
    for row in rows:
        head = f"{text_of(row['arm_label'])} (n = {int(row['n_both'])} of {int(row['n_arm'])})"
        if not math.isfinite(row["change"]):
            said.append(f"{head}: no change can be computed.")
            continue
        digits = places(row["ci_low"], row["ci_high"])
        change = with_unit(row["change"], digits, text_of(row["unit"]), sign=True)
        ends = interval(row["ci_low"], row["ci_high"], digits)
        said.append(f"{head}: mean change {change}, 95 % interval {ends}.")
    return said
