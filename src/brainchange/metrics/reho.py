"""Regional homogeneity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.metrics.inputs import BrainSeries
from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]
Integers = npt.NDArray[np.signedinteger[Any]]
Values = TypeVar("Values", FloatArray, Integers)

RANK_BYTES = 1 << 25
"""Size of the ranks that are held at once; the brain is taken in slabs of that size."""
BLOCK_VOXELS = 2048
MOST_VOLUMES_OF_SHORT = 32767 // 27
"""Volumes up to which the sum of 27 centred ranks fits in 16 bits."""
FEWEST_VOLUMES = 3


def reho(brain: BrainSeries) -> FloatArray:
    """Kendall's W of every voxel and its up to 26 valid neighbours.

    Zang et al. (2004), NeuroImage 22:394, with 27 voxels: how alike neighbours rank the volumes, 0
    to 1; ties have the mean of their ranks, with Kendall's correction. Only valid voxels of the run
    are neighbours, so that at the edge W is of fewer voxels, where it is larger by chance (1/K for
    K unrelated ones).

    Deviations: drift and nuisance are regressed out and motion is censored as for connectivity (the
    ranks of a moved volume are alike everywhere); signals are not limited to 0.01-0.08 Hz, which
    would leave a run of four minutes about 17 of 96 degrees of freedom. Nothing is smoothed.

    Parameters
    ----------
    brain : BrainSeries
        Brain of a run.

    Returns
    -------
    numpy.ndarray
        (n_voxels,); NaN for a voxel that is not valid or has no valid neighbour.

    Raises
    ------
    ImageError
        Fewer than 3 volumes are kept.
    """
    if int(brain.kept.sum()) < FEWEST_VOLUMES:
        raise ImageError("fewer than 3 volumes are kept: their ranks say nothing")
    found = np.full(brain.voxels.size, np.nan)
    for inner, outer in _slabs(brain):
        found[inner] = _concordance(brain, outer)[np.searchsorted(outer, inner)]
    return found


def ranks(signals: FloatArray) -> tuple[Integers, FloatArray]:
    """Rank the volumes of signals.

    Parameters
    ----------
    signals : numpy.ndarray
        (n_signals, n_volumes).

    Returns
    -------
    centred : numpy.ndarray
        Twice the rank minus (n_volumes + 1), a whole number also for ties, (n_signals, n_volumes).
    ties : numpy.ndarray
        Kendall's Σ (t³ - t) over groups of t equal values, (n_signals,).
    """
    n_volumes = signals.shape[1]
    order = np.argsort(signals, axis=1)
    kind = _whole_numbers(n_volumes)
    plain = np.arange(1 - n_volumes, n_volumes, 2, dtype=kind)
    ordered = np.broadcast_to(plain, signals.shape)
    ties = np.zeros(len(signals))
    in_order = np.take_along_axis(signals, order, axis=1)
    tied = np.flatnonzero((in_order[:, 1:] == in_order[:, :-1]).any(axis=1))
    if tied.size:
        ordered = ordered.copy()
        ordered[tied], ties[tied] = _tied(in_order[tied])
    centred = np.empty(signals.shape, dtype=kind)
    np.put_along_axis(centred, order, ordered, axis=1)
    return centred, ties


def _whole_numbers(n_volumes: int) -> type[np.signedinteger[Any]]:
    return np.int16 if n_volumes <= MOST_VOLUMES_OF_SHORT else np.int32


def _tied(in_order: FloatArray) -> tuple[Integers, FloatArray]:
    """Centred ranks of sorted values with ties, and Kendall's sum over them."""
    n_volumes = in_order.shape[1]
    place = np.broadcast_to(np.arange(n_volumes), in_order.shape)
    new = np.ones(in_order.shape, dtype=bool)
    new[:, 1:] = in_order[:, 1:] != in_order[:, :-1]
    ends = np.ones(in_order.shape, dtype=bool)
    ends[:, :-1] = new[:, 1:]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    last = np.minimum.accumulate(np.where(ends, place, n_volumes)[:, ::-1], axis=1)[:, ::-1]
    size = (last - first + 1).astype(float)
    centred = (first + last - (n_volumes - 1)).astype(_whole_numbers(n_volumes))
    return centred, (size**2 - 1).sum(axis=1)


