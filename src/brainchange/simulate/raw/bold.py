"""The raw BOLD run: a moving head under a scanner that stays, volume by volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import make_interp_spline

from brainchange.simulate.model import Simulation
from brainchange.simulate.motion import framewise_displacement
from brainchange.simulate.raw.position import Position
from brainchange.simulate.raw.rigid import moved_points, poses_of
from brainchange.simulate.raw.tissue import PAD, Tissue
from brainchange.simulate.scan import shared_courses
from brainchange.simulate.signals import StructureSignals

Image = NDArray[np.int16]
LEAST_SIGNAL = 0.5
"""Intensity (arbitrary units) from which a voxel is part of the head."""
REACH = 9
"""Half voxels around a voxel in which some of the head makes it one to look at: two voxels."""


@dataclass(frozen=True)
class Percent:
    """What fluctuates in the brain, in percent of the mean intensity.

    Attributes
    ----------
    rest : numpy.ndarray
        Signals of the structures when each slice is taken, (n_volumes, n_slices, n_labels).
    labels : numpy.ndarray
        FreeSurfer's number of each column, sorted, (n_labels,).
    responses : dict of str to numpy.ndarray
        Condition → response when each slice is taken, (n_volumes, n_slices).
    heights : dict of str to numpy.ndarray
        Condition → height of the response in the half voxels of the brain, (n_brain,).
    """

    rest: NDArray[np.float32]
    labels: NDArray[np.int64]
    responses: Mapping[str, NDArray[np.float64]]
    heights: Mapping[str, NDArray[np.float32]]


def percent_of(
    signals: StructureSignals,
    times: NDArray[np.float64],
    repetition_time: float,
    responses: Mapping[str, NDArray[np.float64]],
    heights: Mapping[str, NDArray[np.float32]],
) -> Percent:
    """Know the signals when each slice is taken.

    Parameters
    ----------
    signals : StructureSignals
        At the start of each volume, in percent.
    times : numpy.ndarray
        When each slice is taken after the start of its volume, in s, (n_slices,).
    repetition_time : float
        In s.
    responses, heights : dict of str to numpy.ndarray
        As in ``Percent``.
    """
    volumes = np.arange(len(signals.series), dtype=float)
    if not times.any():
        rest = np.repeat(signals.series[:, None], times.size, axis=1)
    else:
        # Signals have no power near the Nyquist frequency, so a spline through them is exact.
        wanted = volumes[:, None] + times / repetition_time
        rest = make_interp_spline(volumes, signals.series, k=3)(wanted)
    return Percent(np.asarray(rest, dtype=np.float32), signals.labels, responses, heights)


def scan_bold(
    simulation: Simulation,
    tissue: Tissue,
    position: Position,
    percent: Percent,
    *,
    motion: NDArray[np.float64],
    random: np.random.Generator,
) -> Image:
    """Record a run.

    Parameters
    ----------
    simulation : Simulation
        Scanner and noise.
    tissue : Tissue
        The head on half voxels.
    position : Position
        Grid, and the centre the head turns about.
    percent : Percent
        What fluctuates.
    motion : numpy.ndarray
        True parameters of every volume as fMRIPrep tells them, mm and rad, (n_volumes, 6).
    random : numpy.random.Generator
        The run's.

    Returns
    -------
    numpy.ndarray
        Intensities in the order of a NIfTI file, (n_volumes, z, y, x). Each volume is the
        fluctuating head in its pose, times the receive field, with what is lost by spin history,
        autoregressive noise of the tissue, and the noise of a magnitude (Rician).
    """
    noise, matrix = simulation.noise, _matrix(tissue)
    head = _head_voxels(tissue, matrix)
    points = moved_points(position.affine, head)
    field = _receive_field(simulation.acquisition.bias, head, matrix, random)
    brain = _Brain(simulation, tissue, percent, random)
    own: NDArray[np.float32] = random.standard_normal((head.shape[1],), dtype=np.float32)
    stay = np.float32(noise.autocorrelation)
    renewed = np.float32(np.sqrt(1 - noise.autocorrelation**2))
    lost = simulation.motion.spin_history / 100 * np.nan_to_num(framewise_displacement(motion))
    image = np.empty((len(motion), *matrix[::-1]), dtype="<i2")
    to_voxels = np.linalg.inv(position.affine)
    for volume, pose in enumerate(poses_of(motion, position.centre)):
        to_rest = np.asarray(to_voxels @ np.linalg.inv(pose), dtype=float)
        places = 2 * moved_points(to_rest, points) + PAD
        seen = ndimage.map_coordinates(
            brain.volume(volume), places, order=3, prefilter=False, output=np.float32
        )
        fresh = random.standard_normal(own.size, dtype=np.float32)
        own = stay * own + renewed * fresh
        seen *= field * (1 + np.float32(noise.autocorrelated / 100) * own)
        seen *= (1 - lost[volume] * random.random(matrix[2])).astype(np.float32)[head[2]]
        image[volume] = _magnitude(simulation, seen, head, matrix, random).T
    return image


class _Brain:
    """Coefficients of the image on half voxels, one volume after the other."""

    def __init__(
        self,
        simulation: Simulation,
        tissue: Tissue,
        percent: Percent,
        random: np.random.Generator,
    ) -> None:
        acquisition, noise = simulation.acquisition, simulation.noise
        self._tissue, self._percent = tissue, percent
        self._image = tissue.base.copy()
        self._own = tissue.base.reshape(-1)[tissue.inside]
        self._slice = tissue.slices
        self._column, self._weight = signal_weights(tissue, percent)
        seconds = acquisition.repetition_time * np.arange(acquisition.n_volumes, dtype=float)
        self._shared = shared_courses(noise, seconds, random)
        self._drift = _drift(noise.drift, tissue, seconds, random)
        first = np.arange(acquisition.n_volumes)
        unsettled = first < acquisition.non_steady_state_volumes
        self._excess = np.where(unsettled, acquisition.non_steady_state_excess * 0.5**first, 0)

    def volume(self, volume: int) -> NDArray[np.float32]:
        """Coefficients of one volume, (x, y, z); the same array every time."""
        percent = self._percent.rest[volume][self._slice, self._column] * self._weight
        for condition, height in self._percent.heights.items():
            if condition in self._percent.responses:
                course = self._percent.responses[condition][volume].astype(np.float32)
                percent += course[self._slice] * height
        tissue, fluid = (np.float32(course[volume]) for course in self._shared)
        percent += tissue + fluid * self._tissue.fluid
        for course, drift in self._drift:
            percent += np.float32(course[volume]) * drift
        settled = np.float32(1 + self._excess[volume])
        flat = self._image.reshape(-1)
        flat[self._tissue.inside] = settled * self._own * (1 + percent / np.float32(100))
        return self._image


def signal_weights(
    tissue: Tissue, percent: Percent
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Say which signal each half voxel of the brain has, and how much of it: its grey matter.

    Returns
    -------
    column, weight : numpy.ndarray
        Column of ``Percent.rest`` and a share, each (n_brain,).
    """
    labels = percent.labels
    column = np.minimum(np.searchsorted(labels, tissue.labels), labels.size - 1)
    weight = np.where(labels[column] == tissue.labels, tissue.grey, np.float32(0))
    return column, weight.astype(np.float32)


