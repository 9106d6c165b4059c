"""The rules a verdict asks, one by one: the question, the number, whether it holds, what follows.

A rule holds, does not hold, or was not asked of the data (``held`` is None).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan, nan
from statistics import median

from brainchange.inference.verdict_evidence import Evidence
from brainchange.inference.verdict_text import (
    LEADS,
    NAMES,
    amount,
    level_text,
    p_text,
    quantity,
)

SMALLEST_SHARE = 0.8
"""Share of specifications that must have the sign of the difference."""
THREAT = "threat_"
"""What the names of rules about threats begin with; such a rule holds if the threat is absent."""
STRONG_BAYES_FACTOR = 3.0
"""Bayes factor from which evidence counts as more than anecdotal (Jeffreys 1961)."""


@dataclass(frozen=True)
class Rule:
    """One rule and what came of it.

    Attributes
    ----------
    name : str
        Its name, the same in every trace.
    asked : str
        The question in words.
    value, threshold : float
        The number and what it is compared with; NaN where there is none.
    held : bool or None
        None if the check was not made.
    consequence : str
        What follows for the verdict; empty where nothing does.
    """

    name: str
    asked: str
    value: float
    threshold: float
    held: bool | None
    consequence: str


def gates(evidence: Evidence) -> tuple[Rule, ...]:
    """Ask whether there is anything to test: participants and analysable values.

    Parameters
    ----------
    evidence : Evidence
        What is known.

    Returns
    -------
    tuple of Rule
        One that does not hold closes the way to every verdict but NOT TESTED.
    """
    fewest = evidence.fewest_participants
    sizes = {"treated": evidence.n_treated}
    if evidence.has_control:
        sizes["control"] = evidence.n_control
    small = [f"only {n} {side}" for side, n in sizes.items() if n < fewest]
    enough = Rule(
        "gate_participants",
        "Does every arm have enough participants with both values?",
        float(min(sizes.values())),
        float(fewest),
        not small,
        f"{' and '.join(small)} with both values, fewer than {fewest}: described, not tested"
        if small
        else "",
    )
    problem = evidence.problem
    if not (small or problem) and not isfinite(evidence.p):
        problem = "the primary test is not defined for these values"
    analysable = Rule(
        "gate_analysable",
        "Do quality and spread of the values allow a test?",
        nan,
        nan,
        not problem,
        problem,
    )
    return enough, analysable


def sign(evidence: Evidence) -> int:
    """Sign of the observed difference: 1, 0 or −1."""
    return (evidence.difference > 0) - (evidence.difference < 0)


def _toward(evidence: Evidence) -> int:
    """Sign of what is claimed; without a direction, of what was observed."""
    if evidence.direction is None:
        return sign(evidence) or 1
    return 1 if evidence.direction == "up" else -1


def claimed_direction(evidence: Evidence) -> Rule:
    """Ask whether the difference points where the claim says."""
    held = sign(evidence) == _toward(evidence)
    claimed, said = evidence.direction, quantity(evidence, evidence.difference)
    if claimed is None:
        text = f"{said} is judged in either direction: none was claimed"
    elif held:
        text = f"{said}: {claimed}, as claimed"
    else:
        text = f"the difference ({said}) does not point {claimed}, as claimed"
    asked = "Does the difference point in the claimed direction?"
    return Rule("claimed_direction", asked, evidence.difference, 0.0, held, text)


def primary_test(evidence: Evidence) -> Rule:
    """Ask whether the adjusted p of the permutation test is below the level."""
    p, alpha = evidence.p_adjusted, evidence.alpha
    held = p < alpha
    family = f", adjusted for {evidence.family_size} tests," if evidence.family_size > 1 else ""
    which = LEADS[evidence.lead]
    text = f"the permutation test{which}{family} gives {p_text(p)}"
    text += f": {'below' if held else 'not below'} {level_text(alpha)}"
    if isnan(p):
        text = f"the test is exploratory ({p_text(evidence.p)}, not adjusted): it supports nothing"
    if evidence.p_floor >= alpha:
        text += f", and with so few participants no p below {evidence.p_floor:.2g} is possible"
    asked = "Is the adjusted two-sided p of the primary test below the level?"
    return Rule("primary_test", asked, p, alpha, held, text)


def unadjusted_test(evidence: Evidence) -> Rule:
    """Ask whether the unadjusted p of the permutation test is below the level."""
    held = evidence.p < evidence.alpha
    text = f"taken alone the test gives {p_text(evidence.p)}"
    asked = "Is the unadjusted two-sided p below the level?"
    return Rule("unadjusted_test", asked, evidence.p, evidence.alpha, held, text if held else "")


def bayes_factor(evidence: Evidence) -> Rule:
    """Ask whether the Bayes factor speaks for a difference; small arms make it untrustworthy."""
    value = evidence.bayes_factor_10
    usable = evidence.bayes_factor_reliable and not isnan(value)
    held = value > STRONG_BAYES_FACTOR if usable else None
    text = f"the Bayes factor for a difference is {amount(value)}" if held else ""
    if held is None and value > STRONG_BAYES_FACTOR:
        text = "a Bayes factor of arms this small is not to be trusted and does not count"
    asked = "Does the Bayes factor speak for a difference?"
    return Rule("bayes_factor", asked, value, STRONG_BAYES_FACTOR, held, text)


def estimators_agree(evidence: Evidence) -> Rule:
    """Ask whether all estimators of the difference have one sign (Lord's paradox)."""
    known = {name: value for name, value in evidence.estimators.items() if isfinite(value)}
    named = ", ".join(f"{NAMES[name]} {amount(v)}" for name, v in known.items())
    named += f" {evidence.unit}" if evidence.unit else ""
    held: bool | None = None
    text = "fewer than two estimators are defined, so none confirms the other"
    if len(known) > 1:
        held = all(value > 0 for value in known.values())
        held = held or all(value < 0 for value in known.values())
        text = f"the estimators agree in sign ({named})"
        if not held:
            text = f"the estimators disagree in sign ({named}): no direction can be said"
    asked = "Do all estimators of the difference have the same sign?"
    return Rule("estimators_agree", asked, float(len(known)), 2.0, held, text)


def ancova_same_sign(evidence: Evidence) -> Rule:
    """Ask whether the difference at equal values before has the sign of the difference."""
    value = evidence.ancova
    held = value * sign(evidence) > 0 if isfinite(value) else None
    said = quantity(evidence, value)
    texts = {
        True: f"at equal values before, the difference is {said}: the same sign",
        False: f"at equal values before, the difference is {said}: another sign",
        None: "the analysis of covariance is not defined: the difference at equal values before "
        "is unknown",
    }
    asked = "Has the analysis of covariance (HC3) the same sign?"
    return Rule("ancova_same_sign", asked, value, 0.0, held, texts[held])


def multiverse(evidence: Evidence) -> Rule:
    """Ask whether other defensible analyses give the same sign and a relevant size."""
    asked = "Do 80 % of the specifications agree in sign, with a median of half the SESOI or more?"
    aligned = [value * sign(evidence) for value in evidence.multiverse or () if isfinite(value)]
    if not aligned:
        text = "no other analysis choices were tried"
        return Rule("multiverse", asked, nan, SMALLEST_SHARE, None, text)
    share = sum(value > 0 for value in aligned) / len(aligned)
    middle, needed = median(aligned), evidence.smallest_effect / 2
    held = share >= SMALLEST_SHARE and middle >= needed
    text = (
        f"{100 * share:.0f} % of {len(aligned)} specifications have this sign, with a median of "
        f"{amount(middle)} standard deviations ({'at least' if held else 'needed:'} "
        f"{100 * SMALLEST_SHARE:.0f} % and {amount(needed)})"
    )
    return Rule("multiverse", asked, share, SMALLEST_SHARE, held, text)


def negative_control(evidence: Evidence) -> Rule:
    """Ask whether the effect is larger than where none is claimed."""
    asked = "Is the effect of the negative control smaller?"
    found, size = evidence.negative_control, abs(evidence.dppc2)
    if found is None or not isfinite(found.dppc2):
        text = "no negative control was measured: a change of everything alike is not ruled out"
        return Rule("negative_control", asked, nan, size, None, text)
    held = abs(found.dppc2) < size
    text = (
        f"the negative control ({found.name}) changes by {amount(found.dppc2)} standard "
        f"deviations, {'less' if held else 'not less'} than {amount(size)}"
    )
    return Rule("negative_control", asked, abs(found.dppc2), size, held, text)


def motion(evidence: Evidence) -> Rule:
    """Ask whether the difference survives change in head motion as a covariate."""
    asked = "Does the difference survive change in head motion as a covariate?"
    found, alpha = evidence.motion, evidence.alpha
    if found is None or not isfinite(found.adjusted_p):
        text = "head motion was not compared: it is not ruled out as the cause"
        return Rule("motion", asked, nan, alpha, None, text)
    held = found.adjusted_p < alpha and found.adjusted_difference * sign(evidence) > 0
    text = (
        f"with change in head motion as a covariate the difference is "
        f"{quantity(evidence, found.adjusted_difference)}, {p_text(found.adjusted_p)}"
    )
    if found.p < alpha:
        text += f" (motion itself changed differently in the arms, {p_text(found.p)})"
    return Rule("motion", asked, found.adjusted_p, alpha, held, text)


def threats(evidence: Evidence) -> tuple[Rule, ...]:
    """Ask for every threat whether the difference is free of it."""
    return tuple(
        Rule(
            f"{THREAT}{threat.name}",
            threat.asked,
            threat.value,
            threat.threshold,
            None if threat.present is None else not threat.present,
            threat.consequence,
        )
        for threat in evidence.threats
    )


def randomised(evidence: Evidence) -> Rule:
    """Ask whether chance made the arms."""
    held = evidence.is_randomised
    text = "" if held else "the arms were not randomised: the difference is an association"
    return Rule("randomised", "Were the arms randomised?", float(held), 1.0, held, text)


def interval_opposite(evidence: Evidence) -> Rule:
    """Ask whether the interval excludes 0 opposite to the claim."""
    asked = "Does the interval exclude 0 in the direction opposite to the claim?"
    edge = evidence.high if _toward(evidence) > 0 else evidence.low
    held = evidence.direction is not None and edge * _toward(evidence) < 0
    low, high = amount(evidence.low), quantity(evidence, evidence.high)
    text = f"the interval from {low} to {high} lies opposite to the claim" if held else ""
    return Rule("interval_opposite", asked, edge, 0.0, held, text)


def equivalence(evidence: Evidence) -> Rule:
    """Ask whether the difference is smaller than the smallest effect of interest."""
    asked = "Is the difference within ± the smallest effect of interest (two one-sided tests)?"
    p, bound = evidence.tost_p, evidence.equivalence_bound
    inside = all(abs(v) < bound for v in evidence.estimators.values() if isfinite(v))
    held = (p < evidence.alpha and inside) if isfinite(p) else None
    said = f"{quantity(evidence, bound)}, the smallest of interest"
    texts = {
        True: f"the difference is smaller than {said} ({p_text(p)})",
        False: f"a difference of {said}, is not ruled out",
        None: "whether the difference is too small to matter is not defined here",
    }
    return Rule("equivalence", asked, p, evidence.alpha, held, texts[held])


def within_test(evidence: Evidence) -> Rule:
    """Ask whether the change of the only arm differs from 0 (sign flips)."""
    held = evidence.p_adjusted < evidence.alpha
    text = f"the change within the arm is {quantity(evidence, evidence.difference)}, "
    text += p_text(evidence.p_adjusted) + " (sign flips)"
    if evidence.p_floor >= evidence.alpha:
        text += f"; no p below {evidence.p_floor:.2g} is possible with so few participants"
    asked = "Does the change within the arm differ from 0?"
    return Rule("within_test", asked, evidence.p_adjusted, evidence.alpha, held, text)
