"""Names of the arms in their colours, each behind its marker, in as many lines as they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from brainchange.figures import lettering
from brainchange.figures.sheet import MARGIN, Sheet
from brainchange.figures.theme import BODY, ArmStyle

LINE, MARK, BETWEEN = 0.22, 0.14, 0.3


@dataclass(frozen=True)
class Legend:
    """Places of the names of arms.

    Attributes
    ----------
    placed : tuple of (int, float, ArmStyle)
        Line, distance from the left edge in inches, and the arm with its name cut to the sheet.
    """

    placed: tuple[tuple[int, float, ArmStyle], ...]

    @property
    def height(self) -> float:
        """Height it takes, in inches."""
        return LINE * (1 + max((line for line, _, _ in self.placed), default=-1)) + 0.08

    def write(self, sheet: Sheet, top: float = 0.0) -> None:
        """Write it, from `top` below the top of the body on."""
        if not self.placed:
            return
        axes = sheet.axes(0, top, sheet.width, self.height)
        axes.set_axis_off()
        axes.set_xlim(0, sheet.width)
        axes.set_ylim(self.height, 0)
        for line, at, style in self.placed:
            middle = line * LINE + 0.085
            axes.plot([at + 0.04], [middle], style.marker, ms=4.5, color=style.colour, mew=0)
            where = at + MARK, top + line * LINE
            sheet.text(*where, style.label, fontweight="bold", color=style.colour)


def legend(styles: Iterable[ArmStyle], width: float) -> Legend:
    """Place the names of arms side by side, broken where the sheet ends.

    Parameters
    ----------
    styles : iterable of ArmStyle
        The arms.
    width : float
        Width of the sheet in inches.
    """
    placed, line, at = [], 0, MARGIN
    for style in styles:
        label = lettering.shortened(style.label, BODY, width - 3 * MARGIN - MARK, weight="bold")
        wide = MARK + lettering.width(label, BODY, "bold")
        if at > MARGIN and at + wide > width - MARGIN:
            line, at = line + 1, MARGIN
        placed.append((line, at, ArmStyle(label, style.colour, style.marker)))
        at += wide + BETWEEN
    return Legend(tuple(placed))
