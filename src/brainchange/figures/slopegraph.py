"""Paired slopegraph of one measure: every participant before and after, by arm, and the effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, p_value, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, SMALL, TITLE, ArmStyle, arm_styles
from brainchange.figures.wording import (
    arm_sentences,
    effect_sentence,
    permutation_p,
    text_of,
    title_of,
    with_unit,
)

Row = paired.Row
SHOWN_KINDS = ("claim", "outcome")
LEFT, GAP = 0.78, 0.3
ARM_HEAD, SLOPES, BETWEEN, CHANGES = 0.56, 2.35, 0.34, 1.55
PERIOD = 2.1
NOTES = (
    "Upper: one thin line a participant (hollow: one timepoint only); heavy line: means of "
    "participants with both timepoints, bars 95\u00a0% intervals. Lower: change of each "
    "participant, post − pre, with its density; mark and bar at its right: mean change with "
    "95\u00a0% interval; band: change that 95 in 100 untreated participants do not exceed (MDC95). "
    "Right: difference in change between arms with 95\u00a0% Welch interval; filled: primary "
    "contrast; an arrow: the bar goes on. SD: pooled standard deviation before therapy (dppc2)."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw one slopegraph for each claim and each outcome."""
    effects = given.tables["effects"]
    chosen = effects[effects["kind"].isin(SHOWN_KINDS)]
    for kind, measure in dict.fromkeys(zip(chosen["kind"], chosen["measure"], strict=True)):
        yield slopegraph(given, str(kind), str(measure))


def slopegraph(given: FigureInput, kind: str, measure: str) -> Drawing:
    """Draw the slopegraph of one measure.

    Parameters
    ----------
    given : FigureInput
        Needs the tables ``changes``, ``within``, ``effects`` and ``reliability``.
    kind, measure : str
        The measure.
    """
    tables = {name: _of(given.tables[name], kind, measure) for name in SPEC.needs}
    effects = tables["effects"].to_dict("records")
    within = {str(row["arm"]): row for row in tables["within"].to_dict("records")}
    styles = {arm: s for arm, s in arm_styles(given.study.arms).items() if arm in within}
    reliability = tables["reliability"]
    mdc95 = float(reliability["mdc95"].iloc[0]) if len(reliability) else np.nan
    first: Row = effects[0] if effects else next(iter(within.values()))
    label, unit = lettering.plain(title_of(first)), lettering.plain(text_of(first["unit"]))
    said = _subtitle(first, unit)
    if np.isfinite(tables["changes"][["pre", "post"]].to_numpy(float)).any():
        if np.isfinite(mdc95):
            said += f" {_error(mdc95, reliability['n'].iloc[0], unit)}"
        sheet, lower = _sheet((label, said), tables["changes"], within, effects, styles)
        draw_error(lower, mdc95)
        figure = sheet.figure
    else:
        figure = empty_sheet(6.0, label, "No participant has a value of this measure.").figure
    sentences = [effect_sentence(row) for row in effects] + arm_sentences(list(within.values()))
    if np.isfinite(mdc95):
        sentences.append(_error(mdc95, reliability["n"].iloc[0], unit))
    return Drawing(
        name=f"slopegraph_{kind}_{measure}",
        figure=figure,
        table=tables["changes"],
        title=label,
        caption=NOTES,
        alternative=f"{label}, change is post − pre. " + " ".join(sentences),
        kind=kind,
        measure=measure,
    )


def _subtitle(row: Row, unit: str) -> str:
    said = [f"Unit: {unit}."] if unit else []
    direction = text_of(row.get("direction"))
    if direction and row["kind"] == "claim":
        said.append(f"The article says it goes {direction}.")
    elif direction:
        said.append(f"{direction.capitalize()} is better.")
    return " ".join(said)


def _error(mdc95: float, n: float, unit: str) -> str:
    size = with_unit(mdc95, places(-mdc95, mdc95), unit)
    return f"MDC95 of the untreated (n = {int(n)}): ± {size}."


