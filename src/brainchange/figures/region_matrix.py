"""Every pair of regions: difference in change, its adjusted p, connectivity before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, p_value, places, plural
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, HAIRLINE, INK, MUTED, SMALL
from brainchange.figures.wording import text_of

Floats = NDArray[np.float64]
BLOCKS = {
    "Prefrontal": ("dlPFC", "vlPFC", "dmPFC", "vmPFC", "OFC", "ACC", "sgACC"),
    "Limbic": ("amygdala", "hippocampus", "insula", "accumbens"),
    "DMN": ("PCC",),
    "Control": ("calcarine", "precentral", "transverse_temporal"),
}
"""Groups of regions in the order they are shown; others come before the last block."""
OTHER = "Other"
DIVERGING = LinearSegmentedColormap.from_list(
    "diverging", ("#8c3a06", "#e08a4a", "#f7f7f7", "#5d9bd0", "#0b4a82"), bad=(0, 0, 0, 0)
)
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "p", ("#3d2a6b", "#8f7ec0", "#dcd6ea", "#f7f7f7"), bad=(0, 0, 0, 0)
)
ALPHA = 0.05
SIDE, EACH, LARGEST, SMALL_SIDE, GAP, SCALE = 4.4, 0.075, 9.0, 2.0, 0.5, 0.62
TITLE = "Change of connectivity between all regions"
STEPS = (0.001, 0.01, 0.05, 0.2, 1.0)
"""p values that are named on its scale."""


@dataclass(frozen=True)
class _Order:
    """Regions in the order they are shown, and where their blocks begin."""

    regions: tuple[str, ...]
    blocks: tuple[tuple[str, int, int], ...]


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw the matrices of the primary contrast; nothing for a study without pairs."""
    edges = given.tables["edges"]
    if edges.empty:
        return
    order = _order(edges)
    contrast = lettering.plain(text_of(edges["contrast_label"].iloc[0]))
    title = f"{TITLE}: {contrast}"
    unit = text_of(edges["unit"].iloc[0])
    notes = _notes(unit)
    figure = (
        _sheet((title, notes), edges, order, unit).figure
        if np.isfinite(edges[["difference", "pre_treated", "pre_control"]].to_numpy(float)).any()
        else empty_sheet(6.0, title, "No participant has a value of any pair.").figure
    )
    yield Drawing("region_matrix", figure, edges, title, notes, f"{title}. {_words(edges, unit)}")


def _notes(unit: str) -> str:
    return (
        f"Left, above the diagonal: difference in change, post − pre, treated − control, {unit}; "
        "below: its permutation p, adjusted over all pairs (Benjamini–Hochberg); dot: adjusted p "
        f"below {ALPHA:g}. Right: mean before and after; above the diagonal the treated, below the "
        "control. DMN: default network. White: not measured. Exploratory: decides nothing."
    )


def _words(edges: pd.DataFrame, unit: str) -> str:
    found = edges[edges["p_adjusted"] < ALPHA]
    head = (
        f"{plural(len(edges), 'pair')}; change is post − pre; {len(found)} with an adjusted p "
        f"below {ALPHA:g}."
    )
    largest = edges.reindex(edges["difference"].abs().sort_values(ascending=False).index)[:5]
    said = [
        f"{row['region']}–{row['region_2']}: "
        f"{number(row['difference'], places(row['ci_low'], row['ci_high']), sign=True)} {unit}, "
        f"95\u00a0% interval "
        f"{interval(row['ci_low'], row['ci_high'], places(row['ci_low'], row['ci_high']))}, "
        f"adjusted {p_value(float(row['p_adjusted']))} "
        f"(n = {int(row['n_treated'])} and {int(row['n_control'])})"
        for row in largest.to_dict("records")
        if np.isfinite(row["difference"])
    ]
    return f"{head} Largest: {'; '.join(said)}." if said else head


