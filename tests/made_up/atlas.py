"""A made-up atlas: ellipsoids at MNI coordinates in the ICBM 152 template of nilearn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.imaging.atlas import Atlas, LabelledImage, labelled_image, write_label_table
from brainchange.imaging.nifti_write import write_image
from brainchange.study.regions import Region

ATLAS = "Made"
TEMPLATE = "MNI152NLin2009aSym"
SHAPES = {
    "Amygdala": ((23, -4, -18), (8, 9, 8)),
    "Hippocampus": ((27, -26, -12), (8, 12, 7)),
    "Accumbens": ((10, 12, -7), (5, 5, 5)),
    "Insular Cortex": ((37, 2, 0), (6, 18, 12)),
    "Middle Frontal Gyrus": ((38, 30, 34), (9, 18, 12)),
    "Intracalcarine Cortex": ((11, -75, 8), (6, 12, 8)),
    "Precentral Gyrus": ((38, -10, 50), (9, 10, 12)),
    "Paracingulate Gyrus": ((9, 40, 24), (9, 14, 16)),
}
"""Centre on the right side and half axes, in mm; none overlaps another."""
REGIONS = {
    "amygdala": "Amygdala",
    "hippocampus": "Hippocampus",
    "accumbens": "Accumbens",
    "insula": "Insular Cortex",
    "dlPFC": "Middle Frontal Gyrus",
    "calcarine": "Intracalcarine Cortex",
    "precentral": "Precentral Gyrus",
}
STEM = 40


@lru_cache(maxsize=1)
def _grid() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Brain of the template that comes with nilearn, and its affine; 2 mm."""
    from nilearn import datasets

    mask = datasets.load_mni152_brain_mask(resolution=2)
    return np.asarray(mask.dataobj) > 0, np.asarray(mask.affine)


def names() -> dict[str, int]:
    """Numbers of the labels, left and right in turn and not consecutive, as atlases have them."""
    found = {}
    for place, name in enumerate(SHAPES):
        found[f"Left {name}"], found[f"Right {name}"] = 3 * place + 1, 3 * place + 2
    return {**found, "Brain-Stem": STEM}


@lru_cache(maxsize=1)
def _drawn() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    brain, affine = _grid()
    numbers = names()
    points = np.moveaxis(np.indices(brain.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    values = np.zeros(brain.shape, np.int32)
    for name, (centre, axes) in SHAPES.items():
        for side, sign in (("Left", -1), ("Right", 1)):
            middle = np.array(centre) * [sign, 1, 1]
            inside = (((points - middle) / axes) ** 2).sum(axis=-1) <= 1
            values[inside & brain & (points[..., 0] * sign > 0)] = numbers[f"{side} {name}"]
    stem = (((points - [0, -30, -34]) / [9, 9, 16]) ** 2).sum(axis=-1) <= 1
    values[stem & brain] = STEM
    return values, affine


def made_up_atlas(**changed: npt.NDArray[np.generic] | Mapping[str, int]) -> Atlas:
    """Make the atlas; ``values``, ``affine`` or ``labels`` may be replaced to break it."""
    values, affine = _drawn()
    values, affine = changed.get("values", values), changed.get("affine", affine)  # type: ignore[assignment]
    labels: Mapping[str, int] = changed.get("labels", names())  # type: ignore[assignment]
    pairs = [(number, name) for name, number in labels.items()]
    image: LabelledImage = labelled_image(values, affine, pairs, "made up")
    return Atlas(ATLAS, TEMPLATE, image)


def regions() -> tuple[Region, ...]:
    """Regions of the atlas with the places and sizes they have."""
    found = []
    for group, label in REGIONS.items():
        (x, y, z), axes = SHAPES[label]
        volume = 4 / 3 * np.pi * np.prod(axes)
        for side, word, sign in (("L", "Left", -1), ("R", "Right", 1)):
            written = f"{word}_{label.replace(' ', '_')}"
            found.append(
                Region(
                    f"{group}_{side}",
                    group,
                    side,  # type: ignore[arg-type]
                    ATLAS,
                    (written,),
                    centre=(sign * x, y, z),
                    volume=float(volume),
                )
            )
    return tuple(found)


def write_files(folder: Path) -> tuple[Path, Path]:
    """Write image and table of labels, as somebody would publish them."""
    values, affine = _drawn()
    image, table = folder / "made.nii.gz", folder / "made.tsv"
    write_image(image, values.astype("<i2").T, affine)
    write_label_table(names(), table)
    return image, table
