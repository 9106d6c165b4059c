"""Temporal signal-to-noise ratio of every region: one mark a participant, by arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.legend import legend
from brainchange.figures.numbers import number, plural
from brainchange.figures.sheet import MARGIN, empty_sheet, new_sheet
from brainchange.figures.theme import HAIRLINE, INK, MUTED, SMALL, arm_styles

TITLE = "Temporal signal-to-noise ratio of every region"
LABEL, PLOT, SAID, ROW, AXIS = 1.75, 4.2, 1.0, 0.2, 0.5
NOTES = (
    "One mark a participant: mean over the voxels used and over all its runs, of both timepoints; "
    "line: median of participants. A region with little signal shows change late or not at all."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw all regions; nothing for a study from a table."""
    table = _means(given.tables["coverage"], given.tables["changes"])
    if table.empty and given.study.observations is not None:
        return
    if table.empty:
        why = "No signal-to-noise ratio was measured."
        figure = empty_sheet(6.0, TITLE, why).figure
        yield Drawing("region_tsnr", figure, table, TITLE, NOTES, f"{TITLE}. {why}")
        return
    medians = table.groupby("region", sort=False)["tsnr"].median()
    people = plural(table["participant_id"].nunique(), "participant")
    told = "; ".join(f"{name} {number(value, 0)}" for name, value in medians.items())
    yield Drawing(
        "region_tsnr",
        _sheet(given, table, medians),
        table,
        TITLE,
        NOTES,
        f"{TITLE}. {people}; median by region: {told}.",
    )


def _means(coverage: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Mean over the runs of a participant, shape of one row a participant and region."""
    arm_of = dict(zip(changes["participant_id"], changes["arm"], strict=True))
    known = coverage.dropna(subset=["tsnr"])
    means = known.groupby(["participant_id", "region"], sort=False)["tsnr"].mean().reset_index()
    return means.assign(arm=means["participant_id"].map(arm_of).fillna(""))


def _sheet(given: FigureInput, table: pd.DataFrame, medians: pd.Series) -> Figure:
    shown = set(table["arm"])
    styles = {arm: style for arm, style in arm_styles(given.study.arms).items() if arm in shown}
    width = MARGIN + LABEL + PLOT + SAID + MARGIN
    names = legend(styles.values(), width)
    high = ROW * len(medians)
    sheet = new_sheet(width, names.height + high + AXIS, TITLE, "", NOTES)
    names.write(sheet)
    axes = sheet.axes(MARGIN + LABEL, names.height, PLOT, high)
    axes.set_ylim(len(medians), 0)
    axes.set_xlim(0, 1.05 * float(table["tsnr"].max()))
    opacity, size = paired.crowding(table["participant_id"].nunique())
    offsets = np.linspace(-0.28, 0.28, max(len(styles), 2))
    for place, (region, median) in enumerate(medians.items()):
        mine = table[table["region"] == region]
        middle = place + 0.5
        for offset, (arm, style) in zip(offsets, styles.items(), strict=False):
            values = mine.loc[mine["arm"] == arm, "tsnr"].to_numpy(float)
            axes.plot(
                values,
                np.full(len(values), middle + offset),
                style.marker,
                ms=0.8 * size,
                color=style.colour,
                mew=0,
                alpha=min(1.0, opacity + 0.3),
            )
        axes.plot([median, median], [place + 0.1, place + 0.9], color=INK, lw=1.6, zorder=4)
        text = lettering.shortened(str(region), SMALL, LABEL - 0.1)
        top = names.height + place * ROW + 0.03
        sheet.text(MARGIN, top, text, fontsize=SMALL)
        said = f"{number(median, 0)} (n = {len(mine)})"
        sheet.text(MARGIN + LABEL + PLOT + 0.12, top, said, fontsize=SMALL, color=MUTED)
    _finish(axes)
    return sheet.figure


def _finish(axes: Axes) -> None:
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=HAIRLINE, lw=0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.set_rasterization_zorder(2.5)
    axes.set_xlabel("Mean over standard deviation in time (ratio)", fontsize=SMALL)


SPEC = FigureSpec(
    name="region_tsnr",
    description="Temporal signal-to-noise ratio of every region, one mark a participant",
    needs=("coverage", "changes"),
    draw=draw,
)
