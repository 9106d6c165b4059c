"""Several arms in one test: Welch's F by statsmodels, its permutation by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from brainchange.inference.permutation import named_generator
from brainchange.inference.welch_anova import welch_anova


def made(seed: int = 0, sizes=(8, 11, 15), shift: float = 0.0, spread: float = 1.0):
    rng = np.random.default_rng(seed)
    arms = np.repeat(np.arange(len(sizes)), sizes)
    values = rng.normal(size=arms.size) * np.where(arms == 0, spread, 1.0) + shift * (arms == 0)
    return values, arms


def compare(values, arms, permutations: int = 999):
    generator = named_generator(1, "test")
    return welch_anova(values, arms, permutations=permutations, generator=generator)


@pytest.mark.parametrize("sizes", [(8, 11, 15), (5, 6, 7, 20), (9, 12)])
def test_the_f_of_welch_is_that_of_statsmodels(sizes):
    values, arms = made(1, sizes, shift=0.7, spread=2.0)
    found = compare(values, arms)
    groups = [values[arms == arm] for arm in range(len(sizes))]
    expected = anova_oneway(groups, use_var="unequal", welch_correction=True)
    assert found.statistic == pytest.approx(expected.statistic)
    assert (found.df1, found.df2) == pytest.approx(expected.df)
    assert found.p == pytest.approx(expected.pvalue)


def test_of_two_arms_it_is_the_t_of_welch_squared():
    values, arms = made(2, (9, 12), shift=0.5)
    test = stats.ttest_ind(values[arms == 0], values[arms == 1], equal_var=False)
    found = compare(values, arms)
    assert found.statistic == pytest.approx(test.statistic**2)
    assert found.p == pytest.approx(test.pvalue)


def test_a_planted_difference_is_found_and_shift_and_scale_change_nothing():
    values, arms = made(0, shift=2.5)
    found = compare(values, arms)
    assert found.p_permutation == pytest.approx(0.001)
    moved = compare(17 - 40 * values, arms)
    assert moved.statistic == pytest.approx(found.statistic)
    assert moved.p_permutation == found.p_permutation


def test_nulls_of_unequal_spread_are_rejected_about_as_often_as_it_says():
    p = [compare(*made(seed, (8, 11, 15), spread=2.0), 199).p_permutation for seed in range(300)]
    rejected = int((np.array(p) <= 0.05).sum())
    assert stats.binomtest(rejected, 300, 0.06, alternative="greater").pvalue > 0.01
    assert rejected > 3


def test_the_floor_is_that_of_the_arrangements_of_tiny_arms():
    values, arms = made(5, (2, 2, 2))
    # 6! / (2! 2! 2!) = 90 arrangements, and three arms of one size can change places in 6 ways.
    assert compare(values, arms).floor == pytest.approx(6 / 90)


def test_an_arm_that_does_not_vary_gives_no_test():
    values, arms = made(6)
    values[arms == 1] = 3.0
    found = compare(values, arms)
    assert np.isnan([found.statistic, found.p, found.p_permutation]).all()
