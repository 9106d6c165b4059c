"""Claims across studies: no participant twice, few studies never more than a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.independent_studies import dependent_studies
from brainchange.inference.meta import Across, StudyEffects, across_studies
from brainchange.inference.random_effects import random_effects
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.sources.overlap import Shared
from brainchange.study.settings import Inference

INFERENCE = Inference()


def effect(value: float, n: int = 20, **changes: Any) -> dict[str, Any]:
    error = sqrt(2 / n)
    return {
        "measure": "T2",
        "kind": "claim",
        "label": "connectivity goes up",
        "metric": "connectivity",
        "unit": "Fisher z",
        "family": "confirmatory",
        "direction": "up",
        "contrast": "therapy",
        "contrast_label": "therapy − untreated",
        "primary": True,
        "n_treated": n,
        "n_control": n,
        "difference": 0.1 * value,
        "ci_low": 0.1 * value - 0.3 * error,
        "ci_high": 0.1 * value + 0.3 * error,
        "df": 2 * n - 2,
        "dppc2": value,
        "dppc2_se": error,
        "dppc2_ci_low": value - 1.96 * error,
        "dppc2_ci_high": value + 1.96 * error,
        "adjustment": "holm",
    } | changes


def study(name: str, *rows: dict[str, Any], randomised: bool = True) -> StudyEffects:
    return StudyEffects(name, EFFECTS_TABLE.frame(with_lead(rows)), randomised)


def with_lead(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"lead_estimator": "change_score"} | row for row in rows]


def together(values: Sequence[float], shared: Sequence[Shared] = (), **changes: Any) -> Across:
    studies = [study(f"s{place}", effect(value, **changes)) for place, value in enumerate(values)]
    return across_studies(studies, shared, INFERENCE)


def row(found: Across, scale: str = "standardised", measure: str = "T2") -> pd.Series:
    table = found.meta
    return table[(table["scale"] == scale) & (table["measure"] == measure)].iloc[0]


def test_studies_enter_with_effect_and_error() -> None:
    found = row(together([0.5, 0.1, 0.9]))
    told = random_effects(np.array([0.5, 0.1, 0.9]), np.full(3, 0.1))
    assert found["estimate"] == pytest.approx(told.mean.value)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((told.mean.low, told.mean.high))
    assert (found["k"], found["n_treated"], found["n_control"]) == (3, 60, 60)
    raw = row(together([0.5, 0.1, 0.9]), "raw")
    assert raw["unit"] == "Fisher z"
    assert raw["estimate"] == pytest.approx(0.05, abs=1e-3)


def test_leave_one_out_and_weights() -> None:
    found = together([0.5, 0.1, 0.9])
    forest = found.forest[found.forest["scale"] == "standardised"].set_index("study")
    assert forest["weight"].sum() == pytest.approx(100)
    assert forest.loc["s0", "without"] == pytest.approx(0.5)
    assert forest.loc["s1", "without"] == pytest.approx(0.7)


def test_one_study_is_its_own_effect() -> None:
    found = row(together([0.8]))
    assert (found["estimate"], found["k"]) == (pytest.approx(0.8), 1)
    assert found["ci_low"] == pytest.approx(0.8 - 1.96 * sqrt(0.1), abs=1e-3)
    assert pd.isna(found["p"])
    assert pd.isna(found["tau2"])
    assert found["verdict"] == "INCONCLUSIVE"
    assert found["words"].endswith("one study: read its verdict")


@pytest.mark.parametrize("k", [2, 3, 4])
def test_few_studies_never_show_more_than_a_suggestion(k: int) -> None:
    found = row(together([2.0] * k, n=400))
    assert found["p"] < 0.05
    assert found["verdict"] == "SUGGESTIVE"
    assert "fewer than 5 never show more than a suggestion" in found["words"]
    opposite = row(together([-2.0] * k, n=400))
    assert opposite["verdict"] == "INCONCLUSIVE"
    nothing = row(together([0.0] * k, n=4000))
    assert nothing["verdict"] == "INCONCLUSIVE"


def test_five_studies_may_show_it() -> None:
    assert row(together([0.7, 0.9, 0.8, 0.6, 0.75]))["verdict"] == "SUPPORTED"
    assert row(together([-0.7, -0.9, -0.8, -0.6, -0.75]))["verdict"] == "CONTRADICTED"
    assert row(together([0.0, 0.01, -0.01, 0.0, 0.0], n=400))["verdict"] == "NO MEANINGFUL EFFECT"
    assert row(together([0.9, -0.9, 0.7, -0.5, 0.4]))["verdict"] == "INCONCLUSIVE"


def test_arms_not_made_by_chance_show_an_association() -> None:
    studies = [study(f"s{n}", effect(0.8), randomised=n > 0) for n in range(5)]
    found = row(across_studies(studies, (), INFERENCE))
    assert found["verdict"] == "SUPPORTED (associational)"
    assert "not every study was randomised" in found["flag"]


def test_order_of_studies_changes_nothing() -> None:
    studies = [study(f"s{n}", effect(value)) for n, value in enumerate([0.5, 0.1, 0.9])]
    one, other = (across_studies(some, (), INFERENCE) for some in (studies, studies[::-1]))
    pd.testing.assert_frame_equal(one.meta, other.meta)
    pd.testing.assert_frame_equal(one.forest, other.forest)


def test_a_study_under_another_name_counts_once() -> None:
    studies = [study("ds1", effect(0.5)), study("ds2", effect(0.5)), study("ds3", effect(0.1))]
    shared = [Shared("ds1", f"sub-{n}", "ds2", f"sub-{n}", "bytes", 1) for n in range(3)]
    found = across_studies(studies, shared, INFERENCE)
    assert row(found)["k"] == 2
    assert "ds2 does not count: shares participants (3 with ds1)" in row(found)["flag"]
    forest = found.forest[found.forest["study"] == "ds2"].iloc[0]
    assert not forest["counts"]
    assert pd.isna(forest["weight"])
    alone = across_studies([studies[0], studies[2]], (), INFERENCE)
    assert row(found)["estimate"] == pytest.approx(row(alone)["estimate"])


def test_the_larger_of_two_studies_that_share_counts() -> None:
    shared = [
        Shared("a", "sub-1", "b", "sub-9", "bytes", 1),
        Shared("b", "sub-2", "c", "sub-3", "identifier", 0),
    ]
    assert set(dependent_studies({"a": 20, "b": 40, "c": 30}, shared)) == {"a", "c"}
    assert set(dependent_studies({"a": 20, "b": 10, "c": 30}, shared)) == {"b"}
    assert dependent_studies({"a": 20, "c": 30}, shared) == {}


def test_a_study_without_effect_makes_room_for_its_twin() -> None:
    missing = effect(float("nan"), dppc2_se=float("nan"), flag="no control", n=30)
    shared = [Shared("a", "sub-1", "b", "sub-1", "bytes", 1)]
    studies = [study("a", missing), study("b", effect(0.4))]
    found = across_studies(studies, shared, INFERENCE)
    assert row(found)["k"] == 1
    assert "a does not count: no effect: no control" in row(found)["flag"]


def test_units_that_differ_are_only_standardised() -> None:
    studies = [study("a", effect(0.5)), study("b", effect(0.7, unit="percent signal change"))]
    found = across_studies(studies, (), INFERENCE)
    assert list(found.meta["scale"]) == ["standardised"]
    assert "units differ (Fisher z, percent signal change): standardised only" in row(found)["flag"]


def test_the_unit_is_that_of_the_studies_that_count() -> None:
    lost = effect(float("nan"), difference=float("nan"), dppc2_se=float("nan"), unit="%")
    found = across_studies([study("a", lost), study("b", effect(0.5))], (), INFERENCE)
    assert row(found, "raw")["unit"] == "Fisher z"


def test_only_the_primary_contrast_enters() -> None:
    other = effect(5.0, contrast="drug", primary=False)
    found = across_studies([study("a", effect(0.5), other)], (), INFERENCE)
    assert (row(found)["k"], row(found)["estimate"]) == (1, 0.5)


def test_p_is_adjusted_over_confirmatory_claims() -> None:
    values = [0.6, 0.5, 0.9, 0.4, 0.7]
    studies = [
        study(
            f"s{n}",
            effect(value),
            effect(value, measure="P2"),
            effect(value, measure="X9", family="exploratory", adjustment="none"),
        )
        for n, value in enumerate(values)
    ]
    found = across_studies(studies, (), INFERENCE)
    assert row(found)["p_adjusted"] == pytest.approx(2 * row(found)["p"])
    explored = row(found, measure="X9")
    assert explored["p_adjusted"] == pytest.approx(explored["p"])


def test_no_study_has_an_effect() -> None:
    missing = effect(float("nan"), dppc2_se=float("nan"))
    found = row(across_studies([study("a", missing)], (), INFERENCE))
    assert (found["k"], found["verdict"]) == (0, "NOT TESTED")
    assert across_studies([], (), INFERENCE).meta.empty


def test_null_studies_are_rarely_anything_else() -> None:
    rng = np.random.default_rng(1)
    verdicts = [row(together(rng.normal(0, sqrt(0.1), 5).tolist()))["verdict"] for _ in range(25)]
    assert sum(told in ("SUPPORTED", "CONTRADICTED") for told in verdicts) <= 4
