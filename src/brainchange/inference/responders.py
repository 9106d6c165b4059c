"""Who changed by more than untreated participants do, and who responded."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any

import numpy as np
import pandas as pd

from brainchange.inference.effect_size import standard_deviation
from brainchange.inference.measures import Measure
from brainchange.inference.prepost import PrePost
from brainchange.inference.reliability import Retest
from brainchange.inference.reliability_schema import RESPONDERS_TABLE
from brainchange.inference.reliable_change import (
    direction_of,
    error_of_difference,
    percent_improvement,
    reliable_size,
)
from brainchange.study.model import Outcome, Study

RESPONSE = 50.0
"""Percent of improvement from which a participant counts as a responder."""


def responders_table(data: PrePost, study: Study, reliability: tuple[Retest, ...]) -> pd.DataFrame:
    """Judge the change of every participant in every claim and scale.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Names scales, their floors and published reliabilities.
    reliability : tuple of Retest
        Of every measure.

    Returns
    -------
    pandas.DataFrame
        ``RESPONDERS_TABLE``: participants with both values.
    """
    rows: list[dict[str, Any]] = []
    for column, measure in enumerate(data.measures):
        if measure.kind not in ("claim", "outcome"):
            continue
        outcome = study.outcomes[measure.name] if measure.kind == "outcome" else None
        common = _common(data, column, measure, reliability[column], outcome)
        rows += [
            common
            | {"participant_id": data.participants[row], "arm": str(data.arms[row])}
            | _judged(data, row, column, measure, common)
            | (_scored(data, row, column, outcome, common) if outcome else {})
            for row in np.flatnonzero(np.isfinite(data.change[:, column])).tolist()
        ]
    return RESPONDERS_TABLE.frame(rows)


def _common(
    data: PrePost, column: int, measure: Measure, retest: Retest, outcome: Outcome | None
) -> dict[str, Any]:
    """Cells that are the same for all participants of a measure."""
    cells: dict[str, Any] = {
        "measure": measure.name,
        "kind": measure.kind,
        "unit": measure.unit or None,
        "mdc95": retest.mdc95,
        "flag": retest.problem or None,
    }
    if outcome is None:
        return cells
    published = outcome.reliability is not None
    used = float(outcome.reliability or 0) if published else retest.consistency.icc
    before = data.pre[np.isfinite(data.pre[:, column]), column]
    size = reliable_size(error_of_difference(standard_deviation(before), used))
    notes = [retest.problem]
    if not isfinite(size):
        notes.append("no reliability above 0 is known: no reliable change index")
    if outcome.minimum:
        notes.append(
            f"the scale starts at {outcome.minimum:g}: 50 % of a score has no meaning on it"
        )
    return cells | {
        "reliability": used,
        "reliable_change_size": size,
        "flag": "; ".join(filter(None, notes)) or None,
    }


def _judged(
    data: PrePost, row: int, column: int, measure: Measure, common: dict[str, Any]
) -> dict[str, Any]:
    change = float(data.change[row, column])
    return {
        "change": change,
        "detected": direction_of(change, common["mdc95"], measure.direction),
    }


def _scored(
    data: PrePost, row: int, column: int, outcome: Outcome, common: dict[str, Any]
) -> dict[str, Any]:
    pre, change = float(data.pre[row, column]), float(data.change[row, column])
    size = common["reliable_change_size"]
    percent = percent_improvement(pre, pre + change, outcome.minimum, outcome.better)
    true_zero = outcome.minimum == 0 and isfinite(percent)
    return {
        "percent_improvement": percent,
        "response": percent >= RESPONSE if true_zero else None,
        "reliable_change_index": change / (size / reliable_size(1.0)) if size > 0 else nan,
        "reliable_change": direction_of(change, size, outcome.better),
    }
