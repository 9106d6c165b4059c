"""A whole head in the space of the template: tissue inside the brain, and what lies around it.

The tissue is that of the ICBM 152 template which nilearn brings along, as it is: structures are
labelled in it, but nothing is painted, so that a registration sees them only as far as their tissue
differs. Outside the brain are a layer of fluid, the skull, muscle of face and neck, and the scalp,
so that there is something to remove; they have the right order and thickness and no other realism.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brainchange.simulate.head import Template, load_template, structures_at
from brainchange.simulate.structures import Anatomy

Bytes = NDArray[np.uint8]

RESOLUTION = 1
MARGIN = (24, 24, 40), (24, 24, 24)
"""Voxels added below and above each axis of the template for what lies around the brain."""
FLUID_LAYER, SKULL, SCALP = 2.0, 6.0, 6.0
"""Thickness of the layers around the brain, in mm."""
FACE = (0.0, 58.0, -48.0), (52.0, 38.0, 62.0)
NECK = (0.0, -34.0, -110.0), (52.0, 52.0, 75.0)
"""Centre and half axes of the muscle in front of and below the brain, in mm."""
LEAST_BRAIN = 0.5


class Contrast(NamedTuple):
    """Intensity of each tissue as a share of the brightest."""

    grey: float
    white: float
    fluid: float
    bone: float
    muscle: float
    scalp: float


T1_CONTRAST = Contrast(grey=0.68, white=0.95, fluid=0.25, bone=0.08, muscle=0.5, scalp=1.0)
"""As in the T1-weighted template (grey 164, white 223, fluid 67 of 235)."""


@dataclass(frozen=True)
class Phantom:
    """A head in the space of the template.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm, (4, 4).
    t1, bold : numpy.ndarray
        T1- and T2*-weighted intensity, (x, y, z); 255 is the brightest tissue of each.
    bold_scale : float
        Arbitrary units of the BOLD intensity in one step of `bold`.
    grey, fluid : numpy.ndarray
        Share of each tissue in the voxels of the brain, 255 is all, (x, y, z).
    labels : numpy.ndarray
        FreeSurfer's numbers, 0 where there is none, (x, y, z).
    brain : numpy.ndarray
        255 inside the brain, (x, y, z).
    """

    affine: NDArray[np.float64]
    t1: Bytes
    bold: Bytes
    bold_scale: float
    grey: Bytes
    fluid: Bytes
    labels: NDArray[np.int16]
    brain: Bytes


def make_phantom(anatomy: Anatomy, bold_contrast: Contrast) -> Phantom:
    """Make the head that all participants are deformed from.

    Parameters
    ----------
    anatomy : Anatomy
        Which structures are labelled.
    bold_contrast : Contrast
        T2*-weighted intensity of the tissues, in arbitrary units.

    Returns
    -------
    Phantom
        At 1 mm.
    """
    template = _padded(load_template(RESOLUTION))
    brain = template.brain >= LEAST_BRAIN
    grey = np.where(brain, np.clip(template.grey, 0, 1), 0)
    white = np.where(brain, np.clip(template.white, 0, 1 - grey), 0)
    around = _around(brain, template.affine)
    shares = (grey, white, np.where(brain, 1 - grey - white, 0))
    brightest = max(bold_contrast)
    return Phantom(
        affine=template.affine,
        t1=_bytes(_painted(shares, around, T1_CONTRAST)),
        bold=_bytes(_painted(shares, around, bold_contrast) / brightest),
        bold_scale=brightest / 255,
        grey=_bytes(grey),
        fluid=_bytes(shares[2]),
        labels=_labelled(template, anatomy, brain),
        brain=_bytes(brain),
    )


def _padded(template: Template) -> Template:
    affine = template.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(MARGIN[0])
    widths = list(zip(*MARGIN, strict=True))
    brain, grey, white = (
        np.pad(image, widths) for image in (template.brain, template.grey, template.white)
    )
    return Template(affine=affine, brain=brain, grey=grey, white=white)


def _around(brain: NDArray[np.bool_], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Say what is outside the brain: an index into ``Contrast``, and 255 where there is air.

    Distances are taken on every second voxel: 1 mm is enough for a skull, and takes an eighth.
    """
    coarse = brain[::2, ::2, ::2]
    points = [
        (affine[axis, axis] * 2 * np.arange(length) + affine[axis, 3]).reshape(
            [-1 if axis == other else 1 for other in range(3)]
        )
        for axis, length in enumerate(coarse.shape)
    ]
    from_brain = 2 * ndimage.distance_transform_edt(~coarse)
    muscle = np.zeros(coarse.shape, dtype=bool)
    for centre, radii in (FACE, NECK):
        scaled = [(p - c) / r for p, c, r in zip(points, centre, radii, strict=True)]
        muscle |= scaled[0] ** 2 + scaled[1] ** 2 + scaled[2] ** 2 <= 1
    inner = muscle | (from_brain <= FLUID_LAYER + SKULL)
    kind = np.full(coarse.shape, 255, dtype=np.uint8)
    kind[2 * ndimage.distance_transform_edt(~inner) <= SCALP] = 5
    kind[muscle] = 4
    kind[from_brain <= FLUID_LAYER + SKULL] = 3
    kind[from_brain <= FLUID_LAYER] = 2
    fine = kind.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    return fine[tuple(slice(length) for length in brain.shape)]


def _painted(
    shares: tuple[NDArray[np.float32], ...], around: NDArray[np.uint8], contrast: Contrast
) -> NDArray[np.float32]:
    inside = sum(share * np.float32(value) for share, value in zip(shares, contrast, strict=False))
    table = np.zeros(256, dtype=np.float32)
    table[: len(contrast)] = contrast
    outside = table[around]
    in_brain = sum(shares) > 0.5
    return np.where(in_brain, inside, ndimage.uniform_filter(outside, 3)).astype(np.float32)


def _bytes(shares: NDArray[np.floating] | NDArray[np.bool_]) -> Bytes:
    return np.rint(np.clip(shares, 0, 1) * np.float32(255)).astype(np.uint8)


def _labelled(template: Template, anatomy: Anatomy, brain: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Label the voxels of the brain, slice by slice to save memory."""
    labels = np.zeros(brain.shape, dtype=np.int16)
    for z in np.flatnonzero(brain.any(axis=(0, 1))):
        within = brain[:, :, z]
        voxels = np.vstack([np.argwhere(within).T, np.full((1, within.sum()), z)])
        points = template.affine[:3, :3] @ voxels + template.affine[:3, 3:]
        labels[:, :, z][within] = structures_at(template, anatomy, points)[0]
    return labels
