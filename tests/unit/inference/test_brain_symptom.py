"""Change in the brain and change in symptoms: planted associations are found, others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from brainchange.inference.correlation import correlation
from brainchange.inference.partial_correlation import bca_interval, permutation_p
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
QUICK = Settings(inference=Inference(permutations=999, exact_up_to=1))


def coupled(made: Any, slope: float) -> Any:
    """Let scores fall by what the amygdala gained, plus noise."""
    rng = np.random.default_rng(7)
    told = made.observations
    mine = told[(told["metric"] == "falff_z") & told["region"].str.startswith("amygdala")]
    means = mine.pivot_table("value", "participant_id", "timepoint")
    change = (means["post"] - means["pre"]).reindex(made.participants["participant_id"]).to_numpy()
    table = made.participants.copy()
    pre = 30 + rng.normal(0, 3, len(table))
    table["BDI_pre"] = pre.astype(str)
    table["BDI_post"] = (pre + slope * change + rng.normal(0, 1, len(table))).astype(str)
    return replace(made, participants=table, settings=QUICK)


def row(made: Any, measure: str, scope: str) -> pd.Series:
    table = made.infer().brain_symptom
    return table[(table["measure"] == measure) & (table["scope"] == scope)].iloc[0]


def test_a_planted_association_is_found_in_its_claim_alone(made_up: Maker) -> None:
    made = coupled(made_up(12, seed=4), slope=6.0)
    found = row(made, "A2", "all")
    assert found["r"] > 0.7
    assert found["p"] == 0.001
    assert found["ci_low"] < found["r"] < found["ci_high"]
    assert found["bca_low"] < found["r"] < found["bca_high"]
    assert found["spearman"] > 0.6
    assert found["given"] == "arm, change in head motion"
    assert not found["descriptive"]
    assert pd.isna(found["flag"])
    other = row(made, "T2", "all")
    assert other["p"] > 0.05


def test_one_arm_of_few_participants_is_described_and_not_tested(made_up: Maker) -> None:
    found = row(coupled(made_up(12, seed=4), slope=6.0), "A2", "therapy")
    assert found["n"] == 12
    assert found["descriptive"]
    assert pd.isna(found["p"])
    assert pd.isna(found["bca_low"])
    assert np.isfinite(found["r"])
    assert found["given"] == "change in head motion"
    assert found["flag"] == "n = 12, fewer than 20: descriptive, not tested"


def test_a_difference_between_arms_is_no_association(made_up: Maker) -> None:
    """Therapy moves brain and symptoms, in every participant by the same: r at equal arm is 0."""
    made = coupled(made_up(10, seed=8, amygdala=5.0), slope=0.0)
    table = made.participants.copy()
    treated = table["group"] == "therapy"
    table.loc[treated, "BDI_post"] = (table.loc[treated, "BDI_post"].astype(float) - 10).astype(str)
    found = row(replace(made, participants=table), "A2", "all")
    assert abs(found["r"]) < 0.5
    assert found["p"] > 0.05


def test_largest_correlation_that_error_leaves(made_up: Maker) -> None:
    found = row(coupled(made_up(12, seed=4), slope=6.0), "A2", "all")
    product = max(found["reliability_of_change"], 0) * max(
        found["outcome_reliability_of_change"], 0
    )
    assert found["largest_r"] == pytest.approx(product**0.5)


def test_order_of_participants_changes_nothing(made_up: Maker) -> None:
    made = coupled(made_up(8, seed=5), slope=1.0)
    other = replace(
        made,
        observations=made.observations.sample(frac=1, random_state=1),
        participants=made.participants.sample(frac=1, random_state=2),
    )
    pd.testing.assert_frame_equal(made.infer().brain_symptom, other.infer().brain_symptom)


def test_permutation_without_covariates_equals_scipy() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=24)
    y = 0.4 * x + rng.normal(size=24)
    mine = permutation_p(
        x, y, np.empty((24, 0)), permutations=20_000, generator=np.random.default_rng(2)
    )
    told = stats.permutation_test(
        (y,),
        lambda drawn: abs(stats.pearsonr(x, drawn).statistic),
        permutation_type="pairings",
        n_resamples=2000,
        alternative="greater",
        rng=np.random.default_rng(3),
    )
    assert mine == pytest.approx(told.pvalue, abs=0.02)


def test_bootstrap_interval_equals_scipy() -> None:
    rng = np.random.default_rng(4)
    x, z = rng.normal(size=(2, 40))
    y = 0.5 * x + z + rng.normal(size=40)
    mine = bca_interval(x, y, z[:, None], np.full(40, "a"), generator=np.random.default_rng(5))
    told = stats.bootstrap(
        (x, y, z),
        lambda *drawn: correlation(drawn[0], drawn[1], drawn[2][:, None]).r,
        paired=True,
        vectorized=False,
        n_resamples=1500,
        rng=np.random.default_rng(6),
    ).confidence_interval
    assert mine == pytest.approx((told.low, told.high), abs=0.04)


def test_null_associations_are_rarely_significant() -> None:
    rng = np.random.default_rng(8)
    found = []
    for seed in range(200):
        arm = np.repeat([0.0, 1.0], 12)
        x, y = rng.normal(size=(2, 24)) + 2 * arm
        generator = np.random.default_rng(seed)
        found.append(permutation_p(x, y, arm[:, None], permutations=199, generator=generator))
    assert 2 <= sum(p < 0.05 for p in found) <= 20


def test_a_constant_change_has_no_correlation() -> None:
    x, y = np.arange(25.0), np.full(25, 3.0)
    none = np.empty((25, 0))
    assert np.isnan(correlation(x, y).r)
    assert np.isnan(permutation_p(x, y, none, permutations=99, generator=np.random.default_rng(1)))


def test_blocks_of_resamples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    x, y, z = rng.normal(size=(3, 25))
    arms = np.array(["a", "b"])[np.arange(25) % 2]

    def both() -> tuple[float, ...]:
        generator = np.random.default_rng(1)
        p = permutation_p(x, y, z[:, None], permutations=499, generator=generator)
        return (p, *bca_interval(x, y, z[:, None], arms, generator=generator))

    whole = both()
    monkeypatch.setattr("brainchange.inference.partial_correlation.BLOCK_BYTES", 8 * 25 * 60)
    assert both() == pytest.approx(whole)


@settings(max_examples=60, deadline=None)
@given(
    values=arrays(float, (3, 9), elements=st.integers(-40, 40).map(float)),
    scale=st.sampled_from([1e-6, 0.3, 1e5]),
    shift=st.integers(-50, 50),
)
def test_correlations_know_no_unit_and_no_order(
    values: np.ndarray, scale: float, shift: int
) -> None:
    x, y, z = values
    one = correlation(x, y, z[:, None])
    other = correlation((scale * (x + shift))[::-1], y[::-1], 3 * z[::-1, None] - shift)
    told, again = (np.array([found.r, found.low, found.high, found.p]) for found in (one, other))
    np.testing.assert_allclose(told, again, rtol=1e-6, atol=1e-7)
    turned = correlation(-x, y, z[:, None])
    np.testing.assert_allclose(turned.r, -one.r, atol=1e-9)


def test_a_covariate_that_holds_nothing_equal_changes_nothing() -> None:
    """With one arm alone its column is constant; two columns that sum to 1 are one."""
    rng = np.random.default_rng(8)
    x, y, side = rng.normal(size=9), rng.normal(size=9), np.arange(9) % 2.0
    plain = stats.pearsonr(x, y)
    for nothing in (np.ones((9, 1)), np.zeros((9, 2)), np.empty((9, 0))):
        found = correlation(x, y, nothing)
        assert (found.r, found.p) == pytest.approx((plain.statistic, plain.pvalue))
        assert (found.low, found.high) == pytest.approx(plain.confidence_interval())
    once, twice = (
        correlation(x, y, given) for given in (side[:, None], np.c_[side, 1 - side, side])
    )
    assert (twice.r, twice.low, twice.p) == pytest.approx((once.r, once.low, once.p))
    p = [
        permutation_p(x, y, given, permutations=99, generator=np.random.default_rng(1))
        for given in (np.empty((9, 0)), np.ones((9, 1)))
    ]
    assert p[0] == p[1]
