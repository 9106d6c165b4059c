"""A random-intercept model of two timepoints, under many rearrangements of the arms at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.inference.many_adjusted import Estimates
from brainchange.inference.permutation import NO_VARIANCE
from brainchange.inference.rearranged_arms import Arms

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

LARGEST_CORRELATION = 0.999999
N_GRID, N_STEPS = 12, 14
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class _Sums:
    """Sums of one arm: counts, sums of variables and of their products.

    Variables are the outcome and, where there is one, a covariate of every session.

    Attributes
    ----------
    both, first, second : numpy.ndarray, shape (n_arrangements,)
        Participants with both timepoints, only the first, only the second.
    pre, post : numpy.ndarray, shape (n_arrangements, n_variables)
        Sums of those with both.
    single_pre, single_post : numpy.ndarray, shape (n_arrangements, n_variables)
        Sums of those with one.
    squares, crossed : numpy.ndarray, shape (n_arrangements, n_variables, n_variables)
        Products within a timepoint, and across timepoints (both orders), of those with both.
    single : numpy.ndarray, shape (n_arrangements, n_variables, n_variables)
        Products of those with one timepoint.
    """

    both: Floats
    first: Floats
    second: Floats
    pre: Floats
    post: Floats
    single_pre: Floats
    single_post: Floats
    squares: Floats
    crossed: Floats
    single: Floats


def mixed_differences(
    arms: Arms,
    pre: Floats,
    post: Floats,
    covariate: tuple[Floats, Floats] | None = None,
) -> Estimates:
    """Compare change by ``y ~ arm * time (+ covariate) + (1 | participant)``.

    Parameters
    ----------
    arms : Arms
        Who is in either arm, in every arrangement.
    pre, post : numpy.ndarray, shape (n_participants,)
        Values; NaN where missing. Whoever has one of them counts.
    covariate : tuple of two numpy.ndarray, shape (n_participants,), optional
        A covariate of both sessions; a value whose covariate is missing is left out.

    Returns
    -------
    Estimates
        Difference in change, its standard error by restricted maximum likelihood without a
        small-sample adjustment (what ``lme4`` prints), and observations minus coefficients; NaN
        where fewer than 2 participants of an arm have both values or nothing varies.

    Notes
    -----
    The likelihood depends on one number, the correlation of a participant's two values; the means
    of arms and timepoints, the slope of the covariate and the variance follow from it. It is
    searched on a grid and then by golden section, in all arrangements at once. As in
    :func:`brainchange.inference.mixed_model.mixed_model` it may be negative.
    """
    variables, unit = _prepared(pre, post, covariate)
    sums = tuple(_sums(side, variables) for side in (arms.treated, arms.control))
    n_coefficients = 4 + (covariate is not None)
    sizes = [one.both for one in sums]
    n_values = sum(2 * one.both + one.first + one.second for one in sums)
    df = np.asarray(n_values - n_coefficients, dtype=float)
    defined = (np.minimum(*sizes) >= 2) & (df > 0)
    pairs = np.asarray(sum(sizes), dtype=float)

    def deviance(correlation: Floats) -> Floats:
        return _profile(sums, correlation, df, pairs)[0]

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        best = _lowest(deviance, df.size)
        _, difference, error, left = _profile(sums, best, df, pairs)
    varies = defined & (left > NO_VARIANCE)
    return Estimates(
        np.where(defined, unit * difference, np.nan),
        np.where(varies, unit * error, np.nan),
        df,
    )


def _prepared(
    pre: Floats, post: Floats, covariate: tuple[Floats, Floats] | None
) -> tuple[list[tuple[Floats, Floats]], float]:
    """Leave out what lacks a covariate, centre and scale; NaN stays where a value is missing."""
    given = [(pre, post)] if covariate is None else [(pre, post), covariate]
    missing = [np.any([np.isnan(v[time]) for v in given], axis=0) for time in (0, 1)]
    scaled, units = [], []
    for one in given:
        kept = [np.where(missing[time], np.nan, one[time]) for time in (0, 1)]
        known = np.concatenate(kept)
        known = known[np.isfinite(known)]
        spread = float(known.std()) if known.size else 0.0
        units.append(spread if spread > 0 else 1.0)
        mean = float(known.mean()) if known.size else 0.0
        scaled.append(((kept[0] - mean) / units[-1], (kept[1] - mean) / units[-1]))
    return scaled, units[0]


def _sums(side: Floats, variables: list[tuple[Floats, Floats]]) -> _Sums:
    present = [np.isfinite(variables[0][time]) for time in (0, 1)]
    both = present[0] & present[1]
    early, late = present[0] & ~both, present[1] & ~both
    x = np.column_stack([np.nan_to_num(one[0]) for one in variables])
    y = np.column_stack([np.nan_to_num(one[1]) for one in variables])

    def summed(columns: Floats, who: Booleans) -> Floats:
        total: Floats = side @ np.where(who[:, None], columns, 0.0)
        return total

    def products(first: Floats, second: Floats, who: Booleans) -> Floats:
        n = first.shape[1]
        flat = (first[:, :, None] * second[:, None, :]).reshape(len(first), n * n)
        return summed(flat, who).reshape(-1, n, n)

    crossed = products(x, y, both)
    return _Sums(
        both=side @ both.astype(float),
        first=side @ early.astype(float),
        second=side @ late.astype(float),
        pre=summed(x, both),
        post=summed(y, both),
        single_pre=summed(x, early),
        single_post=summed(y, late),
        squares=products(x, x, both) + products(y, y, both),
        crossed=crossed + np.swapaxes(crossed, 1, 2),
        single=products(x, x, early) + products(y, y, late),
    )


def _profile(
    sums: tuple[_Sums, ...], correlation: Floats, df: Floats, pairs: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give −2 log likelihood, the difference in change, its error and what is left to vary."""
    forms, changes, spread, log_determinant = zip(
        *(_of_arm(one, correlation) for one in sums), strict=True
    )
    form, change = forms[0] + forms[1], changes[0] - changes[1]
    left, difference = form[:, 0, 0], change[:, 0]
    variance = spread[0] + spread[1]
    penalty = log_determinant[0] + log_determinant[1]
    if form.shape[1] == 2:
        slope = form[:, 0, 1] / form[:, 1, 1]
        left = left - slope * form[:, 0, 1]
        difference = difference - slope * change[:, 1]
        variance = variance + change[:, 1] ** 2 / form[:, 1, 1]
        penalty = penalty + np.log(form[:, 1, 1])
    deviance = df * np.log(left) + pairs * np.log1p(-(correlation**2)) + penalty
    return deviance, difference, np.sqrt(variance * left / df), left


