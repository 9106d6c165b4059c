"""The verdict of every claim and scale in every contrast, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from statistics import median
from typing import Any

import pandas as pd

from brainchange.inference.claim_evidence import Checks, Compared, evidence_of
from brainchange.inference.measures import Measure
from brainchange.inference.multiplicity import ADJUSTMENTS
from brainchange.inference.prepost import PrePost
from brainchange.inference.verdict import Verdict, decide
from brainchange.inference.verdict_evidence import Evidence
from brainchange.inference.verdict_rules import THREAT, Rule, sign
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.inference.verdict_text import Outcome
from brainchange.study.claims import Claim
from brainchange.study.model import Study
from brainchange.study.settings import Settings
from brainchange.study.testability import Judged

Key = tuple[str, str]
SEPARATOR = " | "
"""What stands between two reasons in one cell."""
EVIDENCE_COLUMNS = (
    "bayes_factor_01_ceiling",
    "minimum_detectable_effect",
    "minimum_detectable_difference",
    "smallest_equivalence_bound",
    "smallest_equivalence_difference",
)
"""Columns of the effect that say what the study could have shown."""


@dataclass(frozen=True)
class Decided:
    """One claim or scale in one contrast, decided.

    Attributes
    ----------
    kind, name : str
        claim or outcome, and its name.
    contrast : str
        Name of the contrast.
    verdict : Verdict
        What may be said.
    evidence : Evidence or None
        What it was decided from; None where nothing was tested.
    row : dict
        Its row of ``VERDICTS_TABLE``.
    """

    kind: str
    name: str
    contrast: str
    verdict: Verdict
    evidence: Evidence | None
    row: dict[str, Any]


def decide_all(
    data: PrePost,
    effects: pd.DataFrame,
    judged: Sequence[Judged],
    *,
    study: Study,
    settings: Settings,
    checks: Checks | None = None,
) -> tuple[Decided, ...]:
    """Decide what may be said of every claim and scale in every contrast.

    Parameters
    ----------
    data : PrePost
        Values before and after.
    effects : pandas.DataFrame
        ``EFFECTS_TABLE`` of these data.
    judged : sequence of Judged
        All claims, and which of them the study can tell.
    study : Study
        Design.
    settings : Settings
        Level, smallest effect of interest, seed.
    checks : Checks, optional
        Multiverse and threats; by default none were computed.

    Returns
    -------
    tuple of Decided
        The primary contrast first; in each the claims in the order of the article, then the scales.
    """
    names = sorted(study.contrasts, key=lambda name: name != study.primary_contrast)
    mine = {name: effects[effects["contrast"] == name].to_dict("records") for name in names}
    contrasts = (
        Compared(
            data,
            study,
            settings,
            name,
            {(str(row["kind"]), str(row["measure"])): row for row in mine[name]},
            checks or Checks(),
        )
        for name in names
    )
    return tuple(one for compared in contrasts for one in _contrast(compared, judged))


def verdicts_table(decided: Sequence[Decided]) -> pd.DataFrame:
    """Write the verdicts as ``VERDICTS_TABLE``."""
    return VERDICTS_TABLE.frame(one.row for one in decided)


def _contrast(compared: Compared, judged: Sequence[Judged]) -> list[Decided]:
    claims = {one.name: one for one in compared.data.measures if one.kind == "claim"}
    outcomes = [one for one in compared.data.measures if one.kind == "outcome"]
    found: dict[Key, Evidence] = {
        (measure.kind, measure.name): evidence_of(measure, compared)
        for measure in (*claims.values(), *outcomes)
    }
    found |= _adjusted(found, compared)
    return [
        *(
            _tested(claims[one.claim.id], one.claim, found["claim", one.claim.id], compared)
            if one.claim.id in claims
            else _untested(one, compared)
            for one in judged
        ),
        *(_tested(one, None, found["outcome", one.name], compared) for one in outcomes),
    ]


def _adjusted(found: Mapping[Key, Evidence], compared: Compared) -> dict[Key, Evidence]:
    """Adjust the tests of changes without control within their families."""
    families: dict[str, list[Key]] = {}
    for key, evidence in found.items():
        if not evidence.has_control:
            families.setdefault(str(compared.rows[key]["family"]), []).append(key)
    adjusted: dict[Key, Evidence] = {}
    for family, keys in families.items():
        p = [found[key].p for key in keys]
        values = ADJUSTMENTS[family][1](p) if family in ADJUSTMENTS else [nan] * len(p)
        size = max(sum(isfinite(value) for value in values), 1)
        adjusted |= {
            key: replace(found[key], p_adjusted=float(value), family_size=size)
            for key, value in zip(keys, values, strict=True)
        }
    return adjusted


def _tested(
    measure: Measure, claim: Claim | None, evidence: Evidence, compared: Compared
) -> Decided:
    verdict = decide(evidence)
    effect = compared.rows[measure.kind, measure.name]
    row = {
        "measure": measure.name,
        "kind": measure.kind,
        "label": measure.label,
        "direction": measure.direction,
        **(_of_claim(claim) if claim else {}),
        **_of_contrast(compared),
        "family": effect["family"],
        **said(verdict),
        "remark": _remark(compared) if claim else None,
        **_numbers(evidence),
        **{name: effect[name] for name in EVIDENCE_COLUMNS},
        "unit": measure.unit or None,
    }
    return Decided(measure.kind, measure.name, compared.contrast, verdict, evidence, row)


def _untested(one: Judged, compared: Compared) -> Decided:
    """Say of a claim that no test was made: MRI cannot show it, or this study cannot."""
    claim = one.claim
    outcome: Outcome = "NOT TESTABLE WITH MRI" if one.barrier == "mri" else "NOT TESTED"
    asked = "Can this study tell, in its primary contrast?"
    rule = Rule("testable", asked, nan, nan, False, one.reason)
    verdict = Verdict(outcome, tuple(reason for _, reason in one.barriers), (), (rule,))
    row = {
        "measure": claim.id,
        "kind": "claim",
        **_of_claim(claim),
        **_of_contrast(compared),
        "family": claim.family,
        **said(verdict),
        "needed": claim.needed or None,
    }
    return Decided("claim", claim.id, compared.contrast, verdict, None, row)


def _of_contrast(compared: Compared) -> dict[str, Any]:
    contrast = compared.study.contrasts[compared.contrast]
    return {
        "contrast": compared.contrast,
        "contrast_label": contrast.label,
        "primary": contrast.primary,
    }


def _of_claim(claim: Claim) -> dict[str, Any]:
    return {
        "quote": claim.quote,
        "label": claim.about,
        "direction": claim.direction,
        "contradicts": ";".join(claim.contradicts) or None,
    }


def said(verdict: Verdict) -> dict[str, Any]:
    """Give the cells of a row that say the verdict."""
    threats = [
        rule.name.removeprefix(THREAT)
        for rule in verdict.trace
        if rule.name.startswith(THREAT) and rule.held is False
    ]
    return {
        "verdict": verdict.outcome,
        "reasons": SEPARATOR.join(verdict.reasons) or None,
        "not_made": ";".join(verdict.not_made) or None,
        "threats": ";".join(threats) or None,
    }


def _remark(compared: Compared) -> str | None:
    """Say where the treated arms are not talk therapy, which is what the article is about."""
    arms = compared.study.arms
    treated = [arms[arm] for arm in compared.study.contrasts[compared.contrast].treated]
    others = [arm.label for arm in treated if arm.role != "therapy"]
    named = " and ".join(others)
    if not others:
        return None
    if len(others) == len(treated):
        return f"no arm had talk therapy ({named}): this says nothing about the article"
    return f"not all treated arms had talk therapy ({named} did not)"


def _numbers(evidence: Evidence) -> dict[str, Any]:
    control, motion = evidence.negative_control, evidence.motion
    aligned = [v * sign(evidence) for v in evidence.multiverse or () if isfinite(v)]
    return {
        "n_treated": evidence.n_treated,
        "n_control": evidence.n_control,
        "estimator": evidence.lead if evidence.has_control else "within_arm",
        "difference": evidence.difference,
        "ci_low": evidence.low,
        "ci_high": evidence.high,
        "dppc2": evidence.dppc2,
        "p": evidence.p,
        "p_adjusted": evidence.p_adjusted,
        "p_floor": evidence.p_floor,
        "family_size": evidence.family_size if isfinite(evidence.p_adjusted) else None,
        "tost_p": evidence.tost_p,
        "equivalence_bound": evidence.equivalence_bound,
        "bayes_factor_10": evidence.bayes_factor_10,
        "negative_control": control.name if control else None,
        "negative_control_dppc2": control.dppc2 if control else nan,
        "motion_p": motion.p if motion else nan,
        "motion_adjusted_difference": motion.adjusted_difference if motion else nan,
        "motion_adjusted_p": motion.adjusted_p if motion else nan,
        "n_specifications": len(aligned) or None,
        "multiverse_share": sum(v > 0 for v in aligned) / len(aligned) if aligned else nan,
        "multiverse_median": median(aligned) if aligned else nan,
    }
