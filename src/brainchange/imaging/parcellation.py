"""Which voxels belong to which region: label names → numbers → voxels."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import ConfigError, ImageError, Problem, TableError, did_you_mean
from brainchange.imaging.midline import Plane, midline_plane
from brainchange.study.regions import Region
from brainchange.tables import read_tsv

Indices = npt.NDArray[np.intp]
_PACKAGED = Path(__file__).parent


@dataclass(frozen=True)
class RegionVoxels:
    """The voxels of one region in the grid of one run.

    Attributes
    ----------
    region : str
        Name of the region.
    voxels : numpy.ndarray
        Flat indices into the grid in Fortran order (x runs fastest), sorted, (n_voxels,).
    """

    region: str
    voxels: Indices


def atlases() -> tuple[str, ...]:
    """Names of the atlases whose labels come with the program."""
    return tuple(sorted(p.name.removesuffix("_labels.tsv") for p in _PACKAGED.glob("*_labels.tsv")))


def known_labels(atlas: str) -> tuple[str, ...]:
    """Names of the labels of an atlas that come with the program; none where it has no table."""
    return tuple(packaged_labels(atlas)) if atlas in atlases() else ()


@functools.cache
def packaged_labels(atlas: str) -> Mapping[str, int]:
    """Numbers of the labels of an atlas that come with the program.

    ``aparcaseg`` are the numbers of FreeSurfer's colour table for the subcortical segmentation
    (Fischl et al. 2002) and the cortical parcellation of Desikan et al. (2006).

    Raises
    ------
    ConfigError
        No table of this atlas comes with the program.
    """
    if atlas not in atlases():
        raise ConfigError(
            f"the atlas '{atlas}' has no table of labels", fix=did_you_mean(atlas, atlases())
        )
    return read_labels(_PACKAGED / f"{atlas}_labels.tsv")


def read_labels(path: Path) -> dict[str, int]:
    """Read a BIDS table of labels (columns ``index`` and ``name``).

    Parameters
    ----------
    path : Path
        ``desc-aparcaseg_dseg.tsv`` of a dataset: names may be in quotes.

    Returns
    -------
    dict of str to int
        Number of each name; the first where a name occurs twice.

    Raises
    ------
    TableError
        A column is missing, or an index is not a whole number.
    """
    labels: dict[str, int] = {}
    for number, name in label_rows(path):
        labels.setdefault(name, number)
    return labels


def label_rows(path: Path) -> list[tuple[int, str]]:
    """Read the numbers and names of labels as they stand in a table.

    Parameters
    ----------
    path : Path
        ``.tsv`` with the columns ``index`` and ``name`` (BIDS), or ``.txt`` with one name a line,
        the first of which is number 1.

    Raises
    ------
    TableError
        As :func:`read_labels`.
    """
    if path.suffix == ".txt":
        return list(enumerate(_lines(path), start=1))
    table = read_tsv(path)
    lacking = [name for name in ("index", "name") if name not in table.columns]
    if lacking:
        raise TableError(
            f"column '{lacking[0]}' is missing",
            where=str(path),
            fix=did_you_mean(lacking[0], table.columns),
        )
    rows = []
    for row, (index, name) in enumerate(zip(table["index"], table["name"], strict=True), start=2):
        if index is None or not str(index).isdigit():
            raise TableError(
                f"row {row}: column 'index' holds {index!r}, not a whole number", where=str(path)
            )
        rows.append((int(index), str(name).strip('"')))
    return rows


def _lines(path: Path) -> list[str]:
    """Lines of a text file that are not empty."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"the list of labels cannot be read ({error})", where=str(path)) from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def label_numbers(
    regions: Sequence[Region], labels: Mapping[str, int], where: str
) -> dict[str, tuple[int, ...]]:
    """Translate the label names of regions to numbers.

    Parameters
    ----------
    regions : sequence of Region
        The configured regions.
    labels : mapping of str to int
        Number of each label name of the parcellation.
    where : str
        The table the labels are from, for the message.

    Returns
    -------
    dict of str to tuple of int
        Numbers of each region, by its name.

    Raises
    ------
    ConfigError
        A region names a label the parcellation does not have; all of them at once.
    """
    problems = [
        Problem(
            f"label '{label}' of region '{region.region}' is not in {where}",
            f"config/regions.tsv: region {region.region}",
            "a typing error, or another version of the atlas",
            did_you_mean(label, labels),
        )
        for region in regions
        for label in region.labels
        if label not in labels
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    return {region.region: tuple(labels[name] for name in region.labels) for region in regions}


def region_voxels(
    parcellation: npt.NDArray[np.generic],
    affine: npt.NDArray[np.float64],
    regions: Sequence[Region],
    labels: Mapping[str, int],
    where: str,
    *,
    midline: Plane | None = None,
) -> tuple[RegionVoxels, ...]:
    """Find the voxels of each region.

    Parameters
    ----------
    parcellation : numpy.ndarray
        Label number of each voxel, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    regions : sequence of Region
        The configured regions; with ``midline_distance`` only voxels up to that many mm from the
        midline plane belong to the region.
    labels : mapping of str to int
        Number of each label name.
    where : str
        The parcellation, for messages.
    midline : Plane, optional
        The midline plane where it is known (:func:`brainchange.imaging.midline.known_midline`);
        without it, it is estimated from this parcellation when a region needs it.

    Returns
    -------
    tuple of RegionVoxels
        One for each region, in the order given; a region none of whose labels occurs is empty.

    Raises
    ------
    ConfigError
        A region names an unknown label.
    ImageError
        A midline is needed, and the parcellation has too few pairs of labels to find it.

    Notes
    -----
    The reference definition of the dorsomedial prefrontal cortex is ``|x| ≤ 12 mm`` in MNI space.
    Where images stay in the participant's own space, x = 0 need not be the midline: there the
    distance is taken from the plane that fits the participant's own left and right labels
    (:func:`brainchange.imaging.midline.midline_plane`), without rescaling to MNI size.
    """
    numbers = label_numbers(regions, labels, where)
    flat = parcellation.ravel(order="F")
    by_number = _voxels_by_number(flat, {n for group in numbers.values() for n in group})
    plane = midline
    found = []
    for region in regions:
        parts = [by_number[number] for number in sorted(set(numbers[region.region]))]
        voxels = np.sort(np.concatenate(parts))
        if region.midline_distance is not None and voxels.size:
            plane = plane or midline_plane(parcellation, affine, labels, where)
            distance = np.abs(plane.distance(world_coordinates(voxels, parcellation.shape, affine)))
            voxels = voxels[distance <= region.midline_distance]
        found.append(RegionVoxels(region.region, voxels))
    return tuple(found)


def in_any_region(found: Sequence[RegionVoxels], n_voxels: int) -> npt.NDArray[np.bool_]:
    """Say which voxels of a grid belong to at least one region.

    Parameters
    ----------
    found : sequence of RegionVoxels
        Voxels of each region.
    n_voxels : int
        Voxels of the grid.

    Returns
    -------
    numpy.ndarray
        Flat in Fortran order, (n_voxels,).
    """
    member = np.zeros(n_voxels, dtype=bool)
    for region in found:
        member[region.voxels] = True
    return member


def world_coordinates(
    voxels: Indices, shape: tuple[int, ...], affine: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """World coordinates in mm, (n_voxels, 3), of voxels given by flat Fortran-order indices."""
    subscripts = np.column_stack(np.unravel_index(voxels, shape, order="F"))
    coordinates: npt.NDArray[np.float64] = subscripts @ affine[:3, :3].T + affine[:3, 3]
    return coordinates


def require_same_grid(
    shape: tuple[int, ...],
    affine: npt.NDArray[np.float64],
    other_shape: tuple[int, ...],
    other_affine: npt.NDArray[np.float64],
    names: tuple[str, str],
) -> None:
    """Check that two images lie on one grid.

    Parameters
    ----------
    shape, other_shape : tuple of int
        (x, y, z) of both.
    affine, other_affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    names : tuple of str
        What both are called in the message.

    Raises
    ------
    ImageError
        The shapes differ, or a corner of the grid lies more than 0.1 mm apart.
    """
    if shape != other_shape:
        raise ImageError(
            f"{names[0]} and {names[1]} are on different grids: "
            f"{_times(shape)} and {_times(other_shape)} voxels",
            where=names[1],
            cause="one of the files belongs to another space or another run",
            fix="use a parcellation and mask in the space of the BOLD image",
        )
    last = np.array(shape) - 1
    corners = np.array(np.meshgrid(*[(0, n) for n in last], indexing="ij")).reshape(3, -1).T
    apart = corners @ (affine - other_affine)[:3, :3].T + (affine - other_affine)[:3, 3]
    largest = float(np.linalg.norm(apart, axis=1).max())
    if not largest <= 0.1:
        raise ImageError(
            f"{names[0]} and {names[1]} are on different grids: their affines put a corner "
            f"{largest:.3g} mm apart ({_rows(affine)} and {_rows(other_affine)})",
            where=names[1],
            cause="one of the files belongs to another space or another run",
            fix="use a parcellation and mask in the space of the BOLD image",
        )


def _voxels_by_number(flat: npt.NDArray[np.generic], numbers: set[int]) -> dict[int, Indices]:
    """Flat indices of each label number, in one pass over the image."""
    inside = np.flatnonzero(np.isin(flat, sorted(numbers)))
    values = flat[inside]
    return {number: inside[values == number] for number in numbers}


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _rows(affine: npt.NDArray[np.float64]) -> str:
    return "; ".join(" ".join(f"{value:g}" for value in row) for row in affine[:3])
