"""Tissues on the grid of the T1w image: found at about 1 mm, and interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ants
import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import from_ants, to_ants
from brainchange.imaging.prepare.bias import without_bias
from brainchange.imaging.prepare.brain import Brain
from brainchange.imaging.prepare.grids import HALF, Mask, box_around, cut, sizes_of
from brainchange.imaging.prepare.tissue_classes import (
    FLUID,
    Core,
    Probabilities,
    Tissues,
    core_of,
    tissues_of,
)

VOXEL_SIZE = 1.0
FINER = 0.9
"""Images with voxels smaller than this (mm) are brought to ``VOXEL_SIZE`` for it."""
MARGIN = 6.0
"""Kept around the brain, in mm."""
DECIMALS = 4
"""Of probabilities in files: they compress, and nothing needs more."""


@dataclass(frozen=True)
class Segmentation:
    """Masks and tissues in a box of the T1w image.

    Attributes
    ----------
    box : tuple of slice
        Where the box lies in the image.
    affine : numpy.ndarray
        Voxel indices of the box → world coordinates in mm, (4, 4).
    brain, white_core, fluid_core : numpy.ndarray of bool
        Brain mask, and what is surely white matter and fluid, (x, y, z).
    labels : numpy.ndarray
        1 grey, 2 white, 3 fluid, 0 outside the brain, (x, y, z).
    grey, white, fluid : numpy.ndarray
        Probabilities; their sum is 1 in the brain, (x, y, z).
    degraded : tuple of str
        What had to be given up.
    """

    box: tuple[slice, slice, slice]
    affine: npt.NDArray[np.float64]
    brain: Mask
    white_core: Mask
    fluid_core: Mask
    labels: npt.NDArray[np.uint8]
    grey: Probabilities
    white: Probabilities
    fluid: Probabilities
    degraded: tuple[str, ...]


def segment(image: Image, brain: Brain, folder: Path) -> Segmentation:
    """Divide the brain of a T1w image into tissues.

    Parameters
    ----------
    image : Image
        Raw T1w image, (x, y, z).
    brain : Brain
        Its mask and bias field.
    folder : Path
        For temporary files.

    Raises
    ------
    ImageError
        The brain does not fall into three tissues.
    """
    box = _box(image, brain.mask)
    part = cut(image, box)
    corrected = to_ants(Image(without_bias(part, brain.field), part.affine))
    smooth_mask = to_ants(Image(brain.mask.values.astype(np.float32), brain.mask.affine))
    grid = corrected
    if sizes_of(part).min() < FINER:
        grid = ants.resample_image(corrected, (VOXEL_SIZE,) * 3, use_voxels=False, interp_type=0)
    tissues = tissues_of(from_ants(grid), _on(smooth_mask, grid) > HALF, folder)
    cores = [
        core_of(tissues.white, "white matter"),
        core_of(tissues.fluid, "cerebrospinal fluid"),
    ]
    return _on_own_grid(box, corrected, _on(smooth_mask, corrected) > HALF, tissues, cores)


def _box(image: Image, mask: Image) -> tuple[slice, slice, slice]:
    """Box of the image around a mask on a coarser grid that nests in it."""
    if not mask.values.any():
        raise ImageError("the brain mask of the T1w image is empty")
    coarse = sizes_of(mask)
    steps = np.rint(coarse / sizes_of(image)).astype(int)
    around = box_around(mask.values.astype(bool), coarse, MARGIN)
    x, y, z = (
        slice(side.start * int(step), min(side.stop * int(step), length))
        for side, step, length in zip(around, steps, image.values.shape, strict=True)
    )
    return x, y, z


def _on(image: ants.ANTsImage, grid: ants.ANTsImage) -> npt.NDArray[np.float32]:
    moved: npt.NDArray[np.float32] = ants.resample_image_to_target(
        image, grid, interp_type="linear"
    ).numpy()
    return moved


def _on_own_grid(
    box: tuple[slice, slice, slice],
    grid: ants.ANTsImage,
    brain: Mask,
    tissues: Tissues,
    cores: list[Core],
) -> Segmentation:
    shares = [
        _on(to_ants(Image(one, tissues.affine)), grid)
        for one in (tissues.grey, tissues.white, tissues.fluid)
    ]
    total = sum(shares)
    # A rim of the brain that lies between a voxel of 1 mm in it and one outside is fluid.
    shares[FLUID - 1] = np.where(total > 0, shares[FLUID - 1], 1)
    total = np.where(total > 0, total, 1)
    shares = [np.where(brain, np.round(one / total, DECIMALS), 0) for one in shares]
    labels = np.where(brain, np.argmax(shares, axis=0) + 1, 0).astype(np.uint8)
    white, fluid = (
        brain & (_on(to_ants(Image(core.voxels, tissues.affine)), grid) > HALF) for core in cores
    )
    grey_share, white_share, fluid_share = (one.astype(np.float32) for one in shares)
    return Segmentation(
        box=box,
        affine=from_ants(grid).affine,
        brain=brain,
        white_core=white,
        fluid_core=fluid,
        labels=labels,
        grey=grey_share,
        white=white_share,
        fluid=fluid_share,
        degraded=tuple(core.degraded for core in cores if core.degraded),
    )
