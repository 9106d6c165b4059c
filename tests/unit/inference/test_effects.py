"""Effects between arms: families, flags, and facts that hold whatever the data are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainchange.inference.multiplicity import benjamini_hochberg, holm
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
PRIMARY, OTHER = "therapy_vs_waiting", "exercise_vs_waiting"
QUICK = Settings(inference=Inference(exact_up_to=1, permutations=999))


def effect(table: pd.DataFrame, measure: str, contrast: str = PRIMARY) -> dict[str, Any]:
    found = table[(table["measure"] == measure) & (table["contrast"] == contrast)]
    assert len(found) == 1
    return dict(found.iloc[0])


def test_a_planted_effect_is_found_and_nulls_are_not(made_up: Maker) -> None:
    effects = made_up(n_arm=10, amygdala=-1.5, seed=2).infer().effects
    found = effect(effects, "A2")
    assert found["difference"] == pytest.approx(-1.5, abs=0.4)
    assert found["ci_low"] < -1.5 < found["ci_high"]
    assert found["dppc2"] < 0
    assert found["p_adjusted"] < 0.01
    assert effect(effects, "falff_z_amygdala")["p_permutation"] == found["p_permutation"]
    assert effect(effects, "A2", OTHER)["p_adjusted"] > 0.05
    assert effect(effects, "T2")["p_adjusted"] > 0.05


def test_every_measure_stands_in_every_contrast(made_up: Maker) -> None:
    effects = made_up().infer().effects
    assert effects["contrast"].tolist() == [PRIMARY] * 9 + [OTHER] * 9
    assert effects["measure"].tolist()[:9] == effects["measure"].tolist()[9:]
    assert effects["flag"].isna().all()


def test_families_are_adjusted_within_their_contrast(made_up: Maker) -> None:
    effects = made_up().infer().effects
    confirmatory = effects[effects["family"] == "confirmatory"]
    assert confirmatory["measure"].tolist() == ["A2", "T2"]
    assert set(confirmatory["contrast"]) == {PRIMARY}
    assert confirmatory["p_adjusted"].tolist() == holm(confirmatory["lead_p"]).tolist()
    assert set(confirmatory["adjustment"]) == {"holm"}
    other = effects[(effects["contrast"] == OTHER) & (effects["family"] == "secondary")]
    assert other["measure"].tolist() == ["A2", "T2", "S1"]
    expected = benjamini_hochberg(other["lead_p"]).tolist()
    assert other["p_adjusted"].tolist() == expected
    assert set(other["adjustment"]) == {"benjamini_hochberg"}
    assert set(other["family_size"]) == {3}
    scales = effects[effects["family"] == "outcome"]
    assert set(scales["adjustment"]) == {"holm"}
    assert scales["p_adjusted"].tolist() == scales["lead_p"].tolist()
    rest = effects[~effects["family"].isin(["confirmatory", "secondary", "outcome"])]
    assert rest["p_adjusted"].isna().all()
    assert set(rest["adjustment"]) == {"none"}


def test_regions_of_one_metric_are_adjusted_together(made_up: Maker) -> None:
    """Claims are adjusted elsewhere; a negative control is no region a claim could be about."""
    effects = made_up().infer().effects
    adjusted = effects[effects["p_max_t"].notna()]
    assert set(adjusted["kind"]) == {"region", "negative_control"}
    assert (adjusted["p_max_t"] >= adjusted["p_permutation"]).all()
    regions = adjusted[adjusted["kind"] == "region"]
    smallest = regions.sort_values("p_permutation").groupby("contrast").first()
    assert (smallest["p_max_t"] > smallest["p_permutation"]).all()
    alone = adjusted[adjusted["kind"] == "negative_control"]
    assert alone["p_max_t"].tolist() == alone["p_permutation"].tolist()


def test_regions_of_different_participants_are_adjusted_for_their_groups_too(
    made_up: Maker,
) -> None:
    """Two regions of different participants: each alone in its group, and there are two groups."""
    made = made_up(6).setting(np.nan, participant_id="sub-01", region="vmPFC_L", metric="falff_z")
    effects = made.infer().effects
    for measure in ("falff_z_vmPFC", "falff_z_amygdala"):
        found = effect(effects, measure)
        assert found["p_max_t"] == min(1.0, 2 * found["p_permutation"])


def test_participants_with_one_timepoint_count_in_the_models_of_all_values(made_up: Maker) -> None:
    made = made_up(8).without(timepoint="post", participant_id="sub-01")
    found = effect(made.infer().effects, "A2")
    assert (found["n_treated"], found["n_control"]) == (7, 8)
    assert (found["n_treated_any"], found["n_control_any"]) == (8, 8)
    assert found["mixed_model"] != found["difference"]
    assert found["mixed_model_se"] > 0
    assert found["dppc2_bca_low"] < found["dppc2"] < found["dppc2_bca_high"]
    complete = effect(made_up(8).infer().effects, "A2")
    assert complete["mixed_model"] == pytest.approx(complete["difference"])
    assert complete["constrained_baseline"] == pytest.approx(complete["ancova"])


def test_a_claim_that_cannot_be_tested_does_not_count(made_up: Maker) -> None:
    effects = made_up().without(metric="connectivity").infer().effects
    claim, tested = effect(effects, "T2"), effect(effects, "A2")
    assert claim["flag"] == "the metric 'connectivity' was not computed"
    assert pd.isna(claim["p_adjusted"])
    assert tested["family_size"] == 1
    assert tested["p_adjusted"] == tested["lead_p"]


@pytest.mark.parametrize(
    ("n_arm", "flag"),
    [
        (0, "no treated and no control participant has both values: no comparison"),
        (
            1,
            "only 1 treated with both values, fewer than 5: described, not tested; "
            "only 1 control with both values, fewer than 5: described, not tested",
        ),
        (
            2,
            "only 2 treated with both values, fewer than 5: described, not tested; "
            "only 2 control with both values, fewer than 5: described, not tested",
        ),
        (
            3,
            "only 3 treated with both values, fewer than 5: described, not tested; "
            "only 3 control with both values, fewer than 5: described, not tested",
        ),
    ],
)
def test_few_participants_are_described_not_tested(n_arm: int, flag: str, made_up: Maker) -> None:
    made = made_up(max(n_arm, 1))
    made = made if n_arm else made.without(timepoint="post")
    found = effect(made.infer().effects, "A2")
    assert found["flag"] == flag
    assert pd.isna(found["p_permutation"])
    assert pd.isna(found["p_welch"])
    assert pd.isna(found["permutation_method"])
    assert pd.isna(found["mixed_model_p"])
    assert pd.isna(found["dppc2_bca_low"])
    assert pd.notna(found["mixed_model"]) == (n_arm > 1)
    assert pd.notna(found["difference"]) == (n_arm > 0)
    assert pd.notna(found["ci_low"]) == (n_arm > 1)


def test_a_measure_that_never_changes_is_not_tested(made_up: Maker) -> None:
    found = effect(made_up().setting(0.3, metric="falff_z").infer().effects, "A2")
    assert found["difference"] == 0
    assert pd.isna(found["p_permutation"])
    assert found["flag"] == (
        "change does not vary in either arm: no interval and no test; "
        "the measure does not vary before therapy: no standardised effect"
    )


def test_arms_too_small_for_any_significance_are_told(made_up: Maker) -> None:
    """3 v 3: the smallest p is 2/20."""
    inference = Inference(fewest_participants=2)
    found = effect(made_up(3).infer(settings=Settings(inference=inference)).effects, "A2")
    assert found["p_floor"] == pytest.approx(0.1)
    assert found["flag"] == "no p below 0.1 is possible with so few participants"


def test_no_row_lacks_a_number_without_saying_why(made_up: Maker) -> None:
    made = made_up(4).setting(np.nan, participant_id="sub-01", metric="connectivity")
    effects = made.infer().effects
    lacking = effects[["difference", "ci_low", "dppc2", "p_permutation"]].isna().any(axis=1)
    assert lacking.any()
    assert effects.loc[lacking, "flag"].notna().all()


def test_the_table_reads_as_it_was_written(made_up: Maker, tmp_path: Any) -> None:
    effects = made_up().infer().effects
    path = tmp_path / "effects.tsv"
    EFFECTS_TABLE.write(effects, path, sidecar=True)
    pd.testing.assert_frame_equal(EFFECTS_TABLE.read(path), effects, rtol=1e-11)


@pytest.mark.parametrize("limit", [1, 2_000_000])
def test_the_order_of_rows_changes_nothing(limit: int, made_up: Maker) -> None:
    """Also not where arrangements are drawn at random."""
    made = made_up(6)
    chosen = Settings(inference=Inference(exact_up_to=limit, permutations=999))
    mixed = replace(
        made,
        observations=made.observations.sample(frac=1, random_state=1),
        participants=made.participants.sample(frac=1, random_state=2),
    )
    expected, found = made.infer(settings=chosen), mixed.infer(settings=chosen)
    for name in ("changes", "within", "effects", "attrition", "decisions"):
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(expected, name), check_exact=True
        )


def test_a_measure_does_not_depend_on_what_else_is_measured(made_up: Maker) -> None:
    made = made_up(6)
    alone = made.without(metric="connectivity").infer(settings=QUICK).effects
    together = made.infer(settings=QUICK).effects
    for name in ("difference", "dppc2", "p_permutation"):
        assert effect(alone, "falff_z_vmPFC")[name] == effect(together, "falff_z_vmPFC")[name]


def test_the_seed_decides_what_is_drawn(made_up: Maker) -> None:
    made = made_up(6)
    first = made.infer(settings=QUICK).effects["p_permutation"]
    again = made.infer(settings=QUICK).effects["p_permutation"]
    other = made.infer(settings=QUICK.model_copy(update={"seed": 1})).effects["p_permutation"]
    assert first.equals(again)
    assert not first.equals(other)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_swapping_the_sessions_flips_every_difference(made_up: Maker, seed: int) -> None:
    made = made_up(5, seed)
    timepoint = made.observations["timepoint"].map({"pre": "post", "post": "pre"})
    renamed = {"BDI_pre": "BDI_post", "BDI_post": "BDI_pre"}
    back = replace(
        made,
        observations=made.observations.assign(timepoint=timepoint),
        participants=made.participants.rename(columns=renamed),
    ).infer(settings=QUICK)
    forward = made.infer(settings=QUICK)
    assert back.changes["change"].tolist() == (-forward.changes["change"]).tolist()
    for flipped, kept in (("ci_low", "ci_high"), ("difference", "difference")):
        expected = (-forward.effects[kept]).tolist()
        assert back.effects[flipped].tolist() == pytest.approx(expected, abs=1e-12)
    expected = forward.effects["p_permutation"].tolist()
    assert back.effects["p_permutation"].tolist() == pytest.approx(expected)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-100, 100), scale=st.floats(0.01, 100))
def test_shift_and_scale_leave_all_but_raw_units_alone(
    made_up: Maker, seed: int, shift: float, scale: float
) -> None:
    made = made_up(5, seed)
    chosen = made.observations["metric"] == "falff_z"
    value = made.observations["value"].where(~chosen, made.observations["value"] * scale + shift)
    moved = (
        replace(made, observations=made.observations.assign(value=value))
        .infer(settings=QUICK)
        .effects
    )
    expected, found = effect(made.infer(settings=QUICK).effects, "A2"), effect(moved, "A2")
    for name in ("dppc2", "dppc2_se", "df", "p_welch", "p_permutation"):
        assert found[name] == pytest.approx(expected[name], rel=1e-6), name
    assert found["difference"] == pytest.approx(scale * expected["difference"], rel=1e-6, abs=1e-9)


def test_exchanging_the_names_of_arms_flips_the_effect(made_up: Maker, study_with: Maker) -> None:
    contrast = {
        "label": "untreated − therapy",
        "treated": ("waiting",),
        "control": ("therapy",),
        "primary": True,
    }
    arms = {
        "waiting": {"label": "Talk therapy", "role": "therapy"},
        "therapy": {"label": "Untreated", "role": "untreated"},
    }
    made = made_up()
    study = study_with(contrasts={PRIMARY: contrast}, arms=arms)
    turned = effect(made.infer(study=study).effects, "A2")
    expected = effect(made.infer().effects, "A2")
    assert turned["difference"] == pytest.approx(-expected["difference"])
    assert turned["dppc2"] == pytest.approx(-expected["dppc2"])
    assert turned["p_permutation"] == expected["p_permutation"]


def test_null_studies_are_rarely_significant(made_up: Maker) -> None:
    """40 studies without effect: a family-wise error of 5 % is expected in 2, in 7 almost never."""
    found = 0
    for seed in range(40):
        effects = made_up(6, seed).infer(settings=QUICK).effects
        confirmatory = effects[effects["family"] == "confirmatory"]
        found += bool((confirmatory["p_adjusted"] <= 0.05).any())
    assert found <= 6
