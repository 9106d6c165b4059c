"""What the simulated scanner records of a head, and what realignment makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainchange.simulate.head import Head, Volume
from brainchange.simulate.model import Noise, Simulation
from brainchange.simulate.motion import Movement, displace, framewise_displacement
from brainchange.simulate.signals import StructureSignals

Image = NDArray[np.int16]
Course = NDArray[np.floating]


@dataclass(frozen=True)
class Scan:
    """One realigned run.

    Attributes
    ----------
    image : numpy.ndarray
        Intensities in the order of a NIfTI file, (n_volumes, z, y, x).
    brain : numpy.ndarray
        Voxels of the brain that were acquired, (x, y, z).
    series : numpy.ndarray
        Intensities of the voxels of the head's brain, (n_volumes, n_voxels).
    """

    image: Image
    brain: NDArray[np.bool_]
    series: Volume


def scan(
    simulation: Simulation,
    head: Head,
    signals: StructureSignals,
    movement: Movement,
    *,
    lowest_slice: int,
    random: np.random.Generator,
) -> Scan:
    """Record a run volume by volume and realign it by the estimated movement.

    Parameters
    ----------
    simulation : Simulation
        Scanner, noise and motion.
    head : Head
        The head at rest.
    signals : StructureSignals
        Signals of the structures in percent.
    movement : Movement
        True and estimated displacements.
    lowest_slice : int
        Index along z of the lowest slice that is acquired.
    random : numpy.random.Generator
        The run's.

    Returns
    -------
    Scan
        The head is displaced by its true movement, loses signal by spin history, gets the noise
        of the scanner, and is then realigned by the estimated movement: what remains is the error
        of the estimate, two interpolations and the lost signal.
    """
    acquisition, noise = simulation.acquisition, simulation.noise
    n_volumes, voxel_size = acquisition.n_volumes, acquisition.voxel_size
    fluctuation = _Fluctuation(simulation, head, signals, random)
    thermal = np.float32(noise.thermal / 100 * acquisition.grey_matter_intensity)
    moved = np.nan_to_num(framewise_displacement(movement.true))
    acquired = np.arange(head.brain.shape[2]) >= lowest_slice
    image = np.empty((n_volumes, *head.brain.shape[::-1]), dtype="<i2")
    series = np.empty((n_volumes, head.intensity.size), dtype=np.float32)
    for volume in range(n_volumes):
        at_rest = np.zeros(head.brain.shape, dtype=np.float32)
        at_rest[head.brain] = fluctuation.volume(volume)
        recorded = displace(at_rest, movement.true[volume], voxel_size)
        lost = simulation.motion.spin_history / 100 * moved[volume]
        recorded *= (1 - lost * random.random(recorded.shape[2])).astype(np.float32)
        recorded += thermal * random.standard_normal(recorded.shape, dtype=np.float32)
        # Realignment looks for what the movement took away: the opposite displacement.
        realigned = displace(recorded, -movement.estimated[volume], voxel_size)
        np.abs(realigned, out=realigned)
        realigned *= acquired
        np.rint(realigned, out=realigned)
        image[volume] = realigned.T
        series[volume] = realigned[head.brain]
    return Scan(image, head.brain & acquired, series)


class _Fluctuation:
    """Intensities of the brain at rest, one volume after the other."""

    def __init__(
        self,
        simulation: Simulation,
        head: Head,
        signals: StructureSignals,
        random: np.random.Generator,
    ) -> None:
        acquisition = simulation.acquisition
        self._noise = simulation.noise
        self._head = head
        self._random = random
        self._signals = signals.series
        labels = signals.labels
        of_brain = head.labels[head.brain]
        self._column = np.minimum(np.searchsorted(labels, of_brain), labels.size - 1)
        self._weight = np.where(labels[self._column] == of_brain, head.grey, np.float32(0))
        seconds = acquisition.repetition_time * np.arange(acquisition.n_volumes)
        self._shared = shared_courses(simulation.noise, seconds, random)
        self._drifts = _drift_maps(simulation.noise, head.intensity.size, random)
        self._slow = _drift_courses(seconds)
        self._own = random.standard_normal(head.intensity.size, dtype=np.float32)
        first = np.arange(acquisition.n_volumes)
        self._unsettled = np.where(
            first < acquisition.non_steady_state_volumes,
            acquisition.non_steady_state_excess * 0.5**first,
            0,
        )

    def volume(self, volume: int) -> Volume:
        """Intensities of one volume, (n_voxels,); volumes must be asked for in order."""
        noise, head = self._noise, self._head
        stay = np.float32(noise.autocorrelation)
        fresh = self._random.standard_normal(head.intensity.size, dtype=np.float32)
        self._own = stay * self._own + np.float32(np.sqrt(1 - stay**2)) * fresh
        tissue, fluid = (np.float32(course[volume]) for course in self._shared)
        percent = self._signals[volume][self._column] * self._weight
        percent += np.float32(noise.autocorrelated) * self._own
        percent += tissue + fluid * head.fluid
        for course, drift in zip(self._slow, self._drifts, strict=True):
            percent += np.float32(course[volume]) * drift
        settled = np.float32(1 + self._unsettled[volume])
        intensities: Volume = settled * head.intensity * (1 + percent / np.float32(100))
        return intensities


def shared_courses(
    noise: Noise, seconds: Course, random: np.random.Generator
) -> tuple[Course, Course]:
    """Draw what all tissue shares, and what breathing and pulse do to fluid.

    Parameters
    ----------
    noise : Noise
        Amplitudes (percent) and rates (Hz).
    seconds : numpy.ndarray
        Times of the volumes, in s, (n_volumes,).
    random : numpy.random.Generator
        The run's.

    Returns
    -------
    tissue, fluid : numpy.ndarray
        In percent of the mean intensity, (n_volumes,).
    """
    steps = random.standard_normal(seconds.size)
    course = np.convolve(steps, np.ones(5) / np.sqrt(5), mode="same")
    fluid = np.zeros(seconds.size)
    for amplitude, frequency in (
        (noise.respiration, noise.respiration_frequency),
        (noise.pulsation, noise.pulsation_frequency),
    ):
        rate = frequency * (1 + noise.rate_variation * random.standard_normal())
        fluid += amplitude * np.sin(2 * np.pi * (rate * seconds + random.random()))
    return noise.global_component * course, fluid


def _drift_courses(seconds: Course) -> list[Course]:
    """Make a line and a wave from −1 to 1 over the run."""
    middle = np.linspace(-1, 1, seconds.size)
    return [middle, np.cos(np.pi * middle)]


def _drift_maps(noise: Noise, n_voxels: int, random: np.random.Generator) -> list[Volume]:
    """How much each voxel drifts along each course, in percent: (n_voxels,) each."""
    return [
        np.float32(noise.drift * size) * random.standard_normal(n_voxels, dtype=np.float32)
        for size in (1.0, 0.5)
    ]
