"""Four estimators of one difference side by side, and whether those who start higher change more.

Where arms were not randomised, the change score and the analysis of covariance can disagree (Lord
1967); the truth lies between them if either of their suppositions holds (Ding & Li 2019). Change
against the mean of both values (Oldham 1962) is free of the correlation that change against the
value before has by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering, paired
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.legend import Legend, legend
from brainchange.figures.marks import Estimate, around_zero, draw_across, zero_across
from brainchange.figures.numbers import interval, number, p_value, places
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, INK, MUTED, SMALL, ArmStyle, arm_styles
from brainchange.figures.wording import text_of, title_of, with_unit

Row = dict[str, Any]
ESTIMATORS = {
    "Change score": ("difference", "ci_low", "ci_high"),
    "Mixed model": ("mixed_model", "mixed_model_ci_low", "mixed_model_ci_high"),
    "ANCOVA": ("ancova", "ancova_ci_low", "ancova_ci_high"),
    "Constrained baseline": (
        "constrained_baseline",
        "constrained_baseline_ci_low",
        "constrained_baseline_ci_high",
    ),
}
"""What each is called, and its columns in the table of effects."""
LEADS = {"change_score": "Change score", "ancova": "ANCOVA"}
P = {
    "Change score": "p_welch",
    "Mixed model": "mixed_model_p",
    "ANCOVA": "ancova_p",
    "Constrained baseline": "constrained_baseline_p",
}
KINDS = ("claim", "outcome")
LABEL, PLOT, ROW, SAID = 1.35, 2.3, 0.42, 1.75
OLDHAM, GAP, LEFT, HEAD, AXIS = 2.5, 0.3, 0.72, 0.36, 0.55
WIDTH = MARGIN + LABEL + PLOT + SAID + GAP + LEFT + OLDHAM + MARGIN
NOTES = (
    "Left: the difference between arms estimated in four ways from the same values, with 95\u00a0% "
    "intervals; filled: the one that leads the verdict; band: smallest effect of interest. Right "
    "(Oldham): change, post − pre, of every participant against the mean of both values; r within "
    "the arms of the contrast: near 0 where only regression to the mean ties change to the start."
)


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw one picture for each claim and scale in the primary contrast."""
    effects = given.tables["effects"]
    chosen = effects["kind"].isin(KINDS) & (effects["contrast"] == given.study.primary_contrast)
    for row in effects[chosen].to_dict("records"):
        yield _drawing(given, {str(name): value for name, value in row.items()})


def _drawing(given: FigureInput, row: Row) -> Drawing:
    kind, measure = str(row["kind"]), str(row["measure"])
    changes = given.tables["changes"]
    changes = changes[(changes["kind"] == kind) & (changes["measure"] == measure)]
    changes = changes.dropna(subset=["change"]).reset_index(drop=True)
    changes = changes.assign(mean=(changes["pre"] + changes["post"]) / 2)
    title = lettering.plain(f"Four estimates of one difference: {title_of(row)}")
    said = [_sentence(name, row) for name in ESTIMATORS]
    note = text_of(row["estimators_note"])
    head = lettering.plain(text_of(row["contrast_label"]) + (f": {note}" if note else ""))
    oldham = _oldham(given, row)
    if any(np.isfinite(row[columns[0]]) for columns in ESTIMATORS.values()):
        shown = set(changes["arm"])
        styles = {a: s for a, s in arm_styles(given.study.arms).items() if a in shown}
        names = legend(styles.values(), WIDTH)
        sheet = _sheet((title, head), row, names)
        _draw_oldham(sheet, changes, styles, text_of(row["unit"]), (names.height, oldham))
        figure = sheet.figure
    else:
        why = text_of(row["flag"]) or "Nothing can be estimated."
        figure = empty_sheet(6.0, title, why).figure
    return Drawing(
        f"estimators_{kind}_{measure}",
        figure,
        changes,
        title,
        NOTES,
        f"{title}, change is post − pre, {head}. {'; '.join(said)}. {oldham}.",
        kind=kind,
        measure=measure,
    )


def _sentence(name: str, row: Row) -> str:
    value, low, high = _ends(name, row)
    if not np.isfinite(value):
        return f"{name}: not estimated"
    digits = places(low, high)
    ends = f"95\u00a0% interval {interval(low, high, digits)}"
    return f"{name}: {with_unit(value, digits, text_of(row['unit']), sign=True)}, {ends}"


