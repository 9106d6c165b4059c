"""Change of one arm: description, interval, sign-flip test."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from brainchange.inference.effect_size import standard_deviation
from brainchange.inference.permutation import PermutationTest

Floats = npt.NDArray[np.float64]
TIE = 1e-9
"""Sums of changes that differ by less, relative to the sum of their sizes, count as equal."""
FLIP_BLOCK = 1 << 21
"""Random signs drawn at once."""


@dataclass(frozen=True)
class Change:
    """Change of one arm; NaN where it is not defined.

    Attributes
    ----------
    n : int
        Participants with both values.
    mean_pre, sd_pre, mean_post, sd_post : float
        Means and standard deviations (n − 1).
    mean, sd, low, high : float
        Change (post − pre), its standard deviation and the t interval of the mean.
    t, p : float
        One-sample t of the change and its two-sided p.
    correlation : float
        Pearson correlation of pre and post.
    """

    n: int
    mean_pre: float
    sd_pre: float
    mean_post: float
    sd_post: float
    mean: float
    sd: float
    low: float
    high: float
    t: float
    p: float
    correlation: float


def describe_change(pre: Floats, post: Floats, confidence: float = 0.95) -> Change:
    """Describe the change of one arm.

    Parameters
    ----------
    pre, post : numpy.ndarray, shape (n,)
        Values of the same participants, finite.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Change
        Means need 1 participant, standard deviations 2, the correlation 3; interval, t and p need
        a change that is not the same for everybody.

    Notes
    -----
    One-sample t interval of the mean change (Student 1908).
    """
    n, change = pre.size, post - pre
    if n == 0:
        return Change(0, *[nan] * 11)
    sd = standard_deviation(change, np.concatenate([pre, post]))
    mean = float(change.mean())
    error = sd / sqrt(n)
    margin = float(stdtrit(n - 1, (1 + confidence) / 2)) * error if error > 0 else nan
    t = mean / error if error > 0 else nan
    return Change(
        n=n,
        mean_pre=float(pre.mean()),
        sd_pre=standard_deviation(pre),
        mean_post=float(post.mean()),
        sd_post=standard_deviation(post),
        mean=mean,
        sd=sd,
        low=mean - margin,
        high=mean + margin,
        t=t,
        p=2 * float(stdtr(n - 1, -abs(t))) if n > 1 else nan,
        correlation=_correlation(pre, post),
    )


def sign_flip_test(
    changes: Floats, *, exact_up_to: int, permutations: int, generator: np.random.Generator
) -> PermutationTest:
    """Flip the signs of the changes and compare their mean with what chance would give.

    Parameters
    ----------
    changes : numpy.ndarray, shape (n_participants, n_measures)
        post − pre of every participant, finite, at least one; in an order that does not depend on
        the file, so that Monte-Carlo results do not either.
    exact_up_to : int
        All 2ⁿ sign patterns are computed if there are no more than this.
    permutations : int
        Random sign patterns otherwise, the same for all measures.
    generator : numpy.random.Generator
        Source of the random signs.

    Returns
    -------
    PermutationTest
        Two-sided p of every measure, the floor 2^(1 − n) and how it was computed.

    Notes
    -----
    Fisher (1935), The Design of Experiments, section 21: under the null hypothesis change is
    symmetric around 0. Flipping signs leaves the sum of squares alone, so mean and t order the
    patterns alike. Monte Carlo as in :func:`permutation_test`.
    """
    n = len(changes)
    floor = 2.0 ** (1 - n)
    threshold = np.abs(changes.sum(axis=0)) - TIE * np.abs(changes).sum(axis=0)
    if n < 63 and 2**n <= exact_up_to:
        shares = [
            np.mean(np.abs(_all_signed_sums(change)) >= least)
            for change, least in zip(changes.T, threshold, strict=True)
        ]
        return PermutationTest(np.array(shares, dtype=float), floor, "exact", 2**n)
    beyond = np.zeros(changes.shape[1])
    rows = max(1, FLIP_BLOCK // max(changes.shape))
    for start in range(0, permutations, rows):
        drawn = generator.integers(0, 2, size=(min(rows, permutations - start), n), dtype=np.int8)
        beyond += (np.abs((2.0 * drawn - 1) @ changes) >= threshold).sum(axis=0)
    p = (beyond + 1) / (permutations + 1)
    return PermutationTest(p, max(floor, 1 / (permutations + 1)), "monte_carlo", permutations)


def _all_signed_sums(change: Floats) -> Floats:
    """Compute the sum under every sign pattern with the first sign kept; the others mirror it."""
    sums = change[:1]
    for value in change[1:]:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _correlation(pre: Floats, post: Floats) -> float:
    if pre.size < 3 or not standard_deviation(pre) * standard_deviation(post) > 0:
        return nan
    return float(np.corrcoef(pre, post)[0, 1])
