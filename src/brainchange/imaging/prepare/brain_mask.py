"""The brain mask of a T1w image: by intensity where the template says it must lie."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import ImageError
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.grids import HALF, Mask, grown, intensities, shrunk, sizes_of

CORE, ZONE = 8.0, 10.0
"""The template's mask, moved by the affine transform, is surely brain this far (mm) inside, and
surely no brain this far outside."""
DARKEST, BRIGHTEST = 0.5, 1.6
"""Grey and white matter have between these times the median of the core."""
OPENING, RETURN = 4.0, 6.0
"""Bridges to dura and scalp thinner than twice the first are cut; what was cut from the brain
with them comes back up to the second, in mm."""
CLOSING = 8.0
"""Sulci and gaps up to twice this wide (mm) are part of the brain."""
TRUST = 3.0
"""How far (mm) the outline found by intensity may lie from that of the warped template."""
SMOOTHNESS = 1.5
"""Standard deviation (mm) of the kernel that smooths the outline."""


def mask_by_intensity(image: Image, expected: Mask) -> Mask:
    """Find the brain by its intensity, near to where the template has it.

    Parameters
    ----------
    image : Image
        T1w image without bias at voxels of about 2 mm, (x, y, z).
    expected : numpy.ndarray of bool
        Brain mask of the template on this grid, right to about a centimetre.

    Returns
    -------
    numpy.ndarray of bool
        (x, y, z), ventricles and sulci included.

    Raises
    ------
    ImageError
        Nothing there looks like a brain.

    Notes
    -----
    Opening and largest component after a threshold, as of old (Shan et al. 2002); the template
    says where.
    """
    sizes = sizes_of(image)
    core = shrunk(expected, sizes, CORE)
    if not core.any():
        raise _no_brain()
    values = intensities(image)
    middle = np.median(values[core])
    tissue: Mask = (values > DARKEST * middle) & (values < BRIGHTEST * middle)
    tissue &= grown(expected, sizes, ZONE)
    seed = _largest(shrunk(tissue, sizes, OPENING), core)
    found = grown(seed, sizes, RETURN) & tissue
    return _closed(found, sizes)


def refined_mask(by_intensity: Mask, warped: Mask, sizes: npt.NDArray[np.float64]) -> Mask:
    """Bring what intensity and warped template say together.

    Parameters
    ----------
    by_intensity : numpy.ndarray of bool
        As :func:`mask_by_intensity` gives it, (x, y, z).
    warped : numpy.ndarray of bool
        Mask of the template, warped to the image, (x, y, z).
    sizes : numpy.ndarray
        Edges of a voxel in mm, (3,).

    Returns
    -------
    numpy.ndarray of bool
        Intensity decides within ``TRUST`` of the outline of the warped template, which decides
        elsewhere, (x, y, z).
    """
    either = by_intensity & grown(warped, sizes, TRUST) | shrunk(warped, sizes, TRUST)
    smooth = ndimage.gaussian_filter(either.astype(np.float32), SMOOTHNESS / sizes)
    filled: Mask = ndimage.binary_fill_holes(smooth > HALF)
    return filled


def _largest(mask: Mask, core: Mask) -> Mask:
    """Take the component with most voxels in the core."""
    labels, n_labels = ndimage.label(mask)
    counts = np.bincount(labels[core], minlength=n_labels + 1)
    counts[0] = 0
    if not counts.any():
        raise _no_brain()
    chosen: Mask = labels == counts.argmax()
    return chosen


def _closed(mask: Mask, sizes: npt.NDArray[np.float64]) -> Mask:
    """Close gaps and fill holes; the margin keeps a brain at the edge of the image whole."""
    margin = [(int(np.ceil(CLOSING / size)) + 1,) * 2 for size in sizes]
    wide = grown(np.pad(mask, margin), sizes, CLOSING)
    closed = ndimage.binary_fill_holes(shrunk(wide, sizes, CLOSING))
    inner = tuple(slice(low, -high) for low, high in margin)
    found: Mask = closed[inner]
    return found


def _no_brain() -> ImageError:
    return ImageError(
        "no brain was found in the T1w image",
        cause="it has another contrast, it was cut off, or its affine is wrong",
    )
