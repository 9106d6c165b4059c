"""Specification curve: one claim under every set of analysis choices, against chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, p_floor, p_value, plural
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, HAIRLINE, INK, MUTED, PAPER, SMALL, WARNING
from brainchange.figures.wording import text_of

Row = Mapping[Any, Any]
NAME, LEFT, PLOT, CURVE = 0.95, 2.35, 4.9, 2.3
BELOW, CHOICE, BETWEEN = 0.16, 0.15, 0.16
FACTORS = {
    "arm_set": "Arms",
    "denoising": "Denoising",
    "censoring": "Censoring",
    "model": "Model",
    "covariates": "Held equal",
}
"""Columns of choices, and what they are called."""
WORDS = {
    "change_score": "change score",
    "ancova": "ANCOVA",
    "mixed_model": "mixed model",
    "none": "nothing",
    "motion": "head motion",
    "n/a": "all volumes",
    "uncensored": "none",
}
NOTES = (
    "Above: difference in change, post − pre, treated − control, of every specification, from the "
    "smallest, with 95\u00a0% interval; filled: p below the level; diamond: primary specification; "
    "band: 95\u00a0% of what this place on the curve gives when the arms are permuted, the labels "
    "of all specifications in one draw. Below: the choices of each. Specifications are no "
    "independent evidence."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw the curve of every claim in the primary contrast."""
    table, contrast = given.tables["multiverse"], given.study.primary_contrast
    mine = table[table["contrast"] == contrast]
    together = given.tables["multiverse_summary"]
    together = together[together["contrast"] == contrast].set_index("measure", drop=False)
    for measure in dict.fromkeys(mine["measure"]):
        rows = mine[mine["measure"] == measure].reset_index(drop=True)
        summary: Row = together.loc[measure].to_dict() if measure in together.index else {}
        yield _curve(rows, summary, given.settings.inference.alpha)


def _curve(rows: pd.DataFrame, summary: Row, alpha: float) -> Drawing:
    first = rows.iloc[0]
    measure = text_of(first["measure"])
    title = lettering.plain(f"{measure} under every specification: {first['label']}")
    shown = rows[np.isfinite(rows["dppc2"])].sort_values(
        ["dppc2", "specification", "model", "covariates", "arm_set"], ignore_index=True
    )
    said = _said(rows, shown, summary)
    head = f"{lettering.plain(text_of(first['contrast_label']))}. {said}"
    figure = (
        empty_sheet(6.0, title, "No specification gives an effect.").figure
        if shown.empty
        else _sheet((title, head), shown, alpha).figure
    )
    return Drawing(
        f"specification_curve_{measure}",
        figure,
        rows,
        title,
        NOTES,
        f"{title}, change is post − pre. {head}",
        kind="claim",
        measure=measure,
    )


def _said(rows: pd.DataFrame, shown: pd.DataFrame, summary: Row) -> str:
    lost = len(rows) - len(shown)
    said = [f"{plural(len(shown), 'specification')}"]
    if lost:
        said[0] += f" ({lost} more could not be estimated)"
    if shown.empty or not np.isfinite(summary.get("median_dppc2", np.nan)):
        return said[0] + "."
    chance = interval(summary["median_null_low"], summary["median_null_high"])
    said.append(
        f"median {number(summary['median_dppc2'], sign=True)} SD before therapy (dppc2), by chance "
        f"{chance}, {p_value(summary['median_p'])}"
    )
    sign = "with the sign the article says" if text_of(summary["direction"]) else "with one sign"
    said.append(f"{_share(summary['share_claimed'])} {sign}")
    floor = p_floor(summary["p_floor"])
    said.append(
        f"{_share(summary['share_significant'])} with p below the level, by chance as many: "
        f"{p_value(summary['share_significant_p'])}" + (f" ({floor})" if floor else "")
    )
    return "; ".join(said) + "."


def _share(value: float) -> str:
    return f"{100 * value:.0f}\u00a0%"


