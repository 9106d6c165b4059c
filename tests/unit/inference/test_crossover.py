"""A crossover by hand: effect, period and carry-over are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from brainchange.inference.crossover import crossed


def planted(effect: float, period: float, carry: float, seed: int = 1, n: int = 4000):
    """Values after treatment and control, of those with treatment first and second."""
    rng = np.random.default_rng(seed)
    level, noise = rng.normal(20, 5, (2, n)), rng.normal(0, 1, (2, 2, n))
    first = (level[0] + effect + noise[0, 0], level[0] + period + carry + noise[0, 1])
    second = (level[1] + effect + period + noise[1, 0], level[1] + noise[1, 1])
    return first, second


def test_a_planted_effect_and_period_are_found() -> None:
    found = crossed(*planted(effect=-6.0, period=2.0, carry=0.0))
    assert found.effect == pytest.approx(-6, abs=0.05)
    assert found.period == pytest.approx(2, abs=0.05)
    assert found.low < -6 < found.high
    assert found.carry_over_p > 0.01


def test_carry_over_is_seen_in_the_sums_and_biases_the_effect_by_half_of_it() -> None:
    found = crossed(*planted(effect=-6.0, period=0.0, carry=-4.0))
    assert found.carry_over == pytest.approx(-4, abs=0.5)
    assert found.carry_over_p < 1e-6
    assert found.effect == pytest.approx(-6 + 4 / 2, abs=0.05)


def test_the_effect_is_tested_by_the_t_test_of_the_differences_between_the_orders() -> None:
    """Hills and Armitage (1979): half the difference of d = period 1 − period 2."""
    first, second = planted(effect=0.3, period=0.5, carry=0.0, n=12)
    found = crossed(first, second)
    reference = stats.ttest_ind(first[0] - first[1], second[1] - second[0])
    assert found.p == pytest.approx(reference.pvalue)
    interval = reference.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low / 2, interval.high / 2))


def test_by_hand() -> None:
    """d = −4, −6 and 2, 4: effect (−5 − 3)/2 = −4, period −(−5 + 3)/2 = 1."""
    first = (np.array([6.0, 5.0]), np.array([10.0, 11.0]))
    second = (np.array([8.0, 7.0]), np.array([10.0, 11.0]))
    found = crossed(first, second)
    assert (found.effect, found.period) == (-4.0, 1.0)


def test_an_order_with_one_participant_says_nothing() -> None:
    found = crossed((np.ones(1), np.ones(1)), (np.ones(5), np.ones(5)))
    assert np.isnan([found.effect, found.p, found.carry_over_p]).all()
