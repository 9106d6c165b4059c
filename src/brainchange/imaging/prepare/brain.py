"""The brain in a T1w image: where it is, its bias field, its mask and its way to the template.

The head is found first, then the brain by intensity near to where the template has it. From there
on only brains are compared, so templates with and without head are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ants

from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import to_ants
from brainchange.imaging.prepare.bias import (
    FINE_ITERATIONS,
    ROUGH_ITERATIONS,
    bias_field,
    without_bias,
)
from brainchange.imaging.prepare.brain_mask import mask_by_intensity, refined_mask
from brainchange.imaging.prepare.grids import Mask, block_means, dice, grown, sizes_of
from brainchange.imaging.prepare.normalisation import (
    COARSE_ITERATIONS,
    Warp,
    affine_mask,
    align_brain,
    similarity,
    warp_brain,
    warped_mask,
)
from brainchange.imaging.prepare.pose import find_head
from brainchange.imaging.prepare.template_images import TemplateImages

VOXEL_SIZE = 2.0
"""Voxels at which the brain is sought, in mm."""
ROUGH_MARGIN = 4.0
"""The first bias field is estimated up to this far (mm) around where the template has its brain."""


@dataclass(frozen=True)
class Brain:
    """The brain of a T1w image.

    Attributes
    ----------
    mask : Image
        Brain mask at voxels of about 2 mm.
    field : Image
        Bias field at voxels of about 4 mm.
    warp : Warp
        Transforms from and to the template.
    similarity : float
        Correlation of the warped image with the template within the brain.
    mask_overlap : float
        Dice coefficient of the mask and that of the warped template.
    """

    mask: Image
    field: Image
    warp: Warp
    similarity: float
    mask_overlap: float


def find_brain(
    image: Image, template: TemplateImages, folder: Path, tell: Callable[[str], None]
) -> Brain:
    """Find the brain in a T1w image.

    Parameters
    ----------
    image : Image
        Raw T1w image, (x, y, z).
    template : TemplateImages
        What it is registered to.
    folder : Path
        For temporary files; the transforms stay there.
    tell : callable
        Told one line before each step.

    Raises
    ------
    ImageError
        There is none to be found.
    """
    low = block_means(image, VOXEL_SIZE)
    sizes = sizes_of(low)
    tell("finding the head")
    pose = find_head(low, template, folder)
    tell("finding the brain")
    by_intensity, affine = _brain_at(low, template, pose, folder)
    rough = _cut_out(low, by_intensity.mask, by_intensity.field)
    coarse = warp_brain(template, rough, affine, folder / "coarse_", COARSE_ITERATIONS)
    mask = refined_mask(by_intensity.mask, warped_mask(template, rough, coarse), sizes)
    tell("taking away the bias of the coil")
    field = bias_field(low, mask, FINE_ITERATIONS)
    tell(f"registering the brain to {template.name}")
    brain = _cut_out(low, mask, field)
    warp = warp_brain(template, brain, affine, folder / "fine_")
    return Brain(
        Image(mask, low.affine),
        field,
        warp,
        similarity(template, brain, warp),
        dice(mask, warped_mask(template, brain, warp)),
    )


@dataclass(frozen=True)
class _Rough:
    mask: Mask
    field: Image


def _brain_at(
    low: Image, template: TemplateImages, pose: Path, folder: Path
) -> tuple[_Rough, Path]:
    """Brain by intensity where the head was found, and its affine transform to the template."""
    expected = affine_mask(template, to_ants(low), pose)
    field = bias_field(low, grown(expected, sizes_of(low), ROUGH_MARGIN), ROUGH_ITERATIONS)
    mask = mask_by_intensity(Image(without_bias(low, field), low.affine), expected)
    return _Rough(mask, field), align_brain(template, _cut_out(low, mask, field), pose, folder)


def _cut_out(low: Image, mask: Mask, field: Image) -> ants.ANTsImage:
    """Image without bias and 0 outside the brain."""
    return to_ants(Image(without_bias(low, field) * mask, low.affine))
