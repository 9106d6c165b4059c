"""Pictures of images: what was found on them, and how one lies on another, in planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from brainchange.figures import lettering
from brainchange.figures.qc_slices import (
    FOOT,
    Colour,
    Fill,
    Layer,
    Mosaic,
    Outline,
    compose,
    mosaic_around,
    window_of,
)
from brainchange.figures.sheet import MARGIN, Sheet, new_sheet
from brainchange.figures.theme import INK, SMALL
from brainchange.imaging.nifti import Image
from brainchange.study.regions import Region

PICTURE_DPI = 150
"""One pixel of a mosaic is one pixel of the picture."""
BRAIN: Colour = (255, 255, 255)
GREY: Colour = (255, 176, 59)
WHITE: Colour = (77, 187, 255)
TEMPLATE: Colour = (255, 96, 80)
SIDES = (
    "Left of the picture is the left of the participant (L), right is the right (R); sagittal "
    "planes look to the right, to the front of the head. Positions in mm; dark grey: outside the "
    "field of view."
)
PALETTE: tuple[Colour, ...] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (213, 94, 0), (204, 121, 167),
    (65, 105, 225), (154, 205, 50), (186, 110, 255), (255, 160, 160), (0, 200, 200), (160, 120, 60),
    (235, 60, 160), (120, 160, 20), (255, 215, 140), (150, 230, 190), (110, 70, 150),
    (190, 190, 210), (255, 120, 60), (40, 120, 90),
)  # fmt: skip
"""Okabe and Ito (2008) first; used again from the start where there are more groups."""


@dataclass(frozen=True)
class Key:
    """What a colour means."""

    colour: Colour
    text: str


@dataclass(frozen=True)
class View:
    """Everything a picture of planes is made of.

    Attributes
    ----------
    title, subtitle : str
        Whose picture it is, and its numbers or why it is left out.
    underlay, focus : Image
        Shown in grey; and a mask of what is to be seen, on the same grid.
    layers : sequence of Outline or Fill
        Painted over it.
    keys : sequence of Key
        What the colours mean.
    notes : str
        How to read it.
    pixel : float
        Size of a pixel in mm.
    """

    title: str
    subtitle: str
    underlay: Image
    focus: Image
    layers: Sequence[Layer]
    keys: Sequence[Key]
    notes: str = ""
    pixel: float = 1.0


def draw_view(view: View) -> Figure:
    """Draw planes through an image with what lies on it.

    Parameters
    ----------
    view : View
        Images on any grids that share a world.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved with ``PICTURE_DPI``.
    """
    mosaic = mosaic_around(view.focus, pixel=view.pixel)
    canvas = compose(mosaic, view.underlay, window_of(view.underlay, view.focus), view.layers)
    rows, columns = mosaic.shape
    width, height = columns / PICTURE_DPI, rows / PICTURE_DPI
    keys = _rows_of_keys(view.keys, width)
    notes = f"{view.notes} {SIDES}".strip()
    body = height + 0.19 * len(keys) + 0.06
    sheet = new_sheet(width + 2 * MARGIN, body, view.title, view.subtitle, notes)
    axes = sheet.axes(MARGIN, 0.0, width, height)
    axes.imshow(canvas, interpolation="nearest", aspect="auto", extent=(0, columns, rows, 0))
    axes.set_axis_off()
    _write_on(axes, mosaic)
    _write_keys(sheet, keys, height)
    return sheet.figure


def draw_anatomy(title: str, subtitle: str, t1w: Image, brain: Image, tissue: Image) -> Figure:
    """Draw a T1w image with its brain mask and the outlines of grey and white matter.

    Parameters
    ----------
    title, subtitle : str
        Whose it is; numbers, or why it is left out.
    t1w, brain, tissue : Image
        On one grid; tissue: 1 grey matter, 2 white matter, 3 fluid, 0 outside.
    """
    layers = (
        Outline(where(tissue, 1, 2), GREY),
        Outline(where(tissue, 2), WHITE),
        Outline(brain, BRAIN),
    )
    keys = (
        Key(BRAIN, "brain mask"),
        Key(GREY, "grey matter, outer edge"),
        Key(WHITE, "white matter"),
    )
    notes = "T1w image without the bias of the coil."
    return draw_view(View(title, subtitle, t1w, brain, layers, keys, notes))


def draw_normalisation(
    title: str, subtitle: str, template: Image, brain: Image, warped: Image
) -> Figure:
    """Draw a T1w image brought to the template, with the outlines of the template on it.

    Parameters
    ----------
    title, subtitle : str
        Whose it is; numbers, or why it is left out.
    template, brain : Image
        T1w image and brain mask of the template, on one grid.
    warped : Image
        T1w image of the participant on that grid.
    """
    layers = (Outline(bright(template, brain), TEMPLATE), Outline(brain, BRAIN))
    keys = (Key(BRAIN, "brain of the template"), Key(TEMPLATE, "white matter of the template"))
    notes = "T1w image of the participant, warped to the template: the lines should follow it."
    return draw_view(View(title, subtitle, warped, brain, layers, keys, notes))


def draw_coregistration(
    title: str, subtitle: str, bold: Image, brain: Image, *, t1w_brain: Image, white: Image
) -> Figure:
    """Draw a BOLD image with the outlines of the T1w image it was registered to.

    Parameters
    ----------
    title, subtitle : str
        Whose it is; numbers, or why it is left out.
    bold, brain : Image
        Reference of the run and its brain mask, on one grid.
    t1w_brain, white : Image
        Brain mask and white matter of the T1w image, in the same world.
    """
    layers = (Outline(white, WHITE), Outline(t1w_brain, GREY))
    keys = (Key(GREY, "brain of the T1w image"), Key(WHITE, "white matter of the T1w image"))
    notes = "BOLD reference on its own grid: the lines should follow its edges."
    return draw_view(View(title, subtitle, bold, brain, layers, keys, notes))


def draw_regions(
    title: str,
    subtitle: str,
    bold: Image,
    brain: Image,
    *,
    found: Image,
    regions: Sequence[Region],
) -> Figure:
    """Draw the regions of a study on a BOLD image, one colour a group of regions.

    Parameters
    ----------
    title, subtitle : str
        Whose it is; numbers, or why it is left out.
    bold, brain, found : Image
        Mean volume, brain mask, and number of the region (from 1, in the order of `regions`; 0
        none), on one grid.
    regions : sequence of Region
        The configured regions.
    """
    colours = group_colours(regions)
    of_number = {place: colours[one.group] for place, one in enumerate(regions, start=1)}
    layers: list[Layer] = [Fill(found, of_number), Outline(brain, BRAIN)]
    keys = [*(Key(colour, group) for group, colour in colours.items()), Key(BRAIN, "brain mask")]
    notes = "One colour a group of regions, both sides alike."
    return draw_view(View(title, subtitle, bold, brain, layers, keys, notes))


def group_colours(regions: Sequence[Region]) -> Mapping[str, Colour]:
    """Give every group of regions a colour, in the order of the table of regions."""
    groups = dict.fromkeys(region.group for region in regions)
    return {group: PALETTE[place % len(PALETTE)] for place, group in enumerate(groups)}


def bright(image: Image, brain: Image) -> Image:
    """Find the brighter of three classes of values within a mask (k-means in one dimension).

    Parameters
    ----------
    image, brain : Image
        On one grid; of a T1w image the result is about its white matter.
    """
    inside = brain.values != 0
    values = image.values[inside].astype(float)
    if not values.size:
        return Image(np.zeros(image.values.shape, dtype=np.uint8), image.affine)
    centres = np.percentile(values, (10.0, 50.0, 90.0))
    for _ in range(25):
        nearest = np.abs(values[:, None] - centres).argmin(axis=1)
        centres = np.array(
            [values[nearest == k].mean() if (nearest == k).any() else centres[k] for k in range(3)]
        )
    bright = inside & (image.values > (centres[1] + centres[2]) / 2)
    return Image(bright.astype(np.uint8), image.affine)


def rgb(colour: Colour) -> str:
    """Write a colour as matplotlib and HTML do."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def where(labels: Image, *numbers: int) -> Image:
    """Make a mask of the voxels that have one of some numbers."""
    found = np.zeros(labels.values.shape, dtype=bool)
    for number in numbers:
        found |= labels.values == number
    return Image(found.view(np.uint8), labels.affine)


