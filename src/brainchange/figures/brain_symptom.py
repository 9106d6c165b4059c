"""Change of the brain against change of symptoms: every participant, by arm."""

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
from brainchange.figures.numbers import interval, number, p_value
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, INK, MUTED, SMALL, WARNING, ArmStyle, arm_styles
from brainchange.figures.wording import text_of

Row = dict[str, Any]
LEFT, PLOT, HEIGHT, GAP, SAID = 0.78, 3.2, 2.7, 0.3, 2.5
BELOW = 0.55
NOTES = (
    "One mark a participant with both changes (post − pre). Line: least squares within an arm, as "
    "far as its participants go. r: partial Pearson correlation with 95\u00a0% interval (Fisher "
    "z), of all arms at equal arm; descriptive: fewer than 20 participants, not tested. "
    "Attainable: the largest |r| that the reliability of both changes allows, estimated in the "
    "same few participants; 0.00 where its estimate finds no reliable change."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw one picture for each claim and symptom scale."""
    table = given.tables["brain_symptom"]
    for measure, outcome in dict.fromkeys(zip(table["measure"], table["outcome"], strict=True)):
        mine = table[(table["measure"] == measure) & (table["outcome"] == outcome)]
        rows = [{str(k): v for k, v in row.items()} for row in mine.to_dict("records")]
        yield _drawing(given, rows)


def _drawing(given: FigureInput, rows: list[Row]) -> Drawing:
    first = rows[0]
    measure, outcome = str(first["measure"]), str(first["outcome"])
    points = _points(given.tables["changes"], measure, outcome)
    title = lettering.plain(
        f"{measure} and symptoms: {first['label']}; {text_of(first['outcome_label'])}"
    )
    styles = arm_styles(given.study.arms)
    figure = (
        empty_sheet(6.0, title, "No participant has both changes.").figure
        if points.empty
        else _sheet(title, points, rows, styles).figure
    )
    said = " ".join(f"{text_of(row['scope_label'])}: {', '.join(_lines(row))}." for row in rows)
    return Drawing(
        f"brain_symptom_{measure}_{outcome}",
        figure,
        points,
        title,
        NOTES,
        f"{title}, changes are post − pre. {said}",
        kind="claim",
        measure=measure,
    )


def _points(changes: pd.DataFrame, measure: str, outcome: str) -> pd.DataFrame:
    """Participants with both changes, with the units of both."""
    brain = changes[(changes["kind"] == "claim") & (changes["measure"] == measure)]
    scale = changes[(changes["kind"] == "outcome") & (changes["measure"] == outcome)]
    columns = ["participant_id", "arm", "change", "unit"]
    both = brain[columns].merge(
        scale[["participant_id", "change", "unit"]], on="participant_id", suffixes=("", "_outcome")
    )
    return both.dropna(subset=["change", "change_outcome"]).reset_index(drop=True)


def _lines(row: Row) -> list[str]:
    n = f"n = {int(row['n'])}"
    if not np.isfinite(row["r"]):
        return [text_of(row["flag"]) or f"{n}: no correlation"]
    said = [f"r = {number(row['r'])}, 95\u00a0% CI {interval(row['ci_low'], row['ci_high'])}"]
    tested = "descriptive" if row["descriptive"] is True else p_value(float(row["p"]))
    most = number(row["largest_r"]) if np.isfinite(row["largest_r"]) else "n/a"
    given = text_of(row["given"])
    held = [f"at equal {given}"] if given else []
    return [*said, f"{n}, {tested}, attainable {most}", *held]


def _sheet(title: str, points: pd.DataFrame, rows: list[Row], styles: dict[str, ArmStyle]) -> Sheet:
    shown = {arm: style for arm, style in styles.items() if arm in set(points["arm"])}
    width = LEFT + PLOT + GAP + SAID + MARGIN
    told = _told(rows, styles)
    names = legend(shown.values(), width)
    body = max(HEIGHT + BELOW, sum(lettering.height(t, s) + 0.03 for t, s, *_ in told))
    sheet = new_sheet(width, names.height + body, title, "", NOTES)
    names.write(sheet)
    axes = sheet.axes(LEFT, names.height, PLOT, HEIGHT)
    axes.set_xlim(paired.padded(points["change"].to_numpy(float), zero=True))
    axes.set_ylim(paired.padded(points["change_outcome"].to_numpy(float), zero=True))
    for arm, style in shown.items():
        _draw_arm(axes, points[points["arm"] == arm], style, len(points))
    _finish(axes, points.iloc[0], text_of(rows[0]["outcome"]))
    top = names.height
    for text, size, weight, colour in told:
        sheet.text(LEFT + PLOT + GAP, top, text, fontsize=size, fontweight=weight, color=colour)
        top += lettering.height(text, size) + 0.03
    return sheet


def _told(rows: list[Row], styles: dict[str, ArmStyle]) -> list[tuple[str, float, str, str]]:
    """Text, size, weight and colour of what stands beside the plot."""
    told = []
    for row in rows:
        style = styles.get(str(row["scope"]))
        name = lettering.wrapped(text_of(row["scope_label"]), BODY, SAID, weight="bold")
        told.append((name, BODY, "bold", style.colour if style else INK))
        for place, line in enumerate(_lines(row)):
            text = lettering.wrapped(line, SMALL, SAID, lines=3)
            weak = "descriptive" in line
            colour = WARNING if weak else INK if place == 0 else MUTED
            told.append((text, SMALL, "normal", colour))
    return told


def _draw_arm(axes: Axes, mine: pd.DataFrame, style: ArmStyle, total: int) -> None:
    x, y = mine["change"].to_numpy(float), mine["change_outcome"].to_numpy(float)
    opacity, size = paired.crowding(total)
    axes.plot(
        x, y, style.marker, ms=size + 1.2, color=style.colour, mew=0, alpha=min(1, opacity + 0.3)
    )
    if len(x) > 2 and np.ptp(x) > 0:
        slope, start = np.polyfit(x, y, 1)
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, start + slope * ends, color=style.colour, lw=1.4, zorder=3)


def _finish(axes: Axes, first: pd.Series, outcome: str) -> None:
    axes.axhline(0, color=MUTED, lw=0.6, zorder=0)
    axes.axvline(0, color=MUTED, lw=0.6, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6))
    brain = f"Change of the measure, post − pre, {text_of(first['unit'])}"
    axes.set_xlabel(lettering.shortened(brain, SMALL, PLOT), fontsize=SMALL)
    scale = f"Change of {outcome}, post − pre, {text_of(first['unit_outcome'])}"
    axes.set_ylabel(lettering.shortened(scale, SMALL, HEIGHT), fontsize=SMALL)
    axes.yaxis.set_label_coords(-0.58 / PLOT, 0.5)


SPEC = FigureSpec(
    name="brain_symptom",
    description="Change of every claim against change of every scale, by arm",
    needs=("brain_symptom", "changes"),
    draw=draw,
)
