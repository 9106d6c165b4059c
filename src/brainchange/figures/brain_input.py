"""The brain on which regions are shown: a template, or a participant where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainchange.errors import BrainchangeError
from brainchange.figures.qc_run import RunImages
from brainchange.imaging.midline import known_midline
from brainchange.imaging.nifti import Image, read_image, read_label_image
from brainchange.imaging.parcellation import region_voxels
from brainchange.sources.bids import PreparedFiles
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

STAND_IN = "the template ICBM 152 (2009a), which stands for any MNI space"


@dataclass(frozen=True)
class Brain:
    """Regions on an anatomy.

    Attributes
    ----------
    underlay, brain : Image
        Anatomy and brain mask, on one grid.
    found : Image
        Number of the region of every voxel (from 1, in the configured order; 0 none), on any grid
        in the same world.
    whose : str
        Whose brain it is, in words.
    """

    underlay: Image
    brain: Image
    found: Image
    whose: str


def of_template(
    template: tuple[Path, Path] | None,
    atlas: tuple[Path, str],
    regions: Sequence[Region],
    labels: Mapping[str, int],
    *,
    name: str,
) -> Brain:
    """Show the regions of an atlas on a template.

    Parameters
    ----------
    template : tuple of Path, or None
        T1w image and brain mask; without them the ICBM 152 template that comes with nilearn
        (symmetric, 2009a; Fonov et al. 2011) stands for any MNI template: at the size of regions
        they agree to some millimetres.
    atlas : tuple of (Path, str)
        Its image in the space of the template, and the name of that space.
    regions, labels
        The configured regions, and the number of each label.
    name : str
        Name of the template of the images.
    """
    image = read_label_image(atlas[0])
    found = _numbered(image, regions, labels, str(atlas[0]), atlas[1])
    if template is not None:
        return Brain(
            read_image(template[0]), read_label_image(template[1]), found, f"the template {name}"
        )
    underlay, brain = _bundled()
    return Brain(underlay, brain, found, STAND_IN)


def of_participants(
    runs: Sequence[PreparedFiles],
    folder: Path,
    settings: Settings,
    regions: Sequence[Region],
    labels: Mapping[str, int],
) -> Brain | None:
    """Show the regions of the first participant whose images can be read, on its own BOLD image.

    Parameters
    ----------
    runs : sequence of PreparedFiles
        Runs whose parcellation came with the study, those to be preferred first.
    folder : Path
        The study folder.
    settings, regions, labels
        Denoising (for the volumes that are dropped), regions, and the number of each label.

    Returns
    -------
    Brain or None
        None where no run can be read; that is told by decisions of the step that measures them.
    """
    for files in runs:
        run = RunImages(files, folder, settings)
        try:
            found = run.regions(run.parcellation(), regions, labels)
            whose = f"the mean BOLD image of {files.run.participant}"
            return Brain(run.underlay, run.brain, found, whose)
        except BrainchangeError:
            continue
    return None


def _numbered(
    image: Image, regions: Sequence[Region], labels: Mapping[str, int], where: str, space: str
) -> Image:
    voxels = region_voxels(
        image.values, image.affine, regions, labels, where, midline=known_midline(space)
    )
    flat = np.zeros(image.values.size, dtype=np.int32)
    for number, region in enumerate(voxels, start=1):
        flat[region.voxels] = number
    return Image(flat.reshape(image.values.shape, order="F"), image.affine)


def _bundled() -> tuple[Image, Image]:
    # nilearn takes seconds to load, and most studies have a template of their own.
    from nilearn import datasets  # noqa: PLC0415

    t1w = datasets.load_mni152_template(resolution=2)
    mask = datasets.load_mni152_brain_mask(resolution=2)
    return (
        Image(np.asarray(t1w.dataobj, dtype=np.float32), np.asarray(t1w.affine, dtype=float)),
        Image(np.asarray(mask.dataobj, dtype=np.uint8), np.asarray(mask.affine, dtype=float)),
    )
