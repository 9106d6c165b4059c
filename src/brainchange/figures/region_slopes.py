"""Small slopegraphs of every region, one sheet a metric: every participant before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.legend import legend
from brainchange.figures.numbers import interval, number, places, plural
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import INK, MUTED, SMALL, ArmStyle, arm_styles
from brainchange.figures.wording import REGION_KINDS, effect_sentence, metric_of, region_of

LEFT, CELL_HEIGHT, CELL_HEAD, CELL_FOOT = 0.42, 1.12, 0.46, 0.32
GAP = 0.5


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw one sheet for each metric that has regions."""
    within = given.tables["within"]
    chosen = within[within["kind"].isin(REGION_KINDS)]
    for metric in dict.fromkeys(chosen["metric"]):
        yield region_slopes(given, str(metric))


def region_slopes(given: FigureInput, metric: str) -> Drawing:
    """Draw the regions of one metric.

    Parameters
    ----------
    given : FigureInput
        Needs the tables ``within``, ``changes`` and ``effects``.
    metric : str
        A metric with one value a region.
    """
    within = given.tables["within"]
    rows = within[within["kind"].isin(REGION_KINDS) & (within["metric"] == metric)]
    measures = list(dict.fromkeys(rows["measure"]))
    changes = given.tables["changes"]
    changes = changes[changes["kind"].isin(REGION_KINDS) & changes["measure"].isin(measures)]
    effects = given.tables["effects"]
    effects = effects[effects["kind"].isin(REGION_KINDS) & effects["measure"].isin(measures)]
    effects = effects[effects["contrast"] == given.study.primary_contrast]
    named = {metric_of(row) for row in rows.to_dict("records")}
    if len(named) > 1:
        # A region stands there once for every contrast of a task: its name alone is not enough.
        rows = rows.assign(label=rows["label"].str.replace(", ", " · ", n=1))
    title = f"Every region before and after: {named.pop() if len(named) == 1 else metric}"
    notes = _notes(lettering.plain(given.study.contrasts[given.study.primary_contrast].label))
    styles = arm_styles(given.study.arms)
    figure = _sheet((title, notes), rows, changes, effects, styles).figure
    said = " ".join(
        f"{region_of(row)}. {effect_sentence(row)}" for row in effects.to_dict("records")
    )
    head = f"{title}, {plural(len(measures), 'region')}, change is post − pre."
    return Drawing(
        name=f"region_slopes_{metric}",
        figure=figure,
        table=changes.reset_index(drop=True),
        title=title,
        caption=notes,
        alternative=f"{head} {said}",
    )


def _notes(contrast: str) -> str:
    return (
        "Thin lines: participants, pre to post (hollow: one timepoint only); heavy line: means of "
        "participants with both timepoints, bars 95\u00a0% intervals. Under each name: difference "
        f"in change, post − pre, {contrast}, with 95\u00a0% interval, not adjusted for the number "
        "of regions. (nc): negative control. Regions have different axes; arms share one."
    )


def _sheet(
    heading: tuple[str, str],
    within: pd.DataFrame,
    changes: pd.DataFrame,
    effects: pd.DataFrame,
    styles: dict[str, ArmStyle],
) -> Sheet:
    title, notes = heading
    measures = list(dict.fromkeys(within["measure"]))
    cell = float(np.clip(0.5 * len(styles), 1.35, 3.0))
    columns = min(4 if len(styles) <= 3 else 3 if len(styles) <= 4 else 2, max(len(measures), 1))
    lines = -(-len(measures) // columns)
    width = max(MARGIN + LEFT + columns * cell + (columns - 1) * GAP + 2 * MARGIN, 5.6)
    high = CELL_HEAD + CELL_HEIGHT + CELL_FOOT
    names = legend(styles.values(), width)
    top = names.height
    sheet = new_sheet(width, top + lines * high, title, "", notes)
    names.write(sheet)
    for place, measure in enumerate(measures):
        left = MARGIN + LEFT + (place % columns) * (cell + GAP)
        begin = top + (place // columns) * high
        rows = within[within["measure"] == measure].to_dict("records")
        mine = effects[effects["measure"] == measure].to_dict("records")
        _write_cell_head(sheet, (left - LEFT, begin), cell + LEFT, rows[0], mine)
        axes = sheet.axes(left, begin + CELL_HEAD, cell, CELL_HEIGHT)
        _draw_cell(axes, rows, changes[changes["measure"] == measure], styles)
    return sheet


def _write_cell_head(
    sheet: Sheet,
    place: tuple[float, float],
    room: float,
    row: dict[str, Any],
    effects: list[dict[str, Any]],
) -> None:
    left, top = place
    name = lettering.plain(region_of(row))
    name += " (nc)" if str(row["kind"]) == "negative_control" else ""
    name = lettering.shortened(name, SMALL, room, weight="bold")
    sheet.text(left, top, name, fontsize=SMALL, fontweight="bold", color=INK)
    for effect in effects:
        digits = places(effect["ci_low"], effect["ci_high"])
        said = "not estimated"
        if np.isfinite(effect["difference"]):
            ends = interval(effect["ci_low"], effect["ci_high"], digits)
            said = f"{number(effect['difference'], digits, sign=True)} {ends}"
        said = lettering.shortened(said, SMALL - 0.5, room)
        sheet.text(left, top + 0.145, said, fontsize=SMALL - 0.5, color=MUTED)


def _draw_cell(
    axes: Axes, rows: list[dict[str, Any]], changes: pd.DataFrame, styles: dict[str, ArmStyle]
) -> None:
    within = {str(row["arm"]): row for row in rows}
    values = changes[["pre", "post"]].to_numpy(float).ravel()
    axes.set_ylim(paired.padded(paired.reach(values, paired.mean_ends(rows))))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    shown = [(arm, style) for arm, style in styles.items() if arm in within]
    for place, (arm, style) in enumerate(shown):
        start = 2.1 * place
        paired.draw_slopes(axes, start, changes[changes["arm"] == arm], style)
        paired.draw_means(axes, start, within[arm], style, size=3.6)
    paired.quiet_axis(axes)
    axes.tick_params(axis="y", labelsize=SMALL - 1, pad=2)
    axes.set_xlim(-0.45, (len(shown) - 1) * 2.1 + 1.45)
    axes.set_xticks([])


SPEC = FigureSpec(
    name="region_slopes",
    description="Every participant before and after in every region, small, one sheet a metric",
    needs=("within", "changes", "effects"),
    draw=draw,
)
