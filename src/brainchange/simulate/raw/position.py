"""Where the head lies in a BOLD run: the grid of the scanner, and the way from there to the T1w."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainchange.simulate.head import rotation_matrix
from brainchange.simulate.raw.model import Bold, SliceOrder
from brainchange.simulate.raw.shape import CENTRE, HeadShape

RAISED = 8.0
"""How far the middle of the slices lies above the middle of the brain, in mm."""


@dataclass(frozen=True)
class Position:
    """Head and grid in one run, before the head moves.

    Attributes
    ----------
    affine : numpy.ndarray
        Voxel indices to mm of the scanner, (4, 4); oblique.
    to_t1w : numpy.ndarray
        Points of the scanner to points of the T1w image, rigid, (4, 4).
    centre : numpy.ndarray
        Middle of the brain in mm of the scanner, (3,); the head turns about it.
    """

    affine: NDArray[np.float64]
    to_t1w: NDArray[np.float64]
    centre: NDArray[np.float64]


def draw_position(shape: HeadShape, bold: Bold, random: np.random.Generator) -> Position:
    """Draw how the head lies in one run.

    Parameters
    ----------
    shape : HeadShape
        The participant's shape; the middle of the brain is that of the template.
    bold : Bold
        Grid (mm), and how far the head moved since the T1w was taken (mm, degrees).
    random : numpy.random.Generator
        The session's.
    """
    in_t1w = shape.from_template(CENTRE[:, None])[:, 0]
    centre = in_t1w + bold.displacement * random.standard_normal(3)
    to_t1w = np.eye(4)
    to_t1w[:3, :3] = rotation_matrix(np.deg2rad(bold.rotation) * random.standard_normal(3))
    to_t1w[:3, 3] = in_t1w - to_t1w[:3, :3] @ centre
    axes = rotation_matrix(np.deg2rad([bold.tilt, 0, 0]))
    affine = np.eye(4)
    affine[:3, :3] = axes @ np.diag(bold.voxel_size)
    middle = in_t1w + axes @ [0, 0, RAISED]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(bold.matrix) - 1) / 2)
    return Position(np.round(affine, 6), to_t1w, centre)


def slice_times(order: SliceOrder, n_slices: int, repetition_time: float) -> NDArray[np.float64]:
    """When each slice is taken after the start of its volume.

    Parameters
    ----------
    order : str
        ``together``, ``ascending`` or ``interleaved`` (0, 2, 4, … then 1, 3, …).
    n_slices : int
        From the lowest to the highest.
    repetition_time : float
        In s.

    Returns
    -------
    numpy.ndarray
        In s, (n_slices,).
    """
    if order == "together":
        return np.zeros(n_slices)
    taken = np.arange(n_slices)
    if order == "interleaved":
        taken = np.concatenate([taken[::2], taken[1::2]])
    times = np.empty(n_slices)
    times[taken] = repetition_time * np.arange(n_slices) / n_slices
    return times
