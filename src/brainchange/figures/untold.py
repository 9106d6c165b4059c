"""Claims a study cannot tell: why, and what would be needed; sheets of a height one can print."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from brainchange.figures import lettering
from brainchange.figures.badges import BADGES
from brainchange.figures.drawing import Drawing
from brainchange.figures.numbers import plural
from brainchange.figures.sheet import MARGIN, new_sheet
from brainchange.figures.theme import HAIRLINE, INK, MUTED, SMALL
from brainchange.figures.wording import text_of

Row = Mapping[Any, Any]
TITLE = "Claims this study cannot tell, and what would be needed"
NOTES = "Nothing was estimated for these claims: neither for them nor against them."
WIDTH, HIGHEST, PADDING, HEADING = 9.2, 8.5, 0.045, 0.34
COLUMNS: tuple[tuple[str, float, float], ...] = (
    ("Claim", MARGIN, 3.05),
    ("Why not here", MARGIN + 3.2, 2.9),
    ("Needed", MARGIN + 6.25, WIDTH - 2 * MARGIN - 6.25),
)
"""Heading, left edge and width of each column in inches."""


@dataclass(frozen=True)
class _Line:
    """One row of a sheet: a verdict over those that follow, or the cells of a claim."""

    row: Row
    cells: tuple[str, ...]
    height: float


def untold(rows: pd.DataFrame) -> Iterator[Drawing]:
    """Draw as many sheets as it takes; the first is ``verdicts_untold``.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of ``VERDICTS_TABLE`` that no estimate leads.
    """
    order = rows["verdict"].map(list(BADGES).index)
    rows = rows.iloc[order.argsort(kind="stable")].reset_index(drop=True)
    sheets = list(_sheets([_line(row) for row in rows.to_dict("records")]))
    for number, (first, lines) in enumerate(sheets, start=1):
        mine = rows.iloc[first : first + len(lines)].reset_index(drop=True)
        title = TITLE if len(sheets) == 1 else f"{TITLE} ({number} of {len(sheets)})"
        said = " ".join(
            f"{row['measure']}: {row['verdict']}, {text_of(row['reasons'])}."
            for row in mine.to_dict("records")
        )
        yield Drawing(
            "verdicts_untold" if number == 1 else f"verdicts_untold_{number}",
            _figure(title, lines),
            mine,
            title,
            NOTES,
            f"{title}. {plural(len(mine), 'claim')}. {said}",
            claims=tuple(mine.loc[mine["kind"] == "claim", "measure"]),
        )


def _line(row: Row) -> _Line:
    why, needed = text_of(row["reasons"]).replace(" | ", "; "), text_of(row["needed"])
    said = (
        f"{text_of(row['measure'])} {text_of(row['label'])}",
        why or "n/a",
        needed or "a study that has it",
    )
    cells = tuple(
        lettering.wrapped(text, SMALL, room, lines=4)
        for text, (_, _, room) in zip(said, COLUMNS, strict=True)
    )
    return _Line(row, cells, max(lettering.height(cell, SMALL) for cell in cells) + 2 * PADDING)


def _sheets(lines: list[_Line]) -> Iterator[tuple[int, list[_Line]]]:
    """Share lines out over sheets of about the same height."""
    total = sum(line.height for line in lines)
    sheets = max(1.0, -(-total // HIGHEST))
    most = total / sheets + max((line.height for line in lines), default=0.0)
    taken: list[_Line] = []
    first, height = 0, 0.0
    for place, line in enumerate(lines):
        if taken and height + line.height > most:
            yield first, taken
            first, taken, height = place, [], 0.0
        taken.append(line)
        height += line.height
    if taken:
        yield first, taken


def _figure(title: str, lines: list[_Line]) -> Figure:
    groups = 1 + sum(
        one.row["verdict"] != other.row["verdict"] for one, other in itertools.pairwise(lines)
    )
    body = 0.26 + groups * HEADING + sum(line.height for line in lines)
    sheet = new_sheet(WIDTH, body, title, "", NOTES)
    for heading, left, _ in COLUMNS:
        sheet.text(left, 0.02, heading, fontsize=SMALL, color=MUTED)
    top, verdict = 0.26, ""
    for line in lines:
        if line.row["verdict"] != verdict:
            verdict = line.row["verdict"]
            badge = BADGES[verdict]
            words = f"{badge.sign} {badge.word}"
            sheet.text(
                MARGIN, top + 0.12, words, fontsize=SMALL, fontweight="bold", color=badge.colour
            )
            top += HEADING
        axes = sheet.axes(MARGIN, top - 0.01, WIDTH - 2 * MARGIN, 0.02)
        axes.set_axis_off()
        axes.axhline(0.5, color=HAIRLINE, lw=0.6)
        axes.set_ylim(0, 1)
        for cell, (_, left, _) in zip(line.cells, COLUMNS, strict=True):
            sheet.text(left, top + PADDING, cell, fontsize=SMALL, color=INK)
        top += line.height
    return sheet.figure
