"""An atlas on the grid of a BOLD image: the atlas is brought to the data, never the data to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.files import write_text
from brainchange.imaging.atlas import Atlas, Labelled, LabelledImage, resampled, write_label_table
from brainchange.imaging.nifti import Image
from brainchange.imaging.nifti_header import read_header
from brainchange.imaging.nifti_write import write_image
from brainchange.study.atlases import ANY_TEMPLATE, AtlasSource
from brainchange.study.decisions import Decision
from brainchange.study.model import Images

FloatArray = npt.NDArray[np.float64]
Grid = tuple[int, int, int]

FEWEST_POINTS = 3
"""Points a voxel along each axis at which the atlas is asked for its label."""


def parcellate(
    atlas: Atlas, reference_bold: Path, out: Path, template_to_t1w: Path | None = None
) -> tuple[str, ...]:
    """Bring an atlas to the grid of a BOLD image and write it.

    Parameters
    ----------
    atlas : Atlas
        In the space of its template.
    reference_bold : Path
        BOLD image whose grid is taken; only its header is read.
    out : Path
        ``…_desc-<atlas>_dseg.nii.gz``, written with a JSON sidecar beside it. Its numbers are those
        of :func:`write_region_dataset`.
    template_to_t1w : Path, optional
        ITK transform that resamples images of the template into the space of the BOLD image
        (``from-<template>_to-T1w_mode-image_xfm.h5``). Without it the BOLD image is taken to be in
        the space of the atlas: images in an MNI space.

    Returns
    -------
    tuple of str
        Labels of the atlas that have no voxel on this grid: outside the field of view, or smaller
        than a voxel.

    Raises
    ------
    ImageError
        The header or the transform cannot be read, the affine is sheared and there is a transform,
        or no label lies on the grid at all.

    Notes
    -----
    Every voxel gets the label that is met at most of the points spread evenly over it (at least
    3 × 3 × 3 unless voxels are half those of the atlas, and as many that they lie closer than its
    voxels); this approximates
    the label with the largest share of the voxel, which keeps volumes and is better than the label
    at its centre where voxels are larger than those of the atlas. Ties go to the lowest number,
    and to no label last. Labels are never interpolated.
    """
    header = read_header(reference_bold)
    points = _points(header.affine, atlas.image.affine)
    shape, affine = _finer(header.shape, header.affine, points)
    if template_to_t1w is None:
        fine = resampled(atlas.image, shape, affine)
    else:
        fine = _transformed(atlas.image, shape, affine, template_to_t1w)
    values = most_frequent(fine, points)
    found = set(map(int, np.unique(values)))
    if not found - {0}:
        raise ImageError(
            f"no label of the atlas {atlas.name} lies on the grid of the BOLD image",
            where=str(reference_bold),
            cause="the image is in another space than its name says, or its affine is wrong",
        )
    largest = max(atlas.labels.values(), default=0)
    stored = values.astype("<i2" if largest < 1 << 15 else "<i4")
    write_image(out, stored.T, header.affine)
    sidecar = _sidecar(atlas, reference_bold, points, template_to_t1w)
    write_text(_json_beside(out), json.dumps(sidecar, indent=2) + "\n")
    return tuple(name for name, number in atlas.labels.items() if number not in found)


def most_frequent(fine: Labelled, points: Grid) -> Labelled:
    """Take the label that most points of each voxel have.

    Parameters
    ----------
    fine : numpy.ndarray
        Label at each point, (x · points[0], y · points[1], z · points[2]).
    points : tuple of int
        Points a voxel along each axis.

    Returns
    -------
    numpy.ndarray
        (x, y, z); ties go to the lowest number above 0.
    """
    views = [
        fine[i :: points[0], j :: points[1], k :: points[2]] for i, j, k in np.ndindex(*points)
    ]
    lowest, highest = views[0].copy(), views[0].copy()
    for view in views[1:]:
        np.minimum(lowest, view, out=lowest)
        np.maximum(highest, view, out=highest)
    mixed = np.nonzero(lowest != highest)
    votes = np.stack([view[mixed] for view in views], axis=1)
    lowest[mixed] = _modes(np.sort(votes, axis=1))
    return lowest


def _modes(votes: Labelled) -> Labelled:
    """Most frequent number of each sorted row; ties go to the lowest above 0."""
    n_points = votes.shape[1]
    best = np.zeros(len(votes), dtype=np.int32)
    highest = np.zeros(len(votes), dtype=np.int64)
    run = np.zeros(len(votes), dtype=np.int64)
    for column in range(n_points):
        same = votes[:, column] == votes[:, column - 1] if column else np.zeros(len(votes), bool)
        run = np.where(same, run + 1, 1)
        better = (run > highest) | ((run == highest) & (best == 0))
        highest = np.where(better, run, highest)
        best = np.where(better, votes[:, column], best)
    return best


def write_region_dataset(folder: Path, atlas: Atlas, version: str) -> None:
    """Write what belongs to all parcellations of a study: label table and dataset description.

    Parameters
    ----------
    folder : Path
        ``derivatives/brainchange-regions`` in the study folder.
    atlas : Atlas
        Its labels become ``desc-<atlas>_dseg.tsv``.
    version : str
        Of this program.
    """
    write_label_table(atlas.labels, folder / f"desc-{atlas.name}_dseg.tsv")
    description = {
        "Name": "Atlases on the grids of BOLD images",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "brainchange", "Version": version}],
    }
    write_text(folder / "dataset_description.json", json.dumps(description, indent=2) + "\n")


def template_decisions(source: AtlasSource, images: Images) -> list[Decision]:
    """Tell that the atlas is in another template than the images.

    Parameters
    ----------
    source : AtlasSource
        The chosen atlas.
    images : Images
        Images of the study.

    Returns
    -------
    list of dict
        One row of ``DECISIONS_TABLE``; none where the templates agree.
    """
    template = images.template_of_data
    if source.template in (template, ANY_TEMPLATE):
        return []
    reason = (
        f"the atlas {source.atlas} is in the template {source.template}, the images are in "
        f"{template}: regions lie up to several millimetres beside their place"
    )
    return [
        {
            "scope": "region",
            "action": "caution",
            "reason": reason,
            "config_key": "images.allow_other_template",
        }
    ]


def _points(affine: FloatArray, atlas_affine: FloatArray) -> Grid:
    """Points a voxel along each axis: one is enough where voxels are half those of the atlas."""
    finest = np.linalg.norm(atlas_affine[:3, :3], axis=0).min()
    ratio = np.linalg.norm(affine[:3, :3], axis=0) / finest
    needed = np.ceil(ratio - 1e-6).astype(int)
    fewest = FEWEST_POINTS if ratio.max() > 0.5 else 1
    x, y, z = (max(fewest, int(n) | 1) for n in needed)
    return x, y, z


def _finer(shape: Grid, affine: FloatArray, points: Grid) -> tuple[Grid, FloatArray]:
    """Grid of the points: each voxel divided evenly along its axes."""
    divided = affine.copy()
    divided[:3, :3] = affine[:3, :3] / np.array(points)
    first = (np.array([1 / p for p in points]) - 1) / 2
    divided[:3, 3] = affine[:3, 3] + affine[:3, :3] @ first
    x, y, z = (n * p for n, p in zip(shape, points, strict=True))
    return (x, y, z), divided


def _transformed(
    image: LabelledImage, shape: Grid, affine: FloatArray, transform: Path
) -> Labelled:
    """Take labels through an ITK transform, at the nearest voxel of the atlas."""
    import ants  # noqa: PLC0415

    from brainchange.imaging.prepare.ants_images import to_ants  # noqa: PLC0415

    if not transform.is_file():
        raise ImageError("the transform does not exist", where=str(transform))
    fixed = to_ants(Image(np.zeros(shape, np.float32), affine), "the grid of the BOLD image")
    moving = to_ants(Image(image.values, image.affine), "the atlas")
    try:
        moved = ants.apply_transforms(
            fixed, moving, transformlist=[str(transform)], interpolator="nearestNeighbor"
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ImageError(
            f"the transform cannot be applied ({' '.join(str(error).split())[:200]})",
            where=str(transform),
            cause="the file is damaged, or is no transform of ITK",
        ) from None
    found: Labelled = np.rint(moved.numpy()).astype(np.int32)
    return found


def _sidecar(
    atlas: Atlas, reference_bold: Path, points: Grid, transform: Path | None
) -> Mapping[str, Any]:
    return {
        "Atlas": atlas.name,
        "Template": atlas.template,
        "Method": "label met at most points of a voxel",
        "PointsPerVoxel": list(points),
        "Reference": reference_bold.name,
        "Transform": transform.name if transform else "none: images in the space of the atlas",
    }


def _json_beside(image: Path) -> Path:
    return image.with_name(image.name.removesuffix(".gz").removesuffix(".nii") + ".json")
