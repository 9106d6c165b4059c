"""More than two arms: one test of all, what therapies share, every pair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainchange.inference.multiplicity import holm


@pytest.fixture(scope="module")
def planted(made_up):
    return made_up(10, amygdala=-1.5, seed=2).infer()


def test_an_arm_that_differs_is_found_by_the_test_of_all_arms(planted):
    table = planted.omnibus.set_index("measure")
    found = table.loc["A2"]
    assert found["among"] == "all"
    assert found["arms"] == "therapy;exercise;waiting"
    assert found["n"] == "10;10;10"
    assert found["p_permutation"] < 0.01
    assert found["p_welch"] < 0.01
    assert found["largest_between"].split(";")[1] == "therapy"
    assert found["largest_difference"] == pytest.approx(1.5, abs=0.4)
    assert table.loc["T2", "p_permutation"] > 0.05
    confirmatory = table.loc[["A2", "T2"]]
    assert confirmatory["p_adjusted"].tolist() == holm(confirmatory["p_permutation"]).tolist()


def test_every_pair_of_arms_is_compared_and_adjusted_together(planted):
    pairs = planted.pairs[planted.pairs["measure"] == "A2"]
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("therapy", "exercise"),
        ("therapy", "waiting"),
        ("exercise", "waiting"),
    ]
    assert pairs["p_adjusted"].tolist() == holm(pairs["p_permutation"]).tolist()
    effects = planted.effects
    same = effects[(effects["measure"] == "A2") & (effects["contrast"] == "therapy_vs_waiting")]
    assert pairs["difference"].iloc[1] == same["difference"].iloc[0]
    assert pairs["ci_low"].iloc[1] == same["ci_low"].iloc[0]
    assert pairs["p_permutation"].iloc[1] == pytest.approx(same["p_permutation"].iloc[0])
    assert set(planted.pairs["kind"]) == {"claim", "outcome"}


def two_therapies(study_with):
    arms = {
        "therapy": {"label": "CBT", "role": "therapy", "kind": "cbt"},
        "exercise": {"label": "EMDR", "role": "therapy", "kind": "emdr"},
        "waiting": {"label": "Untreated", "role": "untreated"},
    }
    return study_with(arms=arms)


def test_what_two_therapies_share_is_the_weaker_of_their_tests(made_up, study_with):
    made = replace(made_up(10, amygdala=-1.5, seed=2), study=two_therapies(study_with))
    found = made.infer()
    table = found.omnibus[found.omnibus["among"] == "therapies"].set_index("measure")
    assert table.loc["A2", "arms"] == "therapy;exercise"
    assert table.loc["A2", "p_permutation"] < 0.01
    pairs = found.pairs[found.pairs["measure"] == "A2"]["p_permutation"].tolist()
    weaker = max(pairs[1:])
    assert table.loc["A2", "p_shared"] in (pytest.approx(weaker), 1.0)


def test_with_two_arms_there_is_nothing_to_add(made_up, study_with):
    made = made_up(8)
    arms = {
        "therapy": {"label": "Talk therapy", "role": "therapy"},
        "waiting": {"label": "Untreated", "role": "untreated"},
    }
    contrasts = {
        "one": {
            "label": "therapy − untreated",
            "treated": ("therapy",),
            "control": ("waiting",),
            "primary": True,
        }
    }
    found = replace(made, study=study_with(arms=arms, contrasts=contrasts)).infer()
    assert found.omnibus.empty
    assert found.pairs.empty


def test_an_arm_with_too_few_is_left_out_and_told(made_up):
    made = made_up(8)
    observations = made.observations
    gone = (observations["arm"] == "exercise") & (observations["timepoint"] == "post")
    found = replace(made, observations=observations[~gone]).infer()
    told = found.omnibus.set_index("measure").loc["A2"]
    assert told["n"] == "8;0;8"
    assert told["flag"] == "left out, fewer than 5 with both values: Exercise"
    assert np.isnan(told["p_permutation"])
    pair = found.pairs[(found.pairs["measure"] == "A2") & (found.pairs["second"] == "exercise")]
    assert pair["flag"].iloc[0] == "fewer than 5 in an arm: described, not tested"
