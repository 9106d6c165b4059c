"""Motion of the head and the signal of the brain over the volumes of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from brainchange.figures import lettering
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, HAIRLINE, INK, MUTED, SMALL, WARNING
from brainchange.imaging.coverage import drift_projection

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WIDTH = 7.4
LEFT, RIGHT = 0.62, 1.02
TRACE, BETWEEN, CARPET = 0.52, 0.13, 1.9
ROWS = 240
"""Voxels shown in a carpet: one a row of the picture, or nearly so."""
FEWEST_ROWS = 8
SPAN = 2.5
"""Of a carpet, in standard deviations to either side."""
CENSORED = "#f2a77f"
DIRECTIONS = (("#0067a5", "x"), ("#c4540a", "y"), ("#00795c", "z"))
NOTES = (
    "FD: framewise displacement; DVARS: standardised. Orange: censored volumes; light: dropped at "
    "the start. Shifts along and turns about x (right), y (front), z (up). "
)
CARPET_NOTES = (
    "Below: one voxel a row, without slow drift, in its standard deviations (z); stripes across "
    "all rows are motion or breathing."
)


@dataclass(frozen=True)
class MotionTrace:
    """Motion of all volumes of a run.

    Attributes
    ----------
    motion : numpy.ndarray
        Translations in mm and rotations in radian, (n_volumes, 6).
    framewise_displacement : numpy.ndarray
        In mm; NaN for the first, (n_volumes,).
    standardised_dvars : numpy.ndarray
        NaN for the first, (n_volumes,).
    kept : numpy.ndarray of bool
        Analysed volumes that are not censored, (n_analysed,); what is missing at the start was
        dropped.
    repetition_time : float
        In s.
    largest_displacement, largest_dvars : float or None
        Limits of censoring; None where there is none.
    """

    motion: FloatArray
    framewise_displacement: FloatArray
    standardised_dvars: FloatArray
    kept: Mask
    repetition_time: float
    largest_displacement: float | None = None
    largest_dvars: float | None = None

    @property
    def n_volumes(self) -> int:
        """Volumes of the run."""
        return int(self.framewise_displacement.size)

    @property
    def n_dummies(self) -> int:
        """Volumes dropped at the start."""
        return self.n_volumes - int(self.kept.size)

    @property
    def censored(self) -> npt.NDArray[np.intp]:
        """Numbers of the censored volumes, from 0."""
        return np.flatnonzero(~self.kept) + self.n_dummies


@dataclass(frozen=True)
class Tissue:
    """Voxels of one kind in a carpet.

    Attributes
    ----------
    name, colour : str
        What they are, and the colour beside them.
    values : numpy.ndarray
        Analysed volumes, (n_analysed, n_voxels).
    """

    name: str
    colour: str
    values: FloatArray


def draw_motion(
    title: str, subtitle: str, trace: MotionTrace, tissues: tuple[Tissue, ...] = ()
) -> Figure:
    """Draw motion over volumes with what is censored, and the voxels below where they are known.

    Parameters
    ----------
    title, subtitle : str
        Whose run it is; numbers, or why it is left out.
    trace : MotionTrace
        Motion and censoring.
    tissues : tuple of Tissue
        Voxels by tissue, from above (Power 2017, NeuroImage 154:150); none where the volumes could
        not be read.
    """
    shown = tuple(one for one in tissues if one.values.size)
    plots = WIDTH - LEFT - RIGHT
    carpet = CARPET + 0.16 if shown else 0.0
    body = 4 * TRACE + 3 * BETWEEN + (BETWEEN if shown else 0.0) + carpet + 0.42
    notes = NOTES + (CARPET_NOTES if shown else "")
    sheet = new_sheet(WIDTH + 2 * MARGIN, body, title, subtitle, notes)
    rows = [sheet.axes(MARGIN + LEFT, row * (TRACE + BETWEEN), plots, TRACE) for row in range(4)]
    _trace(rows[0], trace.framewise_displacement, "FD (mm)", trace.largest_displacement, "mm")
    _trace(rows[1], trace.standardised_dvars, "DVARS", trace.largest_dvars, "")
    _three(rows[2], trace.motion[:, :3], "shift (mm)")
    _three(rows[3], np.rad2deg(trace.motion[:, 3:]), "turn (°)")
    for axes in rows:
        _mark(axes, trace)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        axes.tick_params(labelbottom=False)
    last = rows[3]
    if shown:
        top = 4 * (TRACE + BETWEEN)
        last = sheet.axes(MARGIN + LEFT, top, plots, CARPET)
        _carpet(sheet, last, top, trace, shown)
    last.tick_params(labelbottom=True)
    last.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    seconds = f"{trace.repetition_time:g} s each"
    last.set_xlabel(f"Volume, counted from 0 ({seconds})", fontsize=SMALL)
    return sheet.figure


def z_scored(values: FloatArray) -> FloatArray:
    """Take slow drift out of voxels and give them in their standard deviations.

    Parameters
    ----------
    values : numpy.ndarray
        (n_volumes, n_voxels).

    Returns
    -------
    numpy.ndarray
        Residuals of a polynomial of order 2 over their standard deviation; NaN for a voxel that
        does not vary or is not a number somewhere, (n_volumes, n_voxels).
    """
    values = np.asarray(values, dtype=float)
    residual = drift_projection(values.shape[0]).residuals(values)
    deviation = residual.std(axis=0)
    level = np.abs(values).max(axis=0, initial=0.0)
    varies = deviation > 1e-9 * np.maximum(level, 1e-300)
    return np.where(varies, residual / np.where(varies, deviation, 1.0), np.nan)


def rows_of(tissues: tuple[Tissue, ...], rows: int = ROWS) -> list[int]:
    """Share the rows of a carpet among tissues by their voxels; a small one keeps a few."""
    sizes = np.array([one.values.shape[1] for one in tissues], dtype=float)
    shares = np.rint(rows * sizes / sizes.sum())
    return [
        int(min(size, max(share, FEWEST_ROWS))) for size, share in zip(sizes, shares, strict=True)
    ]


def _carpet(
    sheet: Sheet, axes: Axes, top: float, trace: MotionTrace, tissues: tuple[Tissue, ...]
) -> None:
    counts = rows_of(tissues)
    total = sum(counts)
    chosen = [
        one.values[:, np.linspace(0, one.values.shape[1] - 1, n).round().astype(int)]
        for one, n in zip(tissues, counts, strict=True)
    ]
    values = z_scored(np.concatenate(chosen, axis=1)).T
    extent = (trace.n_dummies - 0.5, trace.n_volumes - 0.5, total, 0)
    image = axes.imshow(
        values, cmap="gray", vmin=-SPAN, vmax=SPAN, aspect="auto", extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    axes.set_xlim(-0.5, trace.n_volumes - 0.5)
    axes.axvspan(-0.5, trace.n_dummies - 0.5, color=BAND, lw=0)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    first = 0
    ends: list[float] = [-1.0]
    for one, count in zip(tissues, counts, strict=True):
        box = (-0.022, 1 - (first + count) / total)
        axes.add_patch(_bar(axes, box, count / total, one.colour))
        name = lettering.wrapped(one.name, SMALL, RIGHT - 0.12, lines=2)
        middle = top + CARPET * (first + count / 2) / total - lettering.height(name, SMALL) / 2
        at = max(middle, ends[-1])
        ends.append(at + lettering.height(name, SMALL))
        left = sheet.width - MARGIN - RIGHT + 0.08
        sheet.text(left, at, name, fontsize=SMALL, color=one.colour)
        first += count
    scale = sheet.axes(sheet.width - MARGIN - RIGHT - 1.1, top + CARPET + 0.33, 0.9, 0.07)
    sheet.figure.colorbar(image, cax=scale, orientation="horizontal", ticks=[-SPAN, 0, SPAN])
    scale.tick_params(labelsize=SMALL - 1, length=2, pad=1)
    scale.set_xticklabels([f"−{SPAN:g}", "0", f"{SPAN:g} z"])


def _bar(axes: Axes, corner: tuple[float, float], height: float, colour: str) -> Rectangle:
    return Rectangle(
        corner, 0.012, height, transform=axes.transAxes, facecolor=colour, lw=0, clip_on=False
    )


def _trace(axes: Axes, values: FloatArray, label: str, limit: float | None, unit: str) -> None:
    axes.plot(np.arange(values.size), values, color=INK, lw=0.8)
    finite = values[np.isfinite(values)]
    highest = max(float(finite.max(initial=0.0)), 1.25 * (limit or 0.0)) or 1.0
    axes.set_ylim(0, 1.08 * highest)
    axes.set_ylabel(label, fontsize=SMALL)
    if limit is not None:
        axes.axhline(limit, color=WARNING, lw=0.8, ls=(0, (4, 2)))
        axes.annotate(
            f"limit {limit:g} {unit}".strip(), (1, limit), xycoords=("axes fraction", "data"),
            xytext=(5, 0), textcoords="offset points", va="center", fontsize=SMALL, color=WARNING,
        )  # fmt: skip


def _three(axes: Axes, values: FloatArray, label: str) -> None:
    for column, (colour, _) in enumerate(DIRECTIONS):
        axes.plot(np.arange(values.shape[0]), values[:, column], color=colour, lw=0.9)
    for place, (colour, name) in enumerate(DIRECTIONS):
        axes.annotate(
            name, (1, 0.5), xycoords="axes fraction", xytext=(6 + 10 * place, 0),
            textcoords="offset points", va="center", fontsize=BODY, color=colour,
        )  # fmt: skip
    axes.axhline(0, color=HAIRLINE, lw=0.6, zorder=0)
    axes.set_ylabel(label, fontsize=SMALL)


def _mark(axes: Axes, trace: MotionTrace) -> None:
    """Mark dropped and censored volumes: one span for each, so that none is lost in another."""
    axes.set_xlim(-0.5, trace.n_volumes - 0.5)
    axes.yaxis.set_label_coords(-0.075, 0.5)
    axes.tick_params(colors=MUTED)
    if trace.n_dummies:
        axes.axvspan(-0.5, trace.n_dummies - 0.5, color=BAND, lw=0, zorder=0, gid="dropped")
    for number in trace.censored:
        axes.axvspan(
            number - 0.5, number + 0.5, color=CENSORED, alpha=0.65, lw=0, zorder=0, gid="censored"
        )
