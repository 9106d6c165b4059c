"""Forest plot over studies: change of symptoms and of quality, in every arm and contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing
from brainchange.figures.numbers import interval, number, places
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, HAIRLINE, INK, MUTED, PAPER, SMALL
from brainchange.figures.wording import text_of

WIDTH, LABEL, PLOT, ROW, HEADING, AXIS = 9.2, 3.5, 2.9, 0.26, 0.36, 0.5
RAW = LABEL + PLOT + 0.2
COUNT = RAW + 1.95
WIDEST = 3.0
TITLE = "What the tables of studies say, before any image"
NOTES = (
    "Filled: difference in change, treated − control, in pooled standard deviations before therapy "
    "(dppc2, Morris 2008). Hollow: change (post − pre) within one arm, in average standard "
    "deviations (g_av, Cumming 2012); without a control it says nothing about therapy. Bars: 95 % "
    "intervals. Two hollow marks that differ are no difference between arms: the filled one is."
)
KINDS = ("outcome", "quality")
"""What is drawn, in this order."""


@dataclass(frozen=True)
class _Line:
    """One mark: standardised value with its interval, raw value in words."""

    heading: str
    label: str
    value: float
    low: float
    high: float
    raw: str
    n: str
    contrast: bool


def study_forest(within: pd.DataFrame, effects: pd.DataFrame) -> Drawing:
    """Draw every study: its contrasts, then its arms.

    Parameters
    ----------
    within, effects : pandas.DataFrame
        Rows of ``WITHIN_TABLE`` and ``EFFECTS_TABLE`` with a column ``study``; scales and measures
        of quality.

    Returns
    -------
    Drawing
        One figure; its table has a row a mark.
    """
    lines = [
        line
        for kind in KINDS
        for study in dict.fromkeys(within["study"])
        for measure in dict.fromkeys(_of(within, study=study, kind=kind)["measure"])
        for line in _lines(within, effects, study, kind, measure)
    ]
    body = AXIS + ROW * len(lines) + HEADING * len({line.heading for line in lines})
    sheet = new_sheet(WIDTH, body, TITLE, notes=NOTES)
    if lines:
        _draw(sheet, lines, body)
    table = pd.DataFrame([line.__dict__ for line in lines])
    said = " ".join(f"{line.heading}, {line.label}: {line.raw}, n = {line.n}." for line in lines)
    return Drawing("studies", sheet.figure, table, TITLE, NOTES, f"{TITLE}. {said}")


def _of(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    for name, value in where.items():
        table = table[table[name] == value]
    return table


def _lines(
    within: pd.DataFrame, effects: pd.DataFrame, study: str, kind: str, measure: str
) -> list[_Line]:
    """Contrasts, then arms, of one measure in one study; those without a value are left out."""
    where = {"study": study, "kind": kind, "measure": measure}
    contrasts = [_of_contrast(row) for row in _of(effects, **where).to_dict("records")]
    arms = [_of_arm(row) for row in _of(within, **where).to_dict("records")]
    return [line for line in [*contrasts, *arms] if np.isfinite(line.value)]


def _heading(row: dict[Any, Any]) -> str:
    return f"{row['study']} · {lettering.plain(str(row['label']))}"


def _of_contrast(row: dict[Any, Any]) -> _Line:
    return _Line(
        _heading(row),
        lettering.plain(str(row["contrast_label"])),
        float(row["dppc2"]),
        float(row["dppc2_ci_low"]),
        float(row["dppc2_ci_high"]),
        _raw(row, "difference"),
        f"{int(row['n_treated'])} vs {int(row['n_control'])}",
        contrast=True,
    )


def _of_arm(row: dict[Any, Any]) -> _Line:
    return _Line(
        _heading(row),
        lettering.plain(str(row["arm_label"])),
        float(row["g_av"]),
        float(row["g_av_ci_low"]),
        float(row["g_av_ci_high"]),
        _raw(row, "change"),
        f"{int(row['n_both'])} of {int(row['n_arm'])}",
        contrast=False,
    )


def _raw(row: dict[Any, Any], column: str) -> str:
    digits = places(row["ci_low"], row["ci_high"])
    value = number(float(row[column]), digits, sign=True)
    unit = text_of(row["unit"])
    shown = f"{value} {interval(row['ci_low'], row['ci_high'], digits)}"
    return shown if unit == "1" else f"{shown} {unit}"


def _draw(sheet: Sheet, lines: list[_Line], body: float) -> None:
    reach = _reach(lines)
    axes = sheet.axes(MARGIN + LABEL, 0.0, PLOT, body - AXIS)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(body - AXIS, 0)
    axes.axvspan(-0.5, 0.5, color=BAND, lw=0, zorder=0)
    axes.axvline(0, color=MUTED, lw=0.8, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel("change in SD: dppc2 (filled), g_av (hollow)", fontsize=SMALL, color=INK)
    at, heading = 0.0, ""
    for line in lines:
        if line.heading != heading:
            heading = line.heading
            shown = lettering.shortened(heading, BODY, LABEL + PLOT)
            sheet.text(MARGIN, at + 0.14, shown, fontweight="bold", color=INK)
            axes.axhline(at + 0.05, color=HAIRLINE, lw=0.6)
            at += HEADING
        _draw_line(sheet, axes, line, at, reach)
        at += ROW


def _reach(lines: list[_Line]) -> float:
    ends = [abs(end) for line in lines for end in (line.low, line.high) if np.isfinite(end)]
    return max(1.0, min(max(ends, default=1.0) * 1.05, WIDEST))


def _draw_line(sheet: Sheet, axes: Axes, line: _Line, top: float, reach: float) -> None:
    y, colour = top + ROW / 2, INK if line.contrast else MUTED
    low, high = (float(np.clip(end, -reach, reach)) for end in (line.low, line.high))
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [y, y], color=colour, lw=1.4 if line.contrast else 0.9, zorder=3)
    for beyond, end, marker in ((line.low < -reach, -reach, "<"), (line.high > reach, reach, ">")):
        if beyond:
            axes.plot([end], [y], marker=marker, ms=4, color=colour, clip_on=False, zorder=4)
    axes.plot(
        [np.clip(line.value, -reach, reach)],
        [y],
        marker="D" if line.contrast else "o",
        ms=5.6,
        mfc=colour if line.contrast else PAPER,
        mec=PAPER if line.contrast else colour,
        zorder=5,
    )
    label = lettering.shortened(line.label, SMALL, LABEL - 0.35)
    sheet.text(MARGIN + 0.15, top + 0.05, label, fontsize=SMALL, color=colour)
    raw = lettering.shortened(line.raw, SMALL, COUNT - RAW - 0.08)
    sheet.text(MARGIN + RAW, top + 0.05, raw, fontsize=SMALL, color=INK)
    sheet.text(MARGIN + COUNT, top + 0.05, line.n, fontsize=SMALL, color=MUTED)
