"""Standardised effects: by hand, invariant where they must be, undefined where nothing varies."""

from __future__ import annotations

from math import gamma, pi, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from brainchange.inference.effect_size import (
    between_effect,
    pooled_sd,
    small_sample_factor,
    standard_deviation,
    within_effect,
)

SCORES = st.lists(st.integers(0, 60), min_size=6, max_size=6)


def pairs(values: list[int]) -> Any:
    return np.array(values[:3], dtype=float), np.array(values[3:], dtype=float)


def test_the_small_sample_factor_is_the_exact_one() -> None:
    assert small_sample_factor(2) == pytest.approx(1 / sqrt(pi))
    assert small_sample_factor(7) == pytest.approx(gamma(3.5) / (sqrt(3.5) * gamma(3)))
    assert small_sample_factor(10_000) == pytest.approx(1 - 3 / (4 * 10_000 - 1), rel=1e-9)
    assert np.isnan(small_sample_factor(1))


def test_a_change_of_one_average_standard_deviation() -> None:
    pre, post = np.array([1.0, 2, 3, 4]), np.array([3.0, 2, 5, 4])
    effect = within_effect(pre, post)
    assert effect.d_av == pytest.approx(1 / sqrt((5 / 3 + 5 / 3) / 2))
    assert effect.g_av == pytest.approx(effect.d_av * small_sample_factor(3))
    assert effect.d_z == pytest.approx(1 / sqrt(4 / 3))
    assert effect.low < effect.d_av < effect.high


def test_dppc2_by_hand() -> None:
    treated = (np.array([10.0, 12, 14]), np.array([6.0, 9, 9]))
    control = (np.array([10.0, 12, 14]), np.array([10.0, 11, 15]))
    effect = between_effect(treated, control)
    assert effect.value == pytest.approx((1 - 3 / 15) * (-4 - 0) / 2)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_participants_have_no_standardised_change(n: int) -> None:
    effect = within_effect(np.arange(n) + 1.0, np.arange(n) * 2.0)
    assert np.isnan([effect.d_av, effect.g_av, effect.low, effect.high]).all()


@pytest.mark.parametrize("n", [0, 1])
def test_one_participant_has_no_dppc2(n: int) -> None:
    few = (np.arange(n) + 1.0, np.arange(n) * 2.0)
    many = (np.arange(6.0), np.arange(6.0) ** 2)
    assert np.isnan(between_effect(few, many).value)
    assert np.isnan(between_effect(many, few).value)


def test_four_participants_have_dppc2_without_interval() -> None:
    arm = (np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    effect = between_effect(arm, arm)
    assert effect.value == 0
    assert np.isnan([effect.standard_error, effect.low, effect.high]).all()


def test_a_constant_measure_has_no_effect_size() -> None:
    constant = (np.full(5, 0.1 + 0.2), np.full(5, 0.3))
    assert np.isnan(within_effect(*constant).d_av)
    assert np.isnan(between_effect(constant, constant).value)


def test_rounding_is_no_variance() -> None:
    assert standard_deviation(np.array([0.1 + 0.2, 0.3, 0.3])) == 0
    pre = np.array([1.1, 2.2, 1000.3])
    assert standard_deviation((pre + 0.7) - pre, pre) == 0
    assert np.isnan(standard_deviation(np.array([3.0])))


def test_the_pooled_sd_weighs_by_degrees_of_freedom() -> None:
    first, second = np.array([0.0, 2.0]), np.array([0.0, 0.0, 3.0, 3.0])
    assert pooled_sd(first, second) == pytest.approx(sqrt((2 + 9) / 4))


@given(SCORES, SCORES, st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_shift_and_scale_leave_dppc2_alone(
    treated: list[int], control: list[int], shift: float, scale: float
) -> None:
    arms = pairs(treated), pairs(control)
    expected = between_effect(*arms)
    assume(np.isfinite(expected.value))
    moved = between_effect(*(tuple(scale * x + shift for x in arm) for arm in arms))
    assert moved.value == pytest.approx(expected.value, rel=1e-6, abs=1e-9)
    assert moved.standard_error == pytest.approx(
        expected.standard_error, rel=1e-5, abs=1e-6, nan_ok=True
    )


@given(SCORES, SCORES)
def test_swapping_the_arms_flips_dppc2(treated: list[int], control: list[int]) -> None:
    forward = between_effect(pairs(treated), pairs(control))
    backward = between_effect(pairs(control), pairs(treated))
    assert backward.value == pytest.approx(-forward.value, nan_ok=True)
    assert backward.standard_error == pytest.approx(forward.standard_error, nan_ok=True)


def test_the_interval_of_the_average_effect_covers() -> None:
    """Correlated normal data, true value 0.8: 95 % of 400 intervals hold it, give or take 3 %."""
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(400):
        pre = rng.normal(size=12)
        post = 0.6 * pre + 0.8 * rng.normal(size=12) + 0.8
        effect = within_effect(pre, post)
        covered += effect.low <= 0.8 <= effect.high
    assert 0.92 <= covered / 400 <= 0.98
