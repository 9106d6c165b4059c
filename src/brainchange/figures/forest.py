"""Forest plot: the standardised difference in change of every measure, with the raw one beside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, p_value, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, PAPER, SMALL
from brainchange.figures.wording import (
    REGION_KINDS,
    effect_sentence,
    metric_of,
    region_of,
    text_of,
    title_of,
)

WIDTH, LABEL, PLOT = 8.4, 2.4, 2.5
RAW, COUNTS, P = LABEL + PLOT + 0.3, 1.72, 0.68
HEAD, HEADING, AXIS = 0.24, 0.3, 0.56
WIDEST = 3.0
BLOCKS = {
    "claim": "Claims",
    "outcome": "Symptom scales",
    "region": "Regions",
    "network": "Networks",
    "negative_control": "Negative controls: regions no claim is about",
}
OVERVIEW = ("claim", "outcome")
ARROWS = {"up": "↑", "down": "↓"}
THIN, THICK = 1.0, 3.2
INTERVALS = {("ci_low_sd", "ci_high_sd"): THIN, ("tost_ci_low", "tost_ci_high"): THICK}
"""Columns of the ends of the two intervals, and how wide their bars are in points."""


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw claims and scales for each contrast, and all regions for the primary contrast."""
    effects = given.tables["effects"]
    for contrast in given.study.contrasts:
        yield forest(given, effects, contrast, OVERVIEW, name=f"forest_{contrast}")
    primary = given.study.primary_contrast
    regions = effects[effects["kind"].isin(REGION_KINDS)]
    for metric in dict.fromkeys(regions["metric"]):
        rows = regions[regions["metric"] == metric]
        name = f"forest_regions_{metric}"
        yield forest(given, rows, primary, REGION_KINDS, name=name, metric=str(metric))


def forest(
    given: FigureInput,
    effects: pd.DataFrame,
    contrast: str,
    kinds: tuple[str, ...],
    *,
    name: str,
    metric: str = "",
) -> Drawing:
    """Draw the effects of one contrast.

    Parameters
    ----------
    given : FigureInput
        The study and the smallest effect of interest.
    effects : pandas.DataFrame
        Rows of ``EFFECTS_TABLE``.
    contrast : str
        Contrast to show.
    kinds : tuple of str
        Kinds of measures to show, in this order.
    name : str
        Name of the drawing.
    metric : str
        Metric of all measures, all of them regions; empty for several.
    """
    mine = effects[(effects["contrast"] == contrast) & effects["kind"].isin(kinds)]
    order = {kind: place for place, kind in enumerate(kinds)}
    mine = mine.sort_values("kind", key=lambda k: k.map(order), kind="stable", ignore_index=True)
    label = lettering.plain(given.study.contrasts[contrast].label)
    named = {metric_of(row) for row in mine.to_dict("records")}
    about = f" of {named.pop() if len(named) == 1 else metric}" if metric and len(mine) else ""
    title = f"Difference in change{about}: {label}"
    sesoi = given.settings.inference.smallest_effect_of_interest
    # The interval written at the right and that of the equivalence test: one inside the other.
    deviation = mine["equivalence_bound"] / sesoi
    mine = mine.assign(ci_low_sd=mine["ci_low"] / deviation, ci_high_sd=mine["ci_high"] / deviation)
    if mine.empty:
        figure = empty_sheet(WIDTH, title, "There is no such measure in this study.").figure
    else:
        figure = _sheet(mine, title, _notes(sesoi, mine), sesoi).figure
    said = " ".join(f"{title_of(row)}. {effect_sentence(row)}" for row in mine.to_dict("records"))
    return Drawing(name, figure, mine, title, _notes(sesoi, mine), f"{title}. {said}")


def _is_led(effects: pd.DataFrame) -> bool:
    """Whether p values are those of the difference at equal values before."""
    adjusted = (effects["adjustment"] != "none") & effects["p_adjusted"].notna()
    return bool((adjusted & (effects["lead_estimator"] == "ancova")).any())


