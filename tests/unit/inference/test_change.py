"""Change within an arm: description, interval and sign-flip test."""

from __future__ import annotations

from dataclasses import astuple
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.inference.change import describe_change, sign_flip_test
from brainchange.inference.permutation import PermutationTest, named_generator


def flip(change: Any, exact_up_to: int = 2_000_000, permutations: int = 9999) -> PermutationTest:
    return sign_flip_test(
        np.asarray(change, dtype=float)[:, None],
        exact_up_to=exact_up_to,
        permutations=permutations,
        generator=named_generator(1, "flip"),
    )


def test_three_participants_by_hand() -> None:
    change = describe_change(np.array([1.0, 2.0, 3.0]), np.array([3.0, 3.0, 6.0]))
    assert (change.n, change.mean, change.sd) == (3, 2.0, 1.0)
    margin = 4.302652729911275 / np.sqrt(3)
    assert (change.low, change.high) == pytest.approx((2 - margin, 2 + margin))
    assert (change.mean_pre, change.mean_post) == (2.0, 4.0)


def test_nobody_and_one_participant() -> None:
    nobody = describe_change(np.array([]), np.array([]))
    assert nobody.n == 0
    assert np.isnan(astuple(nobody)[1:]).all()
    one = describe_change(np.array([3.0]), np.array([5.0]))
    assert (one.n, one.mean) == (1, 2.0)
    assert np.isnan([one.sd, one.low, one.high, one.t, one.p, one.correlation]).all()


def test_the_same_change_for_everybody_has_no_interval_and_no_t() -> None:
    pre = np.array([0.1, 0.2, 0.7])
    change = describe_change(pre, pre + 0.4)
    assert change.sd == 0
    assert np.isnan([change.low, change.high, change.t, change.p]).all()


def test_five_participants_cannot_be_significant() -> None:
    """However large the change: 2 of 32 sign patterns are as extreme, p is .0625."""
    test = flip([5.0, 4.0, 3.0, 2.0, 6.0])
    assert test.p[0] == test.floor == 0.0625
    assert test.n_permutations == 32


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_the_exact_p_counts_every_sign_pattern(change: list[int]) -> None:
    sums = [abs(np.dot(signs, change)) for signs in product((-1, 1), repeat=len(change))]
    expected = np.mean([total >= abs(sum(change)) for total in sums])
    assert flip(np.array(change) / 10).p[0] == pytest.approx(expected)


def test_monte_carlo_approaches_the_exact_p() -> None:
    change = np.random.default_rng(2).normal(0.4, 1, 14)
    drawn = flip(change, exact_up_to=100)
    assert drawn.method == "monte_carlo"
    assert drawn.p[0] == pytest.approx(flip(change).p[0], abs=0.015)
    assert drawn.floor == 2.0**-13


@pytest.mark.parametrize("limit", [1, 2_000_000])
def test_a_measure_does_not_depend_on_those_beside_it(limit: int) -> None:
    changes = np.random.default_rng(4).normal(0.3, 1, (12, 3))
    together = sign_flip_test(
        changes, exact_up_to=limit, permutations=999, generator=named_generator(1, "flip")
    )
    alone = [flip(change, limit, 999).p[0] for change in changes.T]
    assert together.p.tolist() == alone
    assert together.of(1).p.tolist() == alone[1:2]


def test_many_participants_are_drawn_in_blocks() -> None:
    change = np.random.default_rng(3).normal(1, 1, 10_000)
    test = flip(change, permutations=999)
    assert test.p[0] == test.floor == 0.001