def draw_error(axes: Axes, mdc95: float) -> None:
    """Draw the band of changes that are no more than error, as far as the axis goes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to; the limits of its y axis must be set before.
    mdc95 : float
        Smallest change that is more than error, in the unit of the axis; NaN draws nothing.
    """
    if not np.isfinite(mdc95):
        return
    low, high = axes.get_ylim()
    axes.axhspan(max(-mdc95, low), min(mdc95, high), color=BAND, lw=0, zorder=0)


def _of(table: pd.DataFrame, kind: str, measure: str) -> pd.DataFrame:
    return table[(table["kind"] == kind) & (table["measure"] == measure)].reset_index(drop=True)


def _sheet(
    heading: tuple[str, str],
    changes: pd.DataFrame,
    within: dict[str, Row],
    effects: list[Row],
    styles: dict[str, ArmStyle],
) -> tuple[Sheet, Axes]:
    arm_width = 1.75 if len(styles) <= 2 else 1.42 if len(styles) <= 4 else 1.22
    plots = arm_width * len(styles)
    right = max(2.15, 0.95 * len(effects) + 0.2) if effects else 0.0
    body = ARM_HEAD + SLOPES + BETWEEN + CHANGES + (0.55 if effects else 0.1)
    width = max(LEFT + plots + GAP + right + MARGIN, 4.6)
    sheet = new_sheet(width, body, *heading, NOTES)
    upper = sheet.axes(LEFT, ARM_HEAD, plots, SLOPES)
    lower = sheet.axes(LEFT, ARM_HEAD + SLOPES + BETWEEN, plots, CHANGES)
    ends = [row[end] for row in (*within.values(), *effects) for end in ("ci_low", "ci_high")]
    shown = paired.reach(changes["change"].to_numpy(float), ends)
    lower.set_ylim(paired.padded(shown, zero=True))
    values = changes[["pre", "post"]].to_numpy(float).ravel()
    upper.set_ylim(paired.padded(paired.reach(values, paired.mean_ends(within.values()))))
    for place, (arm, style) in enumerate(styles.items()):
        rows = changes[changes["arm"] == arm]
        _draw_arm((upper, lower), place * PERIOD, rows, within[arm], style)
        head = LEFT + place * arm_width
        _write_head(sheet, head, arm_width - 0.1, within[arm], style)
    _finish(upper, lower, len(styles))
    if effects:
        left = LEFT + plots + GAP
        _write_effect(sheet, left, right, effects)
        _draw_contrasts(sheet, lower, left, right - 0.1, effects)
    return sheet, lower


def _draw_arm(
    plots: tuple[Axes, Axes], start: float, rows: pd.DataFrame, within: Row, style: ArmStyle
) -> None:
    upper, lower = plots
    paired.draw_slopes(upper, start, rows, style)
    paired.draw_means(upper, start, within, style)
    paired.draw_density(lower, start - 0.02, rows, style)
    paired.draw_changes(lower, start + 0.35, rows, style)
    estimate = (float(within["change"]), float(within["ci_low"]), float(within["ci_high"]))
    paired.draw_estimate(lower, start + 1.05, estimate, colour=style.colour, marker=style.marker)


def _write_head(sheet: Sheet, left: float, room: float, within: Row, style: ArmStyle) -> None:
    name = lettering.wrapped(style.label, BODY, room, weight="bold")
    sheet.text(left, 0.04, name, fontweight="bold", color=style.colour)
    counts = f"n = {int(within['n_both'])} of {int(within['n_arm'])}"
    below = 0.06 + lettering.height(name, BODY)
    sheet.text(left, below, counts, fontsize=SMALL, color=MUTED)


def _finish(upper: Axes, lower: Axes, count: int) -> None:
    for axes in (upper, lower):
        paired.quiet_axis(axes)
        axes.set_xlim(-0.42, (count - 1) * PERIOD + 1.42)
    ticks = [place * PERIOD + at for place in range(count) for at in (0, 1)]
    upper.set_xticks(ticks, ["pre", "post"] * count)
    lower.set_xticks([])
    paired.zero_line(lower)
    lower.set_ylabel("Change, post − pre")
    upper.set_ylabel("Value")
    for axes in (upper, lower):
        axes.yaxis.set_label_coords(-0.56 / _inches(axes), 0.5)


