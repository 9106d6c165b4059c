"""Threats from participants who were lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brainchange.inference.imbalance import standardised_difference
from brainchange.inference.risk_difference import risk_difference
from brainchange.inference.threat_row import (
    ComparedMeasure,
    Found,
    interval_text,
    tested_text,
    untold,
)
from brainchange.inference.verdict_text import amount


def threats_of_loss(compared: ComparedMeasure) -> list[Found]:
    """Judge who of those enrolled lacks a value.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.

    Returns
    -------
    list of Found
        Loss by arm, and where those who left had started.
    """
    return [_attrition(compared), _those_who_left(compared)]


def _attrition(compared: ComparedMeasure) -> Found:
    enrolled = [int(side.sum()) for side in (compared.treated, compared.control)]
    lost = [n - kept for n, kept in zip(enrolled, compared.sides.sizes, strict=True)]
    sizes = (enrolled[0], enrolled[1])
    if not min(compared.sides.sizes):
        return untold("attrition", "nobody in an arm has both values: there is no comparison")
    found = risk_difference(lost[0], enrolled[0], lost[1], enrolled[1])
    value, low, high = (100 * part for part in (found.difference, found.low, found.high))
    one = Found("attrition", "", None, value, low, high, found.p, unit="%", sizes=sizes)
    words = (
        f"{lost[0]} of {enrolled[0]} treated and {lost[1]} of {enrolled[1]} control participants "
        f"lack a value before or after: difference {tested_text(one)}"
    )
    weakens = bool(found.p < compared.settings.inference.alpha)
    return replace(one, words=words, weakens=weakens)


def _those_who_left(compared: ComparedMeasure) -> Found:
    threat = "those_who_left"
    started = (compared.treated | compared.control) & np.isfinite(compared.pre)
    left = started & ~compared.both
    if not left.any():
        return Found(threat, "nobody with a value before lacks the value after", weakens=False)
    apart = standardised_difference(compared.pre[left], compared.pre[compared.both])
    sizes = (int((left & compared.treated).sum()), int((left & compared.control).sum()))
    if not np.isfinite(apart.g):
        return untold(
            threat, f"{sum(sizes)} left and {int(compared.both.sum())} stayed: too few to compare"
        )
    words = (
        f"the {sum(sizes)} who left ({sizes[0]} treated, {sizes[1]} control) started "
        f"{amount(apart.g)} SD from those who stayed ({interval_text(apart.low, apart.high)})"
    )
    return Found(
        threat,
        words,
        apart.low > 0 or apart.high < 0,
        apart.g,
        apart.low,
        apart.high,
        unit="SD",
        sizes=sizes,
    )
