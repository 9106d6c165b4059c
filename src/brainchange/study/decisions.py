"""Everything left out or degraded, one row each: nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from brainchange.tables import Column, TableSchema

Decision = dict[str, Any]
"""One row of ``DECISIONS_TABLE``, by column; what it lacks is missing."""

MOST_REASONS = 3
"""Reasons that are told in one flag; more are counted."""

DECISIONS_TABLE = TableSchema(
    "decisions",
    "One thing that was left out or degraded, with the reason and the setting behind it.",
    (
        Column(
            "scope",
            "string",
            "What kind of thing the decision is about",
            required=True,
            levels=(
                "participant",
                "session",
                "run",
                "volume",
                "specification",
                "region",
                "outcome",
                "measure",
                "event",
            ),
        ),
        Column("participant_id", "string", "Participant; n/a where all are meant"),
        Column("session_id", "string", "Session"),
        Column("run", "string", "Run, as the common part of its file names"),
        Column(
            "name",
            "string",
            "Region, scale, measure, task contrast or specification it is about",
        ),
        Column(
            "action",
            "string",
            "excluded: not used; degraded: used with less than planned; caution: used, but weak",
            required=True,
            levels=("excluded", "degraded", "caution"),
        ),
        Column("reason", "string", "Why, in words", required=True),
        Column("value", "number", "The value that was found, in `unit`"),
        Column("threshold", "number", "The threshold it was held against, in `unit`"),
        Column("unit", "string", "Unit of value and threshold"),
        Column(
            "config_key",
            "string",
            "Key that decides it: in the study file if it begins with participants, arms, "
            "timepoints, images, events, task_contrasts or outcomes, else in config/config.yaml",
        ),
    ),
)


def distinct(reasons: Iterable[object]) -> str:
    """Tell the first few of several reasons, each once, and how many more there are."""
    found = list(dict.fromkeys(str(reason) for reason in reasons if reason))
    more = f", and {len(found) - MOST_REASONS} more" if len(found) > MOST_REASONS else ""
    return ", ".join(found[:MOST_REASONS]) + more
