"""How well a BOLD image fits the white-matter boundary of a T1w image.

Boundary-based registration (Greve & Fischl 2009, NeuroImage 48:63): across the boundary of white
matter a BOLD image gets brighter towards grey matter, wherever it is aligned. Written by hand, as
ANTs has no such cost; as in FSL's ``flirt -cost bbr``, the boundary is that of a segmentation, not
of a surface. It serves twice: it refines what mutual information found, which is coarse where
voxels are, and it tells whether this is the same head at all. Two heads overlap, even mirrored ones
do; their folds do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from brainchange.imaging.confounds import HEAD_RADIUS
from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.rigid import inverse, moved, rigid_transform
from brainchange.imaging.prepare.series import FloatArray, Volume

GREY, WHITE = 1, 2
REACH = 2.0
"""Distance in mm from the boundary at which the BOLD image is looked up on both sides."""
SMOOTHING = 1.0
"""SD in mm of the Gaussian that makes the direction of the boundary of a segmentation smooth."""
MOST_POINTS = 10_000
SATURATION = 20.0
"""Contrast in percent beyond which more contrast counts little (1/slope of the tanh)."""
PRECISION = 0.01
"""Steps of the search end below this, in mm on the head."""


@dataclass(frozen=True)
class Boundary:
    """Points between white and grey matter.

    Attributes
    ----------
    points : numpy.ndarray
        World coordinates of the T1w image in mm, (n_points, 3).
    outward : numpy.ndarray
        Unit vectors from white to grey matter, (n_points, 3).
    """

    points: FloatArray
    outward: FloatArray

    @property
    def centre(self) -> FloatArray:
        """Mean of the points, in mm, (3,)."""
        centre: FloatArray = self.points.mean(axis=0)
        return centre


def boundary_of(tissue: Image) -> Boundary:
    """Find points on the boundary of white matter with grey matter behind it.

    Parameters
    ----------
    tissue : Image
        1 grey matter, 2 white matter.

    Returns
    -------
    Boundary
        At most 10 000 points, spread evenly; at each, ``REACH`` mm inward lies white and outward
        grey matter.
    """
    sizes = np.linalg.norm(tissue.affine[:3, :3], axis=0)
    to_voxels = inverse(tissue.affine)
    white = (tissue.values == WHITE).astype(np.float32)
    smooth = ndimage.gaussian_filter(white, SMOOTHING / sizes)
    inner = smooth > 0.5
    voxels = np.argwhere(inner & ~ndimage.binary_erosion(inner))
    at = tuple(voxels.T)
    uphill = np.column_stack([axis[at] for axis in np.gradient(smooth)]) @ to_voxels[:3, :3]
    steep = np.linalg.norm(uphill, axis=1)
    found = Boundary(
        moved(tissue.affine, voxels[steep > 0]),
        -uphill[steep > 0] / steep[steep > 0, np.newaxis],
    )
    behind = _labels(tissue, to_voxels, found.points + REACH * found.outward)
    before = _labels(tissue, to_voxels, found.points - REACH * found.outward)
    kept = np.flatnonzero((behind == GREY) & (before == WHITE))
    kept = kept[:: max(1, -(-kept.size // MOST_POINTS))]
    return Boundary(found.points[kept], found.outward[kept])


def _labels(tissue: Image, to_voxels: FloatArray, points: FloatArray) -> npt.NDArray[np.generic]:
    voxels = np.rint(moved(to_voxels, points)).astype(int)
    inside = ((voxels >= 0) & (voxels < tissue.values.shape)).all(axis=1)
    labels = np.zeros(len(points), dtype=tissue.values.dtype)
    labels[inside] = tissue.values[tuple(voxels[inside].T)]
    return labels


@dataclass(frozen=True)
class Fit:
    """A BOLD image laid onto a boundary.

    Attributes
    ----------
    transform : numpy.ndarray
        World coordinates of the T1w image → of the BOLD image, in mm, (4, 4).
    cost : float
        1 minus the mean of the saturated contrast: 0 is perfect, 1 is chance.
    agreement : float
        Share of the points inside the BOLD image at which grey matter is brighter; 0.5 is chance.
    """

    transform: FloatArray
    cost: float
    agreement: float


class BoundaryFit:
    """Fits the BOLD image to a boundary.

    Parameters
    ----------
    bold : Image
        BOLD reference, (x, y, z).
    boundary : Boundary
        Of the T1w image.
    """

    def __init__(self, bold: Image, boundary: Boundary) -> None:
        self._values: Volume = bold.values.astype(np.float32)
        self._to_voxels = inverse(bold.affine)
        self._boundary = boundary

    def judge(self, transform: FloatArray) -> Fit:
        """Say how well the BOLD image fits where a transform (4, 4) puts it."""
        contrast = self.contrast(transform)
        here = np.isfinite(contrast)
        agreement = float((contrast[here] > 0).mean()) if here.any() else 0.0
        return Fit(transform, self._cost(contrast), agreement)

    def refine(self, start: FloatArray) -> Fit:
        """Search the best fit near a transform (4, 4) by Powell's method."""
        centre, scale = self._boundary.centre, np.repeat([1.0, 1 / HEAD_RADIUS], 3)

        def transform(parameters: FloatArray) -> FloatArray:
            return start @ rigid_transform(parameters * scale, centre)

        found = optimize.minimize(
            lambda parameters: self._cost(self.contrast(transform(parameters))),
            np.zeros(6),
            method="Powell",
            options={"xtol": PRECISION, "ftol": 1e-6},
        )
        return self.judge(transform(found.x))

    def contrast(self, transform: FloatArray) -> FloatArray:
        """Contrast of grey over white matter in percent of their mean, (n_points,).

        NaN where a point lies outside the BOLD image or in the air.
        """
        points, outward = self._boundary.points, self._boundary.outward
        grey = self._look_up(transform, points + REACH * outward)
        white = self._look_up(transform, points - REACH * outward)
        both = grey + white
        with np.errstate(invalid="ignore"):
            contrast: FloatArray = 200 * (grey - white) / np.where(both > 0, both, np.nan)
        return contrast

    def _look_up(self, transform: FloatArray, points: FloatArray) -> FloatArray:
        voxels = moved(self._to_voxels @ transform, points).T
        found: FloatArray = ndimage.map_coordinates(
            self._values, voxels, output=float, order=1, mode="constant", cval=np.nan
        )
        return found

    @staticmethod
    def _cost(contrast: FloatArray) -> float:
        return 1 - float(np.tanh(np.nan_to_num(contrast) / SATURATION).mean())
