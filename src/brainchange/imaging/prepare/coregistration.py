"""BOLD reference → T1w image of the same participant: rigid, and judged before it is used."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import ants
import numpy as np
from scipy import ndimage

from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.anatomy_images import AnatomyImages
from brainchange.imaging.prepare.ants_images import LPS, matrix_of, set_seed, to_ants
from brainchange.imaging.prepare.boundary import BoundaryFit, Fit
from brainchange.imaging.prepare.reference import Reference, dilated
from brainchange.imaging.prepare.rigid import inverse, mean_distance, rigid_transform
from brainchange.imaging.prepare.series import FloatArray, Mask
from brainchange.study.settings import Preparation

NUDGE = 2.0
"""Translation in mm, and rotation in degrees, from which the best fit is searched anew."""
SAMPLING_RATE = 0.2


@dataclass(frozen=True)
class Coregistration:
    """Where the BOLD image lies in the T1w image, and how far that is to be believed.

    Attributes
    ----------
    transform : numpy.ndarray
        World coordinates of the BOLD image → of the T1w image, in mm, (4, 4).
    overlap : float
        Dice coefficient of the two brain masks in the field of view of the BOLD image.
    agreement : float
        Share of the boundary of white matter at which the BOLD image gets brighter towards grey
        matter; 0.5 is chance.
    distance : float
        Largest mean distance in mm over the boundary between the best fit and those found from
        other starts.
    """

    transform: FloatArray
    overlap: float
    agreement: float
    distance: float


def coregister(
    reference: Reference, affine: FloatArray, anatomy: AnatomyImages, seed: int
) -> Coregistration:
    """Register the BOLD reference to the T1w image.

    Parameters
    ----------
    reference : Reference
        Of the run.
    affine : numpy.ndarray
        Its voxel indices → world coordinates in mm, (4, 4).
    anatomy : AnatomyImages
        Of the participant.
    seed : int
        Of the points at which ANTs compares the images.

    Returns
    -------
    Coregistration
        By mutual information (ANTs, Mattes), once from where the headers put the two images and
        once from their centres of mass, as headers of two sessions need not agree; refined on the
        white-matter boundary; the better of the two.
    """
    fitting = BoundaryFit(Image(reference.uniform, affine), anatomy.boundary)
    starts = (np.eye(4), _centred(reference, affine, anatomy))
    rough = (_by_mutual_information(reference, affine, anatomy, s, seed) for s in starts)
    best = min((fitting.refine(start) for start in rough), key=lambda fit: fit.cost)
    best, distance = _from_other_starts(fitting, best, anatomy)
    transform = inverse(best.transform)
    return Coregistration(
        transform=transform,
        overlap=overlap(
            reference.brain, brain_in_bold(reference.brain, affine, transform, anatomy)
        ),
        agreement=best.agreement,
        distance=distance,
    )


@dataclass(frozen=True)
class FailedGate:
    """Why a coregistration is not believed.

    Attributes
    ----------
    reason : str
        In words.
    value, threshold : float
        What was found, and what it was held against.
    unit : str
        Of both; empty for shares.
    config_key : str
        Key of the threshold.
    """

    reason: str
    value: float
    threshold: float
    unit: str
    config_key: str


def failed_gates(found: Coregistration, preparation: Preparation) -> list[FailedGate]:
    """Say which gates a coregistration fails.

    Parameters
    ----------
    found : Coregistration
        What was found.
    preparation : Preparation
        Thresholds.
    """
    failed = []
    least = preparation.smallest_mask_overlap
    if found.overlap < least:
        reason = f"their brain masks overlap with a Dice coefficient of {found.overlap:.2f}"
        key = "preparation.smallest_mask_overlap"
        failed.append(FailedGate(reason, found.overlap, least, "", key))
    least = preparation.smallest_boundary_agreement
    if found.agreement < least:
        reason = (
            f"it gets brighter from white to grey matter at {100 * found.agreement:.0f} % of their "
            "boundary, where 50 % is chance (another head, a mirrored or turned image, or too "
            "little contrast)"
        )
        key = "preparation.smallest_boundary_agreement"
        failed.append(FailedGate(reason, found.agreement, least, "", key))
    most = preparation.largest_registration_distance
    if found.distance > most:
        reason = f"registration that begins elsewhere ends {found.distance:.1f} mm away"
        key = "preparation.largest_registration_distance"
        failed.append(FailedGate(reason, found.distance, most, "mm", key))
    return failed


def brain_in_bold(
    like: Mask, affine: FloatArray, transform: FloatArray, anatomy: AnatomyImages
) -> Mask:
    """Bring the brain mask of the T1w image to the grid of the BOLD image, (x, y, z)."""
    return anatomy.share_of_brain(like.shape, transform @ affine) > 0.5


def overlap(first: Mask, second: Mask) -> float:
    """Dice coefficient of two masks of one shape; 0 if both are empty."""
    return float(2 * (first & second).sum() / max(1, first.sum() + second.sum()))


def _from_other_starts(
    fitting: BoundaryFit, best: Fit, anatomy: AnatomyImages
) -> tuple[Fit, float]:
    """Search again from around the best fit: the best of all, and how far apart they end."""
    points, centre = anatomy.boundary.points, anatomy.boundary.centre
    fits = [best]
    for signs in ((1, 1, 1), (-1, -1, 1), (1, -1, -1), (-1, 1, -1)):
        nudge = np.repeat([NUDGE, np.deg2rad(NUDGE)], 3) * np.tile(signs, 2)
        fits.append(fitting.refine(best.transform @ rigid_transform(nudge, centre)))
    best = min(fits, key=lambda fit: fit.cost)
    return best, max(mean_distance(best.transform, fit.transform, points) for fit in fits)


def _centred(reference: Reference, affine: FloatArray, anatomy: AnatomyImages) -> FloatArray:
    """T1w → BOLD world coordinates so that the two brains have one centre of mass."""
    in_bold = ndimage.center_of_mass(reference.brain)
    in_anatomy = ndimage.center_of_mass(anatomy.brain.values)
    shift = np.eye(4)
    shift[:3, 3] = (affine @ [*in_bold, 1] - anatomy.brain.affine @ [*in_anatomy, 1])[:3]
    return shift


def _by_mutual_information(
    reference: Reference,
    affine: FloatArray,
    anatomy: AnatomyImages,
    start: FloatArray,
    seed: int,
) -> FloatArray:
    """T1w → BOLD world coordinates in mm, (4, 4)."""
    set_seed(seed)
    bold = Image(reference.uniform * dilated(reference.brain), affine)
    with tempfile.TemporaryDirectory() as folder:
        initial = str(Path(folder) / "start.mat")
        ants.write_transform(_to_itk(start), initial)
        try:
            found = ants.registration(
                to_ants(anatomy.head),
                to_ants(bold),
                "Rigid",
                initial_transform=initial,
                outprefix=str(Path(folder) / "found"),
                aff_random_sampling_rate=SAMPLING_RATE,
                random_seed=seed,
            )
        except RuntimeError:
            # ITK gives up where the images do not overlap; the start is then judged by itself.
            return start
        return _from_itk(ants.read_transform(found["fwdtransforms"][0]))


def _to_itk(transform: FloatArray) -> ants.ANTsTransform:
    in_itk = LPS @ transform @ LPS
    return ants.create_ants_transform(
        "AffineTransform",
        precision="double",
        dimension=3,
        matrix=in_itk[:3, :3],
        translation=in_itk[:3, 3],
    )


def _from_itk(transform: ants.ANTsTransform) -> FloatArray:
    in_world: FloatArray = LPS @ _orthonormal(matrix_of(transform)) @ LPS
    return in_world


def _orthonormal(matrix: FloatArray) -> FloatArray:
    """Take away what single precision bent: the nearest rotation."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    straight = matrix.copy()
    straight[:3, :3] = left @ right
    return straight
