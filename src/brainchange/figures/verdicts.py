"""Verdicts: what may be said of every claim, how sure, and what the study could show at best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from brainchange.figures import lettering
from brainchange.figures.badges import BADGES, Badge
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, p_value, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, HAIRLINE, INK, MUTED, SMALL
from brainchange.figures.untold import untold
from brainchange.figures.wording import text_of, with_unit

Row = Mapping[Any, Any]
Line = tuple[str, float, str, str]
"""Text, size, weight and colour."""
Cells = Callable[[Row], tuple[list[Line], list[Line], list[Line]]]
"""From a row to what stands in its cells beside the verdict."""
WIDTH, HEAD, GAP = 9.2, 0.3, 0.18
BADGE, CLAIM = 1.7, 2.75
NO_BREAK = "\u00a0"
TITLE = "What may be said of each claim"
MEASURED = {
    "change_score": "difference in change",
    "ancova": "difference at equal values before",
    "within_arm": "change, no control",
}
"""What the leading estimate is, in words."""


@dataclass(frozen=True)
class _Column:
    """A column: its heading, where it begins and how wide it is, in inches."""

    heading: str
    left: float
    room: float


def _columns(headings: Sequence[str]) -> list[_Column]:
    third = MARGIN + BADGE + CLAIM
    half = (WIDTH - MARGIN - third) / 2
    starts = [MARGIN, MARGIN + BADGE, third, third + half, WIDTH - MARGIN + GAP]
    rooms = [end - start - GAP for start, end in itertools.pairwise(starts)]
    return [_Column(*one) for one in zip(headings, starts, rooms, strict=False)]


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw what was judged in the primary contrast, and what could not be."""
    verdicts = given.tables["verdicts"]
    mine = verdicts[verdicts["contrast"] == given.study.primary_contrast]
    judged = mine["estimator"].notna()
    label = lettering.plain(given.study.contrasts[given.study.primary_contrast].label)
    yield _told(mine[judged].reset_index(drop=True), label)
    if not judged.all():
        yield from untold(mine[~judged].reset_index(drop=True))


def _told(rows: pd.DataFrame, contrast: str) -> Drawing:
    title = f"{TITLE}: {contrast}"
    notes = (
        "Estimate: change, post − pre, treated − control, with 95\u00a0% interval and permutation "
        "p (adjusted: within its family of tests). At best: the difference that arms of this size "
        "find with 80\u00a0% power, the smallest they could exclude, and the largest Bayes factor "
        "they could give against a difference. A verdict is a word, a sign and a colour."
    )
    columns = _columns(("Verdict", "Claim", "Estimate", "At best this study could"))
    figure = _sheet(rows, (title, notes), columns, _told_cells, 0.12)
    said = " ".join(_sentence(row) for row in rows.to_dict("records"))
    claims = tuple(rows.loc[rows["kind"] == "claim", "measure"])
    return Drawing("verdicts", figure, rows, title, notes, f"{title}. {said}", claims=claims)


def _sentence(row: Row) -> str:
    quote = f" (“{text_of(row['quote'])}”)" if text_of(row["quote"]) else ""
    said = ", ".join(text for text, *_ in _estimate(row))
    best = "; ".join(_ceiling(row))
    return f"{row['measure']}{quote}: {row['verdict']}; {said}" + (f"; {best}." if best else ".")


def _sheet(
    rows: pd.DataFrame, words: tuple[str, str], columns: list[_Column], cells: Cells, padding: float
) -> Figure:
    title, notes = words
    if rows.empty:
        return empty_sheet(6.0, title, "No claim and no scale was judged.").figure
    told = [
        (
            BADGES[row["verdict"]],
            [_wrapped(cell, one.room) for cell, one in zip(cells(row), columns[1:], strict=True)],
        )
        for row in rows.to_dict("records")
    ]
    heights = [max(*map(_height, lines), 0.24) + 2 * padding for _, lines in told]
    sheet = new_sheet(WIDTH, HEAD + sum(heights) + 0.05, title, "", notes)
    for column in columns:
        sheet.text(column.left, 0.05, column.heading, fontsize=SMALL, color=MUTED)
    top = HEAD
    for (badge, lines), height in zip(told, heights, strict=True):
        _rule(sheet, top)
        _draw_badge(sheet, badge, columns[0], top + padding)
        for column, cell in zip(columns[1:], lines, strict=True):
            _write(sheet, column.left, top + padding, cell)
        top += height
    return sheet.figure


