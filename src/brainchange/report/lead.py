"""The estimate that leads an effect, in the columns where a reader looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brainchange.figures.wording import text_of

Row = Mapping[Any, Any]


def led(row: Row) -> Row:
    """Put the leading estimate, its interval and its p in the place of the difference in change.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    """
    if text_of(row.get("lead_estimator")) != "ancova":
        return row
    return dict(row) | {
        "difference": row["lead_difference"],
        "ci_low": row["lead_ci_low"],
        "ci_high": row["lead_ci_high"],
        "p_permutation": row["lead_p"],
        "p_floor": row["lead_p_floor"],
    }


def is_adjusted(row: Row) -> bool:
    """Whether the difference at equal values before leads."""
    return text_of(row.get("lead_estimator")) == "ancova"
