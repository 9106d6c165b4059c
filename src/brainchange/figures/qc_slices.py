"""Planes through images: any grid → pixels of one size in world coordinates, composed as a mosaic.

Written by hand rather than with nilearn's plotting, which takes seconds a picture and resamples
whole images: here only the pixels of the planes are interpolated, whatever the orientation, the
size of the voxels or the obliqueness of the grid. Left of a picture is the left of the participant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.imaging.nifti import Image

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Canvas = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
Axis = Literal[0, 1, 2]

AXES: tuple[Axis, Axis, Axis] = (2, 1, 0)
"""Rows of a mosaic: axial, coronal, sagittal."""
ACROSS: Mapping[Axis, tuple[int, int]] = {2: (0, 1), 1: (0, 2), 0: (1, 2)}
"""World axes to the right and upwards in a plane across each axis."""
NAMES = "xyz"
MARGIN = 6.0
"""Shown around what is looked at, in mm."""
GAP = 6
"""Between tiles, in pixels."""
FOOT = 13
"""Below every tile, for its labels, in pixels."""
SMALLEST_WIDTH = 420
"""Of a mosaic, in pixels: its heading needs room."""
NOT_MEASURED: Colour = (58, 64, 74)
"""Outside the field of view; inside, black is no signal."""
MOST_VOXELS = 1 << 21
"""Looked at to find where the brain lies on an oblique grid, and how bright it is."""
TRIM = (0.04, 0.04)
"""Share of the length of what is looked at that has no plane at either end."""


@dataclass(frozen=True)
class Plane:
    """A rectangle of pixels across a world axis.

    Attributes
    ----------
    axis : {0, 1, 2}
        World axis it is across: 0 sagittal, 1 coronal, 2 axial.
    position : float
        Where along this axis, in mm.
    corner : tuple of float
        World coordinates in mm of its lower left pixel, to the right and upwards.
    shape : tuple of int
        Rows and columns of pixels.
    pixel : float
        Size of a pixel in mm.
    """

    axis: Axis
    position: float
    corner: tuple[float, float]
    shape: tuple[int, int]
    pixel: float

    @property
    def label(self) -> str:
        """Name of the plane: ``z +12``, in mm."""
        return f"{NAMES[self.axis]} {round(self.position):+d}".replace("-", "\u2212")

    def points(self) -> FloatArray:
        """World coordinates of its pixels in mm, (3, n_rows, n_columns); the first row on top."""
        rows, columns = self.shape
        right, upwards = ACROSS[self.axis]
        points = np.empty((3, rows, columns))
        points[self.axis] = self.position
        points[right] = self.corner[0] + self.pixel * np.arange(columns)
        points[upwards] = (self.corner[1] + self.pixel * np.arange(rows)[::-1])[:, None]
        return points


@dataclass(frozen=True)
class Tile:
    """A plane and the pixel of the mosaic at which its upper left corner is."""

    plane: Plane
    top: int
    left: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its pixels in the mosaic."""
        rows, columns = self.plane.shape
        return slice(self.top, self.top + rows), slice(self.left, self.left + columns)


@dataclass(frozen=True)
class Mosaic:
    """Planes in rows: axial, coronal, sagittal.

    Attributes
    ----------
    tiles : tuple of Tile
        Where each plane is.
    shape : tuple of int
        Rows and columns of pixels of the whole.
    """

    tiles: tuple[Tile, ...]
    shape: tuple[int, int]


@dataclass(frozen=True)
class Outline:
    """The edge of a mask, one pixel wide.

    Attributes
    ----------
    mask : Image
        Above one half inside.
    colour : tuple of int
        Red, green, blue (0 to 255).
    """

    mask: Image
    colour: Colour


@dataclass(frozen=True)
class Fill:
    """Labels in colours, through which the image is seen.

    Attributes
    ----------
    labels : Image
        Whole numbers; 0 is nothing.
    colours : mapping of int to tuple of int
        Of each number; others are not shown.
    """

    labels: Image
    colours: Mapping[int, Colour]


Layer = Outline | Fill


