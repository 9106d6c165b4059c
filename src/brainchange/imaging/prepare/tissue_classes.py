"""Grey matter, white matter and fluid of a T1w image (Atropos, Avants et al. 2011)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ants
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.ants_images import from_ants, to_ants
from brainchange.imaging.prepare.grids import Mask, intensities

Probabilities = npt.NDArray[np.float32]

GREY, WHITE, FLUID = 1, 2, 3
"""Labels of the tissues, in the order of BIDS."""
NEIGHBOURS, ITERATIONS = "[0.1,1x1x1]", "[5,0]"
"""Weight and reach of the neighbours (Markov random field), and iterations without early end."""
SMALLEST_SHARE = 0.05
"""Each tissue is at least this share of the brain."""
SMALLEST_STEP = 0.1
"""From fluid to grey and from grey to white matter the mean intensity rises by at least this share
of white matter's."""
CORE_PROBABILITY = 0.95
CORE_LAYERS = 1
"""A voxel is surely a tissue above this probability and this many layers of voxels (of 1 mm, or
thicker where the image is coarser) away from any that is not."""
CONSTANT_SEED = 0
"""Atropos visits voxels in random order, seeded by the clock unless ``use-random-seed`` is 0;
no seed of ITK reaches it. With 0 the order is always the same."""
FEWEST_VOXELS = 30
"""A core of fewer voxels would give no mean to speak of."""


@dataclass(frozen=True)
class Tissues:
    """Probability of each tissue.

    Attributes
    ----------
    grey, white, fluid : numpy.ndarray
        From 0 to 1, (x, y, z); their sum is 1 in the brain.
    intensities : tuple of float
        Mean intensity of grey matter, white matter and fluid.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    """

    grey: Probabilities
    white: Probabilities
    fluid: Probabilities
    intensities: tuple[float, float, float]
    affine: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Core:
    """Voxels that are surely one tissue.

    Attributes
    ----------
    voxels : numpy.ndarray of bool
        (x, y, z).
    degraded : str
        What had to be given up so that there are any; empty where nothing had to be.
    """

    voxels: Mask
    degraded: str


def tissues_of(image: Image, brain: Mask, folder: Path) -> Tissues:
    """Divide a brain into three tissues by intensity.

    Parameters
    ----------
    image : Image
        T1w image without bias at voxels of about 1 mm, (x, y, z).
    brain : numpy.ndarray of bool
        Brain mask, (x, y, z).
    folder : Path
        For temporary files.

    Raises
    ------
    ImageError
        The brain does not fall into three tissues of increasing intensity.

    Notes
    -----
    The same image and mask give the same bytes, see ``CONSTANT_SEED``.
    """
    picture = to_ants(image)
    mask = picture.new_image_like(brain.astype(np.float32))
    with _temporary_files_in(folder):
        try:
            found = ants.atropos(
                picture,
                mask,
                i="Kmeans[3]",
                m=NEIGHBOURS,
                c=ITERATIONS,
                priorweight=0,
                r=CONSTANT_SEED,
            )
        except Exception as error:  # noqa: BLE001 - ANTs raises nothing more special
            raise _no_tissues(f"Atropos gave up: {error}") from None
        classes = [from_ants(one).values.astype(np.float32) for one in found["probabilityimages"]]
    return _ordered(classes, image, brain)


def _ordered(classes: list[Probabilities], image: Image, brain: Mask) -> Tissues:
    """Sort classes by intensity, whatever order they came in, and check that they are tissues."""
    if len(classes) != 3:
        raise _no_tissues(f"there are {len(classes)} classes of intensity")
    total = np.maximum(sum(classes), np.finfo(np.float32).tiny)
    classes = [np.where(brain, one / total, 0).astype(np.float32) for one in classes]
    shares = [float(one.sum() / brain.sum()) for one in classes]
    if min(shares) < SMALLEST_SHARE:
        raise _no_tissues(f"one class is {100 * min(shares):.1f} % of the brain")
    means = [float((one * intensities(image)).sum() / one.sum()) for one in classes]
    fluid, grey, white = sorted(range(3), key=lambda number: means[number])
    steps = (means[grey] - means[fluid], means[white] - means[grey])
    if min(steps) < SMALLEST_STEP * means[white]:
        raise _no_tissues("two classes have nearly one intensity")
    return Tissues(
        classes[grey],
        classes[white],
        classes[fluid],
        (means[grey], means[white], means[fluid]),
        image.affine,
    )


def core_of(probability: Probabilities, tissue: str) -> Core:
    """Find the voxels that are surely one tissue, for the signals of nuisance regression.

    Parameters
    ----------
    probability : numpy.ndarray
        Of the tissue, (x, y, z); voxels of about 1 mm or more.
    tissue : str
        For the message.

    Returns
    -------
    Core
        Never empty where the tissue exists: the erosion is given up first, then the probability.
    """
    sure = probability > CORE_PROBABILITY
    inner = ndimage.binary_erosion(sure, iterations=CORE_LAYERS)
    if inner.sum() >= FEWEST_VOXELS:
        return Core(inner, "")
    if sure.sum() >= FEWEST_VOXELS:
        return Core(sure, f"the mask of {tissue} is not eroded, or it would be empty")
    likely = probability > 0.5
    return Core(likely, f"the mask of {tissue} has every voxel that is likely {tissue}, as hardly "
                "any is sure")  # fmt: skip


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let ANTs leave its files in a folder that is removed; it leaves them in the system's."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _no_tissues(cause: str) -> ImageError:
    return ImageError(
        "grey matter, white matter and fluid cannot be told apart in the T1w image", cause=cause
    )
