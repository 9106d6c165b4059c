"""Regions and their coverage on a brain, and the same brain as slices for a viewer in a page."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image as Pillow

from brainchange.figures import theme
from brainchange.figures.brain_input import Brain
from brainchange.figures.numbers import plural
from brainchange.figures.qc_images import BRAIN, Key, View, draw_view, group_colours, rgb
from brainchange.figures.qc_save import save_picture
from brainchange.figures.qc_slices import (
    Colour,
    Fill,
    Outline,
    Plane,
    sample,
    window_of,
    world_box,
)
from brainchange.files import write_text
from brainchange.study.regions import Region
from brainchange.tables import Column, TableSchema

FloatArray = npt.NDArray[np.float64]

SHARES = LinearSegmentedColormap.from_list("shares", ("#7a1f0f", "#e08a3c", "#f6e3a1", "#4fb3a9"))
STEPS = (0.5, 0.75, 0.9, 1.0)
VOXEL = 2.0
"""Of the slices for the viewer, in mm."""
MARGIN = 4.0

COVERED_TABLE = TableSchema(
    "covered",
    "How many participants one region is usable in.",
    (
        Column("region", "string", "Region", required=True),
        Column("group", "string", "Group of regions", required=True),
        Column("n_usable", "integer", "Participants in whom it is usable in all of their runs"),
        Column("n_measured", "integer", "Participants of whom a run was measured"),
        Column("share", "number", "n_usable / n_measured; n/a where nothing was measured"),
    ),
    key=("region",),
)


def covered(coverage: pd.DataFrame, regions: Sequence[Region]) -> pd.DataFrame:
    """Count the participants in whom each region is usable.

    Parameters
    ----------
    coverage : pandas.DataFrame
        Columns of ``COVERAGE_TABLE``.
    regions : sequence of Region
        The configured regions, in order.

    Returns
    -------
    pandas.DataFrame
        Columns of ``COVERED_TABLE``.
    """
    usable = coverage["usable"].astype(bool)
    by_person = usable.groupby([coverage["region"], coverage["participant_id"]]).all()
    rows = []
    for region in regions:
        known = region.region in by_person.index.get_level_values(0)
        own = by_person[region.region] if known else pd.Series(dtype=bool)
        share = float(own.mean()) if len(own) else None
        rows.append(
            {
                "region": region.region,
                "group": region.group,
                "n_usable": int(own.sum()),
                "n_measured": len(own),
                "share": share,
            }
        )
    return COVERED_TABLE.frame(rows)


def draw_atlas(brain: Brain, regions: Sequence[Region]) -> Figure:
    """Draw all regions on a brain, one colour a group."""
    colours = group_colours(regions)
    of_number = {place: colours[one.group] for place, one in enumerate(regions, start=1)}
    keys = [Key(colour, group) for group, colour in colours.items()]
    notes = "One colour a group of regions, both sides alike."
    title = ("Regions of the study", f"On {brain.whose}")
    return _draw(brain, title, of_number, keys, notes)


def draw_coverage(brain: Brain, regions: Sequence[Region], table: pd.DataFrame) -> Figure:
    """Draw in how many participants each region is usable.

    Parameters
    ----------
    brain : Brain
        Regions on an anatomy.
    regions : sequence of Region
        In the order of the numbers of regions.
    table : pandas.DataFrame
        Columns of ``COVERED_TABLE``.
    """
    share = dict(zip(table["region"], table["share"], strict=True))
    of_number = {
        place: share_colour(float(share[one.region]))
        for place, one in enumerate(regions, start=1)
        if not pd.isna(share[one.region])
    }
    n = int(table["n_measured"].max()) if len(table) else 0
    keys = [Key(share_colour(step), f"{100 * step:.0f}\u00a0%") for step in STEPS]
    keys[0] = Key(share_colour(0.5), "50\u00a0% or fewer")
    title = (
        "Coverage of the group: participants in whom each region is usable",
        f"{plural(n, 'participant')}. On {brain.whose}",
    )
    notes = "Colour: share of participants; without colour: not measured in anyone."
    return _draw(brain, title, of_number, keys, notes)


def share_colour(share: float) -> Colour:
    """Colour of a share of participants; from one half downwards the same."""
    red, green, blue, _ = SHARES(max(0.0, 2 * share - 1))
    return round(255 * red), round(255 * green), round(255 * blue)


def _draw(
    brain: Brain,
    title: tuple[str, str],
    colours: Mapping[int, Colour],
    keys: Sequence[Key],
    notes: str,
) -> Figure:
    layers = (Fill(brain.found, colours), Outline(brain.brain, BRAIN))
    return draw_view(View(*title, brain.underlay, brain.brain, layers, keys, notes))


def slices(brain: Brain, regions: Sequence[Region], table: pd.DataFrame) -> dict[str, Any]:
    """Pack a brain for a viewer in a page: two pictures of all axial slices, and names.

    Parameters
    ----------
    brain : Brain
        Regions on an anatomy.
    regions : sequence of Region
        In the order of the numbers of regions.
    table : pandas.DataFrame
        Columns of ``COVERED_TABLE``.

    Returns
    -------
    dict
        ``shape`` (x, y, z), ``origin`` (mm), ``voxel`` (mm), ``across`` (slices in a row of the
        pictures), ``underlay`` and ``labels`` (PNG, base64; grey, and the number of the region),
        ``regions`` (name, group, colour, coverage).
    """
    low, high = world_box(brain.brain)
    low, high = np.floor(low - MARGIN), np.ceil(high + MARGIN)
    nx, ny, nz = (int(n) for n in np.ceil((high - low) / VOXEL))
    corner = (float(low[0]), float(low[1]))
    planes = [Plane(2, float(low[2] + VOXEL * z), corner, (ny, nx), VOXEL) for z in range(nz)]
    black, white = window_of(brain.underlay, brain.brain)
    grey = [
        np.clip((sample(brain.underlay, one, order=1, outside=0) - black) / (white - black), 0, 1)
        for one in planes
    ]
    found = [sample(brain.found, one, order=0, outside=0) for one in planes]
    across = int(np.ceil(np.sqrt(nz)))
    colours = group_colours(regions)
    share = dict(zip(table["region"], table["share"], strict=True))
    return {
        "shape": [nx, ny, nz],
        "origin": [float(value) for value in low],
        "voxel": VOXEL,
        "across": across,
        "whose": brain.whose,
        "underlay": _png(_sheet([np.rint(235 * one) for one in grey], across)),
        "labels": _png(_in_bytes(_sheet(found, across))),
        "regions": [
            {
                "name": one.region,
                "group": one.group,
                "colour": rgb(colours[one.group]),
                "covered": None if pd.isna(share[one.region]) else round(share[one.region], 4),
            }
            for one in regions
        ],
    }


def write_brain(
    brain: Brain | None,
    regions: Sequence[Region],
    coverage: pd.DataFrame,
    folder: Path,
    *,
    simulated: bool,
) -> None:
    """Write pictures of regions and of their coverage, the table, and slices for the viewer.

    Parameters
    ----------
    brain, regions, coverage
        What is shown; without a brain only the table is written.
    folder : Path
        Where to: ``regions.png``, ``coverage.png`` (and ``.webp``), ``covered.tsv``,
        ``slices.json``.
    simulated : bool
        Whether to stamp SIMULATED DATA on the pictures.
    """
    table = covered(coverage, regions)
    COVERED_TABLE.write(table, folder / "covered.tsv")
    if brain is None:
        return
    with theme.applied():
        atlas, group = draw_atlas(brain, regions), draw_coverage(brain, regions, table)
    save_picture(atlas, folder / "regions", simulated=simulated)
    save_picture(group, folder / "coverage", simulated=simulated)
    packed = slices(brain, regions, table)
    write_text(folder / "slices.json", json.dumps(packed, ensure_ascii=False) + "\n")


def _sheet(parts: Sequence[FloatArray], across: int) -> FloatArray:
    rows, columns = parts[0].shape
    down = -(-len(parts) // across)
    sheet = np.zeros((down * rows, across * columns))
    for place, part in enumerate(parts):
        top, left = rows * (place // across), columns * (place % across)
        sheet[top : top + rows, left : left + columns] = part
    return sheet


def _in_bytes(numbers: FloatArray) -> FloatArray:
    """Numbers up to 65,535 as red + 256 × green."""
    return np.stack([numbers % 256, numbers // 256, np.zeros(numbers.shape)], axis=-1)


def _png(values: FloatArray) -> str:
    stored = io.BytesIO()
    Pillow.fromarray(values.astype(np.uint8)).save(stored, format="PNG", optimize=True)
    return base64.b64encode(stored.getvalue()).decode("ascii")
