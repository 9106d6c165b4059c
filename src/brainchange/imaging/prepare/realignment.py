"""How the head lay in each volume of a run: rigid realignment by least squares.

Written by hand: ``ants.motion_correction`` takes one to five seconds a volume on two cores and its
parameters jitter, as it compares samples of points by mutual information; volumes of one run have
one contrast, so that least squares is the better criterion (Jenkinson et al. 2002) and Gauss-Newton
finds its minimum in a few steps of milliseconds. The method is that of Friston et al. (1995), Hum
Brain Mapp 3:165, and Cox & Jesmanowicz (1999), Magn Reson Med 42:1014, with the gradient taken
once from the reference (inverse composition: Baker & Matthews 2004, Int J Comput Vis 56:221).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.imaging.confounds import HEAD_RADIUS
from brainchange.imaging.prepare.rigid import inverse, motion_parameters, moved, rigid_transform
from brainchange.imaging.prepare.series import Mask, Series, Volume

FloatArray = npt.NDArray[np.float64]

SPLINE_ORDER = 3
MOST_STEPS = 30
_ON_THE_HEAD = np.repeat([1.0, HEAD_RADIUS], 3)
"""Turns parameters (mm, radian) into displacements of the head (mm)."""


@dataclass(frozen=True)
class Level:
    """How finely two images are compared.

    Attributes
    ----------
    smoothing : float
        SD of the Gaussian both are smoothed with, in voxels along each axis. Less than 0.7 draws
        the estimate to the grid (thick slices most), more lets distant signal changes in.
    every : int
        One of so many voxels of the mask is compared.
    tolerance : float
        A step that moves no point of the head by more than this, in mm, is the last.
    """

    smoothing: float
    every: int
    tolerance: float


COARSE = Level(smoothing=2.0, every=8, tolerance=0.05)
QUICK = Level(smoothing=0.7, every=4, tolerance=0.005)
FINE = Level(smoothing=0.7, every=2, tolerance=0.0005)


@dataclass(frozen=True)
class Realignment:
    """Where the head was in each volume.

    Attributes
    ----------
    transforms : numpy.ndarray
        World coordinates of tissue in the reference → where it is in the volume, in mm,
        (n_volumes, 4, 4).
    centre : numpy.ndarray
        Centre of the brain in the reference, world coordinates in mm, (3,).
    lost : tuple of int
        Volumes whose position was not found: the steps did not end.
    """

    transforms: FloatArray
    centre: FloatArray
    lost: tuple[int, ...]

    @property
    def parameters(self) -> FloatArray:
        """``trans_x`` … ``rot_z`` (mm, radian) about the centre, (n_volumes, 6)."""
        return motion_parameters(self.transforms, self.centre)


def realign(
    series: Series,
    reference: Volume,
    mask: Mask,
    levels: Sequence[Level],
    start: FloatArray | None = None,
) -> Realignment:
    """Find the rigid transform of every volume to a reference.

    Parameters
    ----------
    series : Series
        The run.
    reference : numpy.ndarray
        On the same grid, (x, y, z).
    mask : numpy.ndarray
        The head in the reference, with its edge, (x, y, z).
    levels : sequence of Level
        Compared one after the other, from coarse to fine.
    start : numpy.ndarray, optional
        Transforms to begin with, (n_volumes, 4, 4); else each volume begins where the one before
        it was found.

    Returns
    -------
    Realignment
        Rotations are about the mean position of the mask.
    """
    targets = [_Target.of(reference, mask, series.affine, level) for level in levels]
    transforms, lost, here = [], [], np.eye(4)
    for number in range(series.n_volumes):
        here = here if start is None else start[number]
        volume = series.volume(number)
        for target in targets:
            here, ended = target.fit(volume, here)
        transforms.append(here)
        if not ended:
            lost.append(number)
            here = np.eye(4)
    return Realignment(np.array(transforms), centre_of(mask, series.affine), tuple(lost))


def centre_of(mask: Mask, affine: FloatArray) -> FloatArray:
    """Mean position of the voxels of a mask, world coordinates in mm, (3,)."""
    centre: FloatArray = moved(affine, np.argwhere(mask).mean(axis=0, keepdims=True))[0]
    return centre


@dataclass(frozen=True)
class _Target:
    """The reference, ready to be compared with volumes.

    ``solve`` turns the differences at the points into a step: six rigid parameters, then a gain,
    its slope along x, y and z, and an offset of the intensities.
    """

    points: FloatArray
    values: FloatArray
    solve: FloatArray
    centre: FloatArray
    to_voxels: FloatArray
    level: Level

    @classmethod
    def of(cls, reference: Volume, mask: Mask, affine: FloatArray, level: Level) -> _Target:
        smooth = ndimage.gaussian_filter(reference, level.smoothing, mode="nearest")
        voxels = np.argwhere(mask)
        voxels = voxels[voxels.sum(axis=1) % level.every == 0]
        points = moved(affine, voxels)
        centre = points.mean(axis=0)
        at = tuple(voxels.T)
        to_voxels = inverse(affine)
        slope = np.column_stack([g[at] for g in np.gradient(smooth)]) @ to_voxels[:3, :3]
        values = smooth[at].astype(float)
        turned = np.cross(points - centre, slope)
        # Receive fields drift over minutes: a slope of the gain must not pass for a movement.
        gain = values[:, np.newaxis] * np.column_stack([np.ones(len(points)), points - centre])
        design = np.column_stack([slope, turned, gain, np.ones(len(points))])
        return cls(points, values, np.linalg.pinv(design), centre, to_voxels, level)

    def fit(self, volume: Volume, start: FloatArray) -> tuple[FloatArray, bool]:
        """Transform of a volume, and whether the steps came to an end."""
        look_up = _interpolator(volume, self.level.smoothing)
        transform = start
        for _ in range(MOST_STEPS):
            found, weight = look_up(moved(self.to_voxels @ transform, self.points))
            step = self.solve @ (weight * (found - self.values))
            step = step[:6] / (1 + step[6])
            transform = transform @ inverse(rigid_transform(step, self.centre))
            if np.abs(step * _ON_THE_HEAD).max() < self.level.tolerance:
                return transform, True
        return transform, False


def _interpolator(
    volume: Volume, smoothing: float
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Look up a smoothed volume at voxel coordinates by cubic B-splines, and weigh what is found.

    The weight falls from 1 a voxel inside the edge of the volume to 0 on it: were it to fall at
    once, points that cross the edge would keep the steps from coming to an end.
    """
    smooth = ndimage.gaussian_filter(volume, smoothing, mode="nearest")
    spline = ndimage.spline_filter(smooth, SPLINE_ORDER, output=np.float32, mode="mirror")
    last = np.array(volume.shape) - 1

    def look_up(voxels: FloatArray) -> tuple[FloatArray, FloatArray]:
        weight = np.clip(np.minimum(voxels, last - voxels), 0, 1).min(axis=1)
        found = ndimage.map_coordinates(
            spline, voxels.T, output=float, order=SPLINE_ORDER, mode="mirror", prefilter=False
        )
        return found, weight

    return look_up
