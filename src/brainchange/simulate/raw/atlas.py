"""The atlas of simulated raw images: their structures in the space of the template."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from brainchange.files import write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.simulate.raw.phantom import Phantom
from brainchange.simulate.structures import Anatomy

IMAGE, LABELS = "simulated_dseg.nii.gz", "simulated_dseg.tsv"


def write_atlas(phantom: Phantom, structures: Anatomy, folder: Path) -> None:
    """Write the labels of the phantom, and their names, as an atlas.

    Parameters
    ----------
    phantom : Phantom
        Labels in the space of the template (MNI152NLin2009aSym), 1 mm.
    structures : Anatomy
        Names of the labels.
    folder : Path
        Where ``simulated_dseg.nii.gz`` and ``simulated_dseg.tsv`` are written; only the part of the
        image with labels is kept.
    """
    places = np.argwhere(phantom.labels > 0)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    affine = phantom.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ low
    write_image(folder / IMAGE, phantom.labels[box].T, affine)
    lines = ["index\tname"]
    lines += [f"{number}\t{name}" for number, name in structures.labels.items()]
    write_text(folder / LABELS, "\n".join(lines) + "\n")
