"""Coverage: share of valid voxels of every region in every participant, threshold marked."""

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
from brainchange.figures.numbers import plural
from brainchange.figures.sheet import MARGIN, Sheet, empty_sheet, new_sheet
from brainchange.figures.theme import INK, MUTED, PAPER, SMALL, WARNING, ArmStyle, arm_styles

TITLE = "Coverage: share of each region's voxels with signal, by participant"
ENOUGH = LinearSegmentedColormap.from_list(
    "enough", ("#d5e4f0", "#6ea3cb", "#1f5f93"), bad=(0.0, 0.0, 0.0, 0.0)
)
ARM_LABEL, ID_LABEL = 1.15, 0.62
MOST_LABELS = 0.115
OTHER = ArmStyle("Not analysed", MUTED, "o")


@dataclass(frozen=True)
class _Grid:
    """Participants × regions, in the order they are shown.

    Attributes
    ----------
    shares : numpy.ndarray, shape (n_participants, n_regions)
        Smallest share over the runs of a participant.
    usable : numpy.ndarray of bool, shape (n_participants, n_regions)
        Whether the region is usable in all of them.
    """

    participants: tuple[str, ...]
    arms: tuple[str, ...]
    regions: tuple[str, ...]
    shares: NDArray[np.float64]
    usable: NDArray[np.bool_]


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw coverage of all participants and regions; nothing for a study from a table."""
    coverage = given.tables["coverage"]
    threshold = given.settings.coverage.smallest_share
    if coverage.empty and given.study.observations is not None:
        return
    if coverage.empty:
        nothing = "No run was measured."
        figure = empty_sheet(6.0, TITLE, nothing).figure
        yield Drawing("coverage", figure, coverage, TITLE, _notes(threshold), f"{TITLE}. {nothing}")
        return
    grid = _grid(coverage, given.tables["changes"], list(given.study.arms))
    table = pd.DataFrame(
        {
            "participant_id": np.repeat(grid.participants, len(grid.regions)),
            "arm": np.repeat(grid.arms, len(grid.regions)),
            "region": np.tile(grid.regions, len(grid.participants)),
            "share": grid.shares.ravel(),
            "usable": grid.usable.ravel(),
        }
    )
    figure = _sheet(grid, arm_styles(given.study.arms), threshold).figure
    yield Drawing(
        "coverage", figure, table, TITLE, _notes(threshold), f"{TITLE}. {_words(grid, threshold)}"
    )


def _notes(threshold: float) -> str:
    return (
        "Each cell is one region of one participant: the share of its voxels with enough signal in "
        f"all runs. × on orange: below {threshold:.0%}, not used; white: not measured. Numbers at "
        "the foot: participants in whom the region is usable."
    ).replace("%", "\u00a0%")


def _words(grid: _Grid, threshold: float) -> str:
    lost = int((~grid.usable).sum())
    head = (
        f"{plural(len(grid.participants), 'participant')}, {plural(len(grid.regions), 'region')}; "
        f"{lost} of {grid.usable.size} cells are not usable (share below {threshold:.0%})."
    )
    worst = [
        f"{grid.regions[column]}: usable in {int(grid.usable[:, column].sum())}"
        for column in np.argsort(grid.usable.sum(axis=0), kind="stable")[:5]
        if not grid.usable[:, column].all()
    ]
    return head + (" Least covered: " + "; ".join(worst) + "." if worst else "")


def _grid(coverage: pd.DataFrame, changes: pd.DataFrame, order: list[str]) -> _Grid:
    regions = tuple(dict.fromkeys(coverage["region"]))
    arm_of = dict(zip(changes["participant_id"], changes["arm"], strict=True))
    rank = {arm: place for place, arm in enumerate(order)}
    people = sorted(
        set(coverage["participant_id"]),
        key=lambda one: (rank.get(arm_of.get(one, ""), len(order)), one),
    )
    cells = coverage.assign(usable=coverage["usable"].astype(float))
    smallest = cells.pivot_table(
        index="participant_id",
        columns="region",
        values=["share", "usable"],
        aggfunc="min",
        dropna=False,
        observed=False,
    )
    shares = smallest["share"].reindex(index=people, columns=regions)
    usable = smallest["usable"].reindex(index=people, columns=regions) == 1
    return _Grid(
        tuple(people),
        tuple(arm_of.get(one, "") for one in people),
        regions,
        shares.to_numpy(float),
        usable.to_numpy(bool),
    )


def _sheet(grid: _Grid, styles: dict[str, ArmStyle], threshold: float) -> Sheet:
    rows, columns = grid.shares.shape
    row = 0.17 if rows <= 40 else 0.125 if rows <= 80 else max(7.5 / rows, 0.022)
    column = float(np.clip(6.2 / columns, 0.135, 0.3))
    names = [lettering.shortened(lettering.plain(name), SMALL, 1.3) for name in grid.regions]
    head = max(lettering.width(name, SMALL) for name in names) + 0.12
    left = MARGIN + ARM_LABEL + (ID_LABEL if row >= MOST_LABELS else 0.0)
    width = max(left + columns * column + 0.3, 6.2)
    sheet = new_sheet(width, head + rows * row + 0.78, TITLE, "", _notes(threshold))
    axes = sheet.axes(left, head, columns * column, rows * row)
    _draw_cells(axes, grid, threshold, marks=min(row, column))
    _write_regions(axes, names, grid)
    _write_participants(axes, grid, row)
    bar = left - (ID_LABEL if row >= MOST_LABELS else 0.0) - 0.07
    _write_arms(sheet, grid, styles, bar=bar, head=head, row=row)
    _draw_scale(sheet, left, head + rows * row + 0.4, threshold)
    return sheet


def _draw_cells(axes: Axes, grid: _Grid, threshold: float, marks: float) -> None:
    rows, columns = grid.shares.shape
    shown = np.where(grid.usable, grid.shares, np.nan)
    axes.imshow(shown, cmap=ENOUGH, vmin=threshold, vmax=1, aspect="auto", interpolation="nearest")
    y, x = np.nonzero(~grid.usable & np.isfinite(grid.shares))
    for one, other in zip(x, y, strict=True):
        axes.axvspan(
            one - 0.5,
            one + 0.5,
            1 - (other + 1) / rows,
            1 - other / rows,
            color="#f2a77f",
            lw=0,
        )
    size = float(np.clip(marks * 72 * 0.4, 1.0, 5.0))
    axes.plot(x, y, "x", color=WARNING, ms=size, mew=size / 4, ls="none")
    if marks > 0.05:
        axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        axes.grid(which="minor", color=PAPER, lw=0.7)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def _write_regions(axes: Axes, names: list[str], grid: _Grid) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=SMALL)
    axes.tick_params(axis="x", labeltop=True, labelbottom=False, pad=2)
    rows = len(grid.participants)
    for column, count in enumerate(grid.usable.sum(axis=0)):
        axes.annotate(
            str(int(count)),
            (column, rows - 0.5),
            xytext=(0, -4),
            textcoords="offset points",
            ha="center",
            va="top",
            rotation=90 if rows >= 100 else 0,
            fontsize=SMALL - 1,
            color=INK if count == rows else WARNING,
        )


def _write_participants(axes: Axes, grid: _Grid, row: float) -> None:
    if row < MOST_LABELS:
        axes.set_yticks([])
        return
    labels = [lettering.shortened(one, SMALL - 1, ID_LABEL - 0.08) for one in grid.participants]
    axes.set_yticks(range(len(labels)), labels, fontsize=SMALL - 1)
    axes.tick_params(axis="y", pad=2)


def _write_arms(
    sheet: Sheet,
    grid: _Grid,
    styles: dict[str, ArmStyle],
    *,
    bar: float,
    head: float,
    row: float,
) -> None:
    for arm in dict.fromkeys(grid.arms):
        style = styles.get(arm, OTHER)
        members = [place for place, of in enumerate(grid.arms) if of == arm]
        top, height = head + members[0] * row, len(members) * row
        axes = sheet.axes(bar, top + 0.015, 0.045, max(height - 0.03, 0.01))
        axes.set_facecolor(style.colour)
        axes.set_axis_off()
        axes.axhspan(0, 1, color=style.colour, lw=0)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        lines = max(int(height / 0.13), 1)
        count = f" n\u00a0=\u00a0{len(members)}" if lines > 1 else ""
        text = lettering.wrapped(
            style.label + count, SMALL, ARM_LABEL - 0.15, lines=lines, weight="bold"
        )
        at = top + max((height - lettering.height(text, SMALL)) / 2, 0.0)
        sheet.text(MARGIN, at, text, fontsize=SMALL, fontweight="bold", color=style.colour)


def _draw_scale(sheet: Sheet, left: float, top: float, threshold: float) -> None:
    axes = sheet.axes(left, top, 1.6, 0.09)
    ramp = np.linspace(threshold, 1, 64)[None, :]
    extent = (threshold, 1.0, 0.0, 1.0)
    axes.imshow(ramp, cmap=ENOUGH, vmin=threshold, vmax=1, aspect="auto", extent=extent)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    middle = (threshold + 1) / 2
    shown = [f"{at:.0%}".replace("%", "\u00a0%") for at in (threshold, middle, 1.0)]
    axes.set_xticks([threshold, middle, 1.0], shown, fontsize=SMALL - 1)
    axes.tick_params(axis="x", length=2, pad=1)


SPEC = FigureSpec(
    name="coverage",
    description="Share of valid voxels of every region in every participant",
    needs=("coverage", "changes"),
    draw=draw,
)