def _matrix(tissue: Tissue) -> tuple[int, int, int]:
    n_x, n_y, n_z = ((n - 2 * PAD) // 2 for n in tissue.shape)
    return n_x, n_y, n_z


def _head_voxels(tissue: Tissue, matrix: tuple[int, int, int]) -> NDArray[np.int64]:
    """Find the voxels of the run into which some of the head may move: indices, (3, n)."""
    filled = ndimage.maximum_filter((tissue.base >= LEAST_SIGNAL).astype(np.uint8), REACH)
    inner = filled[PAD:-PAD:2, PAD:-PAD:2, PAD:-PAD:2]
    return np.argwhere(inner[: matrix[0], : matrix[1], : matrix[2]] > 0).T


def _magnitude(
    simulation: Simulation,
    seen: NDArray[np.float32],
    head: NDArray[np.int64],
    matrix: tuple[int, int, int],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    grey = simulation.acquisition.grey_matter_intensity
    thermal = np.float32(simulation.noise.thermal / 100 * grey)
    real, imaginary = thermal * random.standard_normal((2, *matrix), dtype=np.float32)
    real[tuple(head)] += seen
    magnitude: NDArray[np.float32] = np.rint(np.hypot(real, imaginary))
    return magnitude


def _receive_field(
    bias: float, head: NDArray[np.int64], matrix: tuple[int, int, int], random: np.random.Generator
) -> NDArray[np.float32]:
    direction = random.standard_normal(3)
    place = 2 * head / (np.array(matrix)[:, None] - 1) - 1
    slope = direction / np.sqrt((direction**2).sum()) @ place
    field: NDArray[np.float32] = (1 + bias * slope).astype(np.float32)
    return field


def _drift(
    size: float, tissue: Tissue, seconds: NDArray[np.float64], random: np.random.Generator
) -> list[tuple[NDArray[np.float64], NDArray[np.float32]]]:
    """Draw a line and a wave over the run, each with a height that changes smoothly over the brain.

    Returns
    -------
    list of (course, height)
        From −1 to 1, (n_volumes,); percent, (n_brain,).
    """
    place = np.array(np.unravel_index(tissue.inside, tissue.shape), dtype=np.float32)
    place = 2 * place / np.array(tissue.shape, dtype=np.float32)[:, None] - 1
    middle = np.linspace(-1, 1, seconds.size)
    drifts = []
    for course, share in ((middle, 1.0), (np.cos(np.pi * middle), 0.5)):
        direction = random.standard_normal(4).astype(np.float32)
        height = np.float32(share * size) * (direction[0] + direction[1:] @ place)
        drifts.append((course, height))
    return drifts
