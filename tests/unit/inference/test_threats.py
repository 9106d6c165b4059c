"""Threats: a planted one is found, one that is absent is not, and strange studies are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.infer import infer
from brainchange.inference.threats import DESCRIBE, threat_weakenings
from brainchange.inference.verdict import decide
from brainchange.inference.verdict_evidence import Evidence
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
CONTRAST = "therapy_vs_waiting"
FD = "mean_framewise_displacement"


QUICK = Settings(inference=Inference(permutations=999, exact_up_to=1))


@pytest.fixture(scope="module")
def quick(made_up: Maker) -> Maker:
    """Maker of studies whose tests take few permutations."""
    return lambda *given, **named: replace(made_up(*given, **named), settings=QUICK)


def row(made: Any, threat: str, measure: str = "A2", contrast: str = CONTRAST) -> pd.Series:
    threats = made if isinstance(made, pd.DataFrame) else made.infer().threats
    chosen = (threats["threat"] == threat) & (threats["measure"] == measure)
    return threats[chosen & (threats["contrast"] == contrast)].iloc[0]


def moved(made: Any, by: dict[str, float], metric: str, timepoint: str = "post") -> Any:
    """Add to a metric of some participants at one timepoint."""
    told = made.observations.copy()
    rows = (told["metric"] == metric) & (told["timepoint"] == timepoint)
    told.loc[rows, "value"] += told.loc[rows, "participant_id"].map(by).fillna(0.0)
    return replace(made, observations=told)


def participants_of(made: Any, arm: str) -> list[str]:
    table = made.participants
    return list(table.loc[table["group"] == arm, "participant_id"])


def test_motion_that_differs_between_arms_is_found(quick: Maker) -> None:
    made = quick(10, seed=3)
    quiet = row(made, "differential_motion")
    by = dict.fromkeys(participants_of(made, "therapy"), 2.0)
    found = row(moved(made, by, FD), "differential_motion")
    assert found["value"] == pytest.approx(quiet["value"] + 2.0)
    assert (found["unit"], bool(found["weakens"])) == ("mm", True)
    assert found["p"] == found["p_floor"]
    assert found["words"].endswith("; this weakens what may be said")


def test_an_effect_that_motion_makes_is_lost_at_equal_motion(quick: Maker) -> None:
    rng = np.random.default_rng(1)
    made = quick(12, seed=2, noise=0.05)
    shake = {name: float(rng.normal(1.5, 0.5)) for name in participants_of(made, "therapy")}
    shake |= {name: float(rng.normal(0.0, 0.5)) for name in participants_of(made, "waiting")}
    made = moved(moved(made, shake, FD), {k: 2 * v for k, v in shake.items()}, "falff_z")
    threats = made.infer().threats
    adjusted = row(threats, "motion_adjusted")
    assert bool(adjusted["weakens"])
    assert adjusted["p"] > 0.05
    assert adjusted["value"] == pytest.approx(0, abs=0.3)
    driven = row(threats, "motion_correlation")
    assert bool(driven["weakens"])
    assert driven["value"] > 0.9
    control = row(threats, "negative_control")
    assert control["found_in"] == "calcarine, fractional ALFF (z)"
    assert abs(control["value"]) > 0.5


def test_an_effect_that_motion_does_not_make_survives(quick: Maker) -> None:
    threats = quick(12, seed=2, amygdala=2.0).infer().threats
    assert not bool(row(threats, "motion_adjusted")["weakens"])
    assert row(threats, "motion_adjusted")["p"] < 0.01
    control = row(threats, "negative_control")
    assert not bool(control["weakens"])
    assert control["threshold"] > abs(control["value"])


def test_threats_of_quality_are_rarely_found_where_there_are_none(quick: Maker) -> None:
    names = ("differential_motion", "tsnr_change", "motion_correlation")
    found = [
        bool(row(threats, name)["weakens"])
        for seed in range(8)
        for threats in [quick(8, seed=100 + seed).infer().threats]
        for name in names
    ]
    assert sum(found) <= 5


def test_participants_lost_from_one_arm(quick: Maker) -> None:
    made = quick(10)
    for name in participants_of(made, "therapy")[:7]:
        made = made.without(participant_id=name, timepoint="post")
    threats = made.infer().threats
    found = row(threats, "attrition")
    assert (found["value"], bool(found["weakens"])) == (pytest.approx(70.0), True)
    assert (found["n_treated"], found["n_control"]) == (10, 10)
    assert found["words"].startswith(
        "7 of 10 treated and 0 of 10 control participants lack a value"
    )
    assert row(threats, "those_who_left")["n_treated"] == 7
    assert not bool(row(threats, "attrition", "BDI")["weakens"])


def test_those_who_left_had_started_elsewhere(quick: Maker) -> None:
    made = quick(10)
    leaving = [*participants_of(made, "therapy")[:3], *participants_of(made, "waiting")[:3]]
    made = moved(made, dict.fromkeys(leaving, 9.0), "falff_z", "pre")
    for name in leaving:
        made = made.without(participant_id=name, timepoint="post")
    threats = made.infer().threats
    assert bool(row(threats, "those_who_left")["weakens"])
    assert row(threats, "those_who_left")["value"] > 2
    assert not bool(row(threats, "attrition")["weakens"])


def test_expected_regression_to_the_mean_by_hand(quick: Maker, study_with: Maker) -> None:
    """Untreated scores 10/14, 20/18, 30/31, 40/37: ICC(3,1) from mean squares by hand."""
    made = quick(4)
    scores = {"therapy": ((40, 30), (50, 41), (60, 50), (50, 39))}
    scores["waiting"] = ((10, 14), (20, 18), (30, 31), (40, 37))
    table = made.participants.copy()
    for arm, pairs in scores.items():
        table.loc[table["group"] == arm, ["BDI_pre", "BDI_post"]] = [
            [str(a), str(b)] for a, b in pairs
        ]
    found = row(replace(made, participants=table), "regression_to_the_mean", "BDI")
    pairs = np.array(scores["waiting"], dtype=float)
    half = (pairs[:, 0] + pairs[:, 1]) / 2
    between = 2 * half.var(ddof=1)
    error = (pairs[:, 1] - pairs[:, 0]).var(ddof=1) / 2
    icc = (between - error) / (between + error)
    assert found["value"] == pytest.approx(-(1 - icc) * (50 - 25))
    assert found["ci_low"] < found["value"] < found["ci_high"] <= 0
    assert found["threshold"] == pytest.approx(abs((-10.0) - 0.0) / 2)


def test_arms_unlike_at_the_start(quick: Maker, study_with: Maker) -> None:
    """All regress halfway to 20: treated start at 40, untreated at 20; nothing else happens."""
    rng = np.random.default_rng(4)
    made = quick(20)
    table = made.participants.copy()
    start = np.where(table["group"] == "therapy", 40.0, 20.0) + rng.normal(0, 4, len(table))
    table["BDI_pre"] = start.astype(str)
    table["BDI_post"] = (20 + (start - 20) / 2 + rng.normal(0, 1, len(table))).astype(str)
    apart = replace(
        made,
        participants=table,
        study=study_with(allocation={"randomised": False, "description": "By wish."}),
    )
    threats = apart.infer().threats
    found = row(threats, "baseline_imbalance", "BDI")
    assert bool(found["weakens"])
    assert found["value"] > 3
    assert "Lord's paradox" in found["words"]
    drawn = replace(apart, study=made.study).infer().threats
    assert not bool(row(drawn, "baseline_imbalance", "BDI")["weakens"])
    assert row(threats, "oldham_correlation", "BDI")["value"] < 0
    assert pd.isna(row(threats, "oldham_correlation", "BDI")["weakens"])


def covered(made: Any, share: Callable[[str, str, str], float]) -> pd.DataFrame:
    names = [region.region for region in made.regions]
    return COVERAGE_TABLE.frame(
        {
            "participant_id": who,
            "session_id": session,
            "run": f"{who}_{session}",
            "region": region,
            "n_voxels": 200,
            "n_valid_run": round(200 * share(who, session, region)),
            "n_valid": 100,
            "share": 0.5,
            "usable": True,
        }
        for who in made.participants["participant_id"]
        for session in ("ses-1", "ses-2")
        for region in names
    )


def test_coverage_that_differs_between_arms(quick: Maker) -> None:
    made, rng = quick(8), np.random.default_rng(1)
    treated = participants_of(made, "therapy")

    def share(who: str, session: str, region: str) -> float:
        lost = 0.2 if who in treated and session == "ses-2" and region == "amygdala_L" else 0.0
        return 0.9 - lost - 0.05 * rng.random()

    inferred = infer(
        made.study,
        made.claims,
        made.regions,
        made.settings,
        observations=made.observations,
        participants=made.participants,
        coverage=covered(made, share),
    )
    found = row(inferred.threats, "coverage_change")
    assert bool(found["weakens"])
    assert found["value"] == pytest.approx(-10, abs=2)
    assert found["unit"] == "percentage points"
    assert not bool(row(inferred.threats, "coverage_change", "S1")["weakens"])


def test_coverage_that_never_changes_and_coverage_that_is_not_known(quick: Maker) -> None:
    made = quick(6)
    inferred = infer(
        made.study,
        made.claims,
        made.regions,
        made.settings,
        observations=made.observations,
        participants=made.participants,
        coverage=covered(made, lambda *_: 0.8),
        shared={"ds1": participants_of(made, "therapy")[:2], "ds2": ["sub-99"]},
    )
    same = row(inferred.threats, "coverage_change")
    assert (same["value"], bool(same["weakens"])) == (0.0, False)
    told = row(inferred.threats, "shared_participants")
    assert told["words"].startswith("shares participants (2 with ds1)")
    assert not bool(told["weakens"])
    unknown = row(made.infer().threats, "coverage_change")
    assert pd.isna(unknown["weakens"])
    assert unknown["words"].startswith("not judged: ")


def test_signal_to_noise_of_the_regions_of_the_claim_alone_counts(quick: Maker) -> None:
    made = quick(8)
    told = made.observations.copy()
    chosen = (told["metric"] == "tsnr") & (told["timepoint"] == "post")
    chosen &= told["region"].isin(["amygdala_L", "amygdala_R"])
    chosen &= told["participant_id"].isin(participants_of(made, "therapy"))
    told.loc[chosen, "value"] -= 9
    threats = replace(made, observations=told).infer().threats
    assert bool(row(threats, "tsnr_change", "A2")["weakens"])
    assert not bool(row(threats, "tsnr_change", "S1")["weakens"])


def test_a_verdict_reads_threats_and_is_weakened(quick: Maker) -> None:
    made = quick(10, seed=3)
    by = dict.fromkeys(participants_of(made, "therapy"), 2.0)
    threats = moved(made, by, FD).infer().threats
    found = {threat.name: threat for threat in threat_weakenings(threats)["claim", "A2", CONTRAST]}
    assert found["differential_motion"].present is True
    assert found["shared_participants"].present is None
    assert found["attrition"].present is False
    assert found["attrition"].consequence == ""
    assert not {"motion_adjusted", "negative_control", *DESCRIBE} & set(found)
    strong = Evidence(
        20,
        20,
        direction="up",
        is_randomised=True,
        difference=1.0,
        low=0.5,
        high=1.5,
        p=0.001,
        p_adjusted=0.001,
        p_floor=1e-4,
        ancova=1.0,
        estimators={"change_score": 1.0, "ancova": 1.0},
        multiverse=(1.0, 1.0),
        from_images=False,
        dppc2=1.0,
    )
    assert decide(strong).outcome == "SUPPORTED"
    assert decide(replace(strong, threats=tuple(found.values()))).outcome == "SUGGESTIVE"


@pytest.mark.parametrize("n_arm", [1, 2, 3])
def test_small_arms_are_told(n_arm: int, quick: Maker) -> None:
    threats = quick(n_arm).infer().threats
    assert threats["words"].notna().all()
    assert pd.isna(row(threats, "motion_adjusted")["weakens"])
    quality = threats[threats["threat"].isin(["tsnr_change", "differential_motion"])]
    assert quality["p"].isna().all()
    assert quality["weakens"].isna().all()


def test_strange_studies_give_rows_with_reasons(quick: Maker, study_with: Maker) -> None:
    made = quick(6)
    constant = made
    for name in participants_of(made, "therapy"):
        for timepoint in ("pre", "post"):
            for region in ("amygdala_L", "amygdala_R"):
                constant = constant.setting(
                    1.0, participant_id=name, timepoint=timepoint, region=region, metric="falff_z"
                )
    assert np.isfinite(row(constant, "baseline_imbalance")["value"])
    arms = {
        "therapy": {"label": "Talk therapy", "role": "therapy"},
        "exercise": {"label": "Exercise", "role": "comparison"},
        "waiting": {"label": "Usual care", "role": "comparison"},
    }
    no_retest = row(replace(made, study=study_with(arms=arms)), "regression_to_the_mean")
    assert no_retest["words"] == (
        "not judged: the study has no untreated arm: reliability is unknown"
    )
    nothing = made.without(timepoint="post").infer().threats
    brain = nothing[nothing["kind"] == "claim"]
    assert not brain["weakens"].fillna(value=False).any()
    assert brain["words"].notna().all()
    nobody = replace(made, participants=made.participants.iloc[:0]).infer().threats
    assert not nobody["weakens"].fillna(value=False).any()


@pytest.mark.parametrize(("seed", "scale", "shift"), [(1, 1e-3, 5.0), (2, 7.0, -3.0)])
def test_order_shift_and_scale_change_nothing(
    seed: int, scale: float, shift: float, quick: Maker
) -> None:
    made = quick(7, seed=seed, amygdala=0.4)
    told = made.observations.sample(frac=1, random_state=seed).reset_index(drop=True)
    brain = told["metric"].isin(["falff_z", "connectivity"])
    told.loc[brain, "value"] = told.loc[brain, "value"] * scale + shift
    other = replace(
        made, observations=told, participants=made.participants.sample(frac=1, random_state=seed)
    )
    before, after = made.infer().threats, other.infer().threats
    same = ["measure", "contrast", "threat", "p", "n_treated", "n_control", "weakens"]
    pd.testing.assert_frame_equal(before[same], after[same], rtol=1e-6)
    free = before["unit"].isin(["r", "SD", "%"])
    np.testing.assert_allclose(
        before.loc[free, "value"], after.loc[free, "value"], rtol=1e-6, atol=1e-9
    )
    in_unit = (before["kind"] == "claim") & before["threat"].isin(
        ["motion_adjusted", "regression_to_the_mean"]
    )
    np.testing.assert_allclose(
        scale * before.loc[in_unit, "value"], after.loc[in_unit, "value"], rtol=1e-6, atol=1e-9
    )


def test_a_study_that_starts_from_a_table_has_no_coverage(quick: Maker) -> None:
    made = quick(6)
    inferred = infer(
        made.study,
        made.claims,
        made.regions,
        made.settings,
        observations=made.observations,
        participants=made.participants,
        coverage=COVERAGE_TABLE.frame(),
    )
    found = row(inferred.threats, "coverage_change")
    assert found["words"].startswith("not judged: ")
    assert pd.isna(found["weakens"])