def _inches(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    if figure is None:
        return 1.0
    return float(axes.get_position().width * figure.get_size_inches()[0])


def _write_effect(sheet: Sheet, left: float, right: float, effects: list[Row]) -> None:
    row = next((e for e in effects if bool(e["primary"])), effects[0])
    room = right - 0.1
    digits = places(row["ci_low"], row["ci_high"])
    unit = lettering.plain(text_of(row["unit"]))
    contrast = lettering.wrapped(text_of(row["contrast_label"]), SMALL, room, lines=3)
    lines = [("Difference in change", BODY, "bold", INK), (contrast, SMALL, "normal", MUTED)]
    if np.isfinite(row["difference"]):
        value = with_unit(row["difference"], digits, unit, sign=True)
        value = lettering.wrapped(value, TITLE, room, lines=3, weight="bold")
        lines += [(value, TITLE, "bold", INK)]
        wrapped = [lettering.wrapped(text, SMALL, room) for text in _effect_lines(row, digits)]
        lines += [(text, SMALL, "normal", INK) for text in wrapped]
    flag = text_of(row["flag"])
    if flag:
        lines += [(lettering.wrapped(flag, SMALL, room, lines=6), SMALL, "normal", MUTED)]
    top = 0.04
    for text, size, weight, colour in lines:
        sheet.text(left, top, text, fontsize=size, fontweight=weight, color=colour)
        top += lettering.height(text, size) + 0.035


def _effect_lines(row: Row, digits: int) -> list[str]:
    lines = [f"95 % CI {interval(row['ci_low'], row['ci_high'], digits)}"]
    if np.isfinite(row["dppc2"]):
        ends = interval(row["dppc2_ci_low"], row["dppc2_ci_high"])
        lines.append(f"{number(row['dppc2'], sign=True)} SD {ends}")
    if np.isfinite(row["p_permutation"]):
        lines.append(permutation_p(row))
    lines += _leading_lines(row, digits)
    smallest = row["minimum_detectable_difference"]
    if np.isfinite(smallest):
        lines.append(f"detectable (80 % power): ± {number(smallest, digits)}")
    return lines


def _leading_lines(row: Row, digits: int) -> list[str]:
    """Say what the verdict is led by where that is not the difference in change."""
    lines = []
    if text_of(row.get("lead_estimator")) == "ancova" and np.isfinite(row["lead_difference"]):
        ends = interval(row["lead_ci_low"], row["lead_ci_high"], digits)
        value = number(row["lead_difference"], digits, sign=True)
        lines.append(f"at equal values before (leads the verdict): {value} {ends}")
    if np.isfinite(row["p_adjusted"]) and row["adjustment"] == "holm":
        lines.append(f"{'its ' if lines else ''}Holm-adjusted {p_value(row['p_adjusted'])}")
    return lines


def _draw_contrasts(
    sheet: Sheet, lower: Axes, left: float, width: float, effects: list[Row]
) -> None:
    axes = sheet.axes(left, ARM_HEAD + SLOPES + BETWEEN, width, CHANGES)
    axes.set_ylim(lower.get_ylim())
    axes.set_xlim(-0.5, len(effects) - 0.5)
    each = width / len(effects)
    for place, row in enumerate(effects):
        filled = bool(row["primary"])
        paired.draw_estimate(
            axes,
            place,
            (float(row["difference"]), float(row["ci_low"]), float(row["ci_high"])),
            colour=INK if filled else MUTED,
            marker="D",
            filled=filled,
        )
    labels = [
        lettering.wrapped(text_of(row["contrast_label"]), SMALL - 0.5, each - 0.06, lines=4)
        for row in effects
    ]
    paired.quiet_axis(axes)
    axes.set_xticks(range(len(effects)), labels, fontsize=SMALL - 0.5)
    axes.tick_params(axis="y", labelleft=False)
    paired.zero_line(axes)


SPEC = FigureSpec(
    name="slopegraph",
    description="Every participant before and after, by arm, for each claim and outcome",
    needs=("changes", "within", "effects", "reliability"),
    draw=draw,
)
