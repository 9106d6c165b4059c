"""Permutation with covariates against a plain implementation, Welch's t and chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from brainchange.inference.between import welch
from brainchange.inference.freedman_lane import covariate_rank_problem, freedman_lane


def made(n: int, effect: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    treated = np.arange(2 * n) < n
    age = rng.normal(40, 10, 2 * n)
    values = 0.2 * age + effect * treated + rng.normal(size=2 * n)
    return values, treated, age[:, None]


def run(values, treated, covariates, seed=0, permutations=1999):
    return freedman_lane(
        values,
        treated,
        covariates,
        permutations=permutations,
        generator=np.random.default_rng(seed),
    )


def plain(values, treated, covariates, permutations, seed):
    """Freedman and Lane (1983) word by word, with Welch-like variances, one fit at a time."""
    rng = np.random.default_rng(seed)
    reduced = np.column_stack([np.ones(values.size), covariates])
    full = np.column_stack([reduced, treated.astype(float)])
    fitted = reduced @ np.linalg.lstsq(reduced, values)[0]
    hat = full @ np.linalg.pinv(full)
    weights = np.linalg.pinv(full)[-1]

    def statistic(outcome):
        residuals = outcome - hat @ outcome
        variance = 0.0
        for arm in (treated, ~treated):
            left = (1 - np.diag(hat)[arm]).sum()
            variance += (residuals[arm] @ residuals[arm]) / left * (weights[arm] @ weights[arm])
        return abs(weights @ outcome) / np.sqrt(variance)

    observed = statistic(values)
    drawn = [statistic(fitted + rng.permutation(values - fitted)) for _ in range(permutations)]
    return (1 + np.sum(np.array(drawn) >= observed)) / (permutations + 1)


def test_the_difference_is_that_of_least_squares():
    values, treated, age = made(12, 1.0, 1)
    found = run(values, treated, age)
    design = np.column_stack([np.ones(24), age, treated])
    assert found.difference == pytest.approx(np.linalg.lstsq(design, values)[0][-1], rel=1e-9)
    assert found.low < found.difference < found.high
    assert found.floor == 1 / 2000


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_p_is_that_of_a_plain_implementation(seed):
    values, treated, age = made(10, 0.7, seed)
    found = run(values, treated, age, permutations=9999).p
    expected = plain(values, treated, age, 4000, seed)
    assert found == pytest.approx(
        expected, abs=5 * np.sqrt(expected * (1 - expected) / 4000) + 1e-3
    )


def test_without_covariates_the_statistic_is_welchs():
    values, treated, _ = made(9, 1.0, 5)
    found = run(values, treated, np.empty((18, 0)))
    expected = welch(values[treated], values[~treated])
    assert found.difference == pytest.approx(expected.difference)
    assert found.standard_error == pytest.approx(expected.standard_error)


def test_the_covariate_takes_its_share_and_chance_is_not_found():
    rng = np.random.default_rng(6)
    p = []
    for _ in range(300):
        treated = np.arange(23) < 8
        age = rng.normal(size=(23, 1)) + treated[:, None]
        values = 2 * age[:, 0] + rng.normal(size=23) * np.where(treated, 2, 1)
        p.append(run(values, treated, age, permutations=199).p)
    found = int(np.sum(np.array(p) <= 0.05))
    assert stats.binomtest(found, 300, 0.05).pvalue > 0.001
    values, treated, age = made(10, 0.0, 7)
    assert run(values + 3 * treated, treated, age).p < 0.01


def test_shift_and_scale_of_values_and_covariates_change_nothing():
    values, treated, age = made(10, 0.5, 8)
    first = run(values, treated, age)
    assert run(1000 + 7 * values, treated, age / 3 - 1e4).p == first.p


@pytest.mark.parametrize(
    ("covariates", "problem"),
    [
        (np.ones((12, 1)), "a covariate does not vary, or follows from the others"),
        (
            (np.arange(12) < 6).astype(float)[:, None],
            "the covariates tell the arms apart completely: nothing is left to compare",
        ),
        (
            np.random.default_rng(0).normal(size=(12, 9)),
            "too many covariates for so few participants",
        ),
        (np.random.default_rng(0).normal(size=(12, 2)), ""),
    ],
    ids=["constant", "the arm itself", "too many", "fine"],
)
def test_covariates_that_cannot_be_adjusted_for_are_named(covariates, problem):
    assert covariate_rank_problem(covariates, np.arange(12) < 6) == problem
    found = run(np.random.default_rng(1).normal(size=12), np.arange(12) < 6, covariates)
    assert bool(np.isfinite(found.p)) == (problem == "")
