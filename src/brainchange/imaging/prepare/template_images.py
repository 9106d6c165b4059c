"""The template that T1w images are compared with: its head, its brain, and where they count."""

from __future__ import annotations

from dataclasses import dataclass

import ants
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image, read_image
from brainchange.imaging.prepare.ants_images import orthogonal_affine, to_ants
from brainchange.imaging.prepare.grids import (
    HALF,
    Mask,
    block_means,
    box_around,
    cut,
    grown,
    intensities,
    like,
    padded,
    sizes_of,
)
from brainchange.imaging.template import Template

MARGIN = 8.0
"""Kept around the brain of the template for the registration of brains, in mm."""
HEAD_MARGIN = 28.0
"""Added around a template without head, in mm, so that a scalp has room."""
EDGE = 8.0
"""What lies up to this far (mm) from the brain counts in registration: its outline."""
AROUND = 12.0
"""What lies up to this far (mm) from the brain counts in the search of a head."""
SKULL, SCALP = 7.0, 15.0
"""Distances from the brain (mm) between which a scalp is drawn."""
BASE = 25.0
"""There is no scalp further below the middle of the brain than this, in mm: there is the face."""
SHARE_OF_HEAD = 0.1
"""A template has a head if a larger share of what surrounds the brain is not dark."""
DARK = 0.05


@dataclass(frozen=True)
class TemplateImages:
    """Images of a template, ready for registration.

    Attributes
    ----------
    name : str
        As TemplateFlow gives it.
    has_head : bool
        Whether it shows more than the brain.
    head, head_counts : ants.ANTsImage
        The head, and where it counts in the search (1, else 0).
    brain, mask, brain_counts : ants.ANTsImage
        The brain, 0 elsewhere; its mask; and where it counts in registration: brain and outline.
    """

    name: str
    has_head: bool
    head: ants.ANTsImage
    head_counts: ants.ANTsImage
    brain: ants.ANTsImage
    mask: ants.ANTsImage
    brain_counts: ants.ANTsImage

    @property
    def headless(self) -> TemplateImages:
        """The same with its brain alone for a head, for T1w images without a head."""
        return TemplateImages(
            self.name, False, self.brain, self.brain_counts, self.brain, self.mask,
            self.brain_counts,
        )  # fmt: skip


def load_template(template: Template, voxel_size: float) -> TemplateImages:
    """Read a template and bring it to voxels of about a size.

    Parameters
    ----------
    template : Template
        T1w image, of the whole head or of the brain alone, and brain mask; the image is brought to
        the grid of the mask where they differ.
    voxel_size : float
        In mm.

    Raises
    ------
    ImageError
        An image cannot be read, or the mask is empty.

    Notes
    -----
    Around the brain of a template without head, the search of a head finds the scalp of a T1w
    image. So a scalp is drawn around it for the search alone, at the usual distance and as bright
    as white matter; mutual information asks for no more. Below the middle of the brain are face
    and neck, where nothing is drawn and nothing counts.
    """
    image, mask = _read(template)
    mask = block_means(mask, voxel_size)
    image = block_means(image, voxel_size)
    brain = intensities(mask) > HALF
    if not brain.any():
        raise ImageError("the brain mask of the template is empty", where=str(template.brain_mask))
    box = box_around(brain, sizes_of(mask), MARGIN)
    small, small_brain = cut(image, box), brain[box]
    has_head = _has_head(image, brain)
    head, counts = _head(image, brain) if has_head else _drawn_head(image, brain)
    grid = to_ants(Image(small.values * small_brain, small.affine), str(template.t1w))
    head_grid = to_ants(head, str(template.t1w))
    return TemplateImages(
        name=template.name,
        has_head=has_head,
        head=head_grid,
        head_counts=like(head_grid, counts),
        brain=grid,
        mask=like(grid, small_brain),
        brain_counts=like(grid, grown(small_brain, sizes_of(small), EDGE)),
    )


def _read(template: Template) -> tuple[Image, Image]:
    """Image and mask on the grid of the mask; intensities from 0 up."""
    image, mask = read_image(template.t1w), read_image(template.brain_mask)
    for one, path in ((image, template.t1w), (mask, template.brain_mask)):
        orthogonal_affine(one.affine, str(path))
    values = np.nan_to_num(image.values.astype(np.float32)).clip(0)
    voxels = (mask.values.astype(np.float32) > HALF).astype(np.float32)
    same = image.values.shape == mask.values.shape and np.allclose(
        image.affine, mask.affine, atol=1e-3
    )
    if same:
        return Image(values, mask.affine), Image(voxels, mask.affine)
    target = to_ants(Image(voxels, mask.affine))
    moved = ants.resample_image_to_target(to_ants(Image(values, image.affine)), target, "linear")
    return Image(moved.numpy(), mask.affine), Image(voxels, mask.affine)


def _has_head(image: Image, brain: Mask) -> bool:
    """Whether what surrounds the brain is not dark."""
    sizes = sizes_of(image)
    around = grown(brain, sizes, SCALP) & ~grown(brain, sizes, SKULL / 2)
    bright = intensities(image) > DARK * np.median(intensities(image)[brain])
    return bool((bright & around).sum() > SHARE_OF_HEAD * around.sum())


def _head(image: Image, brain: Mask) -> tuple[Image, npt.NDArray[np.generic]]:
    return image, grown(brain, sizes_of(image), AROUND)


def _drawn_head(image: Image, brain: Mask) -> tuple[Image, npt.NDArray[np.generic]]:
    """Draw a scalp above the base of the skull; see :func:`load_template`."""
    wide = padded(Image(image.values * brain, image.affine), HEAD_MARGIN)
    inner = intensities(padded(Image(brain, image.affine), HEAD_MARGIN)) > 0
    distance = ndimage.distance_transform_edt(~inner, sampling=sizes_of(wide))
    height = np.einsum("i,ixyz->xyz", wide.affine[2, :3], np.indices(inner.shape))
    above = height > height[inner].mean() - BASE
    scalp = (distance > SKULL) & (distance <= SCALP) & above
    bright = np.percentile(intensities(image)[brain], 90)
    drawn = np.where(scalp, bright, wide.values).astype(np.float32)
    counts = (distance <= SCALP) & above | (distance <= SKULL / 2)
    return Image(drawn, wide.affine), counts
