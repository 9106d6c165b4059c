"""The multiverse of a made-up study: planted effects found, nulls not, invariants kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.curve import ArmSet, Universe, specification_curve
from brainchange.inference.multiverse_rows import Case, summary
from brainchange.study.settings import Multiverse, Settings
from brainchange.study.specifications import specifications

Maker = Callable[..., Any]
FEW = Settings(multiverse=Multiverse(permutations=199))
OTHERS = tuple(one.name for one in specifications(Settings()) if not one.primary)


def with_others(made: Any, names: tuple[str, ...] = OTHERS[:3], noise: float = 0.1) -> Any:
    """Observe the same under other specifications, with some noise of their own."""
    rng = np.random.default_rng(5)
    chosen = made.observations[made.observations["metric"].isin(["falff_z", "connectivity"])]
    more = [
        chosen.assign(
            specification=name, value=chosen["value"] + noise * rng.normal(size=len(chosen))
        )
        for name in names
    ]
    together = pd.concat([made.observations, *more], ignore_index=True)
    return replace(made, observations=together, settings=FEW)


def rows_of(table: pd.DataFrame, measure: str, contrast: str = "therapy_vs_waiting") -> Any:
    return table[(table["measure"] == measure) & (table["contrast"] == contrast)]


def test_every_choice_is_combined_with_every_other(made_up: Maker) -> None:
    found = with_others(made_up(6)).infer().multiverse.table
    rows = rows_of(found, "A2")
    assert len(rows) == 4 * 3 * 2
    assert set(rows["specification"]) == {"motion12-wm-csf", *OTHERS[:3]}
    assert rows["specification"].iloc[0] == "motion12-wm-csf"
    assert rows["primary"].sum() == 1
    assert sorted(rows["rank"]) == list(range(1, 25))
    assert (rows.sort_values("rank")["dppc2"].diff().dropna() >= 0).all()
    of_voxels = rows_of(found, "A2").set_index("specification")["censoring"]
    assert of_voxels.isna().all()
    of_signals = rows_of(found, "T2").set_index("specification")
    assert set(of_signals.loc["motion12-wm-csf+fd0.2", "censoring"]) == {"fd0.2"}
    assert set(of_signals.loc["motion12-wm-csf+fd0.2", "denoising"]) == {"motion12-wm-csf"}


def test_the_primary_specification_has_the_effect_and_test_of_the_table_of_effects(
    made_up: Maker,
) -> None:
    inferred = with_others(made_up(9, amygdala=-0.6)).infer()
    effects = inferred.effects[inferred.effects["kind"] == "claim"]
    effects = effects.set_index(["measure", "contrast"])
    primary = inferred.multiverse.table.query("primary").set_index(["measure", "contrast"])
    assert len(primary) == 6
    for key, row in primary.iterrows():
        assert row["dppc2"] == pytest.approx(effects.loc[key, "dppc2"], rel=1e-9)
        assert row["difference"] == pytest.approx(effects.loc[key, "difference"], rel=1e-9)
        exact = effects.loc[key, "p_permutation"]
        assert abs(row["p"] - exact) < 4 * np.sqrt(exact * (1 - exact) / 199) + 0.006


def test_a_planted_effect_is_found_and_what_is_null_is_not(made_up: Maker) -> None:
    inferred = with_others(made_up(12, seed=3, amygdala=-0.9)).infer()
    summaries = inferred.multiverse.summary.set_index(["measure", "contrast"])
    planted = summaries.loc[("A2", "therapy_vs_waiting")]
    assert planted["median_dppc2"] < -0.5
    assert planted["share_claimed"] == 1
    assert planted["median_p"] <= 0.02
    assert planted["share_significant"] == 1
    assert planted["share_significant_p"] <= 0.05
    assert planted["n_specifications"] == 24
    null = summaries.loc[("A2", "exercise_vs_waiting")]
    assert null["median_p"] > 0.05
    assert null["median_null_low"] < null["median_dppc2"] < null["median_null_high"]
    assert summaries["flag"].isna().all()


def test_verdicts_are_decided_from_every_specification(made_up: Maker) -> None:
    inferred = with_others(made_up(12, seed=3, amygdala=-0.9)).infer()
    [decided] = [
        one for one in inferred.verdicts if (one.name, one.contrast) == ("A2", "therapy_vs_waiting")
    ]
    rows = rows_of(inferred.multiverse.table, "A2")
    assert decided.evidence is not None
    assert decided.evidence.multiverse == tuple(rows["dppc2"])
    assert decided.row["n_specifications"] == 24
    assert decided.row["multiverse_share"] == 1


def test_without_other_specifications_models_and_covariates_are_left(made_up: Maker) -> None:
    alone = made_up(6)
    rows = rows_of(replace(alone, settings=FEW).infer().multiverse.table, "A2")
    assert list(zip(rows["model"], rows["covariates"], strict=True)) == [
        (model, covariates)
        for model in ("change_score", "ancova", "mixed_model")
        for covariates in ("none", "motion")
    ]
    one = Settings(
        multiverse=Multiverse(models=("ancova",), covariates=("none",), permutations=199)
    )
    rows = rows_of(replace(alone, settings=one).infer().multiverse.table, "A2")
    assert rows["model"].tolist() == ["ancova"]


def test_without_motion_nothing_is_adjusted_for_it(made_up: Maker) -> None:
    made = with_others(made_up(6)).without(metric="mean_framewise_displacement")
    assert set(made.infer().multiverse.table["covariates"]) == {"none"}


def test_a_specification_with_few_participants_is_listed_and_not_computed(made_up: Maker) -> None:
    made = with_others(made_up(6))
    lost = made.observations["specification"] == OTHERS[0]
    lost &= made.observations["participant_id"].isin(["sub-01", "sub-02"])
    made = replace(made, observations=made.observations[~lost])
    inferred = made.infer()
    rows = rows_of(inferred.multiverse.table, "A2").set_index("specification")
    few = rows.loc[OTHERS[0]]
    assert set(few["n_treated"]) == {4}
    assert few["dppc2"].isna().all()
    assert set(few["flag"]) == {"an arm has fewer than 5 participants that count"}
    assert rows.drop(index=OTHERS[0])["dppc2"].notna().all()
    summaries = inferred.multiverse.summary.set_index(["measure", "contrast"])
    assert summaries.loc[("A2", "therapy_vs_waiting"), "n_specifications"] == 18


def test_arms_that_are_too_small_have_a_summary_that_says_so(made_up: Maker) -> None:
    inferred = with_others(made_up(3)).infer()
    assert inferred.multiverse.table["dppc2"].isna().all()
    assert set(inferred.multiverse.summary["flag"]) == {"no specification has an effect"}
    assert set(inferred.multiverse.summary["n_specifications"]) == {0}


def test_a_wider_contrast_is_another_set_of_arms_of_a_narrower_one(made_up: Maker) -> None:
    """CBT and neurofeedback together, where CBT is judged; not the other way round."""
    made = with_others(made_up(6))
    contrasts = {name: one.model_dump() for name, one in made.study.contrasts.items()}
    contrasts["both"] = {
        "label": "both − untreated",
        "treated": ("therapy", "exercise"),
        "control": ("waiting",),
    }
    study = type(made.study).model_validate(made.study.model_dump() | {"contrasts": contrasts})
    table = replace(made, study=study).infer().multiverse.table
    assert set(rows_of(table, "A2")["arm_set"]) == {"therapy_vs_waiting", "both"}
    assert set(rows_of(table, "A2", "both")["arm_set"]) == {"both"}
    sizes = rows_of(table, "A2").groupby("arm_set")["n_treated"].max()
    assert sizes.to_dict() == {"therapy_vs_waiting": 6, "both": 12}


def test_the_order_of_rows_changes_nothing(made_up: Maker) -> None:
    made = with_others(made_up(6))
    shuffled = replace(made, observations=made.observations.sample(frac=1, random_state=1))
    plain, other = made.infer().multiverse, shuffled.infer().multiverse
    pd.testing.assert_frame_equal(plain.table, other.table)
    pd.testing.assert_frame_equal(plain.summary, other.summary)


def test_a_constant_added_to_a_metric_changes_no_effect(made_up: Maker) -> None:
    made = with_others(made_up(6))
    chosen = made.observations["metric"] == "falff_z"
    shifted = made.observations.assign(
        value=made.observations["value"].where(~chosen, 3 * made.observations["value"] + 50)
    )
    plain = rows_of(made.infer().multiverse.table, "A2")
    other = rows_of(replace(made, observations=shifted).infer().multiverse.table, "A2")
    np.testing.assert_allclose(other["dppc2"], plain["dppc2"], rtol=1e-4)
    np.testing.assert_allclose(other["difference"], 3 * plain["difference"], rtol=1e-4)


class _Claim:
    """What a summary needs to know of a claim."""

    def __init__(self, direction: str | None) -> None:
        self.measure = type("M", (), {"name": "X", "label": "X", "direction": direction})()
        self.contrast = "c"
        contrast = type("C", (), {"label": "c"})()
        self.study = type("S", (), {"contrasts": {"c": contrast}})()


def summarised(seed: int, direction: str | None = "up") -> dict[str, Any]:
    """One null study: 8 treated who vary twice as much as 12 controls, three specifications."""
    rng = np.random.default_rng([20261123, seed])
    codes = np.repeat([1, 0], [8, 12]).astype(np.int8)
    spread = np.where(codes == 1, 2.0, 1.0)
    pre = rng.normal(0, 1, 20)
    change = rng.normal(0, 1, 20) * spread
    given = {
        name: (pre + 0.3 * rng.normal(size=20), pre + change + 0.3 * rng.normal(size=20))
        for name in "abc"
    }
    universes = [
        Universe(name, "x", model, "none") for name in given for model in ("change_score", "ancova")
    ]
    curve = specification_curve(
        universes,
        given,
        (np.zeros(20), np.zeros(20)),
        codes,
        {"x": ArmSet((1,), (0,))},
        permutations=199,
        generator=rng,
    )
    sizes = dict.fromkeys(universes, (8, 12))
    return summary(Case(_Claim(direction), FEW, sizes, tuple(universes), curve))  # type: ignore[arg-type]


def test_the_share_without_a_direction_is_that_of_the_commoner_sign() -> None:
    for seed in range(5):
        up, down = (summarised(seed, one)["share_claimed"] for one in ("up", "down"))
        assert up + down == pytest.approx(1)
        assert summarised(seed, None)["share_claimed"] == max(up, down)


def test_null_studies_are_rarely_called_significant() -> None:
    """300 studies without an effect, unequal arms and variances; nominal 5 %.

    Binomial: 15 ± 3.8 expected; 30 or more would happen once in 4,000 runs at 5 %.
    """
    found = [summarised(seed) for seed in range(300)]
    for column in ("median_p", "share_claimed_p", "share_significant_p"):
        assert sum(one[column] < 0.05 for one in found) < 30, column
    assert np.mean([one["share_significant"] for one in found]) == pytest.approx(0.05, abs=0.02)
