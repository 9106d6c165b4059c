"""Rigid transforms of world coordinates (mm), and the six parameters that describe them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_TO_LEFT_HANDED = np.array([1.0, -1.0, -1.0, 1.0, -1.0, -1.0])
"""From a map with x to the right to its inverse with x to the left."""


def rigid_transform(parameters: FloatArray, centre: FloatArray) -> FloatArray:
    """Rotate about a centre, then translate.

    Parameters
    ----------
    parameters : numpy.ndarray
        Translations along x, y, z in mm and rotations about them in radian, (6,); the rotation is
        about z first, then y, then x.
    centre : numpy.ndarray
        World coordinates in mm, (3,).

    Returns
    -------
    numpy.ndarray
        (4, 4).
    """
    (sin_x, sin_y, sin_z), (cos_x, cos_y, cos_z) = np.sin(parameters[3:]), np.cos(parameters[3:])
    about_x = np.array([[1, 0, 0], [0, cos_x, -sin_x], [0, sin_x, cos_x]])
    about_y = np.array([[cos_y, 0, sin_y], [0, 1, 0], [-sin_y, 0, cos_y]])
    about_z = np.array([[cos_z, -sin_z, 0], [sin_z, cos_z, 0], [0, 0, 1]])
    transform = np.eye(4)
    transform[:3, :3] = about_x @ about_y @ about_z
    transform[:3, 3] = centre + parameters[:3] - transform[:3, :3] @ centre
    return transform


def motion_parameters(transforms: FloatArray, centre: FloatArray) -> FloatArray:
    """Parameters of the movement of a head, as fMRIPrep tells them.

    Parameters
    ----------
    transforms : numpy.ndarray
        Where tissue is in the reference → where it is in each volume, world coordinates in mm,
        (n_volumes, 4, 4).
    centre : numpy.ndarray
        Centre of the rotation in mm, (3,).

    Returns
    -------
    numpy.ndarray
        ``trans_x`` … ``rot_z`` in mm and radian, (n_volumes, 6): those of FSL's MCFLIRT, which
        describe the way back from the volume to the reference with x to the left, so that a head
        that moves right, back and down has positive translations. Deviation: along the axes of the
        world and not of the voxels, so that runs of different tilt agree.
    """
    turns = transforms[:, :3, :3]
    shifts = turns @ centre + transforms[:, :3, 3] - centre
    back = np.einsum("nij,ni->nj", turns, shifts)
    about_x = np.arctan2(turns[:, 2, 1], turns[:, 2, 2])
    about_y = np.arcsin(np.clip(-turns[:, 2, 0], -1, 1))
    about_z = np.arctan2(turns[:, 1, 0], turns[:, 0, 0])
    parameters = np.column_stack([back, about_x, about_y, about_z])
    left_handed: FloatArray = parameters * _TO_LEFT_HANDED
    return left_handed


def inverse(transform: FloatArray) -> FloatArray:
    """Transform (4, 4) that takes back what another does."""
    back: FloatArray = np.asarray(np.linalg.inv(transform), dtype=float)
    return back


def moved(transform: FloatArray, points: FloatArray) -> FloatArray:
    """Apply a transform (4, 4) to points (n_points, 3) in mm."""
    there: FloatArray = points @ transform[:3, :3].T + transform[:3, 3]
    return there


def mean_distance(first: FloatArray, second: FloatArray, points: FloatArray) -> float:
    """Mean distance in mm between where two transforms (4, 4) take points (n_points, 3)."""
    apart = moved(first - second, points)
    return float(np.linalg.norm(apart, axis=1).mean())
