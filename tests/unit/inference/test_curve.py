"""One effect under many specifications: p values by hand, missing values, small arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brainchange.inference.curve import ArmSet, Curve, Universe, specification_curve
from brainchange.inference.many_adjusted import adjusted_differences
from brainchange.inference.many_mixed import mixed_differences
from brainchange.inference.rearranged_arms import Arms, arrangements

MODELS = ("change_score", "ancova", "mixed_model")
SETS = {"a": ArmSet((1,), (0,))}


def arms(n_treated: int = 6, n_control: int = 8) -> Any:
    return np.repeat([1, 0], [n_treated, n_control]).astype(np.int8)


def values(seed: int, n: int = 14, effect: float = 0.0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    trait = rng.normal(0, 1, n)
    post = trait + rng.normal(0, 1, n)
    post[:6] += effect
    return trait + rng.normal(0, 1, n), post


def curve(given: dict[str, Any], universes: Any = None, **changes: Any) -> Curve:
    n = len(next(iter(given.values()))[0])
    listed = universes or [Universe(name, "a", "change_score", "none") for name in given]
    options: dict[str, Any] = {
        "motion": (np.zeros(n), np.ones(n)),
        "arms": arms(6, n - 6),
        "arm_sets": SETS,
        "permutations": 299,
        "generator": np.random.default_rng(7),
    } | changes
    return specification_curve(listed, given, **options)


def test_the_first_arrangement_is_the_observed_one_and_all_keep_the_sizes() -> None:
    blocks = list(arrangements(arms(), 50, np.random.default_rng(1)))
    np.testing.assert_array_equal(blocks[0], arms()[None, :])
    every = np.vstack(blocks)
    assert every.shape == (51, 14)
    assert set(every.sum(axis=1)) == {6}
    assert len(np.unique(every, axis=0)) > 40


def test_p_is_the_share_of_rows_at_least_as_large_itself_included() -> None:
    nothing = np.zeros(1)
    statistic = np.array([[2.0], [1.0], [2.0], [3.0], [np.inf]])
    found = Curve(nothing, nothing, nothing, nothing, statistic, statistic).p()
    np.testing.assert_allclose(found[:, 0], [4 / 5, 5 / 5, 4 / 5, 2 / 5, 1 / 5])


def test_p_of_a_universe_is_that_of_permuting_it_alone() -> None:
    pre, post = values(1, effect=1.0)
    change = post - pre
    found = curve({"x": (pre, post)}).p()[0, 0]
    rng = np.random.default_rng(7)
    rows = rng.permuted(np.tile(arms(), (299, 1)), axis=1)

    def absolute_t(row: Any) -> float:
        one, other = change[row == 1], change[row == 0]
        error = np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size)
        return float(abs(one.mean() - other.mean()) / error)

    observed = absolute_t(arms())
    beyond = sum(absolute_t(row) >= observed - 1e-9 for row in rows)
    assert found == pytest.approx((beyond + 1) / 300)


def test_universes_with_the_same_values_share_every_permutation() -> None:
    same = values(2)
    found = curve({"x": same, "y": same})
    np.testing.assert_array_equal(found.dppc2[:, 0], found.dppc2[:, 1])
    correlated = curve({"x": same, "y": (same[0], same[1] + 0.1 * values(3)[1])})
    assert np.corrcoef(correlated.dppc2[1:].T)[0, 1] > 0.9


def test_a_participant_without_a_value_is_left_out_of_that_universe_alone() -> None:
    pre, post = values(4)
    lost = post.copy()
    lost[[0, 9]] = np.nan
    found = curve({"all": (pre, post), "lost": (pre, lost)})
    who = np.isfinite(lost)
    change = (post - pre)[who]
    treated = arms()[who] == 1
    assert found.difference[1] == pytest.approx(change[treated].mean() - change[~treated].mean())
    assert found.df.tolist() == [12, 10]
    assert np.isfinite(found.dppc2).all()


def test_arms_of_another_set_are_left_out_and_permuted_along() -> None:
    """Three arms; one comparison with all of them and one with two."""
    pre, post = values(5, n=21)
    codes = np.repeat([0, 1, 2], 7).astype(np.int8)
    sets = {"narrow": ArmSet((1,), (0,)), "wide": ArmSet((1, 2), (0,))}
    listed = [Universe("x", name, "change_score", "none") for name in sets]
    found = curve({"x": (pre, post)}, listed, arms=codes, arm_sets=sets)
    change = post - pre
    assert found.difference[0] == pytest.approx(change[7:14].mean() - change[:7].mean())
    assert found.difference[1] == pytest.approx(change[7:].mean() - change[:7].mean())
    assert found.df.tolist() == [12, 19]


@pytest.mark.parametrize("model", MODELS)
def test_shift_and_scale_change_neither_effect_nor_p(model: Any) -> None:
    pre, post = values(6, effect=0.7)
    listed = [Universe("x", "a", model, "none")]
    plain = curve({"x": (pre, post)}, listed)
    other = curve({"x": (1e4 + 0.01 * pre, 1e4 + 0.01 * post)}, listed)
    np.testing.assert_allclose(other.dppc2, plain.dppc2, rtol=1e-4, atol=1e-5)
    assert other.p()[0, 0] == pytest.approx(plain.p()[0, 0], abs=0.011)
    np.testing.assert_allclose(other.difference, 0.01 * plain.difference, rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_a_covariate_takes_what_it_explains(model: Any) -> None:
    """Values follow motion, and the treated come to move more: nothing is left of the effect."""
    rng = np.random.default_rng(8)
    n = 60
    codes = arms(30, 30)
    motion = rng.normal(0.2, 0.05, (2, n))
    motion[1, :30] += 0.1
    trait = rng.normal(0, 0.2, n)
    pre, post = (trait + 10 * m + rng.normal(0, 0.1, n) for m in motion)
    listed = [Universe("x", "a", model, covariates) for covariates in ("none", "motion")]
    found = curve(
        {"x": (pre, post)}, listed, arms=codes, motion=(motion[0], motion[1]), permutations=199
    )
    assert found.p()[0, 0] < 0.02
    assert abs(found.difference[1]) < 0.15 < found.difference[0]
    assert found.p()[0, 1] > 0.05


def test_what_is_not_defined_is_nan_and_counts_against_the_effect() -> None:
    """Constant change: no error. Two arms of two: permutations without a second participant."""
    pre = np.arange(14.0)
    constant = curve({"x": (pre, pre + 1)})
    assert np.isnan(constant.statistic[0, 0])
    assert np.isinf(constant.statistic[1:]).all()
    assert np.isnan(constant.p()[0, 0])
    one = Arms(np.array([[1.0, 0, 0, 0]]), np.array([[0.0, 1, 1, 1]]))
    single = mixed_differences(one, np.arange(4.0), np.array([1.0, 3, 2, 5]))
    assert np.isnan(single.difference).all()
    doubled = np.column_stack([np.arange(14.0), 2 * np.arange(14.0)])
    both = Arms(arms()[None].astype(float), 1 - arms()[None].astype(float))
    assert np.isnan(adjusted_differences(both, values(1)[1], doubled).difference).all()
    told = arms().astype(float)[:, None]
    assert np.isnan(adjusted_differences(both, values(1)[1], told).difference).all()
    nobody = np.full(14, np.nan)
    assert np.isnan(adjusted_differences(both, nobody, np.empty((14, 0))).difference).all()


@pytest.mark.parametrize("model", MODELS)
def test_swapped_sessions_turn_the_sign_and_swapped_arms_too(model: Any) -> None:
    pre, post = values(9, effect=0.6)
    listed = [Universe("x", "a", model, "none")]
    plain = curve({"x": (pre, post)}, listed)
    turned = curve({"x": (pre, post)}, listed, arms=1 - arms())
    np.testing.assert_allclose(turned.difference, -plain.difference, rtol=1e-6)
    if model != "ancova":
        swapped = curve({"x": (post, pre)}, listed)
        np.testing.assert_allclose(swapped.difference, -plain.difference, rtol=1e-6)
