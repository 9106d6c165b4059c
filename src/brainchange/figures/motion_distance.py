"""Head motion and connectivity: correlation over participants by distance between regions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import number, plural
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, SMALL

TITLE = "Head motion and connectivity by distance (QC-FC)"
LEFT, PLOT, HEIGHT, GAP, SAID = 0.78, 3.8, 2.4, 0.3, 2.2
FEWEST = 3
NOTES = (
    "One dot a pair of regions: correlation, over participants before therapy, of connectivity "
    "with mean framewise displacement (QC-FC; Power 2012), against the distance of the centres "
    "named for both regions. Denoising that works leaves r around 0 (band: |r| that chance alone "
    "exceeds in 5 of 100 pairs) and no slope with distance (line: least squares)."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw all pairs; nothing for a study without pairs."""
    edges = given.tables["edges"]
    if edges.empty:
        return
    columns = ["region", "region_2", "distance", "motion_correlation", "n_motion"]
    table = edges[columns].dropna(subset=["motion_correlation"]).reset_index(drop=True)
    placed = table.dropna(subset=["distance"])
    if len(placed) < FEWEST:
        why = "Too few pairs have a correlation with head motion and named centres."
        figure = empty_sheet(6.0, TITLE, why).figure
        yield Drawing("motion_distance", figure, table, TITLE, NOTES, f"{TITLE}. {why}")
        return
    lines = _lines(placed)
    figure = _sheet(placed, lines).figure
    yield Drawing("motion_distance", figure, table, TITLE, NOTES, f"{TITLE}. {'; '.join(lines)}.")


def _lines(placed: pd.DataFrame) -> list[str]:
    r, n = placed["motion_correlation"].to_numpy(float), placed["n_motion"].to_numpy(int)
    beyond = float((np.abs(r) > _by_chance(n)).mean())
    slope = np.corrcoef(placed["distance"], r)[0, 1] if np.ptp(r) > 0 else np.nan
    people = str(n.max()) if n.min() == n.max() else f"{n.min()} to {n.max()}"
    return [
        f"n = {people} participants, {plural(len(placed), 'pair')}",
        f"median |r| {number(float(np.median(np.abs(r))))}",
        f"{100 * beyond:.0f}\u00a0% of pairs beyond what chance alone exceeds in 5\u00a0%",
        f"r with distance {number(float(slope))}",
    ]


def _by_chance(n: np.ndarray) -> np.ndarray:
    """|r| that chance exceeds in 5 of 100, by Fisher's z."""
    return np.asarray(np.tanh(1.959964 / np.sqrt(np.maximum(n - 3, 1))))


def _sheet(placed: pd.DataFrame, lines: list[str]) -> Sheet:
    sheet = new_sheet(LEFT + PLOT + GAP + SAID + MARGIN, HEIGHT + 0.5, TITLE, "", NOTES)
    _draw(sheet.axes(LEFT, 0.05, PLOT, HEIGHT), placed)
    top = 0.1
    for place, line in enumerate(lines):
        text = lettering.wrapped(line, SMALL if place else BODY, SAID, lines=4)
        size = SMALL if place else BODY
        sheet.text(LEFT + PLOT + GAP, top, text, fontsize=size, color=INK)
        top += lettering.height(text, size) + 0.05
    return sheet


def _draw(axes: Axes, placed: pd.DataFrame) -> None:
    x = placed["distance"].to_numpy(float)
    r = placed["motion_correlation"].to_numpy(float)
    chance = float(_by_chance(placed["n_motion"].to_numpy(int)).max())
    reach = float(min(max(1.15 * np.abs(r).max(), 1.15 * chance), 1.0))
    axes.set_ylim(-reach, reach)
    axes.set_xlim(0, 1.04 * x.max())
    axes.axhspan(-chance, chance, color=BAND, lw=0, zorder=0)
    axes.axhline(0, color=MUTED, lw=0.8, zorder=1)
    size = float(np.clip(900 / len(x), 1.6, 4.0))
    if len(x) > 400:
        axes.set_rasterization_zorder(2.9)
    axes.plot(x, r, "o", ms=size, color=MUTED, mew=0, alpha=0.6, zorder=2)
    if np.ptp(x) > 0:
        slope, start = np.polyfit(x, r, 1)
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, start + slope * ends, color=INK, lw=1.6, zorder=3)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.set_xlabel("Distance between regions, mm", fontsize=SMALL)
    axes.set_ylabel("r with head motion", fontsize=SMALL)
    axes.yaxis.set_label_coords(-0.58 / PLOT, 0.5)


SPEC = FigureSpec(
    name="motion_distance",
    description="Correlation of connectivity with head motion by distance between regions",
    needs=("edges",),
    draw=draw,
)
