"""Marks shared by figures whose estimates lie along the x axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from brainchange.figures.theme import MUTED, PAPER

Estimate = tuple[float, float, float]
"""Value, lower and upper end of its interval; NaN where there is none."""


def draw_across(
    axes: Axes,
    y: float,
    estimate: Estimate,
    *,
    colour: str,
    marker: str = "D",
    filled: bool = True,
    size: float = 6.0,
    width: float = 1.2,
) -> None:
    """Draw an estimate with its interval as a horizontal bar; an arrow where the bar goes on.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to; the limits of its x axis must be set before.
    y : float
        Place on the y axis.
    estimate : tuple of float
        Value, lower and upper end of its interval; what is NaN is not drawn.
    colour, marker : str
        How it looks.
    filled : bool
        Whether the mark is filled.
    size, width : float
        Size of the mark and width of the bar in points.
    """
    value, low, high = estimate
    left, right = axes.get_xlim()
    if np.isfinite([low, high]).all():
        shown = np.clip([low, high], left, right)
        axes.plot(shown, [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=3)
        for end, arrow, beyond in ((left, "<", low < left), (right, ">", high > right)):
            if beyond:
                axes.plot([end], [y], arrow, ms=4, color=colour, mew=0, clip_on=False, zorder=4)
    if np.isfinite(value):
        axes.plot(
            [np.clip(value, left, right)],
            [y],
            marker=marker,
            ms=size,
            mfc=colour if filled else PAPER,
            mec=PAPER if filled else colour,
            mew=0.9 if filled else 1.2,
            ls="none",
            zorder=5,
        )


def around_zero(values: Sequence[float], *, at_least: float = 0.0, widest: float = 0.0) -> float:
    """Half width of an axis that is symmetric around 0 and holds all values.

    Parameters
    ----------
    values : sequence of float
        What is shown; what is not finite does not count.
    at_least : float
        Smallest half width.
    widest : float
        Largest half width; 0 for none.
    """
    finite = [abs(value) for value in values if np.isfinite(value)]
    reach = max(1.06 * max(finite, default=0.0), at_least) or 1.0
    return min(reach, widest) if widest else reach


def zero_across(axes: Axes) -> None:
    """Draw the line of no difference, upright."""
    axes.axvline(0, color=MUTED, lw=0.8, zorder=1)
