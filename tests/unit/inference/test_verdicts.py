"""The verdict of every claim and scale, decided from the tables of made-up studies."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from brainchange.inference.claim_evidence import Checks
from brainchange.inference.infer import Inferred
from brainchange.inference.participants import enrol
from brainchange.inference.prepost import collect
from brainchange.inference.verdict_evidence import Threat
from brainchange.inference.verdict_trace import verdict_trace
from brainchange.inference.verdicts import decide_all, verdicts_table
from brainchange.study.claims import Claims
from brainchange.study.testability import Judged

PRIMARY, OTHER = "therapy_vs_waiting", "exercise_vs_waiting"


def verdict(
    inferred: Inferred | SimpleNamespace, measure: str, contrast: str = PRIMARY
) -> dict[str, Any]:
    table = verdicts_table(inferred.verdicts)
    mine = table[(table["measure"] == measure) & (table["contrast"] == contrast)]
    assert len(mine) == 1
    return dict(mine.iloc[0])


@pytest.fixture(scope="module")
def planted(made_up):
    return made_up(12, amygdala=-1.5, seed=2).infer()


def test_every_claim_and_scale_has_a_verdict_in_every_contrast_the_primary_first(planted):
    table = verdicts_table(planted.verdicts)
    assert table["contrast"].tolist() == [PRIMARY] * 4 + [OTHER] * 4
    assert table["measure"].tolist() == ["A2", "T2", "S1", "BDI"] * 2
    assert table["verdict"].notna().all()
    assert table["reasons"].notna().all()


def test_a_planted_effect_without_a_multiverse_is_suggestive_and_says_what_lacks(made_up, planted):
    found = verdict(again(made_up(12, amygdala=-1.5, seed=2)), "A2")
    assert found["verdict"] == "SUGGESTIVE"
    assert found["p_adjusted"] < 0.01
    assert found["difference"] == pytest.approx(-1.5, abs=0.4)
    assert found["not_made"] == "multiverse"
    assert "no other analysis choices were tried" in found["reasons"]
    assert found["negative_control"] == "calcarine"
    assert found["motion_adjusted_p"] < 0.05
    assert verdict(planted, "A2", OTHER)["verdict"] in ("INCONCLUSIVE", "NO MEANINGFUL EFFECT")
    assert "no arm had talk therapy" in verdict(planted, "A2", OTHER)["remark"]


def again(made: Any, **checks: Any) -> SimpleNamespace:
    """Decide once more, with what other parts would have found."""
    inferred = made.infer()
    data, _ = collect(
        made.study,
        made.claims.claims,
        made.regions,
        specification=made.settings.denoising.name,
        enrolment=enrol(made.participants, made.study),
        observations=made.observations,
    )
    judged = tuple(Judged(claim, "testable") for claim in made.claims.claims)
    decided = decide_all(
        data,
        inferred.effects,
        judged,
        study=made.study,
        settings=made.settings,
        checks=Checks(**checks),
    )
    return SimpleNamespace(verdicts=decided)


def test_with_a_multiverse_it_is_supported_and_a_threat_takes_that_back(made_up, study_with):
    made = made_up(12, amygdala=-1.5, seed=2)
    same = {("A2", PRIMARY): (-4.0, -3.0, -5.0)}
    found = verdict(again(made, specifications=same), "A2")
    assert (found["verdict"], found["n_specifications"]) == ("SUPPORTED", 3)
    assert (found["multiverse_share"], found["multiverse_median"]) == (1.0, 4.0)
    chosen = study_with(allocation={"randomised": False, "description": "They chose."})
    associated = verdict(again(replace(made, study=chosen), specifications=same), "A2")
    assert associated["verdict"] == "SUPPORTED (associational)"
    assert associated["estimator"] == "change_score"
    threat = Threat("attrition", "Did more leave one arm?", 0.4, 0.2, True, "more left one arm")
    threats = {("claim", "A2", PRIMARY): (threat,)}
    weakened = verdict(again(made, specifications=same, threats=threats), "A2")
    assert (weakened["verdict"], weakened["threats"]) == ("SUGGESTIVE", "attrition")
    assert "more left one arm" in weakened["reasons"]


def test_pairs_are_compared_with_edges_between_negative_controls(made_up):
    """The only negative control here has one group, so that claims of pairs have none."""
    found = verdict(made_up(8).infer(), "T2")
    assert isinstance(found["negative_control"], float)
    assert "negative_control" in found["not_made"]


def test_an_effect_that_motion_explains_does_not_survive(made_up):
    made = made_up(12, noise=0.2, seed=3)
    observations = made.observations.copy()
    rng = np.random.default_rng(1)
    moved = {name: rng.uniform(0.5, 3.0) for name in observations["participant_id"].unique()}
    after = (observations["timepoint"] == "post") & (observations["arm"] == "therapy")
    amount = observations["participant_id"].map(moved)
    motion = after & (observations["metric"] == "mean_framewise_displacement")
    values = after & (observations["metric"] == "falff_z")
    values &= observations["region"].fillna("").str.startswith("amygdala")
    observations.loc[motion, "value"] += amount[motion]
    observations.loc[values, "value"] -= amount[values]
    found = verdict(replace(made, observations=observations).infer(), "A2")
    assert found["p_adjusted"] < 0.05
    assert found["motion_p"] < 0.05
    assert found["motion_adjusted_p"] > 0.05
    assert found["verdict"] == "SUGGESTIVE"


def test_without_framewise_displacement_motion_was_not_compared(made_up):
    made = made_up(12, amygdala=-1.5, seed=2).without(metric="mean_framewise_displacement")
    assert "motion" in verdict(made.infer(), "A2")["not_made"].split(";")


def test_a_scale_no_control_filled_in_is_judged_without_control(made_up):
    made = made_up(8)
    cells = made.participants.copy()
    cells.loc[cells["group"] == "waiting", ["BDI_pre", "BDI_post"]] = None
    cells.loc[cells["group"] == "therapy", "BDI_post"] = [str(n) for n in range(3, 11)]
    found = verdict(replace(made, participants=cells).infer(), "BDI")
    assert found["verdict"] == "CONSISTENT (no control)"
    assert found["estimator"] == "within_arm"
    assert found["p"] == pytest.approx(2 / 2**8)
    assert "there is no control arm" in found["reasons"]


def test_what_was_not_measured_or_is_too_small_is_not_tested_with_its_reason(made_up):
    gone = verdict(made_up(8).without(metric="connectivity").infer(), "T2")
    assert gone["verdict"] == "NOT TESTED"
    assert gone["reasons"].endswith("the metric 'connectivity' was not computed")
    small = verdict(made_up(4).infer(), "A2")
    assert small["verdict"] == "NOT TESTED"
    assert "only 4 treated and only 4 control with both values" in small["reasons"]
    assert np.isnan(small["p"])


def test_claims_mri_cannot_show_and_claims_this_study_cannot_tell_say_so(made_up):
    made = made_up(8)
    claims = Claims.model_validate(
        {
            "article": "An article",
            "claims": (
                *(claim.model_dump(by_alias=True) for claim in made.claims.claims),
                {
                    "id": "M3",
                    "quote": "drives long-term potentiation",
                    "construct": "synapses",
                    "direction": "up",
                    "family": "secondary",
                    "mri": "blind",
                    "needed": "electrophysiology",
                },
                {
                    "id": "A1",
                    "quote": "calm the amygdala",
                    "construct": "reactivity of the amygdala goes down",
                    "direction": "down",
                    "family": "confirmatory",
                    "requires": {"images": ("emotion_task",)},
                    "needed": "activation",
                },
            ),
        }
    )
    inferred = replace(made, claims=claims).infer()
    blind, lacking = verdict(inferred, "M3"), verdict(inferred, "A1")
    assert blind["verdict"] == "NOT TESTABLE WITH MRI"
    assert blind["needed"] == "electrophysiology"
    assert lacking["verdict"] == "NOT TESTED"
    assert lacking["reasons"] == "no fMRI of an emotion task"


def test_an_exploratory_claim_is_never_supported(made_up):
    made = made_up(12, amygdala=-1.5, seed=2)
    claims = made.claims.model_dump(by_alias=True)
    claims["claims"][0]["family"] = "exploratory"
    made = replace(made, claims=Claims.model_validate(claims))
    found = again(made, specifications={("A2", PRIMARY): (-4.0, -3.0)})
    told = verdict(found, "A2")
    assert told["verdict"] == "SUGGESTIVE"
    assert "exploratory" in told["reasons"]


def test_the_trace_is_json_with_every_rule(planted):
    trace = json.loads(json.dumps(verdict_trace(planted.verdicts), allow_nan=False))
    assert len(trace) == 8
    first = trace[0]
    assert (first["measure"], first["verdict"]) == ("A2", "SUPPORTED")
    names = [rule["name"] for rule in first["trace"]]
    assert names[:2] == ["gate_participants", "gate_analysable"]
    assert first["evidence"]["estimators"].keys() >= {"change_score", "ancova"}
    assert len(first["evidence"]["multiverse"]) == 6


def test_a_study_of_one_arm_is_at_most_consistent(made_up, study_with):
    made = made_up(8, amygdala=-1.5, seed=2)
    arms = {"therapy": {"label": "Talk therapy", "role": "therapy"}}
    contrasts = {"alone": {"label": "therapy alone", "treated": ("therapy",), "primary": True}}
    observations = made.observations[made.observations["arm"] == "therapy"]
    people = made.participants[made.participants["group"] == "therapy"]
    one = study_with(arms=arms, contrasts=contrasts)
    made = replace(made, study=one, observations=observations, participants=people)
    inferred = made.infer()
    found, other = (verdict(inferred, name, "alone") for name in ("A2", "T2"))
    assert found["verdict"] == "CONSISTENT (no control)"
    assert found["estimator"] == "within_arm"
    assert found["p"] == pytest.approx(2 / 2**8)
    assert found["p_adjusted"] == pytest.approx(2 * found["p"])
    assert other["verdict"] == "INCONCLUSIVE"
    claims = inferred.claims.set_index("claim")
    assert claims.loc["A2", "barrier"] == "control"
    assert claims.loc["A2", "measured"]
