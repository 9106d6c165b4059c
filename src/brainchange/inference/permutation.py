"""Studentised permutation of arms: many measures share one set of rearranged labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, islice
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Method = Literal["exact", "monte_carlo"]

BLOCK_BYTES = 1 << 25
"""Size of the largest array of a block of arrangements."""
TIE = 1e-9
"""Statistics that differ by less (relative or absolute) are equal: rounding must not decide."""
NO_VARIANCE = 1e-12
"""Share of the whole variance below which the variance inside both arms counts as none."""


@dataclass(frozen=True)
class PermutationTest:
    """Result of a permutation test of one or several measures.

    Attributes
    ----------
    p : numpy.ndarray, shape (n_measures,)
        Two-sided p: share of arrangements whose statistic is at least as far from 0.
    floor : float
        Smallest p that the number of participants allows.
    method : {'exact', 'monte_carlo'}
        Whether all arrangements were computed.
    n_permutations : int
        Arrangements that were computed.
    p_max_t : numpy.ndarray, shape (n_measures,)
        p adjusted for all measures of the same family; NaN for those of none. Empty where no family
        was asked for.
    """

    p: Floats
    floor: float
    method: Method
    n_permutations: int
    p_max_t: Floats = field(default_factory=lambda: np.empty(0))

    def of(self, place: int) -> PermutationTest:
        """Take the result of one measure."""
        p, adjusted = (every[place : place + 1] for every in (self.p, self.p_max_t))
        return PermutationTest(p, self.floor, self.method, self.n_permutations, adjusted)


def same_participants(
    present: Booleans, measures: Iterable[int]
) -> list[tuple[Booleans, list[int]]]:
    """Group measures of the same participants: they can share their arrangements.

    Parameters
    ----------
    present : numpy.ndarray of bool, shape (n_participants, n_measures)
        Who has a value.
    measures : iterable of int
        Columns to group.

    Returns
    -------
    list of (numpy.ndarray of bool, list of int)
        Participants of each group, shape (n_participants,), and its columns.
    """
    groups: dict[bytes, list[int]] = {}
    for measure in measures:
        groups.setdefault(present[:, measure].tobytes(), []).append(measure)
    return [(present[:, columns[0]], columns) for columns in groups.values()]


def named_generator(seed: int, *names: str) -> np.random.Generator:
    """Make a random generator from the seed of the configuration and the names of what it is for.

    Parameters
    ----------
    seed : int
        Seed of the configuration.
    *names : str
        Names; the same names give the same numbers, in whatever order things are computed.

    Returns
    -------
    numpy.random.Generator
        PCG64, seeded with the SHA-256 of seed and names.
    """
    text = "\0".join((str(seed), *names)).encode()
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text).digest(), "big"))


def permutation_test(
    values: Floats,
    treated: Booleans,
    *,
    exact_up_to: int,
    permutations: int,
    generator: np.random.Generator,
    families: Sequence[str] | None = None,
) -> PermutationTest:
    """Permute the arms and compare Welch's t of every measure with what chance would give.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants, n_measures)
        Change of every participant; finite, and not constant in any measure. Participants in an
        order that does not depend on the file, so that Monte-Carlo results do not either.
    treated : numpy.ndarray of bool, shape (n_participants,)
        Participants of the treated arm; at least 2 in either arm.
    exact_up_to : int
        All arrangements are computed if there are no more than this.
    permutations : int
        Random arrangements otherwise.
    generator : numpy.random.Generator
        Source of the random arrangements.
    families : sequence of str, optional
        Family of every measure, within which p is also adjusted; an empty name for none.

    Returns
    -------
    PermutationTest
        p of every measure, the floor and how it was computed.

    Notes
    -----
    Statistic: ``|Welch's t|`` (Janssen 1997, Statistics & Probability Letters 36:9; Chung and
    Romano 2013, Annals of Statistics 41:484), which stays valid where the arms differ in variance.
    p is ``P(|t*| ≥ |t|)``; ``scipy.stats.permutation_test`` doubles the smaller tail instead,
    which differs where the distribution is asymmetric. Monte Carlo: ``(b + 1)/(m + 1)`` (Phipson
    and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9:39). Memory does
    not grow with the number of arrangements. Within a family ``p_max_t`` is that of the step-down
    max T (Westfall and Young 1993, algorithm 4.1): the share of arrangements in which the largest
    statistic of those measures that were observed no larger is at least that of the measure, and no
    smaller than for a measure observed larger. It keeps the family-wise error whatever the measures
    have in common.
    """
    group = treated if treated.sum() * 2 <= treated.size else ~treated
    standard = _standardised(values)
    threshold = _tie_threshold(_absolute_t(group[None, :].astype(float), standard)[0])
    total = comb(group.size, int(group.sum()))
    exact = total <= exact_up_to
    arrangements = (
        _all_arrangements(group, values.shape[1])
        if exact
        else _random_arrangements(group, values.shape[1], permutations, generator)
    )
    beyond, beyond_largest = _beyond(arrangements, standard, threshold, _places(families))
    if exact:
        p, adjusted = beyond / total, beyond_largest / total
        return PermutationTest(p, _exact_floor(group), "exact", total, adjusted)
    p, adjusted = ((count + 1) / (permutations + 1) for count in (beyond, beyond_largest))
    floor = max(1 / (permutations + 1), _exact_floor(group))
    return PermutationTest(p, floor, "monte_carlo", permutations, adjusted)


def _beyond(
    arrangements: Iterable[Floats], standard: Floats, threshold: Floats, families: list[list[int]]
) -> tuple[Floats, Floats]:
    """Count the arrangements beyond each measure: by its own statistic, and stepping down.

    Stepping down, that of a measure is the largest among those of its family observed no larger.
    """
    own, largest = np.zeros(threshold.size), np.full(threshold.size, np.nan)
    ranked = [np.array(places)[np.argsort(threshold[places], kind="stable")] for places in families]
    for places in ranked:
        largest[places] = 0
    for labels in arrangements:
        statistic = _absolute_t(labels, standard)
        own += (statistic >= threshold).sum(axis=0)
        for places in ranked:
            highest = np.maximum.accumulate(statistic[:, places], axis=1)
            largest[places] += (highest >= threshold[places]).sum(axis=0)
    for places in ranked:
        downward = places[::-1]
        largest[downward] = np.maximum.accumulate(largest[downward])
    return own, largest


def _places(families: Sequence[str] | None) -> list[list[int]]:
    """Places of the measures of every family."""
    names = families or ()
    return [
        [place for place, name in enumerate(names) if name == family]
        for family in dict.fromkeys(filter(None, names))
    ]


def _exact_floor(group: Booleans) -> float:
    """Arms of equal size can be swapped, so the most extreme arrangement occurs twice."""
    mirrored = 2 if 2 * group.sum() == group.size else 1
    return mirrored / comb(group.size, int(group.sum()))


def _tie_threshold(statistic: Floats) -> Floats:
    return statistic * (1 - TIE) - TIE


def _standardised(values: Floats) -> Floats:
    """Centre and scale, so that sums of squares keep their digits; t does not change."""
    centred = values - values.mean(axis=0)
    standard: Floats = centred / centred.std(axis=0)
    return standard


def _absolute_t(labels: Floats, standard: Floats) -> Floats:
    """``|Welch's t|`` of every arrangement and measure, from two matrix products.

    Parameters
    ----------
    labels : numpy.ndarray, shape (n_arrangements, n_participants)
        1 for the one arm, 0 for the other; the same number of 1 in every row.
    standard : numpy.ndarray, shape (n_participants, n_measures)
        Values with mean 0 and variance 1.
    """
    size = int(labels[0].sum())
    rest = labels.shape[1] - size
    sums = labels @ standard
    squares = labels @ standard**2
    mean_difference = sums / size - (standard.sum(axis=0) - sums) / rest
    inside = np.maximum(squares - sums**2 / size, 0) / (size * (size - 1))
    outside_squares = (standard**2).sum(axis=0) - squares
    outside = outside_squares - (standard.sum(axis=0) - sums) ** 2 / rest
    variance = inside + np.maximum(outside, 0) / (rest * (rest - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic: Floats = np.abs(mean_difference) / np.sqrt(variance)
    return np.where(variance <= NO_VARIANCE, np.inf, statistic)


def _block_rows(n_participants: int, n_measures: int) -> int:
    return max(1, BLOCK_BYTES // (8 * max(n_participants, n_measures)))


def _all_arrangements(group: Booleans, n_measures: int) -> Iterator[Floats]:
    size = int(group.sum())
    every = combinations(range(group.size), size)
    rows = _block_rows(group.size, n_measures)
    while block := tuple(islice(every, rows)):
        chosen = np.fromiter(chain.from_iterable(block), np.intp, len(block) * size)
        yield _labels(chosen.reshape(len(block), size), group.size)


def _random_arrangements(
    group: Booleans, n_measures: int, permutations: int, generator: np.random.Generator
) -> Iterator[Floats]:
    size = int(group.sum())
    rows = _block_rows(group.size, n_measures)
    for start in range(0, permutations, rows):
        keys = generator.random((min(rows, permutations - start), group.size))
        yield _labels(np.argpartition(keys, size - 1, axis=1)[:, :size], group.size)


def _labels(chosen: npt.NDArray[np.intp], n_participants: int) -> Floats:
    labels = np.zeros((len(chosen), n_participants))
    np.put_along_axis(labels, chosen, 1.0, axis=1)
    return labels
