"""Rigid displacements: matrices in world coordinates, and the parameters fMRIPrep tells of them.

A *pose* is a matrix (4, 4) that takes a point of the head from where it is in the reference (in mm,
x to the right, y to the front, z upwards) to where it is in a volume. fMRIPrep's confounds
``trans_x`` … ``rot_z`` are those of FSL's MCFLIRT: they describe the opposite map, from the volume
to the reference, in coordinates whose x runs to the left, about the centre of the brain:

- ``R = Rx(rot_x) Ry(rot_y) Rz(rot_z)``, each with the opposite sign of a rotation by the right hand
  (``rotmat2euler`` of FSL's miscmaths),
- ``trans``: where that map moves the centre, along the axes of the world and not of the voxels (the
  only deviation, so that runs of different tilt agree).

In terms of the pose, whose rotation is ``Rz(c) Ry(b) Rx(a)`` by the right hand about the centre,
which it moves by d: ``rot = (a, −b, −c)`` and ``trans = (e_x, −e_y, −e_z)`` with e = Rᵀd, so a head
that moves to the right, to the back and down has positive translations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brainchange.simulate.head import rotation_matrix

Matrix = NDArray[np.float64]

SIGNS = np.array([1.0, -1.0, -1.0])
"""From a map in x-right coordinates to its opposite in x-left coordinates."""


def pose_of(angles: Matrix, displacement: Matrix, centre: Matrix) -> Matrix:
    """Rotate about a centre and then move.

    Parameters
    ----------
    angles : numpy.ndarray
        About x, then y, then z, by the right hand, in rad, (3,).
    displacement : numpy.ndarray
        Where the centre moves, in mm, (3,).
    centre : numpy.ndarray
        In mm, (3,).

    Returns
    -------
    numpy.ndarray
        (4, 4).
    """
    pose = np.eye(4)
    pose[:3, :3] = rotation_matrix(angles)
    pose[:3, 3] = centre + displacement - pose[:3, :3] @ centre
    return pose


def poses_of(parameters: Matrix, centre: Matrix) -> Matrix:
    """Poses from parameters as fMRIPrep tells them.

    Parameters
    ----------
    parameters : numpy.ndarray
        ``trans_x`` to ``rot_z``, in mm and rad, (n_volumes, 6).
    centre : numpy.ndarray
        Centre of the brain in the reference, in mm, (3,).

    Returns
    -------
    numpy.ndarray
        (n_volumes, 4, 4).
    """
    poses = []
    for row in np.atleast_2d(parameters):
        angles = SIGNS * row[3:]
        poses.append(pose_of(angles, rotation_matrix(angles) @ (SIGNS * row[:3]), centre))
    return np.array(poses)


def parameters_of_poses(poses: Matrix, centre: Matrix) -> Matrix:
    """Parameters of poses as fMRIPrep tells them: the inverse of ``poses_of``.

    Parameters
    ----------
    poses : numpy.ndarray
        (n_volumes, 4, 4).
    centre : numpy.ndarray
        Centre of the brain in the reference, in mm, (3,).

    Returns
    -------
    numpy.ndarray
        ``trans_x`` to ``rot_z``, in mm and rad, (n_volumes, 6).
    """
    rows = []
    for pose in poses:
        rotation = pose[:3, :3]
        about_y = -np.arcsin(rotation[2, 0])
        about_x = np.arctan2(rotation[2, 1], rotation[2, 2])
        about_z = np.arctan2(rotation[1, 0], rotation[0, 0])
        moved = pose[:3, :3] @ centre + pose[:3, 3] - centre
        angles = np.array([about_x, about_y, about_z])
        rows.append(np.concatenate([SIGNS * (rotation.T @ moved), SIGNS * angles]))
    return np.array(rows)


def moved_points(matrix: Matrix, points: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
    """Apply an affine map to points, (3, n) → (3, n)."""
    moved: NDArray[np.float64] = matrix[:3, :3] @ points + matrix[:3, 3:]
    return moved
