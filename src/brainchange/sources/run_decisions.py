"""Decisions about runs, as rows of the decisions table."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from brainchange.errors import BrainchangeError
from brainchange.sources.bids import Run
from brainchange.study.decisions import Decision


def decision(run: Run, action: str, reason: str, *, scope: str = "run", **more: Any) -> Decision:  # noqa: ANN401
    """Make a row of ``DECISIONS_TABLE`` about a run.

    Parameters
    ----------
    run : Run
        Which run.
    action : {'excluded', 'degraded', 'caution'}
        What was done.
    reason : str
        Why.
    scope : str
        What kind of thing the decision is about.
    **more
        ``name``, ``value``, ``threshold``, ``unit``, ``config_key``.
    """
    return {
        "scope": scope,
        "participant_id": run.participant,
        "session_id": run.session,
        "run": run.key,
        "action": action,
        "reason": reason,
        **more,
    }


def left_out(run: Run, error: BrainchangeError) -> Decision:
    """Make the decision that leaves a run out because one of its files cannot be used.

    Parameters
    ----------
    run : Run
        Which run.
    error : BrainchangeError
        What is wrong; the reason names the file without its folder and the name of the run, which
        other columns tell.
    """
    of_run = re.compile(rf"\S*{re.escape(run.key)}_")
    told: dict[str, list[str]] = {}
    for problem in error.problems:
        name = of_run.sub("", PurePath(problem.where).name)
        told.setdefault(name, []).append(of_run.sub("", " ".join(problem.what.split())))
    reasons = [": ".join(filter(None, (name, "; ".join(what)))) for name, what in told.items()]
    return decision(run, "excluded", "; ".join(reasons))
