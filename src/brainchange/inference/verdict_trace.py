"""Every rule that was asked for every verdict, in a form a program can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from brainchange.inference.verdicts import Decided


def verdict_trace(decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """Write every rule that was asked, ready for JSON.

    Parameters
    ----------
    decided : sequence of Decided
        The verdicts.

    Returns
    -------
    list of dict
        ``kind``, ``measure``, ``contrast``, ``verdict``, ``reasons``, ``safeguards_not_made``,
        ``evidence`` (None where nothing was tested) and ``trace``; what is not defined is None.
    """
    return [
        {
            "kind": one.kind,
            "measure": one.name,
            "contrast": one.contrast,
            "verdict": one.verdict.outcome,
            "reasons": list(one.verdict.reasons),
            "safeguards_not_made": list(one.verdict.not_made),
            "evidence": _defined(asdict(one.evidence)) if one.evidence else None,
            "trace": [_defined(asdict(rule)) for rule in one.verdict.trace],
        }
        for one in decided
    ]


def _defined(value: Any) -> Any:  # noqa: ANN401
    """Replace what JSON has no word for by None, and round as tables do."""
    if isinstance(value, dict):
        return {key: _defined(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.12g}") if isfinite(value) else None
    return value
