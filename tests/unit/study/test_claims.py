"""Claims as data: the sentences of the article, and every mistake told in words."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from brainchange.errors import ConfigError
from brainchange.study.claims import Claims
from brainchange.study.strict import parse, read_yaml

MEASURED = {"id": "A", "metric": "falff_z", "groups": ["amygdala"], "direction": "down"}
UNMEASURED = {"id": "B", "direction": "up", "needed": "a task"}

# How the wordings of the registry are represented; a wording not named here stands for itself.
DIRECTIONS = {
    "M1": ("-", "either"),
    "M4": ("change", "either"),
    "P4": ("composite up", "up"),
    "P5": ("down (contradicts P1)", "down"),
    "A3": ("faster habituation", "up"),
    "A4": ("down; r(dFC,dRRS)>0", "down"),
    "T1": ("more negative during reappraisal", "down"),
    "T2": ("up as worded (two-sided test: literature disagrees)", "up"),
    "T3": ("FA up", "up"),
    "T4": ("sign per claim", "follows"),
    "L1": ("down (activity); two-sided for FC", "down"),
    "L2": ("two-sided", "either"),
    "L3": ("two-sided", "either"),
    "N1": ("two-sided |rho|", "either"),
    "N4": ("-", "either"),
    "D1": ("interaction != 0 and conjunction", "either"),
    "D5": ("amygdala down", "down"),
    "D6": ("PFC up, amygdala down", "up"),
    "R1": ("FU = post", "equal"),
    "R2": ("protective", "down"),
    "R3": ("slower", "down"),
    "R4": ("-", "equal"),
    "X2": ("therapy > medication", "up"),
    "X3": ("-", "either"),
    "Y1": ("Q2>0", "predicts"),
    "Y2": ("Q2>0", "predicts"),
    "Y3": ("Q2>0", "predicts"),
    "Y4": ("interaction", "either"),
    "G1": ("toward HC", "down"),
    "G2": ("opposite sign", "down"),
    "G3": ("r sign as claim", "follows"),
}


def claims_with(*changes: dict[str, Any]) -> Claims:
    whole = [{"quote": "q", "construct": "c", "family": "secondary"} | one for one in changes]
    return parse(Claims, {"article": "an article", "claims": whole}, "claims.yaml")


def told(*changes: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        claims_with(*changes)
    return str(caught.value)


@pytest.fixture(scope="module")
def claims(root: Path) -> Claims:
    return parse(Claims, read_yaml(root / "config" / "claims.yaml"), "config/claims.yaml")


def test_all_claims_are_there_as_counted_in_the_methods(claims: Claims) -> None:
    assert len(claims.claims) == 51
    sights = Counter(claim.mri for claim in claims.claims)
    assert sights == {"shows": 32, "conditional": 9, "blind": 10}
    with_column = [c.id for c in claims.claims if c.mri == "blind" and c.requires.column]
    assert with_column == ["M4", "M5", "M6"]


def test_the_article_contradicts_itself_twice(claims: Claims) -> None:
    pairs = [(one.id, other.id) for one, other in claims.contradictions]
    assert pairs == [("P1", "P5"), ("X1", "X2")]
    said = {claim.id: claim for claim in claims.claims}
    for claim in claims.claims:
        assert all(claim.id in said[other].contradicts for other in claim.contradicts)


def test_no_claim_leaves_open_what_would_tell(claims: Claims) -> None:
    assert all(bool(claim.metric) != bool(claim.needed) for claim in claims.claims)
    assert all(claim.note for claim in claims.claims if claim.mri == "conditional")


@pytest.mark.shared
def test_claims_quotes_families_and_directions_are_those_of_the_registry(
    claims: Claims, shared: Path
) -> None:
    registry = json.loads((shared / "claims_registry.json").read_text())["claims"]
    assert [claim.id for claim in claims.claims] == [entry["id"] for entry in registry]
    for claim, entry in zip(claims.claims, registry, strict=True):
        assert claim.quote == entry["quote"]
        family = {"primary": "confirmatory"}.get(entry["family"], entry["family"])
        assert claim.family == family, claim.id
        said = DIRECTIONS.get(claim.id, (claim.direction, claim.direction))
        assert (entry["direction"], claim.direction) == said, claim.id


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"direction": "upward"}, "'upward' is not allowed"),
        ({"direction": "donw"}, "Did you mean 'down'?"),
        ({"direction": "equal"}, "a metric cannot show the direction 'equal'"),
        ({"pairs": [["ACC", "ACC"]]}, "either 'groups', 'pairs' or 'networks'"),
        ({"minus": [["control", "control"]]}, "'minus' needs 'networks'"),
        ({"groups": []}, "either 'groups', 'pairs' or 'networks'"),
        ({"mri": "blind"}, "a claim that MRI cannot show has no metric"),
        ({"mri": "bilnd"}, "Did you mean 'blind'?"),
        ({"family": "secundary"}, "Did you mean 'secondary'?"),
        ({"quote": " ".join(["word"] * 13)}, "at most 12 words, this one has 13"),
        ({"require": {}}, "Did you mean 'requires'?"),
        ({"requires": {"image": ["rest"]}}, "Did you mean 'images'?"),
        ({"requires": {"images": ["rst"]}}, "Did you mean 'rest'?"),
        ({"requires": {"images": ["emotion"]}}, "Did you mean 'emotion_task'?"),
        ({"requires": {"arms": ["medicaton"]}}, "Did you mean 'medication'?"),
        ({"requires": {"arms": ["contrl"]}}, "Did you mean 'control'?"),
        ({"requires": {"timepoints": ["follow-up"]}}, "Did you mean 'followup'?"),
        ({"requires": {"column": "cortisone"}}, "Did you mean 'cortisol'"),
        ({"requires": {"participants": -1}}, "-1 is too small: at least 0"),
        ({"requires": {"therapies": 0}}, "0 is too small: at least 1"),
        ({"requires": {"randomised": "true"}}, "'true' is not true or false"),
        ({"contradicts": ["A"]}, "claim 'A' contradicts itself"),
        ({"contradicts": ["b"]}, "'b', which is no claim. Did you mean 'B'?"),
        ({"contradicts": ["B"]}, "add 'contradicts: [A]' to 'B'"),
        ({"id": "B"}, "claim 'B' is given twice"),
    ],
)
def test_each_mistake_is_told_with_its_fix(change: dict[str, Any], expected: str) -> None:
    text = told(MEASURED | change, UNMEASURED)
    assert expected in text
    assert "claims.yaml" in text


def test_a_claim_without_a_metric_says_what_would_measure_it() -> None:
    assert "says in 'needed'" in told({"id": "B", "direction": "up"})
    assert "need a 'metric'" in told(UNMEASURED | {"groups": ["amygdala"]})


def test_a_claim_needs_no_more_than_before() -> None:
    claim = claims_with(MEASURED).claims[0]
    assert claim.requires.timepoints == ("pre", "post")
    assert claim.requires.arms == ("control",)
    assert claim.mri == "shows"
