"""An atlas: labels in the space of a template, put together from components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError, Problem, did_you_mean
from brainchange.files import write_text

FloatArray = npt.NDArray[np.float64]
Labelled = npt.NDArray[np.int32]
MOST_TOLD = 5


@dataclass(frozen=True)
class LabelledImage:
    """An image of labels and their names.

    Attributes
    ----------
    values : numpy.ndarray
        Number of the label of each voxel, 0 where there is none, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → coordinates in the template in mm, RAS+, (4, 4).
    labels : mapping of str to int
        Number of each label.
    """

    values: Labelled
    affine: FloatArray
    labels: Mapping[str, int]

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in mm³."""
        return abs(float(np.linalg.det(self.affine[:3, :3])))


@dataclass(frozen=True)
class Atlas:
    """A named atlas in the space of a template.

    Attributes
    ----------
    name : str
        Its name: the ``desc-`` label of files, the atlas in ``regions.tsv``.
    template : str
        The template its coordinates are in; ``any`` for one of nothing but spheres.
    image : LabelledImage
        Its labels.
    """

    name: str
    template: str
    image: LabelledImage

    @property
    def labels(self) -> Mapping[str, int]:
        """Number of each label."""
        return self.image.labels


def plain_name(name: str) -> str:
    """Write the name of a label without blanks and commas, as it stands in ``regions.tsv``.

    ``Left Inferior Frontal Gyrus, pars triangularis`` becomes
    ``Left_Inferior_Frontal_Gyrus_pars_triangularis``, so that sources that differ in nothing else
    give one name.
    """
    return re.sub(r"[\s,]+", "_", name.strip())


def labelled_image(
    values: npt.NDArray[np.generic],
    affine: FloatArray,
    named: Iterable[tuple[int, str]],
    where: str,
    without: Sequence[str] = (),
) -> LabelledImage:
    """Join an image of labels with its names, and leave some out.

    Parameters
    ----------
    values : numpy.ndarray
        Whole numbers, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → mm, (4, 4).
    named : iterable of (int, str)
        Number and name of each label; 0 (background) is left out.
    where : str
        Where they are from, for messages.
    without : sequence of str
        Names of labels that are left out: their voxels become 0.

    Raises
    ------
    ImageError
        A name or a number occurs twice, the image holds numbers that no label names, or a label
        that is to be left out does not exist.
    """
    listed = [(number, plain_name(name)) for number, name in named if number]
    labels = {name: number for number, name in listed}
    left_out = [plain_name(name) for name in without]
    problems = [*_ambiguous(listed, where), *_unnamed(values, labels, where)]
    problems += [
        Problem(f"there is no label '{name}' to leave out", where, fix=did_you_mean(name, labels))
        for name in left_out
        if name not in labels
    ]
    if problems:
        raise ImageError.from_problems(problems)
    kept = {name: number for name, number in labels.items() if name not in left_out}
    numbers = np.where(np.isin(values, sorted(kept.values())), values, 0)
    return LabelledImage(numbers.astype(np.int32), affine, kept)


def composed(parts: Sequence[tuple[str, LabelledImage]]) -> LabelledImage:
    """Put components on top of each other, on the grid of the first.

    Parameters
    ----------
    parts : sequence of (str, LabelledImage)
        Name and labels of each component; a later one covers an earlier one.

    Returns
    -------
    LabelledImage
        The first component keeps its numbers; those of the others are raised above all before.

    Raises
    ------
    ImageError
        A label name occurs in two components, or a label is covered completely or lies outside the
        grid of the first component.
    """
    (_, base), *others = parts
    values, labels = base.values.copy(), dict(base.labels)
    problems = []
    for component, part in others:
        offset = max(labels.values(), default=0)
        where = f"component '{component}'"
        problems += [
            Problem(f"label '{name}' is in two components", where, fix="leave one out: 'without'")
            for name in part.labels
            if name in labels
        ]
        on_base = resampled(part, values.shape, base.affine)
        values = np.where(on_base > 0, on_base + offset, values).astype(np.int32)
        labels |= {name: number + offset for name, number in part.labels.items()}
    if not problems:
        problems = _vanished([image for _, image in parts], values, labels)
    if problems:
        raise ImageError.from_problems(problems)
    return LabelledImage(values, base.affine, labels)


def resampled(image: LabelledImage, shape: tuple[int, ...], affine: FloatArray) -> Labelled:
    """Take the label at the centre of each voxel of another grid (nearest neighbour), (x, y, z).

    Parameters
    ----------
    image : LabelledImage
        The labels.
    shape : tuple of int
        Voxels of the other grid along x, y and z.
    affine : numpy.ndarray
        Its voxel indices → mm, (4, 4).

    Notes
    -----
    Written by hand because ``scipy.ndimage.affine_transform`` takes centres outside the image, by
    up to half a voxel, for outside.
    """
    steps = np.linalg.inv(image.affine) @ affine
    # One voxel of background all around, so that whatever lies outside is met there.
    padded = np.pad(image.values, 1)
    y, z = np.arange(shape[1])[:, np.newaxis], np.arange(shape[2])
    found = np.empty(shape, dtype=np.int32)
    for x in range(shape[0]):
        places = [
            np.clip(np.floor(row[1] * y + (row[2] * z + (row[0] * x + row[3] + 1.5))), 0, last)
            for row, last in zip(steps[:3], np.array(padded.shape) - 1, strict=True)
        ]
        found[x] = padded[tuple(place.astype(np.intp) for place in places)]
    return found


def write_label_table(labels: Mapping[str, int], path: Path) -> None:
    """Write the numbers and names of labels as BIDS does (``index``, ``name``), by number."""
    rows = sorted((number, name) for name, number in labels.items())
    lines = ["index\tname", *(f"{number}\t{name}" for number, name in rows)]
    write_text(path, "\n".join(lines) + "\n")


def _ambiguous(listed: Sequence[tuple[int, str]], where: str) -> list[Problem]:
    names, numbers = [name for _, name in listed], [number for number, _ in listed]
    twice = [f"the name '{name}'" for name in dict.fromkeys(names) if names.count(name) > 1]
    twice += [f"the number {n}" for n in dict.fromkeys(numbers) if numbers.count(n) > 1]
    return [
        Problem(f"{what} stands for two labels", where, fix="correct the table of labels")
        for what in twice[:MOST_TOLD]
    ]


def _unnamed(
    values: npt.NDArray[np.generic], labels: Mapping[str, int], where: str
) -> list[Problem]:
    surplus = sorted(set(map(int, np.unique(values))) - {0} - set(labels.values()))
    if not surplus:
        return []
    told = ", ".join(map(str, surplus[:MOST_TOLD])) + (", …" if len(surplus) > MOST_TOLD else "")
    return [
        Problem(
            f"the image holds numbers that no label has ({len(surplus)}): {told}",
            where,
            "names and numbers are out of step, or the table belongs to another version",
            "use the table of labels that belongs to this image",
        )
    ]


def _vanished(
    parts: Sequence[LabelledImage], values: Labelled, labels: Mapping[str, int]
) -> list[Problem]:
    """Labels that had voxels in their component and have none any more."""
    left = set(map(int, np.unique(values)))
    lost = [
        name
        for part in parts
        for name, number in part.labels.items()
        if labels[name] not in left and (part.values == number).any()
    ]
    return [
        Problem(
            f"label '{name}' has no voxel left",
            cause="another component covers it, or it lies outside the grid of the first component",
            fix="change the order of the components, or leave one out",
        )
        for name in lost[:MOST_TOLD]
    ]
