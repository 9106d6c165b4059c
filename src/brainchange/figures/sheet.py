"""A sheet of paper in inches: a heading, a body, notes; every height is known before drawing.

Matplotlib's automatic layouts shrink the plot when text is long. Here text is measured and wrapped
first and the sheet grows, so that a plot keeps its size with 3 or 300 participants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from brainchange.figures import lettering
from brainchange.figures.theme import BODY, INK, MUTED, SMALL, TITLE

MARGIN = 0.14
STAMP_WIDTH = 1.45
ASCENT = 0.95
LINE_SPACING = 1.22


@dataclass(frozen=True)
class Sheet:
    """A figure whose places are given in inches from its upper left corner.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    width, height : float
        Size in inches.
    top : float
        Where the body begins, below the heading.
    """

    figure: Figure
    width: float
    height: float
    top: float

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes; `top` counts from the top of the body."""
        bottom = self.height - self.top - top - height
        box = (
            left / self.width,
            bottom / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(box)

    def text(self, left: float, top: float, text: str, **style: Any) -> Text:  # noqa: ANN401
        """Write text whose first line begins at `top`, counted from the top of the body.

        Placed by the baseline of its last line: matplotlib's ``va="top"`` depends on which
        letters a line has.
        """
        settled: dict[str, Any] = {"fontsize": BODY, "linespacing": LINE_SPACING, **style}
        size = float(settled["fontsize"])
        first = top + ASCENT * size / lettering.POINTS_PER_INCH
        baseline = first + lettering.height(text, size) - lettering.height("x", size)
        return self.figure.text(
            left / self.width, 1 - (self.top + baseline) / self.height, text, **settled
        )


def new_sheet(width: float, body: float, title: str, subtitle: str = "", notes: str = "") -> Sheet:
    """Make a sheet with its heading and notes.

    Parameters
    ----------
    width, body : float
        Width of the sheet and height of its body, in inches.
    title, subtitle : str
        Heading; wrapped to the width, beside the place of the stamp.
    notes : str
        Small text at the foot: what is shown, and how to read it.

    Returns
    -------
    Sheet
        High enough for all of it.
    """
    room = width - 2 * MARGIN
    title = lettering.wrapped(title, TITLE, room - STAMP_WIDTH, lines=3, weight="bold")
    subtitle = lettering.wrapped(subtitle, BODY, room, lines=4) if subtitle else ""
    notes = lettering.wrapped(notes, SMALL, room, lines=6) if notes else ""
    under_title = MARGIN + lettering.height(title, TITLE) + 0.04
    top = under_title + lettering.height(subtitle, BODY) + 0.1
    foot = lettering.height(notes, SMALL) + MARGIN + (0.06 if notes else 0.0)
    height = top + body + foot
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    sheet = Sheet(figure, width, height, top)
    sheet.text(MARGIN, MARGIN - top, title, fontsize=TITLE, fontweight="bold", color=INK)
    if subtitle:
        sheet.text(MARGIN, under_title - top, subtitle, color=MUTED)
    if notes:
        sheet.text(MARGIN, body + 0.06, notes, fontsize=SMALL, color=MUTED)
    return sheet


def empty_sheet(width: float, title: str, reason: str) -> Sheet:
    """Make a sheet that says why there is nothing to show."""
    sheet = new_sheet(width, 0.5, title)
    told = lettering.wrapped(reason, BODY, width - 2 * MARGIN, lines=3)
    sheet.text(MARGIN, 0.05, told, color=MUTED)
    return sheet
