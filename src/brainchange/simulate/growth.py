"""Two T1w images of one head, between which a region grew by a known share.

Made from a real or simulated T1w image of high resolution. To be fair to both times, each image is
sampled once from it, on a grid of its own and limited to what its voxels can show, and has noise of
its own: an image that is sampled twice is smoother than one that is not, and noise that moves with
the anatomy is a texture that no second scan has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from brainchange.imaging.nifti import Image

FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

EDGE = 1.0
"""Standard deviation in mm of the edge of an expansion; it lies within the region."""
ROUNDS = 8
"""Rounds of the inversion of a displacement, which shrinks the error more than tenfold each."""
SPREAD = 0.6
"""Standard deviation of the point spread of a scan, in its voxels (1.4 voxels wide at half its
height). A sharper one cannot be interpolated without loss, and the same head measured twice then
differs by some tenths of a percent."""
MARGIN = 8
"""Voxels around a scan that are limited to its resolution and interpolated with it."""


@dataclass(frozen=True)
class Growth:
    """Where every point of a head is after a region has grown.

    Attributes
    ----------
    displacement : numpy.ndarray
        In voxels along the axes of the grid, (3, x, y, z).
    affine : numpy.ndarray
        Voxel indices of the grid → mm, (4, 4); voxels are isotropic.
    """

    displacement: FloatArray
    affine: FloatArray

    def percent(self, region: Mask) -> float:
        """Symmetric percent change of the volume of a region of the head before, (x, y, z)."""
        slopes = np.array([np.gradient(component) for component in self.displacement])
        slopes[[0, 1, 2], [0, 1, 2]] += 1
        ratio = float(np.linalg.det(np.moveaxis(slopes[:, :, region], (0, 1), (-2, -1))).mean())
        return 200 * (ratio - 1) / (ratio + 1)

    def before(self, points: FloatArray) -> FloatArray:
        """Say where the points of the head after were before, both (3, …) in mm."""
        back = np.linalg.inv(self.affine)
        after = _mapped(back, points)
        moved = np.zeros_like(after)
        for _ in range(ROUNDS):
            moved = -np.array([_linear(one, after + moved) for one in self.displacement])
        return _mapped(self.affine, after + moved)


def grow(region: Mask, affine: FloatArray, percent: float) -> Growth:
    """Let a region grow smoothly, and nothing else.

    The divergence of the displacement is even within the region, falls off at its edge, and is zero
    elsewhere; the displacement is its potential flow (Poisson's equation), which pushes what lies
    around apart without a change of its volume.

    Parameters
    ----------
    region : numpy.ndarray of bool
        (x, y, z).
    affine : numpy.ndarray
        Voxel indices → mm, (4, 4), of isotropic voxels.
    percent : float
        Symmetric change of its volume.
    """
    size = float(np.cbrt(abs(np.linalg.det(affine[:3, :3]))))
    inner = ndimage.binary_erosion(region, iterations=max(1, round(EDGE / size)))
    profile = ndimage.gaussian_filter(inner.astype(np.float64), EDGE / size)
    ratio = (200 + percent) / (200 - percent)
    wanted = profile * (ratio - 1) / profile[region].mean()
    found = Growth(_flow(wanted), affine)
    # The determinant is not quite one plus the divergence.
    reached = found.percent(region)
    share = percent / reached if reached else 1.0
    return Growth(found.displacement * share, affine)


def scan(
    head: Image,
    grid: tuple[FloatArray, tuple[int, ...]],
    *,
    position: FloatArray,
    growth: Growth | None = None,
    noise: float,
    rng: np.random.Generator,
) -> Image:
    """Scan a head.

    Parameters
    ----------
    head : Image
        The head before, of finer voxels than the scan.
    grid : tuple of (numpy.ndarray, tuple of int)
        Affine and shape of the scan.
    position : numpy.ndarray
        World of the head → world of the scan, (4, 4), rigid.
    growth : Growth, optional
        What has grown in the head.
    noise : float
        Standard deviation, as a share of the 98th percentile of the scan.
    rng : numpy.random.Generator
        Of the noise.
    """
    affine, shape = grid
    points = _mapped(np.linalg.inv(position) @ affine, np.indices(shape, dtype=np.float64))
    if growth is not None:
        points = growth.before(points)
    widths = np.linalg.norm(head.affine[:3, :3], axis=0)
    voxel = np.linalg.norm(affine[:3, :3], axis=0).mean()
    places = _mapped(np.linalg.inv(head.affine), points)
    near, start = _around(head.values, places)
    limited = ndimage.gaussian_filter(near.astype(np.float32), SPREAD * voxel / widths)
    values = ndimage.map_coordinates(
        limited, places - start, order=3, mode="nearest", output=np.float32
    )
    scale = noise * float(np.percentile(values, 98))
    noisy = values + scale * rng.standard_normal(values.shape).astype(np.float32)
    return Image(noisy, affine)


def labels_on(
    labels: Image,
    grid: tuple[FloatArray, tuple[int, ...]],
    *,
    position: FloatArray,
    growth: Growth | None = None,
) -> Image:
    """Say which label of the head before lies at every voxel of a scan (:func:`scan`)."""
    affine, shape = grid
    points = _mapped(np.linalg.inv(position) @ affine, np.indices(shape, dtype=np.float64))
    if growth is not None:
        points = growth.before(points)
    places = _mapped(np.linalg.inv(labels.affine), points)
    values = ndimage.map_coordinates(labels.values, places, order=0, output=np.int32)
    return Image(values, affine)


def _around(
    values: npt.NDArray[np.generic], places: FloatArray
) -> tuple[npt.NDArray[np.generic], FloatArray]:
    """Cut out what lies around some places, and say where it begins."""
    flat = places.reshape(3, -1)
    low = np.clip(np.floor(flat.min(axis=1)) - MARGIN, 0, np.array(values.shape) - 1).astype(int)
    high = np.maximum(np.ceil(flat.max(axis=1)) + MARGIN, low + 1).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return values[box], low.reshape(3, 1, 1, 1).astype(np.float64)


def _flow(divergence: FloatArray) -> FloatArray:
    """Displacement without rotation that has a given divergence; far away it is zero."""
    padded = np.pad(divergence, [(0, size) for size in divergence.shape])
    waves = np.meshgrid(
        *[2 * np.pi * np.fft.fftfreq(size) for size in padded.shape], indexing="ij", sparse=True
    )
    squared = sum(wave**2 for wave in waves)
    squared[0, 0, 0] = 1
    potential = -fft.fftn(padded) / squared
    potential[0, 0, 0] = 0
    inside = tuple(slice(0, size) for size in divergence.shape)
    return np.array([np.real(fft.ifftn(1j * wave * potential))[inside] for wave in waves])


def _linear(values: FloatArray, places: FloatArray) -> FloatArray:
    found: FloatArray = ndimage.map_coordinates(values, places, order=1, mode="nearest")
    return found


def _mapped(matrix: npt.NDArray[np.floating], points: FloatArray) -> FloatArray:
    """Apply an affine map to points, (3, …)."""
    shift = matrix[:3, 3].reshape(3, *[1] * (points.ndim - 1))
    moved: FloatArray = np.tensordot(matrix[:3, :3], points, axes=1) + shift
    return moved
