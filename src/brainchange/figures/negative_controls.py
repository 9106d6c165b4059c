"""Negative controls: the effect of every claim beside those where no claim expects one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.marks import around_zero, draw_across, zero_across
from brainchange.figures.numbers import interval, number, p_value, plural
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, INK, MUTED, PAPER, SMALL, WARNING
from brainchange.figures.wording import region_of, title_of

Row = dict[str, Any]
LABEL, PLOT, SAID, PAD = 2.6, 3.0, 2.5, 0.14
WIDEST = 5.0
TITLE = "Effects where the article claims one, and where it claims none"
NOTES = (
    "Diamond: difference in change, post − pre, treated − control, of the claim with 95\u00a0% "
    "interval. Circles: the same of each negative control of its metric (regions and pairs no "
    "claim is about); bar: 95\u00a0% interval of the largest; in red where it is as large as that "
    "of the claim. p: of the largest, adjusted for all of them (step-down max T)."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw all claims of the primary contrast in one picture; none where there is no claim."""
    contrast = given.study.primary_contrast
    effects = given.tables["effects"]
    mine = effects[effects["contrast"] == contrast]
    claims = mine[(mine["kind"] == "claim") & np.isfinite(mine["dppc2"])]
    controls = mine[(mine["kind"] == "negative_control") & np.isfinite(mine["dppc2"])]
    threats = given.tables["threats"]
    found = threats[(threats["contrast"] == contrast) & (threats["threat"] == "negative_control")]
    largest = {str(row["measure"]): row for row in found.to_dict("records")}
    title = f"{TITLE}: {lettering.plain(given.study.contrasts[contrast].label)}"
    rows = [
        (
            _plain(row),
            controls[controls["metric"] == row["metric"]],
            largest.get(row["measure"], {}),
        )
        for row in claims.to_dict("records")
    ]
    shown = [row for row in rows if len(row[1])]
    if not rows and given.study.observations is not None:
        return
    table = pd.concat([claims, controls], ignore_index=True)
    if not shown:
        nothing = "No claim has a negative control that was measured."
        figure = empty_sheet(6.0, title, nothing).figure
        yield Drawing("negative_controls", figure, table, title, NOTES, f"{title}. {nothing}")
        return
    said = " ".join(f"{row['measure']}: {_words(row, others, one)}" for row, others, one in shown)
    yield Drawing(
        "negative_controls",
        _sheet(title, shown).figure,
        table,
        title,
        NOTES,
        f"{title}. {said}",
        claims=tuple(str(row["measure"]) for row, *_ in shown),
    )


def _plain(row: Any) -> Row:  # noqa: ANN401
    return {str(name): value for name, value in row.items()}


def _words(row: Row, others: pd.DataFrame, found: Row) -> str:
    ends = interval(row["dppc2_ci_low"], row["dppc2_ci_high"])
    said = f"{number(row['dppc2'], sign=True)} SD, 95\u00a0% interval {ends}; "
    return said + "; ".join(_beside(others, found)) + "."


def _beside(others: pd.DataFrame, found: Row) -> list[str]:
    top = _largest(others)
    value = f"{number(top['dppc2'], sign=True)} SD"
    ends = f"95\u00a0% CI {interval(top['dppc2_ci_low'], top['dppc2_ci_high'])}"
    p = f", {p_value(float(top['p_max_t']))}" if np.isfinite(top["p_max_t"]) else ""
    weak = " – as large as the claim’s" if found.get("weakens") is True else ""
    return [
        f"{plural(len(others), 'control')}, largest {region_of(top)}{weak}",
        f"{value}, {ends}{p}",
    ]


def _largest(others: pd.DataFrame) -> Row:
    return _plain(others.loc[others["dppc2"].abs().idxmax()].to_dict())


def _sheet(title: str, rows: list[tuple[Row, pd.DataFrame, Row]]) -> Sheet:
    told = [
        (
            lettering.wrapped(title_of(row), BODY, LABEL - 0.12, lines=3),
            "\n".join(
                lettering.wrapped(text, SMALL, SAID, lines=3) for text in _beside(others, found)
            ),
        )
        for row, others, found in rows
    ]
    heights = [
        max(lettering.height(name, BODY), lettering.height(said, SMALL), 0.3) + 2 * PAD
        for name, said in told
    ]
    sheet = new_sheet(
        MARGIN + LABEL + PLOT + 0.2 + SAID + MARGIN, sum(heights) + 0.5, title, "", NOTES
    )
    axes = sheet.axes(MARGIN + LABEL, 0, PLOT, sum(heights))
    _prepare(axes, rows, sum(heights))
    top = 0.0
    for (row, others, found), (name, said), height in zip(rows, told, heights, strict=True):
        middle = top + height / 2
        _draw_row(axes, (row, others, found), middle, height)
        sheet.text(MARGIN, middle - lettering.height(name, BODY) / 2, name)
        at = middle - lettering.height(said, SMALL) / 2
        colour = WARNING if found.get("weakens") is True else INK
        sheet.text(MARGIN + LABEL + PLOT + 0.2, at, said, fontsize=SMALL, color=colour)
        top += height
    return sheet


def _prepare(axes: Axes, rows: list[tuple[Row, pd.DataFrame, Row]], bottom: float) -> None:
    ends = [row[end] for row, *_ in rows for end in ("dppc2_ci_low", "dppc2_ci_high")]
    values = [value for _, others, _ in rows for value in others["dppc2"]]
    reach = around_zero([*ends, *values], at_least=1.0, widest=WIDEST)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(bottom, 0)
    zero_across(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("SD before therapy (dppc2)", fontsize=SMALL, color=INK)


def _draw_row(
    axes: Axes, shown: tuple[Row, pd.DataFrame, Row], middle: float, height: float
) -> None:
    row, others, found = shown
    estimate = tuple(float(row[name]) for name in ("dppc2", "dppc2_ci_low", "dppc2_ci_high"))
    filled = str(row["family"]) == "confirmatory"
    draw_across(axes, middle - 0.2 * height, estimate, colour=INK, filled=filled)  # type: ignore[arg-type]
    colour = WARNING if found.get("weakens") is True else MUTED
    top = _largest(others)
    ends = tuple(float(top[name]) for name in ("dppc2", "dppc2_ci_low", "dppc2_ci_high"))
    draw_across(axes, middle + 0.2 * height, ends, colour=colour, marker="o", size=5.0)  # type: ignore[arg-type]
    values = others["dppc2"].to_numpy(float)
    moved = paired.spread(values, axes.get_xlim(), step=0.05, widest=0.1 * height)
    axes.plot(
        np.clip(values, *axes.get_xlim()),
        middle + 0.2 * height + moved,
        "o",
        ms=4,
        mfc=PAPER,
        mec=colour,
        mew=0.9,
        zorder=4,
    )


SPEC = FigureSpec(
    name="negative_controls",
    description="Effect of every claim beside those of regions and pairs no claim is about",
    needs=("effects", "threats"),
    draw=draw,
)