def _notes(sesoi: float, effects: pd.DataFrame) -> str:
    named, tested = "p", "the difference in change, adjusted where a family is named."
    if _is_led(effects):
        named = "p of lead"
        tested = "the difference at equal values before, which leads the verdict."
    return (
        "Change is post − pre; positive: rose more (or fell less) in the treated arm. SD: pooled "
        "standard deviation before therapy (dppc2, Morris 2008). Thin bar: 95\u00a0% Welch "
        f"interval; band: smallest effect of interest, ± {sesoi:g} SD; thick bar: 90\u00a0% "
        "interval of the equivalence test, inside the band where the test succeeds. Filled: "
        "confirmatory test. Arrow: direction the article says, or in which a scale is better. "
        f"{named}: permutation test of {tested}"
    )


def _sheet(effects: pd.DataFrame, title: str, notes: str, sesoi: float) -> Sheet:
    rows = effects.to_dict("records")
    texts = [lettering.wrapped(text, BODY, LABEL - 0.1, lines=3) for text in _labels(rows)]
    heights = [max(lettering.height(text, BODY) + 0.12, 0.27) for text in texts]
    tops, blocks, at = [], [], 0.0
    for place, row in enumerate(rows):
        if place == 0 or row["kind"] != rows[place - 1]["kind"]:
            blocks.append((at, BLOCKS.get(str(row["kind"]), str(row["kind"]))))
            at += HEADING
        tops.append(at)
        at += heights[place]
    units = {text_of(row["unit"]) for row in rows}
    shared = f"Unit of differences: {units.pop()}" if len(units) == 1 else ""
    sheet = new_sheet(WIDTH, HEAD + at + AXIS, title, shared, notes)
    axes = sheet.axes(MARGIN + LABEL, HEAD, PLOT, at)
    reach = _reach(rows, sesoi)
    _prepare(axes, at, reach, sesoi)
    _write_head(sheet, "p of lead" if _is_led(effects) else "p")
    for top, heading in blocks:
        sheet.text(
            MARGIN, HEAD + top + 0.08, heading, fontsize=SMALL, fontweight="bold", color=MUTED
        )
    for row, text, top, height in zip(rows, texts, tops, heights, strict=True):
        _draw_row(axes, row, top + height / 2, reach)
        unit = "" if shared else text_of(row["unit"])
        _write_row(sheet, {**row, "unit": unit}, text, HEAD + top, height)
    return sheet


def _labels(rows: list[dict[str, Any]]) -> list[str]:
    """Name every row; regions that occur twice (in several tasks or contrasts) with their metric.

    Where even that is the same the short name of the measure tells them apart.
    """
    short = [_label(row) for row in rows]
    whole = [lettering.plain(title_of(row)) for row in rows]
    return [
        one
        if short.count(one) == 1
        else long
        if whole.count(long) == 1
        else lettering.plain(text_of(row["measure"]).replace("_", " "))
        for one, long, row in zip(short, whole, rows, strict=True)
    ]


def _label(row: dict[str, Any]) -> str:
    arrow = ARROWS.get(text_of(row["direction"]), "")
    name = region_of(row) if row["kind"] in REGION_KINDS else title_of(row)
    return f"{lettering.plain(name)} {arrow}".strip()


def _reach(rows: list[dict[str, Any]], sesoi: float) -> float:
    """Half width of the symmetric axis: all intervals, but no wider than it can be read."""
    ends = [abs(row[end]) for row in rows for columns in INTERVALS for end in columns]
    values = [abs(row["dppc2"]) for row in rows]
    finite = [end for end in ends if np.isfinite(end)] or [1.0]
    shown = [value for value in values if np.isfinite(value)] or [0.0]
    return float(max(min(max(finite) * 1.06, WIDEST), 2 * sesoi, 1.2 * max(shown), 1.0))


