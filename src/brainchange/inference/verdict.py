"""The verdict: from evidence to what may honestly be said, with a trace of every rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brainchange.inference.verdict_evidence import Evidence
from brainchange.inference.verdict_rules import (
    THREAT,
    Rule,
    ancova_same_sign,
    bayes_factor,
    claimed_direction,
    equivalence,
    estimators_agree,
    gates,
    interval_opposite,
    motion,
    multiverse,
    negative_control,
    primary_test,
    randomised,
    threats,
    unadjusted_test,
    within_test,
)
from brainchange.inference.verdict_text import Outcome, quantity

SAFEGUARDS = (
    "estimators_agree",
    "ancova_same_sign",
    "multiverse",
    "negative_control",
    "motion",
)
"""Rules that SUPPORTED and CONTRADICTED need besides the test itself."""
OF_IMAGES = ("negative_control", "motion")
"""Safeguards that make sense only for values measured from images."""


@dataclass(frozen=True)
class Verdict:
    """What may be said, and why.

    Attributes
    ----------
    outcome : str
        One of the outcomes.
    reasons : tuple of str
        Why, in plain words, the decisive first.
    not_made : tuple of str
        Safeguards that were not made.
    trace : tuple of Rule
        Every rule in the order it was asked.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    not_made: tuple[str, ...]
    trace: tuple[Rule, ...]


def decide(evidence: Evidence) -> Verdict:
    """Decide what evidence allows to say of a claim.

    Parameters
    ----------
    evidence : Evidence
        Everything that was computed; a check that was not made is None or NaN.

    Returns
    -------
    Verdict
        Gates first: one that fails gives NOT TESTED. Then the first that holds of SUPPORTED,
        SUGGESTIVE, CONTRADICTED, NO MEANINGFUL EFFECT; else INCONCLUSIVE.

    Notes
    -----
    All tests are two-sided. SUPPORTED: adjusted p below the level in the claimed direction and
    every safeguard: estimators of one sign, ANCOVA of the same sign, at least 80 % of a multiverse
    with that sign and a median of at least half the smallest effect of interest, a smaller
    effect in the negative control, and survival of change in motion as covariate. Without random
    allocation the same evidence gives SUPPORTED (associational). CONTRADICTED asks the same of the
    opposite direction, and that the interval excludes 0. A check that was not made never helps:
    it counts as failed, except the two safeguards of images for values that are not of images.
    A threat that is present (regression to the mean, attrition that differs …) counts as a failed
    safeguard, and an absence of effect cannot be told in its presence; none ever strengthens.
    Estimators of different sign (Lord's paradox) leave nothing directional to say. NO MEANINGFUL
    EFFECT needs every estimate inside the bounds besides the two one-sided tests.
    """
    asked = gates(evidence)
    closed = [rule for rule in asked if rule.held is False]
    if closed:
        return Verdict("NOT TESTED", tuple(rule.consequence for rule in closed), (), asked)
    if not evidence.has_control:
        return _without_control(evidence, asked)
    trace = (*asked, *_rules(evidence))
    held = {rule.name: rule.held for rule in trace}
    outcome = _outcome(evidence, held)
    not_made = tuple(name for name in SAFEGUARDS if held[name] is None)
    return Verdict(outcome, _reasons(outcome, trace), not_made, trace)


def _rules(evidence: Evidence) -> tuple[Rule, ...]:
    return (
        claimed_direction(evidence),
        primary_test(evidence),
        unadjusted_test(evidence),
        bayes_factor(evidence),
        estimators_agree(evidence),
        ancova_same_sign(evidence),
        multiverse(evidence),
        negative_control(evidence),
        motion(evidence),
        randomised(evidence),
        interval_opposite(evidence),
        equivalence(evidence),
        *threats(evidence),
    )


def _outcome(evidence: Evidence, held: Mapping[str, bool | None]) -> Outcome:
    safe = all(
        held[name] or (held[name] is None and name in OF_IMAGES and not evidence.from_images)
        for name in SAFEGUARDS
    )
    threatened = any(name.startswith(THREAT) and found is False for name, found in held.items())
    safe = safe and not threatened
    claimed, agreed = held["claimed_direction"], held["estimators_agree"]
    if claimed and held["primary_test"] and safe:
        return "SUPPORTED" if evidence.is_randomised else "SUPPORTED (associational)"
    if claimed and agreed and (held["unadjusted_test"] or held["bayes_factor"]):
        return "SUGGESTIVE"
    if held["interval_opposite"] and held["primary_test"] and safe:
        return "CONTRADICTED"
    if held["equivalence"] and not threatened:
        return "NO MEANINGFUL EFFECT"
    return "INCONCLUSIVE"


DECISIVE: Mapping[Outcome, tuple[str, ...]] = {
    "SUPPORTED": ("primary_test", *SAFEGUARDS, "randomised"),
    "SUPPORTED (associational)": ("primary_test", "randomised", *SAFEGUARDS),
    "SUGGESTIVE": ("unadjusted_test", "bayes_factor", "primary_test", *SAFEGUARDS, "randomised"),
    "CONTRADICTED": ("interval_opposite", "primary_test", *SAFEGUARDS, "randomised"),
    "NO MEANINGFUL EFFECT": ("equivalence",),
    "INCONCLUSIVE": (
        "primary_test",
        "unadjusted_test",
        "claimed_direction",
        "estimators_agree",
        "equivalence",
    ),
}
"""Rules that are told as the reason of an outcome, the most important first."""


def _reasons(outcome: Outcome, trace: tuple[Rule, ...]) -> tuple[str, ...]:
    rules = {rule.name: rule for rule in trace}
    names = (*DECISIVE[outcome], *(name for name in rules if name.startswith(THREAT)))
    return tuple(rules[name].consequence for name in names if rules[name].consequence)


def _without_control(evidence: Evidence, asked: tuple[Rule, ...]) -> Verdict:
    """Judge the change of one arm: never more than consistent with the claim."""
    tested, direction = within_test(evidence), claimed_direction(evidence)
    outcome: Outcome = "INCONCLUSIVE"
    if tested.held:
        outcome = "CONSISTENT (no control)" if direction.held else "NOT CONSISTENT (no control)"
    limit = (
        "there is no control arm: time, practice, expectation and regression to the mean "
        f"may change the measure by {quantity(evidence, evidence.difference)} as well as therapy"
    )
    told = threats(evidence)
    trace = (*asked, direction, tested, *told)
    found = (tested.consequence, direction.consequence, limit)
    reasons = (*found, *(rule.consequence for rule in told if rule.consequence))
    return Verdict(outcome, reasons, SAFEGUARDS, trace)