def _oldham(given: FigureInput, row: Row) -> str:
    threats = given.tables["threats"]
    keys = ("kind", "measure", "contrast")
    mine = threats[(threats[list(keys)] == [row[key] for key in keys]).all(axis=1)]
    mine = mine[mine["threat"] == "oldham_correlation"]
    if mine.empty or not np.isfinite(mine["value"].iloc[0]):
        return "r n/a"
    found = mine.iloc[0]
    ends = interval(found["ci_low"], found["ci_high"])
    n = int(found["n_treated"] + found["n_control"])
    return f"r = {number(found['value'])}, 95\u00a0% CI {ends}, {p_value(found['p'])}, n = {n}"


def _sheet(heading: tuple[str, str], row: Row, names: Legend) -> Sheet:
    title, head = heading
    top = names.height + HEAD
    sheet = new_sheet(WIDTH, top + len(ESTIMATORS) * ROW + AXIS, title, head, NOTES)
    names.write(sheet)
    axes = sheet.axes(MARGIN + LABEL, top, PLOT, len(ESTIMATORS) * ROW)
    _prepare(axes, row)
    lead = LEADS.get(text_of(row["lead_estimator"]), "")
    for place, name in enumerate(ESTIMATORS):
        draw_across(axes, place + 0.5, _ends(name, row), colour=INK, filled=name == lead)
        _write_estimator(sheet, row, name, top + (place + 0.5) * ROW, leads=name == lead)
    return sheet


def _ends(name: str, row: Row) -> Estimate:
    value, low, high = (float(row[column]) for column in ESTIMATORS[name])
    return value, low, high


def _prepare(axes: Axes, row: Row) -> None:
    bound = float(row["equivalence_bound"])
    ends = [float(row[column]) for columns in ESTIMATORS.values() for column in columns]
    values = [abs(float(row[columns[0]])) for columns in ESTIMATORS.values()]
    most = 4 * max([value for value in [*values, bound] if np.isfinite(value)], default=1.0)
    reach = around_zero([*ends, 1.5 * bound], widest=most)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(len(ESTIMATORS), 0)
    if np.isfinite(bound):
        axes.axvspan(-bound, bound, color=BAND, lw=0, zorder=0)
    zero_across(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    unit = lettering.shortened(text_of(row["unit"]), SMALL, PLOT - 0.1)
    axes.set_xlabel(unit, fontsize=SMALL)


def _write_estimator(sheet: Sheet, row: Row, name: str, middle: float, *, leads: bool) -> None:
    value, low, high = _ends(name, row)
    label = lettering.wrapped(name, BODY, LABEL - 0.1, weight="bold" if leads else "normal")
    sheet.text(
        MARGIN,
        middle - lettering.height(label, BODY) / 2,
        label,
        fontweight="bold" if leads else "normal",
    )
    left = MARGIN + LABEL + PLOT + 0.15
    if not np.isfinite(value):
        sheet.text(left, middle - 0.07, "not estimated", fontsize=SMALL, color=MUTED)
        return
    digits = places(low, high)
    first = f"{number(value, digits, sign=True)} {interval(low, high, digits)}"
    said = f"{first}\n{p_value(float(row[P[name]]))}"
    sheet.text(left, middle - lettering.height(said, SMALL) / 2, said, fontsize=SMALL)


def _draw_oldham(
    sheet: Sheet,
    changes: pd.DataFrame,
    styles: dict[str, ArmStyle],
    unit: str,
    words: tuple[float, str],
) -> None:
    top, said = words
    left = WIDTH - MARGIN - OLDHAM
    axes = sheet.axes(left, top + HEAD, OLDHAM, len(ESTIMATORS) * ROW)
    opacity, size = paired.crowding(len(changes))
    for arm, style in styles.items():
        mine = changes[changes["arm"] == arm]
        axes.plot(
            mine["mean"],
            mine["change"],
            style.marker,
            ms=size + 0.6,
            color=style.colour,
            mew=0,
            alpha=min(1, opacity + 0.3),
            zorder=3,
        )
    axes.set_ylim(paired.padded(changes["change"].to_numpy(float), zero=True))
    axes.set_xlim(paired.padded(changes["mean"].to_numpy(float)))
    paired.zero_line(axes)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.set_xlabel(
        lettering.shortened(f"Mean of pre and post, {unit}", SMALL, OLDHAM), fontsize=SMALL
    )
    axes.set_ylabel("Change, post − pre", fontsize=SMALL)
    axes.yaxis.set_label_coords(-0.52 / OLDHAM, 0.5)
    said = lettering.wrapped(said, SMALL, OLDHAM)
    at = top + HEAD - 0.06 - lettering.height(said, SMALL)
    sheet.text(left, at, said, fontsize=SMALL, color=MUTED)


SPEC = FigureSpec(
    name="estimators",
    description="Change score, mixed model, ANCOVA and constrained baseline side by side; Oldham",
    needs=("effects", "changes", "threats"),
    draw=draw,
)
