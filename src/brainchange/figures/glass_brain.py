"""Edges of claims about connectivity in a brain seen through from three sides.

Own outlines rather than nilearn's drawing: three polygons of the ICBM 152 brain (Fonov et al. 2011;
``brain_outline.tsv``) need neither nilearn, which takes seconds to load, nor a raster of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Polygon

from brainchange.figures import lettering
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.numbers import interval, number, places, plural
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import BAND, BODY, HAIRLINE, INK, MUTED, SMALL
from brainchange.figures.wording import text_of, with_unit
from brainchange.study.claims import Claim
from brainchange.study.regions import Region
from brainchange.tables import read_tsv

FloatArray = npt.NDArray[np.float64]
Point = tuple[float, float, float]

TITLE = "Where connections changed, seen through the brain"
VIEWS: Mapping[str, tuple[int, int]] = {"sagittal": (1, 2), "coronal": (0, 2), "axial": (0, 1)}
"""World axes to the right and upwards of each view."""
INCHES = 1 / 105.0
"""Size of a millimetre on paper."""
ROW, GAP, WORDS = 1.86, 0.12, 2.5
CHANGES = LinearSegmentedColormap.from_list(
    "changes", ("#0067a5", "#8db7d6", "#9aa2ad", "#e3a679", "#c4540a")
)
STRONG, THIN = 1.4, 0.7


@dataclass(frozen=True)
class _Claim:
    """A claim about connectivity, with its effect in one contrast."""

    claim: Claim
    effect: Mapping[str, Any]
    edges: tuple[tuple[str, str], ...]
    is_supported: bool


def draw(given: FigureInput) -> Iterator[Drawing]:
    """Draw the edges of every claim about pairs of regions; nothing where there is none."""
    centres = {one.region: one.centre for one in given.regions if one.centre is not None}
    claims = _claims(given, centres)
    if not claims:
        return
    contrast = given.study.contrasts[given.study.primary_contrast].label
    limit = _limit(claims)
    notes = _notes(given.settings.inference.alpha, contrast, limit)
    sheet = _sheet(claims, centres, limit, notes)
    said = " ".join(_sentence(one) for one in claims)
    yield Drawing(
        "glass_brain",
        sheet.figure,
        _table(claims, centres),
        TITLE,
        notes,
        f"{TITLE}, {contrast}. {said}",
        claims=tuple(one.claim.id for one in claims),
    )


@lru_cache(maxsize=1)
def outlines() -> Mapping[str, FloatArray]:
    """Outline of the brain from each side, (n_points, 2) in mm, to the right and upwards."""
    table = read_tsv(Path(__file__).with_name("brain_outline.tsv"))
    return {
        str(view): points[["right", "up"]].to_numpy(dtype=float)
        for view, points in table.groupby("view")
    }


def _claims(given: FigureInput, centres: Mapping[str, Point]) -> list[_Claim]:
    effects = given.tables["effects"]
    mine = effects[
        (effects["kind"] == "claim") & (effects["contrast"] == given.study.primary_contrast)
    ]
    by_measure = {str(row["measure"]): row for row in mine.to_dict("records")}
    found = []
    for claim in given.claims.claims:
        if not claim.pairs or claim.id not in by_measure:
            continue
        row = {str(key): value for key, value in by_measure[claim.id].items()}
        edges = tuple(
            (first, second)
            for first, second in _edges(claim, given.regions)
            if first in centres and second in centres
        )
        if edges:
            supported = bool(row["p_adjusted"] < given.settings.inference.alpha)
            found.append(_Claim(claim, row, edges, supported))
    return found


def _edges(claim: Claim, regions: tuple[Region, ...]) -> tuple[tuple[str, str], ...]:
    known = {region.group for region in regions}
    return claim.members(regions) if set(claim.named_groups) <= known else ()


def _limit(claims: Sequence[_Claim]) -> float:
    found = [abs(float(one.effect["difference"])) for one in claims]
    largest = max((value for value in found if np.isfinite(value)), default=0.0)
    return float(np.ceil(largest * 20) / 20) or 0.05


def _notes(alpha: float, contrast: str, limit: float) -> str:
    return (
        f"{contrast[:1].upper()}{contrast[1:]}, change being post − pre. Every line is an edge "
        "whose average the claim is about; its colour is the difference of that average, from "
        f"−{limit:g} (blue) to +{limit:g} (orange) Fisher z, not of the edge alone. Heavy lines: p "
        f"adjusted within the family of claims below {alpha:g}; thin: all else that was tested. "
        "Dots: "
        "expected centres of regions in MNI space. Left of a picture is the left (L)."
    )


def _sheet(
    claims: Sequence[_Claim],
    centres: Mapping[str, Point],
    limit: float,
    notes: str,
) -> Sheet:
    widths = {view: _inches(points)[0] for view, points in outlines().items()}
    plots = sum(widths[view] + GAP for view in VIEWS)
    sheet = new_sheet(plots + WORDS + 2 * MARGIN, len(claims) * ROW, TITLE, "", notes)
    for number_, one in enumerate(claims):
        left, top = MARGIN, number_ * ROW
        for view in VIEWS:
            height = _inches(outlines()[view])[1]
            axes = sheet.axes(left, top + (ROW - height) / 2, widths[view], height)
            _draw_view(axes, view, one, centres, limit)
            left += widths[view] + GAP
        _write(sheet, left, top, one)
    return sheet


def _inches(points: FloatArray) -> tuple[float, float]:
    width, height = (np.ptp(points, axis=0) + 10) * INCHES
    return float(width), float(height)


def _draw_view(
    axes: Axes, view: str, one: _Claim, centres: Mapping[str, Point], limit: float
) -> None:
    outline, (right, up) = outlines()[view], VIEWS[view]
    axes.add_patch(Polygon(outline, closed=True, facecolor=BAND, edgecolor=HAIRLINE, lw=0.8))
    (left, low), (far, high) = outline.min(axis=0) - 5, outline.max(axis=0) + 5
    axes.set_xlim(left, far)
    axes.set_ylim(low, high)
    axes.set_axis_off()
    places_ = np.array([[centres[name] for name in edge] for edge in one.edges])
    difference = float(one.effect["difference"])
    colour = CHANGES((difference / limit + 1) / 2) if np.isfinite(difference) else HAIRLINE
    lines = LineCollection(
        list(places_[:, :, (right, up)]),
        colors=[colour],
        linewidths=STRONG if one.is_supported else THIN,
        alpha=0.85 if one.is_supported else 0.6,
        label="strong" if one.is_supported else "thin",
    )
    axes.add_collection(lines)
    nodes = np.array([centres[name] for name in dict.fromkeys(np.ravel(one.edges))])
    axes.plot(nodes[:, right], nodes[:, up], "o", ms=3.0, color=INK, mew=0, ls="none")
    style: dict[str, Any] = {"fontsize": SMALL - 0.5, "color": MUTED, "va": "top"}
    if view == "sagittal":
        axes.text(far, high, "front", ha="right", **style)
    else:
        axes.text(left, high, "L", ha="left", **style)
        axes.text(far, high, "R", ha="right", **style)


def _write(sheet: Sheet, left: float, top: float, one: _Claim) -> None:
    room = sheet.width - left - MARGIN
    row = one.effect
    head = lettering.wrapped(
        f"{one.claim.id}: {text_of(row['label'])}", BODY, room, lines=4, weight="bold"
    )
    lines: list[tuple[str, dict[str, Any]]] = [(head, {"fontweight": "bold", "color": INK})]
    lines += [
        (lettering.wrapped(line, SMALL, room, lines=2), {"fontsize": SMALL, "color": MUTED})
        for line in _lines(one)
    ]
    at = top + 0.22
    for text, style in lines:
        sheet.text(left, at, text, **style)
        at += lettering.height(text, BODY if text is head else SMALL) + 0.035


def _lines(one: _Claim) -> list[str]:
    row, count = one.effect, plural(len(one.edges), "edge")
    if not np.isfinite(row["difference"]):
        return [text_of(row["flag"]) or "not estimated", count]
    digits = places(row["ci_low"], row["ci_high"])
    value = with_unit(row["difference"], digits, text_of(row["unit"]), sign=True)
    return [
        value,
        f"95\u00a0% CI {interval(row['ci_low'], row['ci_high'], digits)}",
        _adjusted(row),
        f"{count}, {'heavy' if one.is_supported else 'thin'}",
    ]


def _adjusted(row: Mapping[str, Any]) -> str:
    p = float(row["p_adjusted"])
    if not np.isfinite(p):
        return "p not adjusted"
    return "p adjusted < 0.001" if p < 0.001 else f"p adjusted {number(p, 3)}"


def _sentence(one: _Claim) -> str:
    return f"{one.claim.id}, {text_of(one.effect['label'])}: {', '.join(_lines(one))}."


def _table(claims: Sequence[_Claim], centres: Mapping[str, Point]) -> pd.DataFrame:
    rows = [
        {
            "claim": one.claim.id,
            "region": first,
            "region_2": second,
            **dict(zip(("x", "y", "z"), centres[first], strict=True)),
            **dict(zip(("x_2", "y_2", "z_2"), centres[second], strict=True)),
            "difference_of_claim": one.effect["difference"],
            "ci_low": one.effect["ci_low"],
            "ci_high": one.effect["ci_high"],
            "p_adjusted": one.effect["p_adjusted"],
            "heavy": one.is_supported,
        }
        for one in claims
        for first, second in one.edges
    ]
    return pd.DataFrame(rows)


SPEC = FigureSpec(
    name="glass_brain",
    description="Edges of claims about connectivity, coloured by their change, in a glass brain",
    needs=("effects",),
    draw=draw,
)
