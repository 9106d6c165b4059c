"""Marks shared by the figures of paired values: slopes of participants, changes, means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from scipy.special import stdtrit

from brainchange.figures.theme import HAIRLINE, INK, MUTED, PAPER, ArmStyle

MEAN_OFFSET = 0.2
FEWEST_FOR_DENSITY = 5
DENSITY_WIDTH, DENSITY_POINTS = 0.3, 80
MOST_VECTORS = 60
Row = dict[str, Any]


def draw_slopes(axes: Axes, start: float, changes: pd.DataFrame, style: ArmStyle) -> None:
    """Draw one line a participant from ``start`` (pre) to ``start + 1`` (post).

    A participant with one timepoint only is a hollow mark without a line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to.
    start : float
        Place of pre on the x axis.
    changes : pandas.DataFrame
        Rows of one measure and arm of ``CHANGES_TABLE``.
    style : ArmStyle
        Colour and marker.
    """
    pre, post = changes["pre"].to_numpy(float), changes["post"].to_numpy(float)
    both = np.isfinite(pre) & np.isfinite(post)
    faint, size = crowding(len(changes))
    x = np.array([start, start + 1.0])
    lines = [((x[0], low), (x[1], high)) for low, high in zip(pre[both], post[both], strict=True)]
    drawn = LineCollection(lines, colors=style.colour, linewidths=0.7, alpha=faint, zorder=2)
    axes.add_collection(drawn, autolim=False)
    if len(lines) > MOST_VECTORS:
        axes.set_rasterization_zorder(2.9)
    for place, values in zip(x, (pre, post), strict=True):
        shown = values[both]
        _dots(axes, np.full(len(shown), place), shown, style, size=size, alpha=min(1, faint + 0.25))
        single = values[~both & np.isfinite(values)]
        _dots(axes, np.full(len(single), place), single, style, size=size, alpha=1, hollow=True)


def draw_means(
    axes: Axes, start: float, within: Row, style: ArmStyle, *, size: float = 5.5
) -> None:
    """Draw the means of the participants with both timepoints and their 95 % t intervals.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to.
    start : float
        Place of pre on the x axis; the means stand outside of the slopes.
    within : dict
        Row of ``WITHIN_TABLE``.
    style : ArmStyle
        Colour and marker.
    size : float
        Size of the marks in points.
    """
    n = int(within["n_both"])
    places = (start - MEAN_OFFSET, start + 1 + MEAN_OFFSET)
    means = (float(within["mean_pre"]), float(within["mean_post"]))
    if not np.isfinite(means).all():
        return
    axes.plot(places, means, color=PAPER, lw=0.7 * size, zorder=3, solid_capstyle="butt")
    axes.plot(places, means, color=style.colour, lw=0.36 * size, zorder=3.1)
    for place, mean, deviation in zip(
        places, means, (within["sd_pre"], within["sd_post"]), strict=True
    ):
        half = _half_width(n, float(deviation))
        estimate = (mean, mean - half, mean + half)
        draw_estimate(axes, place, estimate, colour=style.colour, marker=style.marker, size=size)


def draw_changes(axes: Axes, centre: float, changes: pd.DataFrame, style: ArmStyle) -> None:
    """Draw the change of every participant around ``centre``, moved aside where they meet."""
    values = changes["change"].to_numpy(float)
    values = values[np.isfinite(values)]
    faint, size = crowding(len(values))
    x = centre + spread(values, axes.get_ylim(), step=0.07, widest=0.42)
    _dots(axes, x, values, style, size=size, alpha=min(1, faint + 0.25))


def draw_density(axes: Axes, right: float, changes: pd.DataFrame, style: ArmStyle) -> None:
    """Draw the density of the changes to the left of ``right``, as half a violin.

    Gaussian kernels of Scott's width; nothing with fewer than :data:`FEWEST_FOR_DENSITY`
    participants, of whom it would show the kernel more than the data.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to; the limits of its y axis must be set before.
    right : float
        Place of its flat side on the x axis.
    changes : pandas.DataFrame
        Rows of one measure and arm of ``CHANGES_TABLE``.
    style : ArmStyle
        Colour.
    """
    values = changes["change"].to_numpy(float)
    values = values[np.isfinite(values)]
    if len(values) < FEWEST_FOR_DENSITY or not values.std() > 0:
        return
    width = float(values.std(ddof=1)) * len(values) ** -0.2
    low, high = axes.get_ylim()
    y = np.linspace(
        max(low, values.min() - 2 * width), min(high, values.max() + 2 * width), DENSITY_POINTS
    )
    heights = np.exp(-0.5 * ((y[:, None] - values) / width) ** 2).sum(axis=1)
    left = right - DENSITY_WIDTH * heights / heights.max()
    axes.fill_betweenx(y, left, right, color=style.colour, alpha=0.25, lw=0, zorder=1.5)


def draw_estimate(
    axes: Axes,
    x: float,
    estimate: tuple[float, float, float],
    *,
    colour: str,
    marker: str,
    filled: bool = True,
    size: float = 5.5,
) -> None:
    """Draw an estimate with its interval as a vertical bar; an arrow where the bar goes on.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to; the limits of its y axis must be set before.
    x : float
        Place on the x axis.
    estimate : tuple of float
        Value, lower and upper end of its interval; what is NaN is not drawn.
    colour, marker : str
        How it looks.
    filled : bool
        Whether the mark is filled.
    size : float
        Size of the mark in points.
    """
    value, low, high = estimate
    if np.isfinite([low, high]).all():
        bottom, top = axes.get_ylim()
        shown = np.clip([low, high], bottom, top)
        axes.plot([x, x], shown, color=colour, lw=0.27 * size, zorder=4, solid_capstyle="butt")
        for end, arrow, beyond in ((bottom, "v", low < bottom), (top, "^", high > top)):
            if beyond:
                axes.plot([x], [end], arrow, ms=0.75 * size, color=colour, mew=0, clip_on=False)
    if np.isfinite(value):
        axes.plot(
            [x],
            [value],
            marker=marker,
            ms=size,
            mfc=colour if filled else PAPER,
            mec=PAPER if filled else colour,
            mew=0.9 if filled else 1.3,
            ls="none",
            zorder=5,
        )


def zero_line(axes: Axes) -> None:
    """Draw the line of no change."""
    axes.axhline(0, color=MUTED, lw=0.8, zorder=1)


def quiet_axis(axes: Axes) -> None:
    """Leave the y axis and faint lines at its ticks; no x axis."""
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", length=0, pad=4)
    axes.grid(axis="y", color=HAIRLINE, lw=0.5)
    axes.set_facecolor("none")
    axes.yaxis.label.set_color(INK)


def reach(values: NDArray[np.float64], ends: Iterable[float]) -> list[float]:
    """Values and those ends of intervals that may be shown without flattening the values.

    Parameters
    ----------
    values : numpy.ndarray
        Values of participants.
    ends : iterable of float
        Ends of intervals; with two participants a 95 % interval is 9 standard deviations wide.

    Returns
    -------
    list of float
        An end farther from the values than their range is moved to there.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return [end for end in ends if np.isfinite(end)]
    low, high = float(finite.min()), float(finite.max())
    air = (high - low) or abs(high) or 1.0
    limited = [float(np.clip(end, low - air, high + air)) for end in ends if np.isfinite(end)]
    return [*finite, *limited]


