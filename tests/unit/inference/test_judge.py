"""Judgements of made-up tables: planted effects, nulls, traps and invariants."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from brainchange.inference.arranged import Arranged
from brainchange.inference.judge import Judgement, judge
from brainchange.inference.judge_case import Question
from brainchange.inference.judge_output import as_record
from brainchange.study.settings import Settings

ASKED = Question(("cbt",), ("wait",), direction="down", randomised=True)
SETTINGS = Settings()


def table(
    n_treated: int = 15,
    n_control: int = 14,
    effect: float = 0.0,
    seed: int = 1,
    n_measures: int = 1,
) -> Arranged:
    """Values around 20 with SD 1 before; therapy adds ``effect`` to the first measure."""
    rng = np.random.default_rng(seed)
    n = n_treated + n_control
    treated = np.arange(n) < n_treated
    trait = rng.normal(20, np.sqrt(0.7), (n, n_measures))
    pre, post = (trait + rng.normal(0, np.sqrt(0.3), trait.shape) for _ in range(2))
    post[treated, 0] += effect
    return Arranged(
        participants=tuple(f"s{number:03d}" for number in range(n)),
        treated=treated,
        measures=tuple(("", f"region {m}" if n_measures > 1 else "") for m in range(n_measures)),
        pre=pre,
        post=post,
        infinite=np.zeros(n_measures, dtype=int),
        covariates=np.empty((n, 0)),
        motion=None,
        negative_control={},
    )


def one(data: Arranged, question: Question = ASKED) -> Judgement:
    return judge(data, question, SETTINGS)[0]


@pytest.mark.parametrize(
    ("randomised", "expected"), [(True, "SUPPORTED"), (False, "SUPPORTED (associational)")]
)
def test_a_planted_effect_of_one_and_a_half_is_supported(randomised, expected):
    for seed in range(5):
        found = one(table(20, 20, -1.5, seed), replace(ASKED, randomised=randomised))
        assert found.verdict.outcome == expected


def test_where_chance_made_the_arms_the_difference_at_equal_values_before_leads():
    data = table(20, 20, -1.0, 3)
    found = one(data).numbers
    assert found["lead"]["estimator"] == "ancova"
    assert found["lead"]["difference"] == found["ancova"]["estimate"]
    assert found["lead"]["difference_ci"] == found["ancova"]["ci"]
    assert found["p_adjusted"] == found["lead"]["p_permutation"] != found["p_permutation"]
    chosen = one(data, replace(ASKED, randomised=False)).numbers
    assert chosen["lead"]["estimator"] == "change_score"
    assert chosen["lead"]["difference"] == chosen["change_difference"]
    assert chosen["p_adjusted"] == chosen["p_permutation"] == found["p_permutation"]
    alone = one(data, replace(ASKED, control=())).numbers
    assert alone["lead"]["estimator"] == "within_arm"


def test_equivalence_within_other_bounds_and_intervals_of_models_are_told():
    data = table(20, 20, 0.1, 5)
    found = one(data).numbers
    change = (data.post - data.pre)[:, 0]
    arms = change[data.treated], change[~data.treated]
    variances = [data.pre[side, 0].var(ddof=1) for side in (data.treated, ~data.treated)]
    unit = np.sqrt(np.mean(variances))
    for key, bound in (("tost_p_small", 0.3), ("tost_p", 0.5), ("tost_p_large", 0.8)):
        one_sided = [
            stats.ttest_ind(arms[0] + side * bound * unit, arms[1], equal_var=False, alternative=a)
            for side, a in ((1, "greater"), (-1, "less"))
        ]
        assert found[key] == pytest.approx(max(test.pvalue for test in one_sided))
    for name in ("mixed_model", "constrained_baseline"):
        model = found[name]
        margin = stats.t.ppf(0.975, model["df"]) * model["se"]
        assert model["ci"] == pytest.approx(
            [model["estimate"] - margin, model["estimate"] + margin]
        )
    assert (
        found["bayes_factor_10_wide"] < found["bayes_factor_10"] < found["bayes_factor_10_narrow"]
    )


def test_the_same_effect_against_the_claim_contradicts_it():
    assert one(table(20, 20, 1.5)).verdict.outcome == "CONTRADICTED"


def test_values_of_images_need_the_safeguards_of_images():
    data, question = table(20, 20, -1.5, n_measures=2), replace(ASKED, from_images=True)
    assert one(data, question).verdict.outcome == "SUGGESTIVE"
    rng = np.random.default_rng(3)
    control = (data.pre[:, 1], data.post[:, 1])
    checked = replace(
        data,
        measures=data.measures[:1],
        pre=data.pre[:, :1],
        post=data.post[:, :1],
        infinite=data.infinite[:1],
        motion=0.1 + 0.02 * rng.random((2, 40)),
        negative_control={("", "calcarine"): control},
    )
    found = one(checked, question)
    assert found.verdict.outcome == "SUPPORTED"
    assert found.verdict.not_made == ()
    assert found.numbers["negative_control"]["name"] == "calcarine"


def test_a_difference_that_is_only_motion_is_not_supported():
    data = table(20, 20, 0.0)
    rng = np.random.default_rng(4)
    motion = 0.1 + 0.01 * rng.random((2, 40))
    motion[1, data.treated] += 0.3 * rng.random(20)
    moved = replace(data, post=data.post - 8 * (motion[1] - motion[0])[:, None], motion=motion)
    assert one(replace(moved, motion=None)).verdict.outcome == "SUPPORTED"
    found = one(moved)
    assert found.verdict.outcome not in ("SUPPORTED", "SUPPORTED (associational)")
    assert found.numbers["motion"]["p_welch"] < 0.05


def test_a_change_of_everything_alike_is_not_supported():
    data = table(20, 20, -1.5)
    alike = {("control", ""): (data.pre[:, 0], data.post[:, 0])}
    assert one(replace(data, negative_control=alike)).verdict.outcome == "SUGGESTIVE"


def test_nulls_of_29_participants_are_hardly_ever_supported_or_contradicted():
    found = [
        one(table(14, 15, 0.0, seed), replace(ASKED, direction="up")).verdict.outcome
        for seed in range(100)
    ]
    loud = sum(name.startswith(("SUPPORTED", "CONTRADICTED")) for name in found)
    assert stats.binomtest(loud, 100, 0.05, alternative="greater").pvalue > 0.001


def test_a_large_null_has_no_meaningful_effect():
    assert one(table(150, 150, 0.0)).verdict.outcome == "NO MEANINGFUL EFFECT"


def test_measures_are_adjusted_together_and_those_not_tested_do_not_count():
    data = table(12, 12, -1.5, n_measures=4)
    data.post[:, 3] = np.nan
    found = judge(data, ASKED, SETTINGS)
    p = sorted(one.numbers["p_permutation"] for one in found[:3])
    assert found[0].numbers["p_permutation"] == p[0]
    assert found[0].numbers["p_adjusted"] == pytest.approx(3 * p[0])
    assert found[0].numbers["family_size"] == 3
    assert found[3].verdict.outcome == "NOT TESTED"


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 4])
def test_tiny_arms_are_described_not_tested(kept):
    data = table(8, 8, -1.5)
    data.post[np.flatnonzero(data.treated)[kept:]] = np.nan
    found = one(data)
    assert found.verdict.outcome == "NOT TESTED"
    assert found.verdict.reasons[0].startswith(f"only {kept} treated")
    assert not isfinite(found.numbers["p_permutation"])
    assert isfinite(found.numbers["change_difference"]) == (kept > 0)


def test_the_smallest_arm_prints_the_floor_of_its_p():
    data = table(5, 5, -1.5)
    found = one(data, replace(ASKED, control=()))
    assert found.numbers["p_permutation_floor"] == 0.0625
    assert found.verdict.outcome == "INCONCLUSIVE"
    assert "no p below 0.062 is possible with so few participants" in found.flags


def test_a_control_arm_without_values_after_therapy_is_no_control():
    data = table(12, 12, -1.5)
    data.post[~data.treated] = np.nan
    found = one(data)
    assert found.verdict.outcome == "CONSISTENT (no control)"
    assert not isfinite(found.numbers["change_difference"])
    assert found.flags[0] == (
        "no control participant has both values: judged as a study without control"
    )


@pytest.mark.parametrize("side", ["treated", "control"])
def test_a_measure_that_is_constant_in_an_arm_is_not_tested(side):
    data = table(12, 12)
    arm = data.treated if side == "treated" else ~data.treated
    data.pre[arm], data.post[arm] = 21.3, 21.3
    found = one(data)
    assert found.verdict.outcome == "NOT TESTED"
    assert found.verdict.reasons == (
        f"the change does not vary in the {side} arm: no test can be trusted",
    )


def test_infinite_values_are_flagged():
    data = replace(table(), infinite=np.array([2]))
    assert "2 infinite values were taken as missing" in one(data).flags


def test_arms_that_start_apart_are_flagged():
    data = table(20, 20)
    data.pre[data.treated] += 3
    data.post[data.treated] += 3
    found = one(data)
    spread = np.sqrt((data.pre[:20, 0].var(ddof=1) + data.pre[20:, 0].var(ddof=1)) / 2)
    expected = (data.pre[:20, 0].mean() - data.pre[20:, 0].mean()) / spread
    assert found.numbers["baseline_difference"] == pytest.approx(expected)
    assert any("SD before therapy" in flag for flag in found.flags)


def test_a_missing_direction_is_flagged_and_judged_both_ways():
    found = one(table(20, 20, 1.5), replace(ASKED, direction=None))
    assert found.verdict.outcome == "SUPPORTED"
    assert found.flags[0] == "no direction was claimed: a difference in either direction is judged"


def test_covariates_are_adjusted_for_in_the_test_and_in_the_analysis_of_covariance():
    data = table(15, 15)
    age = np.random.default_rng(9).normal(40, 10, 30) + 15 * data.treated
    grown = replace(data, post=data.post - 0.2 * age[:, None], covariates=age[:, None])
    question = replace(ASKED, covariates=("age",))
    found = one(grown, question)
    design = np.column_stack([np.ones(30), data.treated, data.pre[:, 0], age])
    expected = np.linalg.lstsq(design, grown.post[:, 0])[0][1]
    assert found.numbers["ancova"]["estimate"] == pytest.approx(expected)
    assert found.numbers["p_permutation_method"] == "freedman_lane"
    assert one(replace(grown, covariates=np.empty((30, 0)))).numbers["p_permutation"] < 0.05
    assert found.numbers["p_permutation"] > 0.05
    same = one(replace(data, covariates=data.treated[:, None].astype(float)), question)
    assert same.verdict.outcome == "NOT TESTED"
    assert "tell the arms apart completely" in same.verdict.reasons[0]


def test_nothing_undefined_is_written():
    data = table(3, 8)
    record = as_record(one(data), ASKED)
    assert record["p_permutation"] is None
    assert record["trace"][0]["held"] is False

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            list(map(walk, value.values()))
        elif isinstance(value, list):
            list(map(walk, value))
        else:
            assert value is None or isinstance(value, (str, bool, int)) or isfinite(value)

    walk(record)


TABLES = st.builds(
    table, st.integers(5, 9), st.integers(5, 9), st.floats(-2, 2), st.integers(0, 10**6)
)


@settings(max_examples=20, deadline=None)
@given(TABLES)
def test_swapped_timepoints_flip_the_sign_exactly(data):
    found, swapped = one(data), one(replace(data, pre=data.post, post=data.pre))
    assert swapped.numbers["change_difference"] == -found.numbers["change_difference"]
    assert swapped.numbers["change_difference_ci"] == [
        -end for end in reversed(found.numbers["change_difference_ci"])
    ]
    assert swapped.numbers["p_permutation"] == pytest.approx(found.numbers["p_permutation"])


@settings(max_examples=20, deadline=None)
@given(TABLES, st.floats(-100, 100), st.floats(0.1, 50))
def test_shift_and_scale_of_the_measure_change_no_verdict(data, shift, scale):
    found = one(data)
    moved = one(replace(data, pre=shift + scale * data.pre, post=shift + scale * data.post))
    assert moved.numbers["dppc2"] == pytest.approx(found.numbers["dppc2"], abs=1e-8)
    assert moved.verdict.outcome == found.verdict.outcome


@settings(max_examples=20, deadline=None)
@given(TABLES)
def test_exchanged_arms_flip_the_sign_and_the_claim(data):
    found = one(data, ASKED)
    exchanged = one(replace(data, treated=~data.treated), replace(ASKED, direction="up"))
    assert exchanged.numbers["change_difference"] == pytest.approx(
        -found.numbers["change_difference"]
    )
    assert exchanged.verdict.outcome == found.verdict.outcome
