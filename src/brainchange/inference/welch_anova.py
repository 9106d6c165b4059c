"""Whether several arms change alike: Welch's F, and its permutation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, nan, prod

import numpy as np
import numpy.typing as npt
from scipy.special import fdtrc

from brainchange.inference.permutation import BLOCK_BYTES, NO_VARIANCE, TIE

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class WelchAnova:
    """Comparison of several means without equal variances; NaN where it is not defined.

    Attributes
    ----------
    statistic, df1, df2, p : float
        Welch's F, its degrees of freedom and p.
    p_permutation, floor : float
        p of the permutation of all arms, and the smallest that was possible.
    n_permutations : int
        Random arrangements.
    """

    statistic: float
    df1: float
    df2: float
    p: float
    p_permutation: float
    floor: float
    n_permutations: int


def welch_anova(
    values: Floats,
    arms: Integers,
    *,
    permutations: int,
    generator: np.random.Generator,
) -> WelchAnova:
    """Compare the means of three or more arms, and permute who is in which.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants,)
        Change of every participant, finite, in an order that does not depend on the file.
    arms : numpy.ndarray of int, shape (n_participants,)
        Arm of each of them, 0 to n_arms − 1; at least 2 participants in every arm.
    permutations : int
        Random arrangements.
    generator : numpy.random.Generator
        Source of the arrangements.

    Returns
    -------
    WelchAnova
        NaN where nothing varies in an arm.

    Notes
    -----
    Welch (1951), Biometrika 38:330. The permutation uses the studentised (Wald-type) statistic
    ``Σ w (mean − weighted mean)²`` with ``w = n/s²``, which stays valid where arms differ in
    variance (Chung and Romano 2013; Pauly, Brunner and Konietschke 2015, JRSS-B 77:461); F is a
    monotone function of it only where the variances stay, so F itself is not permuted.
    ``(b + 1)/(m + 1)`` as in :func:`brainchange.inference.permutation.permutation_test`. Not
    ``scipy.stats.f_oneway(equal_var=False)``, which has no permutation.
    """
    sizes = np.bincount(arms)
    standard = (values - values.mean()) / (values.std() or 1.0)
    means, variances = _moments(standard[None, :], arms, sizes)
    if not (variances > NO_VARIANCE).all():
        return WelchAnova(nan, nan, nan, nan, nan, nan, 0)
    observed = float(_wald(means, variances, sizes)[0])
    statistic, df1, df2 = _welch_f(observed, variances[0], sizes)
    beyond = 0
    threshold = observed * (1 - TIE) - TIE
    for order in _orders(values.size, permutations, generator):
        found = _wald(*_moments(standard[order], arms, sizes), sizes)
        beyond += int((found >= threshold).sum())
    p, floor = (beyond + 1) / (permutations + 1), max(1 / (permutations + 1), _floor(sizes))
    tail = float(fdtrc(df1, df2, statistic))
    return WelchAnova(statistic, df1, df2, tail, p, floor, permutations)


def _moments(rows: Floats, arms: Integers, sizes: Integers) -> tuple[Floats, Floats]:
    """Means and variances (n − 1) of every arm, shape (n_rows, n_arms)."""
    member = np.eye(sizes.size)[arms]
    means = rows @ member / sizes
    squares = (rows**2) @ member - sizes * means**2
    return means, np.maximum(squares, 0) / (sizes - 1)


def _wald(means: Floats, variances: Floats, sizes: Integers) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = sizes / variances
        centre = (weights * means).sum(axis=1) / weights.sum(axis=1)
        found: Floats = (weights * (means - centre[:, None]) ** 2).sum(axis=1)
    return np.where(variances.min(axis=1) <= NO_VARIANCE, np.inf, found)


def _welch_f(wald: float, variances: Floats, sizes: Integers) -> tuple[float, float, float]:
    count, weights = sizes.size, sizes / variances
    spread = float(((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum())
    df1, df2 = count - 1.0, (count**2 - 1) / (3 * spread)
    return wald / df1 / (1 + 2 * (count - 2) / (count**2 - 1) * spread), df1, df2


def _orders(size: int, permutations: int, generator: np.random.Generator) -> Iterator[Integers]:
    rows = max(1, BLOCK_BYTES // (8 * size))
    for start in range(0, permutations, rows):
        keys = generator.random((min(rows, permutations - start), size))
        yield np.argsort(keys, axis=1)


def _floor(sizes: Integers) -> float:
    """Share of the most extreme arrangement; arms of equal size can change places."""
    arrangements = factorial(int(sizes.sum())) // prod(factorial(int(n)) for n in sizes)
    mirrored = prod(factorial(int((sizes == n).sum())) for n in set(sizes.tolist()))
    return mirrored / arrangements