def _order(edges: pd.DataFrame) -> _Order:
    group = dict(zip(edges["region"], edges["group"], strict=True))
    group |= dict(zip(edges["region_2"], edges["group_2"], strict=True))
    block_of = {name: block for block, names in BLOCKS.items() for name in names}
    blocks = [*list(BLOCKS)[:-1], OTHER, list(BLOCKS)[-1]]
    rank = {name: n for n, name in enumerate(n for names in BLOCKS.values() for n in names)}
    place = {
        name: (blocks.index(block_of.get(of, OTHER)), rank.get(of, 0), first)
        for first, (name, of) in enumerate(group.items())
    }
    regions = sorted(group, key=lambda name: place[name])
    told = [block_of.get(group[name], OTHER) for name in regions]
    spans = tuple(
        (block, told.index(block), told.index(block) + told.count(block))
        for block in dict.fromkeys(told)
    )
    return _Order(tuple(regions), spans)


def _square(edges: pd.DataFrame, order: _Order, upper: str, lower: str) -> tuple[Floats, Floats]:
    """Two columns as the upper and the lower half of a square, the rest missing."""
    at = {name: place for place, name in enumerate(order.regions)}
    i = edges["region"].map(at).to_numpy(int)
    j = edges["region_2"].map(at).to_numpy(int)
    low, high = np.minimum(i, j), np.maximum(i, j)
    halves = []
    for column, rows, columns in ((upper, low, high), (lower, high, low)):
        half = np.full((len(at), len(at)), np.nan)
        half[rows, columns] = edges[column].to_numpy(float)
        halves.append(half)
    return halves[0], halves[1]


def _sheet(words: tuple[str, str], edges: pd.DataFrame, order: _Order, unit: str) -> Sheet:
    count, side = len(order.regions), _side(order)
    size = float(np.clip(side / count * 72 * 0.85, 3.0, SMALL))
    names = [lettering.shortened(lettering.plain(name), size, 1.6) for name in order.regions]
    label = max(lettering.width(name, size) for name in names) + 0.1
    left = MARGIN + max(label, 0.4)
    blocks = 0.3
    width = left + side + GAP + SMALL_SIDE + MARGIN + 0.1
    sheet = new_sheet(width, blocks + side + label + SCALE, words[0], _counts(edges), words[1])
    axes = sheet.axes(left, blocks, side, side)
    _draw_effects(axes, edges, order)
    axes.set_xticks(range(count), names, rotation=90, fontsize=size)
    axes.set_yticks(range(count), names, fontsize=size)
    axes.tick_params(length=0, pad=2)
    _write_blocks(sheet, order, left)
    reach = _reach(edges["difference"])
    top = blocks + side + label + 0.22
    _draw_scale(sheet, (left, top), reach, f"Difference in change, {unit}")
    _draw_p_scale(sheet, (left + side - 1.9, top))
    _draw_means(sheet, edges, order, (left + side + GAP, blocks), unit)
    return sheet


def _side(order: _Order) -> float:
    """Width of the large matrix in inches: wide enough to read the names of many regions."""
    return float(np.clip(EACH * len(order.regions), SIDE, LARGEST))


def _counts(edges: pd.DataFrame) -> str:
    n = [(int(edges[c].min()), int(edges[c].max())) for c in ("n_treated", "n_control")]
    said = [str(high) if low == high else f"{low} to {high}" for low, high in n]
    found = int((edges["p_adjusted"] < ALPHA).sum())
    return (
        f"n = {said[0]} treated and {said[1]} control; {found} of {plural(len(edges), 'pair')} "
        f"with an adjusted p below {ALPHA:g}."
    )


def _reach(values: pd.Series) -> float:
    finite = values.to_numpy(float)
    finite = finite[np.isfinite(finite)]
    return float(np.abs(finite).max(initial=0.0)) or 1.0


def _draw_effects(axes: Axes, edges: pd.DataFrame, order: _Order) -> None:
    effect, p = _square(edges, order, "difference", "p_adjusted")
    reach = _reach(edges["difference"])
    axes.imshow(effect, cmap=DIVERGING, vmin=-reach, vmax=reach, interpolation="nearest")
    axes.imshow(_of_p(p), cmap=SEQUENTIAL, vmin=0, vmax=1, interpolation="nearest")
    y, x = np.nonzero(p < ALPHA)
    size = float(np.clip(_side(order) / len(order.regions) * 72 * 0.25, 1.0, 4.0))
    axes.plot(x, y, "o", color="#ffffff", ms=size, mew=0, ls="none")
    axes.plot(y, x, "o", color=INK, ms=size, mew=0, ls="none")
    _frame(axes, order)