def _told_cells(row: Row) -> tuple[list[Line], list[Line], list[Line]]:
    ceiling = [(text, SMALL, "normal", INK) for text in _ceiling(row)]
    return _claim(row), _estimate(row), ceiling or [("n/a", SMALL, "normal", MUTED)]


def _claim(row: Row) -> list[Line]:
    quote, label = text_of(row["quote"]), text_of(row["label"])
    first = (
        f"{text_of(row['measure'])} “{quote}”" if quote else f"{text_of(row['measure'])} {label}"
    )
    lines: list[Line] = [(first, BODY, "bold", INK)]
    return [*lines, (label, SMALL, "normal", MUTED)] if quote else lines


def _estimate(row: Row) -> list[Line]:
    counts = f"n = {_count(row['n_treated'])} and {_count(row['n_control'])}".replace(" ", NO_BREAK)
    if not math.isfinite(row["difference"]):
        return [(f"not estimated ({counts})", SMALL, "normal", MUTED)]
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    value = with_unit(row["difference"], digits, unit, sign=True)
    ends = f"95\u00a0% CI {interval(row['ci_low'], row['ci_high'], digits)}"
    adjusted = math.isfinite(row["p_adjusted"])
    p = p_value(row["p_adjusted"]) + " adjusted" if adjusted else p_value(row["p"])
    measured = MEASURED.get(text_of(row["estimator"]), "")
    return [
        (value, BODY, "bold", INK),
        (f"{ends}, {p.replace(' ', NO_BREAK)}", SMALL, "normal", INK),
        (", ".join(filter(None, (measured, counts))), SMALL, "normal", MUTED),
    ]


def _count(value: float) -> str:
    return "n/a" if pd.isna(value) else str(int(value))


def _ceiling(row: Row) -> list[str]:
    """Say what arms of this size find, and how small a difference they could ever exclude."""
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    said = []
    if math.isfinite(row["minimum_detectable_difference"]):
        said.append(f"find ± {with_unit(row['minimum_detectable_difference'], digits, unit)}")
    if math.isfinite(row["smallest_equivalence_difference"]):
        smallest = with_unit(row["smallest_equivalence_difference"], digits, unit)
        said.append(f"exclude what is beyond ± {smallest}")
    if math.isfinite(row["bayes_factor_01_ceiling"]):
        largest = number(row["bayes_factor_01_ceiling"], 1)
        said.append(f"give a Bayes factor of {largest} against a difference")
    remark = text_of(row["remark"])
    return [*said, remark] if remark else said


def _wrapped(lines: list[Line], room: float) -> list[Line]:
    return [
        (lettering.wrapped(text, size, room, lines=4, weight=weight), size, weight, colour)  # type: ignore[arg-type]
        for text, size, weight, colour in lines
    ]


def _height(lines: list[Line]) -> float:
    return sum(lettering.height(text, size) + 0.02 for text, size, _, _ in lines)


def _write(sheet: Sheet, left: float, top: float, lines: list[Line]) -> None:
    for text, size, weight, colour in lines:
        sheet.text(left, top, text, fontsize=size, fontweight=weight, color=colour)
        top += lettering.height(text, size) + 0.02


def _draw_badge(sheet: Sheet, badge: Badge, column: _Column, top: float) -> None:
    room = column.room - 0.16
    said = lettering.wrapped(f"{badge.sign} {badge.word}", SMALL, room, lines=3, weight="bold")
    height = lettering.height(said, SMALL) + 0.06
    wide = max(lettering.width(line, SMALL, "bold") for line in said.split("\n")) + 0.16
    box = FancyBboxPatch(
        (column.left, sheet.height - sheet.top - top - height + 0.02),
        wide,
        height,
        boxstyle="round,pad=0,rounding_size=0.05",
        transform=sheet.figure.dpi_scale_trans,
        facecolor=badge.wash,
        edgecolor=badge.colour,
        linestyle="--" if "open" in badge.tone else "-",
        linewidth=0.8,
    )
    sheet.figure.add_artist(box)
    sheet.text(
        column.left + 0.08, top + 0.01, said, fontsize=SMALL, fontweight="bold", color=badge.colour
    )


def _rule(sheet: Sheet, top: float) -> None:
    axes = sheet.axes(MARGIN, top - 0.01, sheet.width - 2 * MARGIN, 0.02)
    axes.set_axis_off()
    axes.axhline(0.5, color=HAIRLINE, lw=0.7)
    axes.set_ylim(0, 1)


SPEC = FigureSpec(
    name="verdicts",
    description="Verdict of every claim with its estimate and what the study could show at best",
    needs=("verdicts",),
    draw=draw,
)