def mean_ends(rows: Iterable[Row]) -> list[float]:
    """Compute the ends of the intervals that :func:`draw_means` draws.

    Parameters
    ----------
    rows : iterable of dict
        Rows of ``WITHIN_TABLE``.
    """
    ends = []
    for row in rows:
        for mean, deviation in (("mean_pre", "sd_pre"), ("mean_post", "sd_post")):
            half = _half_width(int(row["n_both"]), float(row[deviation]))
            ends += [float(row[mean]) - half, float(row[mean]) + half]
    return ends


def padded(
    values: Sequence[float] | NDArray[np.float64], *, zero: bool = False
) -> tuple[float, float]:
    """Limits of an axis that holds all values with some air; with zero if asked.

    Parameters
    ----------
    values : sequence of float
        What is shown; what is not finite does not count.
    zero : bool
        Whether zero must be seen too.
    """
    array = np.asarray(values, dtype=float)
    finite = array[np.isfinite(array)]
    if zero:
        finite = np.append(finite, 0.0)
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    air = 0.07 * (high - low) or 0.1 * abs(high) or 0.5
    return low - air, high + air


def crowding(count: int) -> tuple[float, float]:
    """Opacity and size of marks so that many participants stay visible one by one."""
    if count <= 25:
        return 0.5, 3.6
    if count <= 80:
        return 0.35, 2.8
    return 0.2, 1.9


def spread(
    values: NDArray[np.float64], limits: tuple[float, float], *, step: float, widest: float
) -> NDArray[np.float64]:
    """Move values that lie close to each other apart, to the sides, without chance.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Heights.
    limits : tuple of float
        Ends of the axis; values in the same 1/28 of it are moved apart.
    step : float
        Distance between neighbours in units of the other axis, smaller where many meet.
    widest : float
        Largest distance from the centre.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Distances from the centre: 0, then right and left in turn.
    """
    height = (limits[1] - limits[0]) / 28 or 1.0
    bins = np.floor((values - limits[0]) / height).astype(int)
    moved = np.zeros(len(values))
    for where in np.unique(bins):
        members = np.flatnonzero(bins == where)
        members = members[np.argsort(values[members], kind="stable")]
        ranks = np.arange(len(members))
        signed = np.where(ranks % 2 == 1, (ranks + 1) // 2, -(ranks // 2))
        gap = min(step, 2 * widest / max(len(members), 1))
        moved[members] = (signed - signed.mean()) * gap
    return moved


def _half_width(n: int, deviation: float) -> float:
    """Half of a 95 % t interval of a mean of n values."""
    return float(stdtrit(n - 1, 0.975)) * deviation / n**0.5 if n > 1 else float("nan")


def _dots(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    style: ArmStyle,
    *,
    size: float,
    alpha: float,
    hollow: bool = False,
) -> None:
    axes.plot(
        x,
        y,
        marker=style.marker,
        ms=size,
        mfc=PAPER if hollow else style.colour,
        mec=style.colour,
        mew=0.8 if hollow else 0,
        alpha=alpha,
        ls="none",
        zorder=2.5,
    )
