"""The permutation of arms is exact where it can be, valid elsewhere, and never bound to order."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from brainchange.inference import permutation
from brainchange.inference.permutation import (
    PermutationTest,
    named_generator,
    permutation_test,
)


def run(
    values: object, n_treated: int, *, exact_up_to: int = 10_000, permutations: int = 999
) -> PermutationTest:
    array = np.asarray(values, dtype=float)
    array = array[:, None] if array.ndim == 1 else array
    return permutation_test(
        array,
        np.arange(len(array)) < n_treated,
        exact_up_to=exact_up_to,
        permutations=permutations,
        generator=named_generator(1, "test"),
    )


def test_two_against_three_by_hand() -> None:
    """The treated hold the two largest values; only their arrangement is as extreme as observed."""
    test = run([10.0, 11.0, 1.0, 2.0, 3.5], 2)
    assert test.method == "exact"
    assert test.n_permutations == 10
    assert test.p[0] == 0.1
    assert test.floor == 0.1


def test_arms_of_equal_size_mirror_each_other() -> None:
    test = run([10.0, 11.0, 12.0, 1.0, 2.0, 3.0], 3)
    assert test.p[0] == pytest.approx(2 / 20)
    assert test.floor == pytest.approx(2 / 20)


def test_an_arrangement_without_variance_is_the_most_extreme() -> None:
    """1 1 1 against 0 0 0 0: both arms constant, t infinite, and no other arrangement like it."""
    assert run([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3).p[0] == pytest.approx(1 / 35)


def test_equal_means_give_one() -> None:
    assert run([1.0, 2.0, 3.0, 1.0, 2.0, 3.0], 3).p[0] == 1.0


def test_ties_are_counted_whatever_their_rounding() -> None:
    """Decimals that binary numbers cannot hold: shifted by a tenth, p stays the same."""
    values = np.array([3, 5, 4, 8, 2, 2, 1, 4, 3, 1]) / 10
    expected = run(np.array([3, 5, 4, 8, 2, 2, 1, 4, 3, 1]), 4).p[0]
    for shift in (0.0, 0.1, 1e3, -7.7):
        assert run(values + shift, 4).p[0] == expected


def test_all_arrangements_are_enumerated_once() -> None:
    group = np.array([True, True, True, False, False, False, False, False])
    seen = np.vstack(list(permutation._all_arrangements(group, 1)))
    expected = {frozenset(chosen) for chosen in combinations(range(8), 3)}
    assert {frozenset(np.flatnonzero(row).tolist()) for row in seen} == expected
    assert len(seen) == comb(8, 3)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).normal(size=(14, 3))
    whole = [run(values, 5, exact_up_to=limit).p for limit in (10_000, 1)]
    monkeypatch.setattr(permutation, "BLOCK_BYTES", 14 * 8 * 7)
    assert [run(values, 5, exact_up_to=limit).p.tolist() for limit in (10_000, 1)] == [
        p.tolist() for p in whole
    ]


def test_a_measure_does_not_depend_on_those_beside_it() -> None:
    values = np.random.default_rng(3).normal(size=(20, 4))
    together = run(values, 9, exact_up_to=1).p
    alone = [run(values[:, m], 9, exact_up_to=1).p[0] for m in range(4)]
    assert together.tolist() == alone


def test_monte_carlo_approaches_the_exact_p() -> None:
    values = np.random.default_rng(4).normal(size=(14, 5))
    values[:6] += 0.8
    exact, drawn = run(values, 6), run(values, 6, exact_up_to=1, permutations=20_000)
    assert drawn.method == "monte_carlo"
    assert drawn.n_permutations == 20_000
    assert drawn.floor == pytest.approx(1 / comb(14, 6))
    assert drawn.p == pytest.approx(exact.p, abs=0.012)


def test_swapping_the_arms_leaves_p_alone() -> None:
    values = np.random.default_rng(5).normal(size=11)
    treated = np.arange(11) < 4
    p = [
        permutation_test(
            values[:, None],
            side,
            exact_up_to=1000,
            permutations=999,
            generator=named_generator(1),
        ).p[0]
        for side in (treated, ~treated)
    ]
    assert p[0] == p[1]


def test_the_generator_depends_on_seed_and_names_alone() -> None:
    first = named_generator(1, "a", "b").random(3).tolist()
    assert named_generator(1, "a", "b").random(3).tolist() == first
    for other in (named_generator(2, "a", "b"), named_generator(1, "b", "a"), named_generator(1)):
        assert other.random(3).tolist() != first
    assert named_generator(1, "ab").random() != named_generator(1, "a", "b").random()


@pytest.mark.parametrize(("spread", "most"), [(1.0, 0.065), (2.0, 0.085)])
def test_false_positives_stay_near_five_percent(spread: float, most: float) -> None:
    """1,500 null measures, 6 v 10. With the smaller arm twice as variable a permutation of raw
    differences gives 10 to 12 %, the studentised one 6 to 7 %.
    """
    rng = np.random.default_rng(6)
    values = rng.normal(size=(16, 1500))
    values[:6] *= spread
    assert 0.035 < np.mean(run(values, 6).p <= 0.05) < most


def test_a_planted_effect_is_found() -> None:
    values = np.random.default_rng(7).normal(size=24)
    values[:10] += 2
    assert run(values, 10, exact_up_to=2_000_000).p[0] < 0.001
