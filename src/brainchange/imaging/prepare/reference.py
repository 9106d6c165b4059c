"""The BOLD reference of a run: mean of its low-motion volumes, in two passes, with its brain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ants
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.confounds import framewise_displacement
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import to_ants
from brainchange.imaging.prepare.realignment import COARSE, FINE, QUICK, Realignment, realign
from brainchange.imaging.prepare.resampling import resampled
from brainchange.imaging.prepare.series import FloatArray, Mask, Series, Volume

STILL_SHARE = 0.5
"""Share of the volumes in steady state, those with the least motion, that make the reference."""
MOST_STILL_VOLUMES = 50
"""More volumes make the reference no better."""
SHRINK, STEPS, TOLERANCE = 4, (50, 50, 50), 1e-7
"""N4 on the reference: a smooth field needs few voxels."""
SMALLEST_BRAIN = 2e5
"""In mm³; even a slab through a quarter of a brain has more."""


@dataclass(frozen=True)
class Reference:
    """What all volumes of a run are aligned to.

    Attributes
    ----------
    mean : numpy.ndarray
        Mean of the low-motion volumes, (x, y, z).
    uniform : numpy.ndarray
        The same without its slow bias field (N4), (x, y, z).
    brain : numpy.ndarray
        Brain mask, (x, y, z).
    still : tuple of int
        The volumes it is the mean of.
    """

    mean: Volume
    uniform: Volume
    brain: Mask
    still: tuple[int, ...]


def realign_in_two_passes(series: Series, n_unsettled: int) -> tuple[Reference, Realignment]:
    """Make the reference of a run, and find where the head was in each volume.

    Parameters
    ----------
    series : Series
        The raw run.
    n_unsettled : int
        Volumes at the start that are not in steady state.

    Returns
    -------
    reference : Reference
        First pass: all volumes are aligned, roughly, to the most typical one, and those with the
        least motion are averaged.
    realignment : Realignment
        Second pass: all volumes are aligned, finely, to that mean.

    Raises
    ------
    ImageError
        No brain is found.
    """
    head = dilated(brain_mask(series.mean(n_unsettled), series.affine))
    typical = typical_volume(series, head, n_unsettled)
    first = realign(series, series.volume(typical), head, (COARSE, QUICK))
    still = still_volumes(framewise_displacement(first.parameters), n_unsettled)
    reference = make_reference(series, first.transforms, still)
    second = realign(series, reference.mean, dilated(reference.brain), (FINE,), first.transforms)
    return reference, second


def make_reference(series: Series, transforms: FloatArray, still: Sequence[int]) -> Reference:
    """Average the still volumes of a run after realignment, and find the brain in the mean."""
    total = np.zeros(series.shape)
    for number in still:
        total += resampled(series.volume(number), series.affine, transforms[number])
    return reference_of((total / len(still)).astype(np.float32), series.affine, still)


def reference_of(mean: Volume, affine: FloatArray, still: Sequence[int]) -> Reference:
    """Take the bias field out of the mean of the still volumes, and find the brain in it."""
    uniform = without_bias(mean, affine)
    return Reference(mean, uniform, brain_mask(uniform, affine), tuple(still))


def typical_volume(series: Series, head: Mask, n_unsettled: int) -> int:
    """Find the volume in steady state that differs least from the median over time."""
    voxels = np.flatnonzero(head.ravel(order="F"))[::7]
    courses = series.stored[n_unsettled:, voxels].astype(np.float32)
    apart = np.abs(courses - np.median(courses, axis=0)).mean(axis=1)
    return n_unsettled + int(np.argmin(apart))


def still_volumes(displacement: FloatArray, n_unsettled: int) -> tuple[int, ...]:
    """Choose the volumes with the least motion.

    Parameters
    ----------
    displacement : numpy.ndarray
        Framewise displacement in mm, (n_volumes,); NaN for the first volume.
    n_unsettled : int
        Volumes at the start that are not in steady state; none of them is chosen.

    Returns
    -------
    tuple of int
        The half of the volumes (at most 50) that moved least from the volume before and to the
        volume after, in order.
    """
    before = np.nan_to_num(displacement)
    after = np.append(before[1:], 0.0)
    motion = np.maximum(before, after)[n_unsettled:]
    number = max(1, min(MOST_STILL_VOLUMES, round(STILL_SHARE * motion.size)))
    least = np.argsort(motion, kind="stable")[:number]
    return tuple(int(volume) + n_unsettled for volume in np.sort(least))


def without_bias(mean: Volume, affine: FloatArray) -> Volume:
    """Take out the smooth bias field of the receiving coils (N4: Tustison et al. 2010)."""
    image = to_ants(Image(np.maximum(mean, 0), affine))
    corrected = ants.n4_bias_field_correction(
        image, shrink_factor=SHRINK, convergence={"iters": list(STEPS), "tol": TOLERANCE}
    )
    values: Volume = corrected.numpy()
    return values


def brain_mask(uniform: Volume, affine: FloatArray) -> Mask:
    """Find the brain in the mean of a run.

    Parameters
    ----------
    uniform : numpy.ndarray
        Mean of the run, better without its bias field, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).

    Returns
    -------
    numpy.ndarray
        ``ants.get_mask`` (what is brighter than the mean, opened, largest component, filled), which
        keeps the outermost slices and varies less between runs of a head than the histogram of
        nilearn's ``compute_epi_mask``.

    Raises
    ------
    ImageError
        Nothing as large as a brain is found.
    """
    mask: Mask = ants.get_mask(to_ants(Image(np.maximum(uniform, 0), affine))).numpy() > 0
    volume = float(mask.sum() * abs(np.linalg.det(affine[:3, :3])))
    if volume < SMALLEST_BRAIN:
        raise ImageError(
            f"no brain is found in the mean of the run: what stands out has {volume / 1000:.0f} ml",
            cause="the field of view misses the brain, or the image shows something else",
        )
    return mask


def dilated(mask: npt.NDArray[np.bool_]) -> Mask:
    """Add a layer of voxels: the edge of the head tells most about its position."""
    grown: Mask = ndimage.binary_dilation(mask)
    return grown
