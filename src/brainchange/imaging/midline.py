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

    The normal is the mean unit vector from the centroid of each left label to that of its right
    counterpart; the plane goes through the mean of the midpoints of the pairs.

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
    return Plane(((left + right) / 2).mean(axis=0), direction / length)


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
