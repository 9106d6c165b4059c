"""The untreated arm as a retest: who changed more than it does by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isnan, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brainchange.inference.intraclass import icc_agreement, icc_consistency
from brainchange.inference.reliability import retest
from brainchange.inference.reliable_change import (
    direction_of,
    error_of_difference,
    percent_improvement,
    reliability_of_change,
    reliable_size,
)
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
QUICK = Settings(inference=Inference(permutations=999, exact_up_to=1))
SCORES = {
    "therapy": ((40, 12), (30, 20), (20, 10), (10, 28)),
    "waiting": ((10, 14), (20, 18), (30, 31), (40, 37)),
}


def with_scores(made: Any, scores: dict[str, Any]) -> Any:
    table = made.participants.copy()
    for arm, pairs in scores.items():
        cells = [[str(a), "n/a" if b is None else str(b)] for a, b in pairs]
        table.loc[table["group"] == arm, ["BDI_pre", "BDI_post"]] = cells
    return replace(made, participants=table.replace("n/a", None), settings=QUICK)


def test_detectable_change_by_hand() -> None:
    found = retest(np.array([10.0, 20, 30, 40]), np.array([14.0, 18, 31, 37]))
    spread = np.std([4, -2, 1, -3], ddof=1)
    assert found.change == 0
    assert found.sem == pytest.approx(spread / sqrt(2))
    assert found.mdc95 == pytest.approx(1.96 * spread)


def test_a_shift_of_everybody_costs_agreement_and_no_consistency() -> None:
    rng = np.random.default_rng(1)
    pre = rng.normal(size=15)
    post = pre + rng.normal(scale=0.2, size=15)
    still, shifted = retest(pre, post), retest(pre, post + 3)
    assert shifted.consistency.icc == pytest.approx(still.consistency.icc)
    assert shifted.agreement.icc < 0.5 * still.agreement.icc
    assert shifted.mdc95 == pytest.approx(still.mdc95)


@settings(max_examples=60, deadline=None)
@given(
    values=arrays(float, (6, 2), elements=st.integers(-50, 50).map(float)),
    scale=st.sampled_from([1e-6, 0.3, 1e5]),
    shift=st.integers(-5, 5),
)
def test_reliability_knows_no_unit_and_no_order(
    values: np.ndarray, scale: float, shift: int
) -> None:
    for icc in (icc_consistency, icc_agreement):
        found, other = icc(values), icc(scale * (values[::-1] + shift))
        told, again = (np.array([one.icc, one.low, one.high]) for one in (found, other))
        np.testing.assert_allclose(told, again, rtol=1e-6, atol=1e-7)
        if np.isfinite(told).all():
            assert found.low <= found.icc + 1e-12
            assert found.icc <= found.high + 1e-12
            assert found.icc <= 1


def test_reliability_that_is_planted_is_found() -> None:
    rng = np.random.default_rng(2)
    trait = rng.normal(0, sqrt(0.7), 4000)
    values = trait[:, None] + rng.normal(0, sqrt(0.3), (4000, 2))
    assert icc_consistency(values).icc == pytest.approx(0.7, abs=0.03)
    covered = 0
    for _ in range(200):
        trait = rng.normal(0, sqrt(0.7), 15)
        found = icc_consistency(trait[:, None] + rng.normal(0, sqrt(0.3), (15, 2)))
        covered += found.low <= 0.7 <= found.high
    assert 180 <= covered <= 199


@pytest.mark.parametrize(
    ("pre", "post"),
    [([], []), ([1.0], [2.0]), ([1.0, 2.0], [2.0, 3.0]), ([5.0, 5.0, 5.0], [5.0, 5.0, 5.0])],
)
def test_too_few_and_constant_values_have_no_reliability(
    pre: list[float], post: list[float]
) -> None:
    found = retest(np.array(pre), np.array(post))
    assert isnan(found.consistency.icc)
    assert found.problem


def test_values_that_agree_exactly() -> None:
    found = retest(np.array([1.0, 2, 3, 4]), np.array([2.0, 3, 4, 5]))
    assert found.consistency.icc == 1
    assert found.mdc95 == 0
    assert found.problem == "every untreated participant changes by the same amount"


def test_reliability_of_a_difference() -> None:
    """Simulated: trait changes by itself, both values have errors."""
    rng = np.random.default_rng(3)
    n = 200_000
    trait = rng.multivariate_normal([0, 0], [[0.8, 0.5], [0.5, 0.8]], n)
    seen = trait + rng.normal(0, sqrt(0.2), (n, 2))
    true = np.var(trait[:, 1] - trait[:, 0]) / np.var(seen[:, 1] - seen[:, 0])
    r12 = np.corrcoef(seen.T)[0, 1]
    assert reliability_of_change(0.8, r12) == pytest.approx(true, abs=0.01)
    assert reliability_of_change(0.8, 0.8) == 0
    assert isnan(reliability_of_change(0.9, 1.0))


@pytest.mark.parametrize(
    ("change", "size", "better", "expected"),
    [
        (-12.0, 11.5, "down", "improved"),
        (-11.0, 11.5, "down", "unchanged"),
        (12.0, 11.5, "down", "worse"),
        (12.0, 11.5, "up", "improved"),
        (12.0, 11.5, None, "increased"),
        (-12.0, 11.5, None, "decreased"),
        (float("nan"), 11.5, "up", None),
        (3.0, float("nan"), "up", None),
    ],
)
def test_where_a_participant_changed_to(
    change: float, size: float, better: Any, expected: str | None
) -> None:
    assert direction_of(change, size, better) == expected


def test_half_of_a_score_counts_from_the_floor_of_the_scale() -> None:
    assert percent_improvement(40, 20, 0, "down") == 50
    assert percent_improvement(50, 35, 20, "down") == 50
    assert isnan(percent_improvement(20, 20, 20, "down"))
    assert isnan(percent_improvement(40, 20, 0, "up"))


def test_responders_of_a_study_by_hand(made_up: Maker) -> None:
    inferred = with_scores(made_up(4), SCORES).infer()
    reliability = inferred.reliability.set_index("measure").loc["BDI"]
    rows = inferred.responders[inferred.responders["measure"] == "BDI"]
    treated = rows[rows["arm"] == "therapy"].reset_index(drop=True)
    assert list(treated["percent_improvement"]) == pytest.approx([70, 100 / 3, 50, -180])
    assert list(treated["response"]) == [True, False, True, False]
    assert list(treated["detected"]) == ["improved", "improved", "improved", "worse"]
    assert set(rows["mdc95"]) == {reliability["mdc95"]}
    pre = with_scores(made_up(4), SCORES).participants["BDI_pre"].astype(float)
    size = reliable_size(error_of_difference(pre.std(), reliability["icc_consistency"]))
    assert rows["reliable_change_size"].iloc[0] == pytest.approx(size)
    assert treated["reliable_change_index"][0] == pytest.approx(-28 / (size / 1.96))


def test_a_published_reliability_replaces_that_of_the_study(
    made_up: Maker, study_with: Maker
) -> None:
    scale = study_with().outcomes["BDI"].model_copy(update={"reliability": 0.5})
    study = study_with().model_copy(update={"outcomes": {"BDI": scale}})
    rows = replace(with_scores(made_up(4), SCORES), study=study).infer().responders
    assert set(rows.loc[rows["measure"] == "BDI", "reliability"]) == {0.5}


def test_a_scale_without_true_zero_has_no_half(made_up: Maker, study_with: Maker) -> None:
    scale = study_with().outcomes["BDI"].model_copy(update={"minimum": 5.0})
    study = study_with().model_copy(update={"outcomes": {"BDI": scale}})
    rows = replace(with_scores(made_up(4), SCORES), study=study).infer().responders
    rows = rows[rows["measure"] == "BDI"]
    assert rows["response"].isna().all()
    assert rows["flag"].str.contains("starts at 5: 50 % of a score has no meaning").all()
    treated = rows.loc[rows["arm"] == "therapy", "percent_improvement"]
    assert treated.iloc[0] == pytest.approx(100 * 28 / 35)


def test_without_untreated_arm_reliability_says_why(made_up: Maker, study_with: Maker) -> None:
    arms = {
        "therapy": {"label": "Talk therapy", "role": "therapy"},
        "exercise": {"label": "Exercise", "role": "comparison"},
        "waiting": {"label": "Usual care", "role": "comparison"},
    }
    made = replace(made_up(4), study=study_with(arms=arms), settings=QUICK)
    inferred = made.infer()
    assert inferred.reliability["icc_consistency"].isna().all()
    assert set(inferred.reliability["flag"]) == {
        "the study has no untreated arm: reliability is unknown"
    }
    assert inferred.responders["detected"].isna().all()
    assert inferred.responders["percent_improvement"].notna().any()


def test_nobody_measured_twice(made_up: Maker) -> None:
    made = replace(made_up(4).without(timepoint="post"), settings=QUICK)
    inferred = made.infer()
    claims = inferred.reliability[inferred.reliability["kind"] == "claim"]
    assert (claims["n"] == 0).all()
    assert (claims["flag"] == "no untreated participant has both values").all()
    assert set(inferred.responders["kind"]) == {"outcome"}
    assert (inferred.brain_symptom["n"] == 0).all()
    assert pd.isna(inferred.brain_symptom["r"]).all()
