"""Prediction: what the brain adds to clinical data, against what chance adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import number, p_value, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, SMALL, WARNING
from brainchange.figures.wording import text_of, with_unit

Row = dict[str, Any]
TITLE = "Does the brain before therapy say who gets better?"
LABEL, PLOT, SAID, HEIGHT, BETWEEN, LEFT = 2.2, 3.2, 2.6, 1.35, 0.62, 0.2
LOW = 0.55
"""Height of a plot without permutations: it holds one mark."""
FEWEST_BINS, MOST_BINS = 12, 40
NOTES = (
    "Gain in Q² of the brain over clinical data alone, in participants the models had not seen "
    "(repeated five-fold, nested): line: observed; bars: the same with the changes permuted, the "
    "whole procedure repeated; band: what 95 in 100 permutations stay below. Q² below 0 is worse "
    "than the mean. Descriptive: fewer than 40 participants, neither permuted nor judged."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw all predictions in one picture; none where no claim predicts."""
    table, null = given.tables["prediction"], given.tables["prediction_null"]
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    if not rows:
        return
    shown = any(np.isfinite(row["q2_gain"]) for row in rows)
    said = " ".join(f"{_name(row)}. {'; '.join(_lines(row))}." for row in rows)
    yield Drawing(
        "prediction",
        _sheet(rows, null).figure if shown else _none(rows),
        table,
        TITLE,
        NOTES,
        f"{TITLE} {said}",
        claims=tuple(dict.fromkeys(str(row["measure"]) for row in rows)),
    )


def _none(rows: list[Row]) -> Any:  # noqa: ANN401
    why = "; ".join(dict.fromkeys(f"{row['measure']}: {text_of(row['flag'])}" for row in rows))
    return empty_sheet(6.0, TITLE, why or "Nothing was predicted.").figure


def _name(row: Row) -> str:
    return f"{row['measure']}: {text_of(row['label'])}, {text_of(row['outcome'])}"


def _lines(row: Row) -> list[str]:
    if not np.isfinite(row["q2_gain"]):
        return [text_of(row["flag"]) or "nothing was predicted"]
    unit = text_of(row["unit"])
    digits = places(0, row["error_both"])
    said = [
        f"gain in Q² {number(row['q2_gain'], sign=True)}",
        f"Q² {number(row['q2_clinical'])} clinical, {number(row['q2_both'])} with the brain",
        f"mean absolute error {number(row['error_clinical'], digits)} and "
        f"{with_unit(row['error_both'], digits, unit)}",
    ]
    tested = "descriptive" if row["descriptive"] is True else p_value(float(row["p_gain"]))
    if row["descriptive"] is not True:
        tested += f", {int(row['n_permutations'])} permutations"
    return [*said, f"n = {int(row['n'])}, {tested}"]


def _sheet(rows: list[Row], null: pd.DataFrame) -> Sheet:
    width = MARGIN + LABEL + PLOT + LEFT + SAID + MARGIN
    nulls = [
        null[(null["measure"] == row["measure"]) & (null["outcome"] == row["outcome"])]["q2_gain"]
        for row in rows
    ]
    heights = [HEIGHT if len(one) else LOW for one in nulls]
    sheet = new_sheet(width, sum(heights) + len(rows) * BETWEEN, TITLE, "", NOTES)
    top = 0.0
    for row, mine, height in zip(rows, nulls, heights, strict=True):
        name = lettering.wrapped(_name(row), BODY, LABEL - 0.15, lines=6)
        sheet.text(MARGIN, top + 0.05, name)
        _draw_gain(sheet.axes(MARGIN + LABEL, top, PLOT, height), row, mine)
        left, at = MARGIN + LABEL + PLOT + LEFT, top + 0.05
        for line in _lines(row):
            text = lettering.wrapped(line, SMALL, SAID, lines=3)
            colour = WARNING if "descriptive" in line else INK
            sheet.text(left, at, text, fontsize=SMALL, color=colour)
            at += lettering.height(text, SMALL) + 0.03
        top += height + BETWEEN
    return sheet


def _draw_gain(axes: Axes, row: Row, null: pd.Series) -> None:
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    gain, gains = float(row["q2_gain"]), null.to_numpy(float)
    shown = [value for value in (gain, *gains, 0.0) if np.isfinite(value)]
    low, high = min(shown), max(shown)
    air = 0.08 * (high - low) or 0.1
    axes.set_xlim(low - air, high + air)
    axes.set_ylim(0, 1)
    if gains.size:
        bins = int(np.clip(gains.size // 20, FEWEST_BINS, MOST_BINS))
        counts, edges = np.histogram(gains, bins=bins)
        heights = 0.85 * counts / counts.max()
        axes.axvspan(low - air, float(row["null_q2_gain_high"]), color=BAND, lw=0, zorder=0)
        axes.bar(edges[:-1], heights, np.diff(edges), align="edge", color=MUTED, lw=0, alpha=0.75)
    axes.axvline(0, color=MUTED, lw=0.8)
    if np.isfinite(gain):
        axes.plot([gain, gain], [0, 0.95], color=INK, lw=2.2, zorder=4)
        axes.plot([gain], [0.95], "D", color=INK, ms=5, zorder=4)
    axes.set_xlabel("Gain in Q² with the brain", fontsize=SMALL)


SPEC = FigureSpec(
    name="prediction",
    description="What the brain before therapy adds to clinical data, against permuted changes",
    needs=("prediction", "prediction_null"),
    draw=draw,
)
