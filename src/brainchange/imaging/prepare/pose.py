"""Where the head lies in a T1w image: a search that no position in the scanner leads astray.

A registration that begins at the centres of mass fails where the image shows much of the neck, or
where fat is brighter than brain. So many positions are tried at voxels of 8 mm, the best of them
improved, and the best of these refined. Written by hand because ``ants.affine_initializer`` tries
rotations about the centre of mass alone, which lies in the neck of such images.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import ants
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import from_ants, to_ants
from brainchange.imaging.prepare.grids import HALF, block_means, intensities
from brainchange.imaging.prepare.template_images import TemplateImages

FloatArray = npt.NDArray[np.float64]

VOXEL_SIZE = 8.0
"""Of the search, in mm."""
UP = (-40.0, -20.0, 0.0, 20.0, 40.0)
FORWARD = (-20.0, 0.0, 20.0)
NOD = (-30.0, -15.0, 0.0, 15.0, 30.0)
"""Positions that are tried: mm and degrees from that of the template in the middle of the head."""
IMPROVED = 10
"""Of the positions, how many are improved."""
SIZE = 0.9
"""Length of a head over that of the template: templates of the MNI are larger than heads."""
SMALLEST_SIZE, LARGEST_SIZE = 0.7, 1.1
"""Mean length over that of the template beyond which the refined transform is not believed."""
HEAD_HEIGHT = 150.0
"""What lies further below the top of the head is neck, in mm."""
DARKER_THAN_HEAD = 0.5
LEAST_HEAD = 2.2e6
"""A head whose bright voxels have a smaller volume (mm3) is a brain alone."""
ITERATIONS = (60,)
AFFINE_ITERATIONS = (500, 200)


def find_head(image: Image, template: TemplateImages, folder: Path) -> Path:
    """Find the affine transform between the head of a T1w image and a template.

    Parameters
    ----------
    image : Image
        T1w image at voxels of about 2 mm.
    template : TemplateImages
        The template.
    folder : Path
        For temporary files.

    Returns
    -------
    Path
        Of the transform (ITK), from points of the template to points of the image.

    Notes
    -----
    The size of the head is not sought before its position is known: mutual information is largest
    where the scalp, brighter than the brain in many images, lies on the air around the template.
    """
    head = bright_voxels(image)
    volume = head.sum() * abs(np.linalg.det(image.affine[:3, :3]))
    target = template.headless if volume < LEAST_HEAD else template
    small = block_means(image, VOXEL_SIZE)
    moving = to_ants(small)
    fixed = to_ants(block_means(from_ants(target.head), VOXEL_SIZE))
    counts = _counts(target.head_counts, fixed)
    starts = _starts(_middle_of_head(image, head), _middle(template.mask))
    screened = sorted(starts, key=lambda start: _unlike(fixed, moving, counts, start))
    improved = _improved(screened[:IMPROVED], fixed, moving, counts, folder)
    refined = _refined(improved, target, to_ants(image), folder)
    size = np.cbrt(abs(np.linalg.det(_matrix(refined))))
    return refined if SMALLEST_SIZE <= size <= LARGEST_SIZE else improved


def _matrix(transform: Path) -> FloatArray:
    numbers: FloatArray = np.reshape(ants.read_transform(str(transform)).parameters[:9], (3, 3))
    return numbers


def bright_voxels(image: Image) -> npt.NDArray[np.bool_]:
    """Voxels that are no air, (x, y, z): brighter than half the median of what is above average."""
    values = intensities(image)
    above: npt.NDArray[np.bool_] = values > DARKER_THAN_HEAD * np.median(
        values[values > values.mean()]
    )
    return above


def _counts(mask: ants.ANTsImage, fixed: ants.ANTsImage) -> ants.ANTsImage:
    share = intensities(block_means(from_ants(mask), VOXEL_SIZE))
    return fixed.new_image_like((share > HALF).astype(np.float32))


def _middle_of_head(image: Image, head: npt.NDArray[np.bool_]) -> FloatArray:
    """Middle of the bright voxels less than a head below their top, in ITK's world (mm), (3,)."""
    world = np.argwhere(head) @ image.affine[:3, :3].T + image.affine[:3, 3]
    top = np.percentile(world[:, 2], 99.5)
    middle: FloatArray = world[world[:, 2] > top - HEAD_HEIGHT].mean(axis=0) * [-1, -1, 1]
    return middle


def _middle(mask: ants.ANTsImage) -> FloatArray:
    image = from_ants(mask)
    voxels = np.argwhere(intensities(image) > HALF).mean(axis=0)
    middle: FloatArray = (image.affine[:3, :3] @ voxels + image.affine[:3, 3]) * [-1, -1, 1]
    return middle


def _starts(head: FloatArray, template: FloatArray) -> list[ants.ANTsTransform]:
    """All positions: from points of the template to points of the image."""
    return [
        ants.create_ants_transform(
            transform_type="AffineTransform",
            precision="float",
            dimension=3,
            matrix=Rotation.from_euler("x", nod, degrees=True).as_matrix() * SIZE,
            translation=head + np.array([0, -forward, up]) - template,
            center=template,
        )
        for up, forward, nod in product(UP, FORWARD, NOD)
    ]


def _unlike(
    fixed: ants.ANTsImage,
    moving: ants.ANTsImage,
    counts: ants.ANTsImage,
    transform: ants.ANTsTransform,
) -> float:
    """Negative mutual information of template and transformed image."""
    warped = ants.apply_ants_transform_to_image(transform, moving, fixed)
    return float(
        ants.image_similarity(
            fixed, warped, metric_type="MattesMutualInformation", fixed_mask=counts
        )
    )


def _improved(
    starts: Sequence[ants.ANTsTransform],
    fixed: ants.ANTsImage,
    moving: ants.ANTsImage,
    counts: ants.ANTsImage,
    folder: Path,
) -> Path:
    """Improve each position, and take the best; its size stays, see ``find_head``."""
    found: list[tuple[float, Path]] = []
    for number, start in enumerate(starts):
        begin = folder / f"start{number}.mat"
        ants.write_transform(start, str(begin))
        done = ants.registration(
            fixed,
            moving,
            "Rigid",
            initial_transform=str(begin),
            outprefix=str(folder / f"improved{number}_"),
            mask=counts,
            aff_random_sampling_rate=1.0,
            aff_iterations=ITERATIONS,
            aff_shrink_factors=(1,),
            aff_smoothing_sigmas=(0,),
        )
        path = Path(done["fwdtransforms"][0])
        found.append((_unlike(fixed, moving, counts, ants.read_transform(str(path))), path))
    return min(found)[1]


def _refined(start: Path, target: TemplateImages, image: ants.ANTsImage, folder: Path) -> Path:
    done = ants.registration(
        target.head,
        image,
        "Affine",
        initial_transform=str(start),
        outprefix=str(folder / "head_"),
        mask=target.head_counts,
        aff_random_sampling_rate=0.25,
        aff_iterations=AFFINE_ITERATIONS,
        aff_shrink_factors=(4, 2),
        aff_smoothing_sigmas=(2, 1),
    )
    return Path(done["fwdtransforms"][0])
