"""The whole stage: strange studies give flagged rows, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from brainchange.metrics.observations import OBSERVATIONS_TABLE

Maker = Callable[..., Any]


def counts(attrition: pd.DataFrame, arm: str) -> dict[str, int]:
    rows = attrition[attrition["arm"] == arm]
    return dict(zip(rows["step"], rows["n"].astype(int), strict=True))


def test_every_enrolled_participant_stands_in_every_measure(made_up: Maker) -> None:
    made = made_up(4).without(participant_id="sub-01", timepoint="post")
    changes = made.infer().changes
    assert len(changes) == 12 * 9
    lost = changes[(changes["participant_id"] == "sub-01") & (changes["measure"] == "A2")].iloc[0]
    assert pd.notna(lost["pre"])
    assert pd.isna(lost["post"])
    assert pd.isna(lost["change"])
    assert lost["flag"] == "no post value"
    assert changes.loc[changes["change"].isna(), "flag"].notna().all()


def test_a_region_out_of_view_removes_claims_and_not_the_participant(made_up: Maker) -> None:
    made = made_up(5).setting(float("nan"), region="amygdala_L", participant_id="sub-02")
    made = made.setting("covered by 41 %", "flag", region="amygdala_L", participant_id="sub-02")
    inferred = made.infer()
    changes = inferred.changes.set_index(["measure", "participant_id"])
    assert pd.isna(changes.loc[("A2", "sub-02"), "change"])
    assert pd.isna(changes.loc[("T2", "sub-02"), "change"])
    assert pd.notna(changes.loc[("S1", "sub-02"), "change"])
    reasons = inferred.decisions.set_index("name")["reason"]
    assert reasons["A2"] == "pre and post: lacks amygdala_L: covered by 41 %"
    assert reasons["T2"] == "pre and post: lacks amygdala_L: covered by 41 %"
    assert set(inferred.decisions["scope"]) == {"measure"}


def test_attrition_counts_each_step(made_up: Maker) -> None:
    made = made_up(4).without(participant_id="sub-01", timepoint="post")
    made = made.setting(float("nan"), participant_id="sub-02", metric="falff_z", timepoint="pre")
    made = made.setting(
        float("nan"), participant_id="sub-02", metric="connectivity", timepoint="pre"
    )
    found = counts(made.infer().attrition, "therapy")
    assert found == {
        "enrolled": 4,
        "files_pre": 4,
        "files_post": 3,
        "files_both": 3,
        "usable_both": 2,
        "outcome_BDI": 4,
    }


def test_images_of_a_participant_the_table_does_not_name_are_told(made_up: Maker) -> None:
    made = made_up(3)
    inferred = made.infer(participants=made.participants.iloc[1:])
    told = inferred.decisions[inferred.decisions["participant_id"] == "sub-01"].iloc[0]
    assert told["scope"] == "participant"
    assert told["reason"].startswith("there are images, but the table of participants does not")
    assert "sub-01" not in set(inferred.changes["participant_id"])


def test_one_arm_only(made_up: Maker) -> None:
    made = made_up(6)
    therapy = made.participants[made.participants["group"] == "therapy"]
    inferred = made.infer(participants=therapy)
    assert inferred.effects["difference"].isna().all()
    assert set(inferred.effects["flag"]) == {
        "no control participant has both values: no comparison",
        "no treated and no control participant has both values: no comparison",
    }
    tested = inferred.within[inferred.within["arm"] == "therapy"]
    assert tested["p_sign_flip"].notna().all()


def test_nothing_observed_and_nobody_enrolled(made_up: Maker) -> None:
    made = made_up(2)
    empty = made.infer(
        observations=OBSERVATIONS_TABLE.frame(), participants=made.participants.iloc[:0]
    )
    assert empty.changes.empty
    assert empty.effects["flag"].notna().all()
    assert empty.effects["p_permutation"].isna().all()
    assert set(empty.attrition["n"]) == {0}


def test_all_missing_at_post(made_up: Maker) -> None:
    inferred = made_up(5).without(timepoint="post").infer()
    brain = inferred.effects[inferred.effects["kind"] != "outcome"]
    assert brain["difference"].isna().all()
    assert brain["flag"].notna().all()
    outcome = inferred.effects[inferred.effects["kind"] == "outcome"]
    assert outcome["p_permutation"].notna().all()


@pytest.mark.parametrize("column", ["specification", "task"])
def test_other_specifications_and_tasks_are_left_alone(column: str, made_up: Maker) -> None:
    made = made_up(5)
    other = made.observations.assign(
        **{column: "another", "value": made.observations["value"] + 100}
    )
    both = replace(made, observations=pd.concat([made.observations, other], ignore_index=True))
    pd.testing.assert_frame_equal(both.infer().effects, made.infer().effects)


def test_given_images_are_counted_whether_observed_or_not(
    made_up: Maker, study_with: Maker
) -> None:
    from brainchange.inference.infer import infer

    made = made_up(3)
    inferred = infer(
        made.study,
        made.claims,
        made.regions,
        made.settings,
        observations=made.observations,
        participants=made.participants,
        prepared={("sub-01", "pre"), ("sub-01", "post"), ("sub-02", "pre")},
    )
    found = counts(inferred.attrition, "therapy")
    assert (found["files_pre"], found["files_post"], found["files_both"]) == (2, 1, 1)
