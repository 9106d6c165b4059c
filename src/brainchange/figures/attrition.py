"""Attrition: participants that remain at each step, by arm."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.left_out import reasons
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BODY, HAIRLINE, INK, MUTED, SMALL, ArmStyle, arm_styles
from brainchange.figures.wording import text_of

TITLE = "Participants at each step, by arm"
NOTES = (
    "Bars: participants of the arm that remain; in grey: how many fewer than enrolled. Symptom "
    "scales are counted apart from images. Below: what was left out and why, with the number of "
    "participants of each arm; one participant may be in several lines."
)
LABEL, HEAD, ROW, BAR = 2.5, 0.44, 0.46, 0.24
MOST_REASONS = 10


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw the flow of participants."""
    table = given.tables["attrition"]
    labels = {name: lettering.plain(arm.label) for name, arm in given.study.arms.items()}
    why = reasons(given.tables["decisions"], given.tables["changes"], labels)
    lines = _reason_lines(why)
    if table.empty:
        figure = empty_sheet(6.0, TITLE, "No participant is enrolled in an arm.").figure
    else:
        figure = _sheet(table, arm_styles(given.study.arms), lines).figure
    said = [
        f"{text_of(arm)}: "
        + ", ".join(f"{text_of(row.label)} {int(row.n)}" for row in rows.itertuples())
        for arm, rows in table.groupby("arm_label", sort=False)
    ]
    left = f" Left out: {'; '.join(lines)}." if lines else ""
    both = pd.concat([table, why], ignore_index=True)
    yield Drawing("attrition", figure, both, TITLE, NOTES, f"{TITLE}. {'. '.join(said)}.{left}")


def _reason_lines(why: pd.DataFrame) -> list[str]:
    """Say every reason with its counts, the commonest first; the rest is counted."""
    total = why.groupby("label", sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    lines = [
        f"{label} ({', '.join(f'{row.arm_label} {row.n}' for row in rows.itertuples())})"
        for label in total.index[:MOST_REASONS]
        for rows in [why[why["label"] == label]]
    ]
    more = len(total) - MOST_REASONS
    return [*lines, f"and {more} more reasons"] if more > 0 else lines


def _sheet(table: pd.DataFrame, styles: dict[str, ArmStyle], reasons_: list[str]) -> Sheet:
    steps = dict(zip(table["step"], table["label"], strict=True))
    arms = [arm for arm in styles if arm in set(table["arm"])]
    column = 1.75 if len(arms) <= 3 else 1.25
    width = max(MARGIN + LABEL + column * len(arms) + MARGIN, 5.2)
    images = [step for step in steps if not step.startswith("outcome_")]
    outcomes = [step for step in steps if step.startswith("outcome_")]
    gap = 0.3 if outcomes else 0.0
    body = HEAD + ROW * len(steps) + gap
    room = width - 2 * MARGIN
    told = [lettering.wrapped(text, SMALL, room, lines=2) for text in reasons_]
    below = sum(lettering.height(text, SMALL) + 0.03 for text in told) + (0.3 if told else 0.0)
    sheet = new_sheet(width, body + below, TITLE, "", NOTES)
    _write_reasons(sheet, body, told)
    tops = {step: HEAD + place * ROW for place, step in enumerate(images)}
    tops |= {step: HEAD + gap + (len(images) + n) * ROW for n, step in enumerate(outcomes)}
    if outcomes:
        _rule(sheet, tops[outcomes[0]] - gap / 2 - 0.06)
    for step, top in tops.items():
        label = text_of(steps[step])
        text = lettering.wrapped(label[:1].upper() + label[1:], BODY, LABEL - 0.2)
        middle = top + (BAR - lettering.height(text, BODY)) / 2
        sheet.text(MARGIN, middle, text, color=INK)
    most = max(int(table["n"].max()), 1)
    for place, arm in enumerate(arms):
        rows = table[table["arm"] == arm]
        left = MARGIN + LABEL + place * column
        _draw_arm(sheet, rows, styles[arm], left=left, room=column - 0.25, tops=tops, most=most)
    return sheet


def _draw_arm(
    sheet: Sheet,
    rows: pd.DataFrame,
    style: ArmStyle,
    *,
    left: float,
    room: float,
    tops: dict[str, float],
    most: int,
) -> None:
    name = lettering.wrapped(style.label, BODY, room, weight="bold")
    at = HEAD - 0.1 - lettering.height(name, BODY)
    sheet.text(left, at, name, fontweight="bold", color=style.colour)
    counts = {str(row.step): int(row.n) for row in rows.itertuples()}
    enrolled = counts.get("enrolled", max(counts.values(), default=0))
    for step, count in counts.items():
        axes = sheet.axes(left, tops[step], room, BAR)
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        length = 0.72 * count / most
        opacity = 0.55 if step.startswith("outcome_") else 1.0
        axes.axvspan(0, length, color=style.colour, lw=0, alpha=opacity)
        axes.text(length + 0.04, 0.46, f"{count:,}", va="center", fontsize=BODY, color=INK)
        if count < enrolled:
            lost = f"−{enrolled - count:,}"
            beside = length + 0.04 + (lettering.width(f"{count:,}", BODY) + 0.07) / room
            axes.text(beside, 0.46, lost, va="center", fontsize=SMALL, color=MUTED)


def _write_reasons(sheet: Sheet, top: float, told: list[str]) -> None:
    if not told:
        return
    sheet.text(MARGIN, top, "Left out, and why", fontsize=SMALL, fontweight="bold", color=MUTED)
    top += 0.2
    for text in told:
        sheet.text(MARGIN, top, text, fontsize=SMALL, color=INK)
        top += lettering.height(text, SMALL) + 0.03


def _rule(sheet: Sheet, top: float) -> None:
    axes = sheet.axes(MARGIN, top, sheet.width - 2 * MARGIN, 0.02)
    axes.set_axis_off()
    axes.axhline(0.5, color=HAIRLINE, lw=0.7)
    axes.set_ylim(0, 1)


SPEC = FigureSpec(
    name="attrition",
    description="Participants that remain at each step, by arm",
    needs=("attrition", "decisions", "changes"),
    draw=draw,
)
