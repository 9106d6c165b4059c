"""Which verdict follows from which evidence."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.inference.verdict import DECISIVE, SAFEGUARDS, decide
from brainchange.inference.verdict_evidence import (
    DifferentialMotion,
    Evidence,
    NegativeControl,
    Threat,
)
from brainchange.inference.verdict_text import MEANINGS, Outcome

STRONG = Evidence(
    n_treated=20,
    n_control=20,
    direction="up",
    is_randomised=True,
    difference=1.5,
    low=0.8,
    high=2.2,
    p=0.0002,
    p_adjusted=0.0008,
    p_floor=0.0001,
    ancova=1.4,
    ancova_p=0.001,
    estimators={"change_score": 1.5, "ancova": 1.4},
    tost_p=0.99,
    equivalence_bound=0.5,
    bayes_factor_10=80.0,
    bayes_factor_reliable=True,
    multiverse=(1.5, 1.4, 1.6, 1.2, 0.9),
    negative_control=NegativeControl("calcarine", 0.1),
    motion=DifferentialMotion(p=0.6, adjusted_difference=1.4, adjusted_p=0.001),
    dppc2=1.5,
)
"""Everything was made and everything holds."""
OPPOSITE: dict[str, Any] = {"direction": "down"}
NOTHING = replace(
    STRONG,
    difference=0.1,
    low=-0.7,
    high=0.9,
    p=0.8,
    p_adjusted=1.0,
    ancova=0.1,
    estimators={"change_score": 0.1, "ancova": 0.1},
    tost_p=0.2,
    bayes_factor_10=0.4,
    multiverse=(0.1, 0.1),
    dppc2=0.1,
    motion=None,
)


def outcome(**changes: Any) -> str:
    return decide(replace(STRONG, **changes)).outcome


def test_complete_evidence_is_supported_only_as_an_association_without_random_arms():
    assert outcome() == "SUPPORTED"
    assert outcome(is_randomised=False) == "SUPPORTED (associational)"


@pytest.mark.parametrize(
    "failing",
    [
        {"p_adjusted": 0.06},
        {"ancova": nan, "estimators": {"change_score": 1.5, "mixed_model": 1.4}},
        {"multiverse": (1.5, 1.4, 1.6, -0.1, -0.2)},
        {"multiverse": (0.24, 0.2, 0.2)},
        {"multiverse": None},
        {"negative_control": NegativeControl("calcarine", -1.6)},
        {"negative_control": None},
        {"motion": DifferentialMotion(0.6, 0.3, 0.2)},
        {"motion": DifferentialMotion(0.6, -1.4, 0.001)},
        {"motion": None},
        {"estimators": {"change_score": 1.5}},
    ],
    ids=str,
)
def test_each_safeguard_that_fails_or_was_not_made_weakens_to_suggestive(failing):
    if failing.get("estimators") == {"change_score": 1.5}:
        assert outcome(**failing) not in ("SUPPORTED", "SUPPORTED (associational)")
    else:
        assert outcome(**failing) == "SUGGESTIVE"


def test_values_that_are_not_of_images_need_no_head_motion_but_the_rest():
    bare: dict[str, Any] = {"negative_control": None, "motion": None, "from_images": False}
    verdict = decide(replace(STRONG, **bare))
    assert verdict.outcome == "SUPPORTED"
    assert verdict.not_made == ("negative_control", "motion")
    assert any("no negative control was measured" in reason for reason in verdict.reasons)
    assert any("head motion was not compared" in reason for reason in verdict.reasons)
    assert outcome(**bare, multiverse=None) == "SUGGESTIVE"


def test_a_safeguard_that_was_made_and_failed_counts_whatever_was_measured():
    failed = DifferentialMotion(0.001, 0.1, 0.7)
    assert outcome(motion=failed, from_images=False) == "SUGGESTIVE"


def test_estimators_of_different_sign_leave_no_direction_to_say():
    lord = {"change_score": 1.5, "ancova": -0.2}
    assert outcome(estimators=lord, ancova=-0.2) == "INCONCLUSIVE"
    verdict = decide(replace(STRONG, estimators=lord, ancova=-0.2))
    assert any("the estimators disagree in sign" in reason for reason in verdict.reasons)


def test_the_opposite_with_every_safeguard_is_contradicted_and_else_inconclusive():
    assert outcome(**OPPOSITE) == "CONTRADICTED"
    assert outcome(**OPPOSITE, p_adjusted=0.06) == "INCONCLUSIVE"
    assert outcome(**OPPOSITE, motion=None) == "INCONCLUSIVE"


def test_without_a_direction_a_difference_either_way_counts_and_nothing_contradicts():
    assert outcome(direction=None) == "SUPPORTED"
    mirrored = replace(
        STRONG,
        direction=None,
        difference=-1.5,
        low=-2.2,
        high=-0.8,
        ancova=-1.4,
        estimators={"change_score": -1.5, "ancova": -1.4},
        multiverse=(-1.5, -1.4),
        motion=DifferentialMotion(0.6, -1.4, 0.001),
        dppc2=-1.5,
    )
    assert decide(mirrored).outcome == "SUPPORTED"


def test_a_null_is_inconclusive_unless_its_interval_lies_within_the_bounds():
    verdict = decide(NOTHING)
    assert verdict.outcome == "INCONCLUSIVE"
    assert verdict.reasons[0] == "the permutation test gives p = 1.00: not below 0.05"
    assert decide(replace(NOTHING, tost_p=0.03)).outcome == "NO MEANINGFUL EFFECT"
    wide = {"change_score": 0.1, "ancova": 0.6}
    assert decide(replace(NOTHING, tost_p=0.03, estimators=wide)).outcome == "INCONCLUSIVE"


def test_a_bayes_factor_of_small_arms_does_not_count():
    weak = replace(NOTHING, direction="up", p=0.07, p_adjusted=0.07, bayes_factor_10=4.0)
    assert decide(weak).outcome == "SUGGESTIVE"
    assert decide(replace(weak, bayes_factor_reliable=False)).outcome == "INCONCLUSIVE"


def test_every_verdict_has_a_meaning_in_plain_words():
    assert set(MEANINGS) == set(get_args(Outcome))


def test_gates_come_first_and_name_their_reason():
    small = decide(replace(STRONG, n_treated=4))
    assert small.outcome == "NOT TESTED"
    assert small.reasons == (
        "only 4 treated with both values, fewer than 5: described, not tested",
    )
    broken = decide(replace(STRONG, problem="the amygdala is outside the field of view"))
    assert broken.outcome == "NOT TESTED"
    assert broken.reasons == ("the amygdala is outside the field of view",)
    assert outcome(p=nan, p_adjusted=nan) == "NOT TESTED"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "CONSISTENT (no control)"),
        (OPPOSITE, "NOT CONSISTENT (no control)"),
        ({"p_adjusted": 0.0625, "p_floor": 0.0625}, "INCONCLUSIVE"),
    ],
    ids=["claimed", "opposite", "at the floor"],
)
def test_one_arm_alone_is_never_more_than_consistent(changes, expected):
    verdict = decide(replace(STRONG, has_control=False, n_control=0, **changes))
    assert verdict.outcome == expected
    assert any("there is no control arm" in reason for reason in verdict.reasons)


def test_a_threat_that_is_present_weakens_and_is_told():
    threat = Threat("attrition", "Did more leave one arm?", 0.4, 0.2, True, "more left one arm")
    verdict = decide(replace(STRONG, threats=(threat,)))
    assert verdict.outcome == "SUGGESTIVE"
    assert "more left one arm" in verdict.reasons
    assert verdict.trace[-1].name == "threat_attrition"
    assert verdict.trace[-1].held is False
    assert outcome(**OPPOSITE, threats=(threat,)) == "INCONCLUSIVE"
    equal = replace(NOTHING, tost_p=0.01)
    assert decide(equal).outcome == "NO MEANINGFUL EFFECT"
    assert decide(replace(equal, threats=(threat,))).outcome == "INCONCLUSIVE"
    absent = replace(threat, present=False, consequence="")
    unknown = replace(threat, present=None, consequence="nobody counted who left")
    assert outcome(threats=(absent,)) == "SUPPORTED"
    assert decide(replace(STRONG, threats=(unknown,))).reasons[-1] == "nobody counted who left"


def test_the_trace_names_every_rule_once_with_question_and_consequence():
    trace = decide(STRONG).trace
    names = [rule.name for rule in trace]
    assert len(set(names)) == len(names) == 14
    assert set(SAFEGUARDS) <= set(names)
    assert all(rule.asked.endswith("?") or "(" in rule.asked for rule in trace)
    assert {name for rules in DECISIVE.values() for name in rules} <= set(names)


ORDER = ("INCONCLUSIVE", "SUGGESTIVE", "SUPPORTED (associational)", "SUPPORTED")
NUMBERS = st.floats(-3, 3)
SHARES = st.floats(0.0001, 1)
EVIDENCE = st.builds(
    Evidence,
    n_treated=st.integers(5, 40),
    n_control=st.integers(5, 40),
    direction=st.sampled_from(["up", "down", None]),
    is_randomised=st.booleans(),
    difference=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    p=SHARES,
    p_adjusted=SHARES,
    p_floor=SHARES,
    ancova=NUMBERS,
    estimators=st.fixed_dictionaries({"change_score": NUMBERS, "ancova": NUMBERS}),
    tost_p=st.just(0.9),
    equivalence_bound=st.just(0.5),
    bayes_factor_10=st.floats(0.01, 100),
    bayes_factor_reliable=st.booleans(),
    multiverse=st.lists(NUMBERS, min_size=1, max_size=6).map(tuple),
    negative_control=st.builds(NegativeControl, st.just("calcarine"), NUMBERS),
    motion=st.builds(DifferentialMotion, SHARES, NUMBERS, SHARES),
    dppc2=NUMBERS,
    from_images=st.just(True),
)


@given(EVIDENCE)
def test_a_check_that_was_not_made_never_strengthens_a_verdict(evidence):
    whole = decide(evidence)
    assert whole.outcome in get_args(Outcome)
    for missing in ("multiverse", "negative_control", "motion"):
        less = decide(replace(evidence, **{missing: None})).outcome
        assert strength(less) <= strength(whole.outcome)
    threat = Threat("any", "Is there another explanation?", nan, nan, True, "there is one")
    threatened = decide(replace(evidence, threats=(threat,))).outcome
    assert strength(threatened) <= strength(whole.outcome)
    associated = decide(replace(evidence, is_randomised=False)).outcome
    assert strength(associated) <= strength(whole.outcome)


@given(EVIDENCE)
def test_mirrored_evidence_for_the_mirrored_claim_gives_the_same_verdict(evidence):
    turned = {"up": "down", "down": "up", None: None}
    mirrored = replace(
        evidence,
        direction=turned[evidence.direction],
        difference=-evidence.difference,
        low=-evidence.high,
        high=-evidence.low,
        ancova=-evidence.ancova,
        estimators={name: -value for name, value in evidence.estimators.items()},
        multiverse=tuple(-value for value in evidence.multiverse or ()),
        motion=replace(evidence.motion, adjusted_difference=-evidence.motion.adjusted_difference),
        dppc2=-evidence.dppc2,
    )
    if evidence.difference:
        assert decide(mirrored).outcome == decide(evidence).outcome


def strength(name: str) -> int:
    return ORDER.index(name) if name in ORDER else 3 * (name == "CONTRADICTED")
