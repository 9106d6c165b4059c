"""The plane between the hemispheres: known in a template, else found from the parcellation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.imaging.laterality import other_side, side_of

FloatArray = npt.NDArray[np.float64]
FEWEST_PAIRS = 3
SMALLEST_SPREAD = 8.0
"""Spread of midpoints across their longest direction, in mm, from which they define a plane."""


@dataclass(frozen=True)
class Plane:
    """A plane in world coordinates.

    Attributes
    ----------
    point : numpy.ndarray
        A point in it, in mm, (3,).
    normal : numpy.ndarray
        Its unit normal, from left to right, (3,).
    """

    point: FloatArray
    normal: FloatArray

    def distance(self, coordinates: FloatArray) -> FloatArray:
        """Signed distance of points from the plane.

        Parameters
        ----------
        coordinates : numpy.ndarray
            World coordinates in mm, (n_points, 3).

        Returns
        -------
        numpy.ndarray
            In mm, positive to the right, (n_points,).
        """
        signed: FloatArray = (coordinates - self.point) @ self.normal
        return signed


def known_midline(space: str) -> Plane | None:
    """Give the midline of a space where it is known: x = 0 in every MNI template.

    Parameters
    ----------
    space : str
        The ``space-`` label of images, or the name of a template.

    Returns
    -------
    Plane or None
        None in a space of the participant's own.
    """
    if not space.startswith("MNI"):
        return None
    return Plane(np.zeros(3), np.array([1.0, 0.0, 0.0]))


def midline_plane(
    parcellation: npt.NDArray[np.generic],
    affine: FloatArray,
    labels: Mapping[str, int],
    where: str,
) -> Plane:
    """Estimate the midline from labels that exist on both sides.

    The plane is the one nearest to the midpoints between the centroid of each left label and that
    of its right counterpart (total least squares).

    Parameters
    ----------
    parcellation : numpy.ndarray
        Label number of each voxel, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4).
    labels : mapping of str to int
        Number of each label name; labels pair whose names differ only in the side they tell
        (:mod:`brainchange.imaging.laterality`).
    where : str
        The parcellation, for the message.

    Returns
    -------
    Plane
        The midline.

    Raises
    ------
    ImageError
        Fewer than three pairs occur, or their directions cancel.

    Notes
    -----
    The mean direction from left to right would turn with the torque of the brain: right labels lie
    further to the front than left ones, in Harvard-Oxford so much that the plane is turned by 2.2°,
    2 mm at the frontal pole. Midpoints do not. The mean direction is the normal only where the
    midpoints lie so close to one line that they define no plane.
    """
    candidates = list(_homologous(labels))
    centroids = _centroids(parcellation, affine, {number for pair in candidates for number in pair})
    pairs = [(a, b) for a, b in candidates if a in centroids and b in centroids]
    if len(pairs) < FEWEST_PAIRS:
        raise ImageError(
            f"only {len(pairs)} labels occur on both sides, so the midline cannot be found",
            where=where,
            cause="the image is cropped, or is no whole-brain parcellation",
            fix="remove midline_distance from config/regions.tsv for this atlas",
        )
    left = np.array([centroids[number] for number, _ in pairs])
    right = np.array([centroids[number] for _, number in pairs])
    lengths = np.linalg.norm(right - left, axis=1, keepdims=True)
    direction = ((right - left) / np.maximum(lengths, np.finfo(float).tiny)).mean(axis=0)
    length = float(np.linalg.norm(direction))
    if length < 0.5:
        raise ImageError(
            "left and right labels are not on two sides, so the midline cannot be found",
            where=where,
            cause="the parcellation or its affine is wrong",
        )
    midpoints = (left + right) / 2
    return Plane(midpoints.mean(axis=0), _normal(midpoints, direction / length))


def _normal(midpoints: FloatArray, direction: FloatArray) -> FloatArray:
    """Fit a plane to midpoints and give its normal, to the right; else the direction itself."""
    spread, axes = np.linalg.svd(midpoints - midpoints.mean(axis=0), full_matrices=False)[1:]
    if spread[1] / np.sqrt(len(midpoints)) < SMALLEST_SPREAD:
        return direction
    normal: FloatArray = axes[2] * np.sign(axes[2] @ direction)
    return normal


def _homologous(labels: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    for name, number in labels.items():
        other = labels.get(other_side(name))
        if side_of(name) == "L" and other is not None:
            yield number, other


def _centroids(
    parcellation: npt.NDArray[np.generic], affine: FloatArray, wanted: set[int]
) -> dict[int, FloatArray]:
    """Centre in world coordinates (mm) of each wanted label that occurs."""
    numbers = np.array(sorted(wanted), dtype=np.int64)
    flat = parcellation.ravel(order="F")
    places = np.flatnonzero(np.isin(flat, numbers))
    subscripts = np.unravel_index(places, parcellation.shape, order="F")
    member = np.searchsorted(numbers, flat[places])
    counts = np.bincount(member, minlength=numbers.size)
    sums = [np.bincount(member, weights=axis, minlength=numbers.size) for axis in subscripts]
    means = np.column_stack(sums) / np.maximum(counts, 1)[:, np.newaxis]
    world = means @ affine[:3, :3].T + affine[:3, 3]
    occurs = np.flatnonzero(counts)
    return {int(numbers[place]): world[place] for place in occurs}
