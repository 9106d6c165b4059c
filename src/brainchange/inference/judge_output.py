"""The machine-readable form of a one-off judgement; its keys are documented in docs/judge.md."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

from brainchange.inference.judge import Judgement
from brainchange.inference.judge_case import Question


def as_record(judgement: Judgement, question: Question) -> dict[str, Any]:
    """Give one judgement as JSON-ready values.

    Parameters
    ----------
    judgement : Judgement
        What was found.
    question : Question
        What was asked.

    Returns
    -------
    dict
        Documented keys; what is not defined is None, never NaN.
    """
    verdict = judgement.verdict
    record = {
        "metric": judgement.metric or None,
        "region": judgement.region or None,
        "question": asdict(question),
        **judgement.numbers,
        "verdict": verdict.outcome,
        "reasons": verdict.reasons,
        "safeguards_not_made": verdict.not_made,
        "flags": judgement.flags,
        "trace": [asdict(rule) for rule in verdict.trace],
    }
    defined: dict[str, Any] = _defined(record)
    return defined


def _defined(value: Any) -> Any:  # noqa: ANN401
    """Replace what JSON has no word for by None."""
    if isinstance(value, dict):
        return {key: _defined(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value