def mosaic_around(focus: Image, *, pixel: float, columns: int = 7) -> Mosaic:
    """Choose planes that show what is not zero in an image, in world coordinates.

    Parameters
    ----------
    focus : Image
        Mask of what is to be seen; where it is empty, the whole grid is shown.
    pixel : float
        Size of a pixel in mm.
    columns : int
        Most planes in a row; fewer where it is thinner than that many voxels.

    Returns
    -------
    Mosaic
        Evenly spaced planes across each axis.
    """
    low, high = world_box(focus)
    thickness = np.abs(focus.affine[:3, :3]).max(axis=1)
    rows: list[list[Plane]] = []
    for axis in AXES:
        most = columns if axis else max(1, columns * _width(low, high, 0) // _width(low, high, 1))
        count = int(np.clip((high[axis] - low[axis]) / thickness[axis] + 1e-6, 1, most))
        rows.append([_plane(low, high, axis, at, pixel) for at in _places(low, high, axis, count)])
    return _laid_out(rows)


def world_box(focus: Image) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest world coordinates in mm, (3,) each, of the voxels that are not zero."""
    shape = np.array(focus.values.shape)
    inside = member(focus)
    found = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if inside.any():
        first, last = (np.array([one[end] for one in found]) for end in (0, -1))
    else:
        first, last = np.zeros(3), shape - 1
    ends = np.stack([first - 0.5, last + 0.5])
    corners = np.array(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1)
    world = focus.affine[:3, :3] @ corners + focus.affine[:3, 3:]
    if not inside.any() or _is_straight(focus.affine):
        return world.min(axis=1), world.max(axis=1)
    step = _step(inside.size)
    voxels = step * np.array(np.nonzero(inside[::step, ::step, ::step]))
    if not voxels.size:
        return world.min(axis=1), world.max(axis=1)
    at = focus.affine[:3, :3] @ voxels + focus.affine[:3, 3:]
    half = step * np.abs(focus.affine[:3, :3]).sum(axis=1) / 2
    return at.min(axis=1) - half, at.max(axis=1) + half


def member(mask: Image) -> Mask:
    """Voxels of a mask: neither zero nor not a number, (x, y, z)."""
    inside: Mask = mask.values != 0
    return inside & np.isfinite(mask.values) if mask.values.dtype.kind == "f" else inside


def sample(image: Image, plane: Plane, *, order: Literal[0, 1], outside: float) -> FloatArray:
    """Interpolate an image at the pixels of a plane.

    Parameters
    ----------
    image : Image
        Any grid; values that are not numbers count as 0.
    plane : Plane
        Where.
    order : {0, 1}
        Nearest voxel, or linear.
    outside : float
        Value where the grid of the image does not reach.

    Returns
    -------
    numpy.ndarray
        (n_rows, n_columns).
    """
    inverse = np.linalg.inv(image.affine)
    points = plane.points()
    flat = points.reshape(3, -1)
    at = inverse[:3, :3] @ flat + inverse[:3, 3:]
    # Half a voxel beyond the centre of the last one still belongs to the image.
    last = np.array(image.values.shape)[:, None] - 0.5
    within = ((at >= -0.5 - 1e-9) & (at < last + 1e-9)).all(axis=0)
    found = np.full(flat.shape[1], float(outside))
    if within.any():
        low = np.floor(at[:, within].min(axis=1)).astype(int).clip(0)
        high = np.ceil(at[:, within].max(axis=1)).astype(int) + 1
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        part = image.values[box]
        if part.dtype.kind == "f" and not np.isfinite(part).all():
            part = np.nan_to_num(part, posinf=0, neginf=0)
        found[within] = ndimage.map_coordinates(
            part,
            at[:, within] - low[:, None],
            output=np.float64,
            order=order,
            mode="nearest",
            prefilter=False,
        )
    return found.reshape(points.shape[1:])


def edge(labels: npt.NDArray[Any]) -> Mask:
    """Pixels of a mask, or of any label but 0, that touch one of another label by a side."""
    found = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        differs = np.diff(labels, axis=axis) != 0
        before = [(0, 1) if one == axis else (0, 0) for one in (0, 1)]
        found |= np.pad(differs, before) | np.pad(differs, [one[::-1] for one in before])
    on_edge: Mask = found & (labels != 0)
    return on_edge


def window_of(image: Image, focus: Image) -> tuple[float, float]:
    """Values shown as black and as white: 0 (or the lowest) and the 99.5th percentile within.

    Parameters
    ----------
    image, focus : Image
        The image, and a mask on the same grid; where it is empty, the whole image counts.
    """
    step = _step(image.values.size)
    inside, values = (one[::step, ::step, ::step] for one in (member(focus), image.values))
    chosen = values[inside] if inside.any() else values
    finite = chosen[np.isfinite(chosen)].astype(float)
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (0.5, 99.5))
    low = min(0.0, float(low))
    return low, float(high) if high > low else low + 1.0


def compose(
    mosaic: Mosaic, underlay: Image, window: tuple[float, float], layers: Sequence[Layer] = ()
) -> Canvas:
    """Paint the planes of a mosaic.

    Parameters
    ----------
    mosaic : Mosaic
        Where.
    underlay : Image
        Shown in grey.
    window : tuple of float
        Values shown as black and as white.
    layers : sequence of Outline or Fill
        Painted over it, in this order; each on a grid of its own in the same world.

    Returns
    -------
    numpy.ndarray
        Red, green, blue, (n_rows, n_columns, 3).
    """
    canvas = np.zeros((*mosaic.shape, 3), dtype=np.uint8)
    for tile in mosaic.tiles:
        canvas[tile.window] = _painted(tile.plane, underlay, window, layers)
    return canvas


def _painted(
    plane: Plane, underlay: Image, window: tuple[float, float], layers: Sequence[Layer]
) -> Canvas:
    low, high = window
    values = sample(underlay, plane, order=1, outside=np.nan)
    grey = np.clip((values - low) / (high - low), 0, 1)
    pixels = np.repeat(np.nan_to_num(grey)[..., None] * 235.0, 3, axis=2)
    pixels[np.isnan(values)] = NOT_MEASURED
    for layer in layers:
        if isinstance(layer, Fill):
            _fill(pixels, sample(layer.labels, plane, order=0, outside=0), layer.colours)
        else:
            inside = sample(layer.mask, plane, order=1, outside=0) > 0.5
            pixels[edge(inside)] = layer.colour
    return np.rint(pixels).astype(np.uint8)


def _fill(pixels: FloatArray, labels: FloatArray, colours: Mapping[int, Colour]) -> None:
    """Tint the pixels of every label that has a colour, and draw its edge."""
    if not colours:
        return
    known = np.array(sorted(colours))
    shades = np.array([colours[number] for number in known], dtype=float)
    place = np.searchsorted(known, labels).clip(max=known.size - 1)
    inside = known[place] == labels
    pixels[inside] = 0.45 * pixels[inside] + 0.55 * shades[place[inside]]
    border = edge(labels) & inside
    pixels[border] = shades[place[border]]


def _step(n_voxels: int) -> int:
    """Distance in voxels between those looked at, so that they are not too many."""
    return max(1, round(float(np.cbrt(n_voxels / MOST_VOXELS))))


def _is_straight(affine: FloatArray) -> bool:
    """Whether the axes of a grid are those of the world, so that its box is theirs."""
    return bool((np.count_nonzero(np.abs(affine[:3, :3]) > 1e-6, axis=0) == 1).all())


def _places(low: FloatArray, high: FloatArray, axis: Axis, count: int) -> FloatArray:
    length = high[axis] - low[axis]
    first, last = low[axis] + TRIM[0] * length, high[axis] - TRIM[1] * length
    steps = (np.arange(count) + 0.5) / count
    places: FloatArray = first + steps * (last - first)
    return places


def _width(low: FloatArray, high: FloatArray, axis: int) -> int:
    return int(high[axis] - low[axis] + 2 * MARGIN)


def _plane(low: FloatArray, high: FloatArray, axis: Axis, position: float, pixel: float) -> Plane:
    right, upwards = ACROSS[axis]
    columns, rows = (
        int(np.ceil((high[one] - low[one] + 2 * MARGIN) / pixel)) for one in (right, upwards)
    )
    corner = (float(low[right] - MARGIN), float(low[upwards] - MARGIN))
    return Plane(axis, float(position), corner, (rows, columns), pixel)


def _laid_out(rows: Sequence[Sequence[Plane]]) -> Mosaic:
    """Centre every row of planes in a mosaic that is as wide as the widest."""
    widths = [sum(one.shape[1] + GAP for one in row) + GAP for row in rows]
    width = max(*widths, SMALLEST_WIDTH)
    tiles: list[Tile] = []
    top = GAP
    for row, own in zip(rows, widths, strict=True):
        lefts = accumulate([(width - own) // 2 + GAP, *(one.shape[1] + GAP for one in row)])
        tiles += [Tile(plane, top, left) for plane, left in zip(row, lefts, strict=False)]
        top += row[0].shape[0] + FOOT + GAP
    return Mosaic(tuple(tiles), (top, width))