def _prepare(axes: Axes, bottom: float, reach: float, sesoi: float) -> None:
    axes.set_xlim(-reach, reach)
    axes.set_ylim(bottom, 0)
    axes.axvspan(-sesoi, sesoi, color=BAND, lw=0, zorder=0)
    axes.axvline(0, color=MUTED, lw=0.8, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("SD before therapy (dppc2)", fontsize=SMALL, color=INK)


def _draw_row(axes: Axes, row: dict[str, Any], y: float, reach: float) -> None:
    value = float(row["dppc2"])
    if not np.isfinite(value):
        axes.text(0, y, "not estimated", ha="center", va="center", fontsize=SMALL, color=MUTED)
        return
    filled = str(row["family"]) == "confirmatory"
    colour = INK if filled else MUTED
    for columns, line in INTERVALS.items():
        low, high = (float(row[column]) for column in columns)
        if np.isfinite([low, high]).all():
            shown = np.clip([low, high], -reach, reach)
            axes.plot(shown, [y, y], color=colour, lw=line, solid_capstyle="butt", zorder=3)
        for end, marker, beyond in ((-reach, "<", low < -reach), (reach, ">", high > reach)):
            if beyond:
                axes.plot([end], [y], marker=marker, ms=4, color=colour, clip_on=False, zorder=4)
    axes.plot(
        [value],
        [y],
        marker="D",
        ms=6.2,
        mfc=colour if filled else PAPER,
        mec=PAPER if filled else colour,
        mew=0.9 if filled else 1.3,
        zorder=5,
    )


def _write_head(sheet: Sheet, tested: str) -> None:
    style = {"fontsize": SMALL, "color": MUTED}
    sheet.text(MARGIN + RAW, 0.02, "Difference in change [95\u00a0%]", **style)
    sheet.text(MARGIN + RAW + COUNTS, 0.02, "n", **style)
    sheet.text(MARGIN + RAW + COUNTS + P, 0.02, tested, **style)


def _write_row(sheet: Sheet, row: dict[str, Any], text: str, top: float, height: float) -> None:
    middle = top + height / 2
    sheet.text(MARGIN, middle - lettering.height(text, BODY) / 2, text, color=INK)
    digits = places(row["ci_low"], row["ci_high"])
    value = number(float(row["difference"]), digits, sign=True)
    raw = f"{value} {interval(row['ci_low'], row['ci_high'], digits)}"
    unit = text_of(row["unit"])
    if not np.isfinite(row["difference"]):
        raw, unit = value, ""
    left = MARGIN + RAW
    one = height < 0.32
    _write_cell(sheet, left, middle, (raw, unit), room=COUNTS - 0.08, one=one)
    left += COUNTS
    counts = f"{int(row['n_treated'])} vs {int(row['n_control'])}"
    _write_cell(sheet, left, middle, (counts, ""), room=P - 0.05, one=True)
    _write_cell(sheet, left + P, middle, _p_texts(row), room=0.75, one=one)


def _write_cell(
    sheet: Sheet, left: float, middle: float, texts: tuple[str, str], *, room: float, one: bool
) -> None:
    """Write a cell of one line, or of two if there is height for it."""
    first, second = texts
    lines = [f"{first} {second}".strip()] if one or not second else [first, second]
    top = middle - lettering.height("\n".join(lines), SMALL) / 2
    for place, text in enumerate(lines):
        shown = lettering.shortened(text, SMALL, room)
        at = top + place * lettering.height("x", SMALL)
        sheet.text(left, at, shown, fontsize=SMALL, color=MUTED if place else INK)


def _p_texts(row: dict[str, Any]) -> tuple[str, str]:
    adjusted = str(row["adjustment"]) != "none" and np.isfinite(row["p_adjusted"])
    p = float(row["p_adjusted"] if adjusted else row["p_permutation"])
    if not np.isfinite(p):
        return "n/a", ""
    name = {"holm": "Holm", "benjamini_hochberg": "BH"}.get(str(row["adjustment"]), "")
    return p_value(p).removeprefix("p ").removeprefix("= "), name if adjusted else ""


SPEC = FigureSpec(
    name="forest",
    description="Standardised difference in change with intervals, raw effect, n and p",
    needs=("effects",),
    draw=draw,
)
