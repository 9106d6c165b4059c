"""Prediction in participants not seen: what is planted is found, what is not is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from brainchange.inference.cross_validation import FOLDS, PENALTIES, predict, splits
from brainchange.inference.observed import observed_cells
from brainchange.inference.prediction import Predictions, predictions
from brainchange.inference.predictors import brain_features
from brainchange.study.claims import Claims, Predictors
from brainchange.study.regions import with_networks
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
QUICK = Settings(inference=Inference(prediction_repeats=2, prediction_permutations=99))
NOTHING = np.empty((60, 0))


def claims_with(**predictors: Any) -> Claims:
    claim = {
        "id": "Y1",
        "quote": "patterns that correlate with positive outcomes",
        "construct": "connectivity before therapy predicts who gets better",
        "direction": "predicts",
        "family": "secondary",
        "requires": {"images": ("rest",), "column": "symptoms"},
        "predictors": {"metric": "connectivity"} | predictors,
        "needed": "more participants",
    }
    return Claims.model_validate({"article": "An article", "claims": (claim,)})


EDGES = claims_with(groups=("amygdala", "vmPFC"))


def table(made: Any, claims: Claims = EDGES, **changes: Any) -> pd.DataFrame:
    made = replace(made, **changes)
    return everything(made, claims).table


def everything(made: Any, claims: Claims = EDGES) -> Predictions:
    return predictions(
        made.study,
        claims,
        made.regions,
        QUICK,
        observations=made.observations,
        participants=made.participants,
    )


def foretold(made: Any, slope: float) -> Any:
    """Let scores fall by what one edge of every participant was before therapy."""
    rng = np.random.default_rng(3)
    told = made.observations
    edge = told[(told["metric"] == "connectivity") & (told["timepoint"] == "pre")]
    edge = edge[(edge["region"] == "amygdala_L") & (edge["region_2"] == "vmPFC_R")]
    strength = edge.set_index("participant_id")["value"]
    participants = made.participants.copy()
    mine = strength.reindex(participants["participant_id"]).to_numpy()
    pre = rng.uniform(20, 40, len(participants))
    post = pre - 5 - 0.3 * (pre - 30) + slope * mine + rng.normal(0, 1, len(participants))
    participants["BDI_pre"], participants["BDI_post"] = pre.astype(str), post.astype(str)
    return replace(made, participants=participants)


def test_why_nobody_is_left_out_alone() -> None:
    """The mean of the others falls when one rises: a model that knows nothing gives r = −1."""
    outcome = np.random.default_rng(1).normal(size=30)
    told = cross_val_predict(
        DummyRegressor(strategy="mean"), np.zeros((30, 1)), outcome, cv=LeaveOneOut()
    )
    assert np.corrcoef(told, outcome)[0, 1] == pytest.approx(-1)
    assert FOLDS == 5
    assert {len(test) for _, test in splits(30, 2, 0)} == {6}


def test_noise_predicts_nothing() -> None:
    rng = np.random.default_rng(2)
    found = predict(rng.normal(size=(60, 30)), NOTHING, rng.normal(size=(60, 40)), splits(60, 2, 1))
    assert found.without.q2.max() == pytest.approx(0, abs=1e-9)
    assert np.median(found.with_features.q2) < 0.02
    assert (found.with_features.q2 > 0.3).mean() < 0.05


def test_nested_folds_equal_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(size=(60, 12))
    outcome = features[:, 0] + rng.normal(size=60)
    folds = splits(60, 1, 9)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": PENALTIES},
        scoring="neg_mean_squared_error",
        cv=KFold(5, shuffle=True, random_state=0),
    )
    missed = mean = 0.0
    for train, test in folds:
        told = search.fit(features[train], outcome[train]).predict(features[test])
        missed += ((outcome[test] - told) ** 2).sum()
        mean += ((outcome[test] - outcome[train].mean()) ** 2).sum()
    found = predict(features, NOTHING, outcome[:, None], folds)
    assert found.with_features.q2[0] == pytest.approx(1 - missed / mean, abs=0.02)


def test_many_outcomes_are_predicted_as_each_by_itself() -> None:
    rng = np.random.default_rng(5)
    features, known = rng.normal(size=(40, 8)), rng.normal(size=(40, 2))
    outcomes = rng.normal(size=(40, 3)) + features[:, :3]
    folds = splits(40, 2, 3)
    together = predict(features, known, outcomes, folds)
    for place in range(3):
        alone = predict(features, known, outcomes[:, [place]], folds)
        assert together.with_features.q2[place] == pytest.approx(alone.with_features.q2[0])
        assert together.without.error[place] == pytest.approx(alone.without.error[0])


def test_what_is_known_anyway_is_no_gain() -> None:
    rng = np.random.default_rng(6)
    known = rng.normal(size=(80, 1))
    features = known + 0.1 * rng.normal(size=(80, 5))
    outcome = 2 * known + rng.normal(size=(80, 1))
    found = predict(features, known, outcome, splits(80, 3, 1))
    assert found.without.q2[0] > 0.6
    assert found.with_features.q2[0] - found.without.q2[0] < 0.05


def test_units_of_features_and_outcome_change_nothing() -> None:
    rng = np.random.default_rng(7)
    features, known = rng.normal(size=(40, 6)), rng.normal(size=(40, 1))
    outcome = features[:, [0]] + rng.normal(size=(40, 1))
    folds = splits(40, 1, 2)
    one = predict(features, known, outcome, folds)
    other = predict(1e4 * features + 3, 0.01 * known, 7 * outcome - 2, folds)
    assert other.with_features.q2 == pytest.approx(one.with_features.q2)
    assert other.with_features.error == pytest.approx(7 * one.with_features.error)


def test_a_planted_prediction_is_found(made_up: Maker) -> None:
    found = table(foretold(made_up(45, seed=1), slope=5.0)).iloc[0]
    assert (found["n"], bool(found["descriptive"])) == (45, False)
    assert found["n_features"] == 6
    assert found["clinical"] == "score before"
    assert bool(found["predicts"])
    assert found["p_gain"] == pytest.approx(0.01)
    assert found["q2_gain"] > max(0.2, found["null_q2_gain_high"])
    assert found["error_gain"] > 0
    assert found["q2_clinical"] > 0


def test_a_study_that_starts_from_a_table_is_predicted_from_it(
    made_up: Maker, study_with: Maker
) -> None:
    made = foretold(made_up(12, seed=3), slope=4.0)
    of_table = study_with(
        source="observations",
        simulated=False,
        observations={"table": "values.tsv", "layout": "rows", "specification": "theirs"},
    )
    theirs = made.observations.assign(specification="theirs")
    given = table(made, study=of_table, observations=theirs)
    pd.testing.assert_frame_equal(given, table(made))
    assert given["n"].iloc[0] == 12


def test_every_permutation_is_told(made_up: Maker) -> None:
    found = everything(foretold(made_up(45, seed=2), slope=0.0))
    row, gains = found.table.iloc[0], found.null["q2_gain"]
    assert list(found.null["permutation"]) == list(range(1, row["n_permutations"] + 1))
    as_far = (gains >= row["q2_gain"]).sum()
    assert row["p_gain"] == pytest.approx((1 + as_far) / (1 + row["n_permutations"]))
    assert (gains > row["null_q2_gain_high"]).mean() == pytest.approx(0.05, abs=0.01)


def test_no_prediction_where_none_is_planted(made_up: Maker) -> None:
    found = table(foretold(made_up(45, seed=2), slope=0.0)).iloc[0]
    assert not bool(found["predicts"])
    assert found["p_gain"] > 0.05
    assert found["q2_clinical"] > 0


def test_few_participants_get_no_verdict(made_up: Maker) -> None:
    found = table(foretold(made_up(12, seed=1), slope=5.0)).iloc[0]
    assert bool(found["descriptive"])
    assert np.isfinite(found["q2_gain"])
    assert pd.isna(found["p_gain"])
    assert pd.isna(found["predicts"])
    assert found["flag"] == "n = 12, fewer than 40: descriptive, no verdict"


@pytest.mark.parametrize("n_arm", [1, 2, 3, 9])
def test_too_few_participants_are_told(n_arm: int, made_up: Maker) -> None:
    found = table(foretold(made_up(n_arm), slope=5.0)).iloc[0]
    assert found["flag"] == f"n = {n_arm}, fewer than 10: nothing is predicted"
    assert pd.isna(found["q2_both"])


def test_order_of_participants_changes_nothing(made_up: Maker) -> None:
    made = foretold(made_up(12, seed=3), slope=1.0)
    mixed = replace(
        made,
        observations=made.observations.sample(frac=1, random_state=1),
        participants=made.participants.sample(frac=1, random_state=2),
    )
    pd.testing.assert_frame_equal(table(made), table(mixed))


def test_age_and_sex_are_clinical_where_the_table_has_them(
    made_up: Maker, study_with: Maker
) -> None:
    made = foretold(made_up(12, seed=3), slope=1.0)
    participants = made.participants.assign(
        age=[str(20 + n) for n in range(36)], gender=["f", "m"] * 18, all_one=["x"] * 36
    )
    columns = {"age": "age", "sex": "gender"}
    study = study_with(participants={"arm_column": "group", "columns": columns})
    found = table(made, participants=participants, study=study).iloc[0]
    assert found["clinical"] == "score before, age, sex"
    columns = {"age": "age", "sex": "all_one"}
    study = study_with(participants={"arm_column": "group", "columns": columns})
    found = table(made, participants=participants, study=study).iloc[0]
    assert found["clinical"] == "score before, age"


def test_features_that_many_lack_are_left_out_and_told(made_up: Maker) -> None:
    made = foretold(made_up(12, seed=3), slope=1.0)
    for number in range(1, 5):
        made = made.setting(
            float("nan"),
            participant_id=f"sub-{number:02d}",
            region="amygdala_L",
            region_2="vmPFC_L",
        )
    found = table(made).iloc[0]
    assert (found["n"], found["n_features"]) == (12, 5)
    assert found["flag"].startswith("1 features are left out: missing or constant")
    one = made.setting(float("nan"), participant_id="sub-07", metric="connectivity")
    assert table(one).iloc[0]["n"] == 11


def test_strange_studies_are_told(made_up: Maker) -> None:
    made = foretold(made_up(12, seed=3), slope=1.0)
    nothing = table(made.without(metric="connectivity")).iloc[0]
    assert nothing["flag"] == "the metric 'connectivity' was not computed"
    no_edges = table(made, claims_with(groups=("calcarine",))).iloc[0]
    assert no_edges["flag"] == "no feature of the brain was measured in enough participants"
    participants = made.participants.assign(BDI_pre="30", BDI_post="20")
    same = table(made, participants=participants).iloc[0]
    assert same["flag"] == "the scale changes by the same in everybody"
    participants = made.participants.assign(BDI_post=None)
    assert table(made, participants=participants).iloc[0]["n"] == 0
    plain = made.claims
    assert table(made, plain).empty


def test_networks_are_means_of_edges(made_up: Maker) -> None:
    made = made_up(3)
    regions = with_networks(made.regions, {"limbic": ("amygdala",), "default": ("vmPFC",)})
    predictors = Predictors(metric="connectivity", networks=("limbic", "default"))
    who = sorted(made.participants["participant_id"])
    cells = observed_cells(made.observations, who)["connectivity", "rest", ""]
    found = brain_features(predictors, regions, cells)
    assert found.names == ("within limbic", "limbic to default", "within default")
    told = made.observations
    mine = told[(told["metric"] == "connectivity") & (told["timepoint"] == "pre")]
    mine = mine[mine["participant_id"] == who[1]].set_index(["region", "region_2"])["value"]
    assert found.columns[1, 0] == pytest.approx(mine["amygdala_L", "amygdala_R"])
    between = [mine[a, b] for a in ("amygdala_L", "amygdala_R") for b in ("vmPFC_L", "vmPFC_R")]
    assert found.columns[1, 1] == pytest.approx(np.mean(between))


def test_predictors_are_groups_or_networks() -> None:
    with pytest.raises(ValueError, match="name either 'groups' or 'networks'"):
        Predictors(metric="connectivity")


def test_blocks_of_outcomes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    features, outcomes = rng.normal(size=(30, 4)), rng.normal(size=(30, 7))
    folds = splits(30, 1, 1)
    whole = predict(features, np.empty((30, 0)), outcomes, folds)
    monkeypatch.setattr("brainchange.inference.cross_validation.BLOCK_BYTES", 8 * 11 * 30 * 3)
    parts = predict(features, np.empty((30, 0)), outcomes, folds)
    assert parts.with_features.q2 == pytest.approx(whole.with_features.q2)
    assert parts.without.error == pytest.approx(whole.without.error)