def _choices(shown: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Rows of the matrix: column, level, and its name; a factor with one level is left out."""
    levels = {factor: list(dict.fromkeys(shown[factor].fillna("n/a"))) for factor in FACTORS}
    return [
        (factor, level, WORDS.get(level, level))
        for factor, found in levels.items()
        if len(found) > 1
        for level in sorted(found)
    ]


def _sheet(heading: tuple[str, str], shown: pd.DataFrame, alpha: float) -> Sheet:
    choices = _choices(shown)
    factors = len({factor for factor, _, _ in choices})
    matrix = CHOICE * len(choices) + BETWEEN * factors
    title, head = heading
    width = LEFT + PLOT + 2 * MARGIN
    sheet = new_sheet(width, CURVE + BELOW + matrix + 0.05, title, head, NOTES)
    axes = sheet.axes(LEFT, 0.05, PLOT, CURVE)
    _draw_curve(axes, shown, alpha)
    top, before = CURVE + BELOW, ""
    for factor, level, name in choices:
        if factor != before:
            top, before = top + BETWEEN, factor
            sheet.text(
                MARGIN, top - 0.005, FACTORS[factor], fontsize=SMALL, fontweight="bold", color=MUTED
            )
        _draw_choice(sheet, shown, (factor, level, name), top)
        top += CHOICE
    return sheet


def _draw_curve(axes: Axes, shown: pd.DataFrame, alpha: float) -> None:
    x, value = np.arange(len(shown)), shown["dppc2"].to_numpy(float)
    ends = shown[["ci_low", "ci_high"]].to_numpy(float)
    band = shown[["null_low", "null_high"]].to_numpy(float)
    held = paired.reach(np.concatenate([value, band.ravel()]), ends.ravel().tolist())
    axes.set_ylim(paired.padded(held, zero=True))
    axes.set_xlim(-0.8, len(shown) - 0.2)
    axes.fill_between(x, band[:, 0], band[:, 1], color=BAND, lw=0, step="mid", zorder=0)
    lines = [((at, low), (at, high)) for at, (low, high) in zip(x, ends, strict=True)]
    axes.add_collection(
        LineCollection(lines, colors=MUTED, linewidths=_line(len(shown)), alpha=0.7, zorder=2),
        autolim=False,
    )
    below = shown["p"].to_numpy(float) < alpha
    size = float(np.clip(160 / len(shown), 1.4, 4.5))
    for chosen, face in ((below, INK), (~below, PAPER)):
        axes.plot(x[chosen], value[chosen], "o", ms=size, mfc=face, mec=INK, mew=0.6, zorder=3)
    first = shown["primary"].to_numpy(bool)
    axes.plot(x[first], value[first], "D", ms=6.5, mfc=WARNING, mec=PAPER, mew=0.9, zorder=4)
    paired.quiet_axis(axes)
    paired.zero_line(axes)
    axes.set_xticks([])
    axes.set_ylabel("Difference in change,\nSD before therapy (dppc2)")
    axes.yaxis.set_label_coords(-0.5 / PLOT, 0.5)


def _line(count: int) -> float:
    return float(np.clip(60 / count, 0.35, 1.2))


def _draw_choice(
    sheet: Sheet, shown: pd.DataFrame, choice: tuple[str, str, str], top: float
) -> None:
    factor, level, name = choice
    text = lettering.shortened(name, SMALL - 0.5, LEFT - NAME - 0.08)
    sheet.text(NAME, top, text, fontsize=SMALL - 0.5, color=INK)
    axes = sheet.axes(LEFT, top, PLOT, CHOICE)
    axes.set_axis_off()
    axes.set_xlim(-0.8, len(shown) - 0.2)
    axes.set_ylim(0, 1)
    axes.axhline(0.5, color=HAIRLINE, lw=0.5, zorder=0)
    chosen = np.flatnonzero((shown[factor].fillna("n/a") == level).to_numpy())
    size = float(np.clip(160 / len(shown), 1.0, 3.2))
    axes.plot(chosen, np.full(len(chosen), 0.5), "s", ms=size, color=INK, mew=0)


SPEC = FigureSpec(
    name="specification_curve",
    description="One claim under every set of analysis choices, against permuted arms",
    needs=("multiverse", "multiverse_summary"),
    draw=draw,
)