def _of_p(p: Floats) -> Floats:
    """Place of p on its scale: logarithmic from 0.001 to 1."""
    return np.asarray(1 + np.log10(np.clip(p, STEPS[0], 1)) / -np.log10(STEPS[0]))


def _frame(axes: Axes, order: _Order) -> None:
    axes.spines[:].set_visible(False)
    count = len(order.regions)
    for _, begin, _ in order.blocks[1:]:
        axes.axhline(begin - 0.5, color=INK, lw=0.5)
        axes.axvline(begin - 0.5, color=INK, lw=0.5)
    axes.plot([-0.5, count - 0.5], [-0.5, count - 0.5], color=HAIRLINE, lw=0.6)
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)


def _write_blocks(sheet: Sheet, order: _Order, left: float) -> None:
    each = _side(order) / len(order.regions)
    for block, begin, end in order.blocks:
        room = (end - begin) * each - 0.05
        text = lettering.shortened(block, SMALL, room)
        if len(text) > 2:
            sheet.text(left + begin * each, 0.1, text, fontsize=SMALL, color=MUTED)


def _draw_scale(sheet: Sheet, place: tuple[float, float], reach: float, label: str) -> None:
    axes = sheet.axes(place[0], place[1], 1.6, 0.09)
    ramp = np.linspace(-reach, reach, 65)[None, :]
    axes.imshow(
        ramp, cmap=DIVERGING, vmin=-reach, vmax=reach, aspect="auto", extent=(-reach, reach, 0, 1)
    )
    digits = places(0, reach)
    ticks = [number(at, digits, sign=True) for at in (-reach, 0.0, reach)]
    _finish_scale(axes, [-reach, 0.0, reach], ticks)
    text = lettering.shortened(label, SMALL, 2.2)
    sheet.text(place[0], place[1] - 0.17, text, fontsize=SMALL, color=MUTED)


def _draw_p_scale(sheet: Sheet, place: tuple[float, float]) -> None:
    axes = sheet.axes(place[0], place[1], 1.8, 0.09)
    ramp = np.linspace(0, 1, 65)[None, :]
    axes.imshow(ramp, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto", extent=(0, 1, 0, 1))
    ticks = _of_p(np.array(STEPS)).tolist()
    _finish_scale(axes, ticks, [f"{p:g}" for p in STEPS])
    sheet.text(place[0], place[1] - 0.17, "Adjusted p", fontsize=SMALL, color=MUTED)


def _finish_scale(axes: Axes, ticks: list[float], labels: list[str]) -> None:
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xticks(ticks, labels, fontsize=SMALL - 1)
    axes.tick_params(axis="x", length=2, pad=1)


def _draw_means(
    sheet: Sheet, edges: pd.DataFrame, order: _Order, place: tuple[float, float], unit: str
) -> None:
    columns = ["pre_treated", "pre_control", "post_treated", "post_control"]
    reach = max(_reach(edges[column]) for column in columns)
    left, top = place
    for timepoint, label in (("pre", "Before (pre)"), ("post", "After (post)")):
        sheet.text(left, top - 0.2, label, fontsize=BODY, fontweight="bold")
        axes = sheet.axes(left, top, SMALL_SIDE, SMALL_SIDE)
        upper, lower = _square(edges, order, f"{timepoint}_treated", f"{timepoint}_control")
        for half in (upper, lower):
            axes.imshow(half, cmap=DIVERGING, vmin=-reach, vmax=reach, interpolation="nearest")
        _frame(axes, order)
        axes.set_xticks([])
        axes.set_yticks([])
        top += SMALL_SIDE + 0.38
    _draw_scale(sheet, (left, top + 0.02), reach, f"Mean, {unit}")


SPEC = FigureSpec(
    name="region_matrix",
    description="Difference in change of every pair of regions, adjusted p, before and after",
    needs=("edges",),
    draw=draw,
)
