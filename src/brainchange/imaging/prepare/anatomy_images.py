"""What the runs of a participant need of its prepared anatomy, read once and kept small."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image, read_image, read_label_image
from brainchange.imaging.prepare.boundary import Boundary, boundary_of
from brainchange.imaging.prepare.prepared import PreparedAnatomy
from brainchange.imaging.prepare.rigid import inverse
from brainchange.imaging.prepare.series import FloatArray, Mask

MARGIN = 5.0
"""Kept around the brain, in mm."""
COARSE_VOXEL = 2.0
"""Size of the voxels at which images are compared by mutual information, in mm."""
MOST_SAMPLES = 4
"""Places along each axis of a BOLD voxel at which the anatomy is looked up."""
SMALLEST_BOUNDARY = 500
DEVIATION_PER_WIDTH = 0.4247
"""SD of a Gaussian over its full width at half maximum."""


@dataclass(frozen=True)
class AnatomyImages:
    """Anatomy of a participant around its brain.

    Attributes
    ----------
    head : Image
        Bias-corrected T1w image, 0 outside the brain, voxels of about 2 mm.
    brain : Image
        Whether a voxel belongs to the brain.
    tissue : Image
        1 grey matter, 2 white matter, 3 cerebrospinal fluid; on the grid of ``brain``.
    boundary : Boundary
        Of white matter.
    """

    head: Image
    brain: Image
    tissue: Image
    boundary: Boundary

    def share_of_brain(self, shape: tuple[int, ...], affine: FloatArray) -> FloatArray:
        """Share of each voxel of a grid that is brain; see :meth:`share_of_tissue`."""
        return _share(self.brain.values.astype(bool), self.brain.affine, shape, affine)

    def share_of_tissue(self, label: int, shape: tuple[int, ...], affine: FloatArray) -> FloatArray:
        """Share of each voxel of a grid that is a tissue.

        Parameters
        ----------
        label : int
            1, 2 or 3.
        shape : tuple of int
            Voxels of the grid along x, y and z.
        affine : numpy.ndarray
            Its voxel indices → world coordinates of the T1w image in mm, (4, 4).

        Returns
        -------
        numpy.ndarray
            From 0 to 1, (x, y, z).
        """
        return _share(self.tissue.values == label, self.tissue.affine, shape, affine)


def load_anatomy(anatomy: PreparedAnatomy) -> AnatomyImages:
    """Read the anatomy of a participant.

    Raises
    ------
    ImageError
        A file is damaged, the brain mask is empty, or white matter has no boundary to speak of.
    """
    brain = read_label_image(anatomy.brain_mask)
    box = _box(brain, str(anatomy.brain_mask))
    kept = _cut(brain, box)
    mask = kept.values.astype(bool)
    tissue = _cut(read_label_image(anatomy.tissue), box)
    boundary = boundary_of(tissue)
    if len(boundary.points) < SMALLEST_BOUNDARY:
        raise ImageError(
            f"the boundary of white matter has {len(boundary.points)} points, too few to align "
            "BOLD images with",
            where=str(anatomy.tissue),
            cause="the segmentation of the T1w image failed",
        )
    t1w = _cut(read_image(anatomy.t1w), box)
    return AnatomyImages(
        head=_coarse(Image(t1w.values * mask, t1w.affine)),
        brain=Image(mask, kept.affine),
        tissue=Image(tissue.values.astype(np.uint8), tissue.affine),
        boundary=boundary,
    )


def _box(brain: Image, where: str) -> tuple[slice, slice, slice]:
    sizes = np.linalg.norm(brain.affine[:3, :3], axis=0)
    voxels = np.argwhere(brain.values)
    if not voxels.size:
        raise ImageError("the brain mask is empty", where=where)
    margin = np.ceil(MARGIN / sizes).astype(int)
    low = np.maximum(voxels.min(axis=0) - margin, 0)
    high = np.minimum(voxels.max(axis=0) + margin + 1, brain.values.shape)
    x, y, z = (slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))
    return x, y, z


def _cut(image: Image, box: tuple[slice, slice, slice]) -> Image:
    affine = image.affine.copy()
    affine[:3, 3] += image.affine[:3, :3] @ [side.start for side in box]
    return Image(image.values[box], affine)


def _coarse(image: Image) -> Image:
    """Go down to voxels of about 2 mm: every so many of a smoothed image."""
    sizes = np.linalg.norm(image.affine[:3, :3], axis=0)
    steps = np.maximum(1, np.rint(COARSE_VOXEL / sizes)).astype(int)
    deviation = np.where(steps > 1, steps * DEVIATION_PER_WIDTH, 0.0)
    smooth = ndimage.gaussian_filter(image.values.astype(np.float32), deviation)
    affine = image.affine.copy()
    affine[:3, :3] *= steps
    return Image(smooth[tuple(slice(None, None, int(step)) for step in steps)], affine)


def _share(
    mask: npt.NDArray[np.bool_], of_mask: FloatArray, shape: tuple[int, ...], affine: FloatArray
) -> FloatArray:
    """Share of each voxel of a grid in a finer mask, looked up at places within the voxel."""
    there = inverse(of_mask) @ affine
    finer = np.linalg.norm(there[:3, :3], axis=0)
    samples = np.clip(np.ceil(finer), 1, MOST_SAMPLES).astype(int)
    total = np.zeros(shape)
    places = [(np.arange(number) + 0.5) / number - 0.5 for number in samples]
    for place in product(*places):
        start = there[:3, 3] + there[:3, :3] @ np.array(place)
        total += _nearest(mask, there[:3, :3], start, shape)
    share: FloatArray = total / samples.prod()
    return share


def _nearest(
    mask: npt.NDArray[np.bool_], matrix: FloatArray, start: FloatArray, shape: tuple[int, ...]
) -> Mask:
    found: Mask = (
        ndimage.affine_transform(
            mask.astype(np.uint8), matrix, start, output_shape=shape, order=0, prefilter=False
        )
        > 0
    )
    return found
