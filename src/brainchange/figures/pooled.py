"""Forest of all studies of one claim, with their mean and the interval of a further study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.marks import around_zero, draw_across, zero_across
from brainchange.figures.numbers import interval, number, p_value, plural
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, SMALL, applied, save
from brainchange.figures.wording import text_of

Row = dict[str, Any]
LABEL, PLOT, VALUE, COUNTS, WEIGHT = 2.5, 2.9, 1.7, 0.85, 0.6
ROW, HEAD, AXIS, PAD = 0.34, 0.26, 0.52, 0.12
WIDTH = MARGIN + LABEL + PLOT + 0.2 + VALUE + COUNTS + WEIGHT + MARGIN
SCALE = "standardised"


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw one forest for each claim that any study measures."""
    bound = given.settings.inference.smallest_effect_of_interest
    yield from pooled(given.tables["meta"], given.tables["forest"], bound)


def pooled(meta: pd.DataFrame, forest: pd.DataFrame, bound: float) -> Iterator[Drawing]:
    """Draw one forest for each claim, in standard deviations before therapy.

    Parameters
    ----------
    meta, forest : pandas.DataFrame
        ``META_TABLE`` and ``FOREST_TABLE``.
    bound : float
        Smallest effect of interest, in standard deviations before therapy.
    """
    for row in meta[meta["scale"] == SCALE].to_dict("records"):
        mine = forest[(forest["measure"] == row["measure"]) & (forest["scale"] == SCALE)]
        yield _drawing({str(k): v for k, v in row.items()}, mine.reset_index(drop=True), bound)


