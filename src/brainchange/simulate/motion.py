"""How a simulated head moves, what realignment estimates of it, and images displaced by it.

The displacement is written by hand, because `scipy.ndimage.affine_transform` takes five times as
long: it interpolates linearly along one axis after the other, which for the small rotations of a
head equals trilinear interpolation (rotations by shears: Eddy, Fitzgerald & Noll 1996, Magn Reson
Med 36:923; deviation: linear instead of Fourier interpolation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainchange.simulate.head import Volume, rotation_matrix
from brainchange.simulate.model import Motion

PARAMETERS = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
HEAD_RADIUS = 50.0
"""Radius of the sphere on which a rotation is a displacement, in mm (Power et al. 2012)."""


@dataclass(frozen=True)
class Movement:
    """Rigid displacements of a head from its first volume.

    Attributes
    ----------
    true, estimated : numpy.ndarray
        Translations in mm and rotations in rad in the order of ``PARAMETERS``, (n_volumes, 6).
    """

    true: NDArray[np.float64]
    estimated: NDArray[np.float64]


def draw_movement(
    motion: Motion, n_volumes: int, factor: float, random: np.random.Generator
) -> Movement:
    """Draw the movement of one run: small steps that come back, and sudden movements.

    Parameters
    ----------
    motion : Motion
        Steps (mm, rad), sudden movements, error of the estimate.
    n_volumes : int
        Length of the run.
    factor : float
        How much more than others this head moves.
    random : numpy.random.Generator
        The run's.
    """
    scale = np.repeat([motion.translation, motion.rotation], 3)
    steps = factor * scale * random.standard_normal((n_volumes, 6))
    sudden = np.repeat([motion.spike_translation, motion.spike_rotation], 3)
    jumps = sudden * random.standard_normal((n_volumes, 6))
    happens = random.random(n_volumes) < motion.spikes / n_volumes
    steps += jumps * happens[:, None]
    steps[0] = 0
    true = np.zeros_like(steps)
    for volume in range(1, n_volumes):
        true[volume] = motion.persistence * true[volume - 1] + steps[volume]
    error = np.repeat([motion.estimate_translation, motion.estimate_rotation], 3)
    estimated = true + error * random.standard_normal((n_volumes, 6))
    return Movement(true, estimated - estimated[0])


def framewise_displacement(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the absolute changes of six parameters, rotations on a sphere of 50 mm.

    Parameters
    ----------
    parameters : numpy.ndarray
        Translations in mm and rotations in rad, (n_volumes, 6).

    Returns
    -------
    numpy.ndarray
        In mm, (n_volumes,); the first is NaN.

    Notes
    -----
    Power et al. 2012, NeuroImage 59:2142.
    """
    changes = np.abs(np.diff(parameters, axis=0))
    summed = changes[:, :3].sum(axis=1) + HEAD_RADIUS * changes[:, 3:].sum(axis=1)
    return np.concatenate([[np.nan], summed])


def displace(image: Volume, parameters: NDArray[np.float64], voxel_size: float) -> Volume:
    """Sample an image at the places to which a rigid movement takes the grid.

    Parameters
    ----------
    image : numpy.ndarray
        (x, y, z), axes along those of the movement.
    parameters : numpy.ndarray
        Translations in mm and rotations in rad about the middle of the image, (6,).
    voxel_size : float
        In mm.

    Returns
    -------
    numpy.ndarray
        Interpolated linearly; displacements beyond one voxel are cut to one.
    """
    turn = (rotation_matrix(parameters[3:]) - np.eye(3)).astype(np.float32)
    shift = (parameters[:3] / voxel_size).astype(np.float32)
    along = [
        (np.arange(length, dtype=np.float32) - np.float32((length - 1) / 2)).reshape(
            [-1 if axis == other else 1 for other in range(3)]
        )
        for axis, length in enumerate(image.shape)
    ]
    for axis in range(3):
        places = turn[axis, 0] * along[0] + turn[axis, 1] * along[1] + shift[axis]
        image = _interpolated(image, places + turn[axis, 2] * along[2], axis)
    return image


def _interpolated(image: Volume, displacement: Volume, axis: int) -> Volume:
    """Interpolate linearly along one axis; beyond the edge lies the edge."""
    lower, upper = [slice(None)] * 3, [slice(None)] * 3
    lower[axis], upper[axis] = slice(None, -1), slice(1, None)
    below, above = tuple(lower), tuple(upper)
    slope = image[above] - image[below]
    moved = image.copy()
    moved[below] += np.clip(displacement[below], 0, 1) * slope
    moved[above] += np.clip(displacement[above], -1, 0) * slope
    return moved