def _write_on(axes: Axes, mosaic: Mosaic) -> None:
    """Write position and sides below every plane."""
    style: dict[str, Any] = {"fontsize": 5.5, "color": "#dfe5ec", "va": "center"}
    for tile in mosaic.tiles:
        rows, columns = tile.plane.shape
        foot = tile.top + rows + FOOT / 2
        axes.text(tile.left + columns / 2, foot, tile.plane.label, ha="center", **style)
        if tile.plane.axis:
            axes.text(tile.left + 3, foot, "L", ha="left", **style)
            axes.text(tile.left + columns - 3, foot, "R", ha="right", **style)


def _rows_of_keys(keys: Sequence[Key], width: float) -> list[list[tuple[float, Key]]]:
    """Place every key, in inches from the left, in as many rows as are needed."""
    rows: list[list[tuple[float, Key]]] = [[]]
    left = 0.0
    for key in keys:
        text = lettering.shortened(key.text, SMALL, min(2.2, width - 0.3))
        own = 0.14 + lettering.width(text, SMALL) + 0.16
        if left + own > width and rows[-1]:
            rows.append([])
            left = 0.0
        rows[-1].append((left, Key(key.colour, text)))
        left += own
    return rows


def _write_keys(sheet: Sheet, rows: list[list[tuple[float, Key]]], top: float) -> None:
    for number, row in enumerate(rows):
        at = top + 0.06 + 0.19 * number
        for left, key in row:
            box = (
                (MARGIN + left) / sheet.width,
                1 - (sheet.top + at + 0.105) / sheet.height,
            )
            size = (0.09 / sheet.width, 0.09 / sheet.height)
            patch = Rectangle(
                box, *size, facecolor=rgb(key.colour), edgecolor=INK, lw=0.4,
                transform=sheet.figure.transFigure,
            )  # fmt: skip
            sheet.figure.add_artist(patch)
            sheet.text(MARGIN + left + 0.14, at, key.text, fontsize=SMALL)