def _slabs(brain: BrainSeries) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Places of the valid voxels of some planes, and with those of the planes beside them."""
    valid = np.flatnonzero(brain.valid)
    if not valid.size:
        return
    plane = brain.voxels[valid] // (brain.shape[0] * brain.shape[1])
    most = max(1, RANK_BYTES // (4 * int(brain.kept.sum())))
    per_plane = int(np.bincount(plane).max())
    thickness = max(1, most // per_plane - 2)
    for start in range(int(plane[0]), int(plane[-1]) + 1, thickness):
        stop = start + thickness
        low, first, last, high = np.searchsorted(plane, [start - 1, start, stop, stop + 1])
        yield valid[first:last], valid[low:high]


def _concordance(brain: BrainSeries, places: npt.NDArray[np.intp]) -> FloatArray:
    """Kendall's W of some voxels, all of whose neighbours are among them."""
    n_volumes = int(brain.kept.sum())
    centred = np.empty((n_volumes, places.size), dtype=_whole_numbers(n_volumes))
    ties = np.empty(places.size)
    for start in range(0, places.size, BLOCK_VOXELS):
        here = slice(start, start + BLOCK_VOXELS)
        own, ties[here] = ranks(np.ascontiguousarray(brain.denoised(places[here]).T))
        centred[:, here] = own.T
    around = _Box(brain, places)
    squares = np.zeros(places.size)
    for row in centred:
        total = around.sum(row).astype(np.float64)
        squares += total * total
    count = around.sum(np.ones(places.size, dtype=np.int32)).astype(np.float64)
    most = count**2 * (float(n_volumes) ** 3 - n_volumes)
    most -= count * around.sum(ties)
    alone = (count < 2) | (most <= 0)
    concordance: FloatArray = np.where(alone, np.nan, 3 * squares / np.where(alone, 1, most))
    return concordance


class _Box:
    """Sums over a voxel and its 26 neighbours.

    Parameters
    ----------
    brain : BrainSeries
        Brain of a run.
    places : numpy.ndarray
        The voxels that count; others add nothing.
    """

    def __init__(self, brain: BrainSeries, places: npt.NDArray[np.intp]) -> None:
        subscripts = np.array(np.unravel_index(brain.voxels[places], brain.shape, order="F"))
        lowest = subscripts.min(axis=1, keepdims=True)
        inside = subscripts - lowest
        self._inner = tuple(int(n) + 1 for n in inside.max(axis=1))
        self._outer = tuple(n + 2 for n in self._inner)
        self._from = np.ravel_multi_index(tuple(inside + 1), self._outer)
        self._to = np.ravel_multi_index(tuple(inside), self._inner)

    def sum(self, values: Values) -> Values:
        """Sum values over neighbourhoods, both (n_places,)."""
        box: Values = np.zeros(int(np.prod(self._outer)), dtype=values.dtype)
        box[self._from] = values
        image = box.reshape(self._outer)
        image = image[:-2] + image[1:-1] + image[2:]
        image = image[:, :-2] + image[:, 1:-1] + image[:, 2:]
        image = image[:, :, :-2] + image[:, :, 1:-1] + image[:, :, 2:]
        found: Values = image.ravel()[self._to]
        return found


METRIC = Metric(
    name="reho",
    label="Regional homogeneity",
    unit="Kendall's W",
    level="neighbourhood",
    per="region",
    needs=("rest",),
    description="Kendall's W of a voxel and its 26 neighbours (denoised, kept volumes)",
    source="Zang et al. 2004, NeuroImage 22:394",
    function=reho,
    smallest=0.0,
    largest=1.0,
    whole_brain_z=True,
)
