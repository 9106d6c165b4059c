"""Verdicts of a made-up study, decided by the rules from its made-up effects."""

from __future__ import annotations

from typing import Any

import pandas as pd

from brainchange.inference.verdict import decide
from brainchange.inference.verdict_evidence import Evidence
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.inference.verdict_trace import verdict_trace
from brainchange.inference.verdicts import Decided
from brainchange.study.claims import Claims
from brainchange.study.model import Study


def decided_of(effects: pd.DataFrame, claims: Claims, study: Study) -> list[Decided]:
    """Decide every claim and scale; no multiverse, negative control or motion was made."""
    quotes = {claim.id: claim.quote for claim in claims.claims}
    names = sorted(study.contrasts, key=lambda name: name != study.primary_contrast)
    judged = effects[effects["kind"].isin(["claim", "outcome"])]
    rows = [r for name in names for r in judged[judged["contrast"] == name].to_dict("records")]
    return [_decided(row, quotes.get(row["measure"]), study) for row in rows]


def verdicts_of(effects: pd.DataFrame, claims: Claims, study: Study) -> pd.DataFrame:
    """Give the table of verdicts."""
    return VERDICTS_TABLE.frame(one.row for one in decided_of(effects, claims, study))


def trace_of(effects: pd.DataFrame, claims: Claims, study: Study) -> list[dict[str, Any]]:
    """Give every rule."""
    return verdict_trace(decided_of(effects, claims, study))


def _decided(row: dict[Any, Any], quote: str | None, study: Study) -> Decided:
    evidence = Evidence(
        n_treated=row["n_treated"],
        n_control=row["n_control"],
        direction=row["direction"],
        is_randomised=study.allocation.randomised,
        difference=row["difference"],
        low=row["ci_low"],
        high=row["ci_high"],
        unit=row["unit"],
        p=row["p_permutation"],
        p_adjusted=row["p_adjusted"],
        dppc2=row["dppc2"],
        estimators={"change_score": row["difference"], "ancova": row["difference"]},
        ancova=row["difference"],
        from_images=row["kind"] == "claim",
    )
    verdict = decide(evidence)
    named = {
        name: row[name]
        for name in (
            "measure",
            "kind",
            "label",
            "family",
            "direction",
            "contrast",
            "contrast_label",
            "primary",
            "n_treated",
            "n_control",
            "unit",
            "difference",
            "ci_low",
            "ci_high",
            "minimum_detectable_difference",
        )
    }
    said = {
        "quote": quote,
        "verdict": verdict.outcome,
        "reasons": " | ".join(verdict.reasons),
        "not_made": ";".join(verdict.not_made) or None,
        "estimator": "change_score",
    }
    return Decided(row["kind"], row["measure"], row["contrast"], verdict, evidence, named | said)
