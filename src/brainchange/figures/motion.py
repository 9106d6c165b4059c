"""Quality by arm and timepoint: head motion, kept volumes, temporal signal-to-noise ratio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, INK, MUTED, SMALL, arm_styles
from brainchange.figures.wording import effect_sentence, permutation_p, text_of, with_unit

LEFT, GAP, RIGHT = 0.78, 0.28, 2.2
HEAD, ROW, BETWEEN = 0.3, 1.5, 0.46
TITLE = "Data quality before and after, by arm"
NOTES = (
    "One thin line a participant (hollow: one timepoint only); heavy line: means of participants "
    "with both timepoints, bars 95\u00a0% intervals. Right: difference in change, post − pre, in "
    "the primary contrast. If quality changes more in one arm than in another, an effect of "
    "therapy cannot be told from it."
)

RATIO = "ratio"
"""Unit of what has none."""


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw all measures of quality in one figure; none for a table that has none."""
    effects, within, changes = (_quality(given.tables[name]) for name in SPEC.needs)
    measures = list(dict.fromkeys(within["measure"]))
    if not measures and given.study.observations is not None:
        return
    if measures:
        figure = _sheet(given, measures, changes, within, effects).figure
    else:
        figure = empty_sheet(6.0, TITLE, "No measure of quality was computed.").figure
    said = " ".join(
        f"{text_of(row['label'])}. {effect_sentence(row)}" for row in effects.to_dict("records")
    )
    yield Drawing("motion", figure, changes, TITLE, NOTES, f"{TITLE}. {said}")


def _quality(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == "quality"].reset_index(drop=True)


def _sheet(
    given: FigureInput,
    measures: list[str],
    changes: pd.DataFrame,
    within: pd.DataFrame,
    effects: pd.DataFrame,
) -> Sheet:
    styles = {a: s for a, s in arm_styles(given.study.arms).items() if a in set(within["arm"])}
    arm_width = 1.75 if len(styles) <= 2 else 1.45 if len(styles) <= 4 else 1.22
    plots = arm_width * len(styles)
    width = max(LEFT + plots + GAP + RIGHT, 5.4)
    sheet = new_sheet(width, HEAD + len(measures) * (ROW + BETWEEN), TITLE, "", NOTES)
    for place, style in enumerate(styles.values()):
        name = lettering.wrapped(style.label, BODY, arm_width - 0.1, weight="bold")
        left = LEFT + place * arm_width
        sheet.text(left, 0.02, name, fontweight="bold", color=style.colour)
    primary = effects[effects["contrast"] == given.study.primary_contrast]
    for place, measure in enumerate(measures):
        top = HEAD + place * (ROW + BETWEEN)
        rows = within[within["measure"] == measure].to_dict("records")
        axes = sheet.axes(LEFT, top, plots, ROW)
        mine = changes[changes["measure"] == measure]
        values = mine[["pre", "post"]].to_numpy(float).ravel()
        axes.set_ylim(paired.padded(paired.reach(values, paired.mean_ends(rows))))
        for number, (arm, style) in enumerate(styles.items()):
            start = 2.1 * number
            row = next(row for row in rows if row["arm"] == arm)
            paired.draw_slopes(axes, start, mine[mine["arm"] == arm], style)
            paired.draw_means(axes, start, row, style)
        _finish(axes, rows[0], len(styles), plots)
        chosen = primary[primary["measure"] == measure].to_dict("records")
        _write_effect(sheet, LEFT + plots + GAP, top, rows[0], chosen)
    return sheet


def _finish(axes: Axes, row: dict[str, Any], count: int, inches: float) -> None:
    paired.quiet_axis(axes)
    axes.set_xlim(-0.42, (count - 1) * 2.1 + 1.42)
    ticks = [place * 2.1 + at for place in range(count) for at in (0, 1)]
    axes.set_xticks(ticks, ["pre", "post"] * count)
    axes.set_ylabel(lettering.shortened(text_of(row["unit"]), BODY, ROW))
    axes.yaxis.set_label_coords(-0.56 / inches, 0.5)


def _write_effect(
    sheet: Sheet, left: float, top: float, row: dict[str, Any], effects: list[dict[str, Any]]
) -> None:
    room = sheet.width - left - MARGIN
    label = lettering.wrapped(text_of(row["label"]), BODY, room, lines=3, weight="bold")
    sheet.text(left, top, label, fontweight="bold", color=INK)
    top += lettering.height(label, BODY) + 0.05
    for effect in effects:
        for line in _effect_lines(effect):
            text = lettering.wrapped(line, SMALL, room, lines=3)
            sheet.text(left, top, text, fontsize=SMALL, color=MUTED)
            top += lettering.height(text, SMALL) + 0.03


def _effect_lines(row: dict[str, Any]) -> list[str]:
    lines = [text_of(row["contrast_label"])]
    if not np.isfinite(row["difference"]):
        return [*lines, text_of(row["flag"]) or "not estimated"]
    digits = places(row["ci_low"], row["ci_high"])
    unit = text_of(row["unit"])
    lines.append(with_unit(row["difference"], digits, "" if unit == RATIO else unit, sign=True))
    lines.append(f"95\u00a0% CI {interval(row['ci_low'], row['ci_high'], digits)}")
    if np.isfinite(row["p_permutation"]):
        lines.append(permutation_p(row))
    return [*lines, f"n = {int(row['n_treated'])} and {int(row['n_control'])}"]


SPEC = FigureSpec(
    name="motion",
    description="Head motion, kept volumes and signal-to-noise ratio before and after, by arm",
    needs=("effects", "within", "changes"),
    draw=draw,
)