def write_pooled(
    meta: pd.DataFrame,
    forest: pd.DataFrame,
    bound: float,
    folder: Path,
    *,
    simulated: bool,
    origin: str = "",
) -> tuple[Drawing, ...]:
    """Write the forest of each claim as SVG, PNG and TSV.

    Parameters
    ----------
    meta, forest : pandas.DataFrame
        ``META_TABLE`` and ``FOREST_TABLE``.
    bound : float
        Smallest effect of interest, in standard deviations before therapy.
    folder : Path
        Where to (``results/across/figures``); it is made.
    simulated : bool
        Whether to stamp SIMULATED DATA on them.
    origin : str
        What they were made from, for their foot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with applied():
        drawn = tuple(pooled(meta, forest, bound))
    for drawing in drawn:
        save(
            drawing.figure,
            drawing.table,
            folder / drawing.name,
            simulated=simulated,
            origin=origin,
        )
    return drawn


def _drawing(row: Row, studies: pd.DataFrame, bound: float) -> Drawing:
    measure = str(row["measure"])
    title = lettering.plain(f"{measure} in all studies: {row['label']}")
    notes = (
        "Difference in change, post − pre, treated − control, of the primary contrast of each "
        "study, in pooled standard deviations before therapy (dppc2), with 95\u00a0% interval; "
        "size of the mark: weight; hollow: not among those taken together. Diamond: mean (REML) "
        "with its 95\u00a0% interval (modified Hartung–Knapp); bar below: where 95 in 100 further "
        f"studies would lie. Band: smallest effect of interest, ± {bound:g} SD."
    )
    told = [f"{text_of(one['study'])}: {_study_words(one)}" for one in studies.to_dict("records")]
    said = f"{title}. {_mean_words(row)}. {'; '.join(told)}."
    figure = _sheet((title, notes), row, studies, bound).figure
    return Drawing(
        f"pooled_{measure}", figure, studies, title, notes, said, kind="claim", measure=measure
    )


def _study_words(one: Any) -> str:  # noqa: ANN401
    ends = interval(one["ci_low"], one["ci_high"])
    n = f"n = {int(one['n_treated'])} and {int(one['n_control'])}"
    return f"{number(one['effect'], sign=True)} SD, 95\u00a0% interval {ends}, {n}"


def _mean_words(row: Row) -> str:
    if not int(row["k"]):
        return "No study has an estimate that counts"
    said = [
        f"{plural(int(row['k']), 'study', 'studies')}, n = {int(row['n_treated'])} and "
        f"{int(row['n_control'])}: mean {number(row['estimate'], sign=True)} SD, 95\u00a0% "
        f"interval {interval(row['ci_low'], row['ci_high'])}"
    ]
    if np.isfinite(row["p"]):
        said.append(p_value(float(row["p"])))
    if np.isfinite(row["prediction_low"]):
        ends = interval(row["prediction_low"], row["prediction_high"])
        said.append(f"95\u00a0% of further studies {ends}")
    if np.isfinite(row["i2"]):
        said.append(f"I² {row['i2']:.0f}\u00a0%, τ² {number(row['tau2'])}")
    if text_of(row["verdict"]):
        said.append(text_of(row["verdict"]))
    return ", ".join(said)


def _sheet(words: tuple[str, str], row: Row, studies: pd.DataFrame, bound: float) -> Sheet:
    records = studies.to_dict("records")
    names = [
        lettering.wrapped(f"{one['study']}: {one['contrast_label']}", BODY, LABEL - 0.15)
        for one in records
    ]
    heights = [max(ROW, lettering.height(name, BODY) + PAD) for name in names]
    body = sum(heights) + 2 * ROW + 0.1
    sheet = new_sheet(WIDTH, HEAD + body + AXIS, words[0], _mean_words(row) + ".", words[1])
    axes = sheet.axes(MARGIN + LABEL, HEAD, PLOT, body)
    _prepare(axes, row, studies, (body, bound))
    _write_cells(sheet, 0.12, ("Effect [95\u00a0% interval], SD", "n", "Weight"), MUTED)
    top = 0.0
    for one, name, height in zip(records, names, heights, strict=True):
        middle = top + height / 2
        counts = one["counts"] is True or one["counts"] is np.True_
        weight = float(one["weight"]) if np.isfinite(one["weight"]) else 0.0
        estimate = (float(one["effect"]), float(one["ci_low"]), float(one["ci_high"]))
        size = 4.0 + 5.0 * (weight / 100) ** 0.5
        draw_across(axes, middle, estimate, colour=INK, marker="s", filled=bool(counts), size=size)
        sheet.text(MARGIN, HEAD + middle - lettering.height(name, BODY) / 2, name)
        share = f"{weight:.0f}\u00a0%" if counts else "–"
        n = f"{int(one['n_treated'])} vs {int(one['n_control'])}"
        effect = _amount(*estimate)
        _write_cells(sheet, HEAD + middle, (effect, n, share), INK)
        top += height
    _draw_mean(sheet, axes, row, top + 0.1)
    return sheet


def _amount(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return "not estimated"
    return f"{number(value, sign=True)} {interval(low, high)}"


def _write_cells(sheet: Sheet, middle: float, cells: tuple[str, str, str], colour: str) -> None:
    left = MARGIN + LABEL + PLOT + 0.2
    for text, room in zip(cells, (VALUE, COUNTS, WEIGHT), strict=True):
        at = middle - lettering.height("x", SMALL) / 2
        shown = lettering.shortened(text, SMALL, room - 0.05)
        sheet.text(left, at, shown, fontsize=SMALL, color=colour)
        left += room


def _prepare(axes: Axes, row: Row, studies: pd.DataFrame, size: tuple[float, float]) -> None:
    bottom, bound = size
    ends = studies[["effect", "ci_low", "ci_high"]].to_numpy(float).ravel()
    more = [float(row[name]) for name in ("ci_low", "ci_high", "prediction_low", "prediction_high")]
    reach = around_zero([*ends, *more], at_least=2 * bound, widest=4.0)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(bottom, 0)
    axes.axvspan(-bound, bound, color=BAND, lw=0, zorder=0)
    zero_across(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.set_xlabel("SD before therapy (dppc2)", fontsize=SMALL, color=INK)


def _draw_mean(sheet: Sheet, axes: Axes, row: Row, top: float) -> None:
    """Draw the diamond of the mean, and below it the interval of a further study."""
    value, low, high = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
    middle = top + ROW / 2
    counted = int(row["k"])
    name = "Mean of all studies" if counted > 1 else "One study" if counted else "No study"
    sheet.text(MARGIN, HEAD + middle - 0.07, name, fontweight="bold")
    if np.isfinite([value, low, high]).all():
        left, right = axes.get_xlim()
        x = np.clip([low, value, high, value], left, right)
        y = [middle, middle - 0.09, middle, middle + 0.09]
        axes.fill(x, y, color=INK, lw=0, zorder=4)
    cells = _amount(value, low, high)
    n = f"{int(row['n_treated'])} vs {int(row['n_control'])}"
    _write_cells(sheet, HEAD + middle, (cells, n, ""), INK)
    ends = float(row["prediction_low"]), float(row["prediction_high"])
    below = middle + ROW
    sheet.text(MARGIN, HEAD + below - 0.07, "A further study (95\u00a0%)", color=MUTED)
    draw_across(axes, below, (np.nan, *ends), colour=MUTED, width=2.6)
    told = interval(*ends) if np.isfinite(ends).all() else "needs 3 studies"
    _write_cells(sheet, HEAD + below, (told, "", ""), MUTED)


SPEC = FigureSpec(
    name="pooled",
    description="All studies of one claim, their mean, and where a further study would lie",
    needs=("meta", "forest"),
    draw=draw,
    scope="across",
)