def _of_arm(sums: _Sums, correlation: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Weighted products around the means of one arm, change of every variable, and its variance."""
    scale = 1 / (1 - correlation**2)
    a = sums.both * scale + sums.first
    d = sums.both * scale + sums.second
    b = -correlation * sums.both * scale
    determinant = a * d - b**2
    rho, weight = correlation[:, None], scale[:, None]
    early = weight * (sums.pre - rho * sums.post) + sums.single_pre
    late = weight * (sums.post - rho * sums.pre) + sums.single_post
    mean_pre = (d[:, None] * early - b[:, None] * late) / determinant[:, None]
    mean_post = (a[:, None] * late - b[:, None] * early) / determinant[:, None]
    explained = early[:, :, None] * mean_pre[:, None, :] + late[:, :, None] * mean_post[:, None, :]
    squares = scale[:, None, None] * (sums.squares - correlation[:, None, None] * sums.crossed)
    variance = (a + d + 2 * b) / determinant
    form = squares + sums.single - explained
    return form, mean_post - mean_pre, variance, np.log(determinant)


def _lowest(deviance: Callable[[Floats], Floats], n_rows: int) -> Floats:
    """Find where a function of one number is lowest, in every row at once."""
    edges = np.tanh(np.linspace(-3.0, 6.0, N_GRID)) * LARGEST_CORRELATION
    heights = np.array([deviance(np.full(n_rows, edge)) for edge in edges])
    place = np.argmin(np.where(np.isfinite(heights), heights, np.inf), axis=0)
    low = edges[np.maximum(place - 1, 0)]
    high = edges[np.minimum(place + 1, N_GRID - 1)]
    for _ in range(N_STEPS):
        width = GOLDEN * (high - low)
        left, right = high - width, low + width
        lower = deviance(left) < deviance(right)
        high, low = np.where(lower, right, high), np.where(lower, low, left)
    return _vertex(deviance, low, high)


def _vertex(deviance: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Put a parabola through the ends and the middle, and take its lowest point."""
    middle, half = (low + high) / 2, (high - low) / 2
    first, second, third = deviance(low), deviance(middle), deviance(high)
    bend = first - 2 * second + third
    step = np.where(bend > 0, half * (first - third) / (2 * np.where(bend > 0, bend, 1)), 0.0)
    vertex: Floats = middle + np.clip(step, -half, half)
    return vertex
