"""Signals of the structures: sources they share with others, with their other side, and their own.

The planted effects are changes of the parameters of this model, so what an analysis measures
follows from them through the same noise, motion and images as everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainchange.simulate.model import Effect, Neural, Simulation
from brainchange.simulate.seeds import generator
from brainchange.study.model import Timepoint

LARGEST_SHARED = 0.98
"""Largest share of a signal's variance that others may have, so that some of it is its own."""


@dataclass(frozen=True)
class Visit:
    """One participant at one session.

    Attributes
    ----------
    study : str
        Name of the study.
    participant, arm, session : str
        ``sub-01``, ``therapy``, ``ses-pre``.
    timepoint : str
        ``pre``, ``post`` or ``followup``.
    seed : int
        Seed of the configuration.
    """

    study: str
    participant: str
    arm: str
    session: str
    timepoint: Timepoint
    seed: int

    def of_participant(self, purpose: str) -> np.random.Generator:
        """Random numbers that a participant keeps over the sessions."""
        return generator(self.seed, self.study, self.participant, purpose)

    def of_session(self, purpose: str) -> np.random.Generator:
        """Random numbers of this session."""
        return generator(self.seed, self.study, self.participant, self.session, purpose)


@dataclass(frozen=True)
class Parameters:
    """The parameters that generate the signals of one visit.

    Attributes
    ----------
    loadings : dict of (str, str) to float
        (source, structure) → weight.
    amplitudes : dict of str to float
        Structure → standard deviation of its signal, in percent of the mean intensity.
    """

    loadings: Mapping[tuple[str, str], float]
    amplitudes: Mapping[str, float]


@dataclass(frozen=True)
class StructureSignals:
    """Signals of all structures in one run.

    Attributes
    ----------
    series : numpy.ndarray
        Percent of the mean intensity, (n_volumes, n_labels).
    labels : numpy.ndarray
        FreeSurfer's number of each column, (n_labels,), sorted.
    """

    series: NDArray[np.float32]
    labels: NDArray[np.int64]


def parameters_of(simulation: Simulation, visit: Visit) -> Parameters:
    """Draw the parameters of a visit: configured, plus trait, plus day, plus what was planted.

    Parameters
    ----------
    simulation : Simulation
        Configured values and their spread.
    visit : Visit
        Whose.
    """
    neural = simulation.neural
    planted = [
        e
        for e in simulation.effects
        if (e.arm, e.timepoint) == (visit.arm, visit.timepoint) and e.parameter != "activation"
    ]
    names = simulation.anatomy.names
    keys = [(source, name) for source, weights in neural.loadings.items() for name in weights]
    trait, day = visit.of_participant("parameters"), visit.of_session("parameters")
    spread = neural.participant_loading * trait.standard_normal(len(keys))
    spread += neural.session_loading * day.standard_normal(len(keys))
    loadings = {
        (source, name): max(
            0.0, neural.loadings[source][name] + offset + _change(planted, source, name)
        )
        for (source, name), offset in zip(keys, spread, strict=True)
    }
    logarithm = neural.participant_amplitude * trait.standard_normal(len(names))
    logarithm += neural.session_amplitude * day.standard_normal(len(names))
    amplitudes = {
        name: neural.amplitude * float(np.exp(offset)) * (1 + _change(planted, "", name))
        for name, offset in zip(names, logarithm, strict=True)
    }
    return Parameters(_leaving_room(loadings, neural), amplitudes)


def structure_signals(simulation: Simulation, visit: Visit, task: str) -> StructureSignals:
    """Make the signals of all structures in one run."""
    neural, acquisition = simulation.neural, simulation.acquisition
    parameters = parameters_of(simulation, visit)
    random = visit.of_session(f"{task} signals")

    def draw(number: int) -> NDArray[np.float64]:
        return slow_noise(
            acquisition.n_volumes, number, acquisition.repetition_time, neural, random
        )

    sources = dict(zip(neural.loadings, draw(len(neural.loadings)).T, strict=True))
    columns: dict[int, Any] = {}
    for name in simulation.anatomy.names:
        shared = sum(
            weight * sources[source]
            for (source, owner), weight in parameters.loadings.items()
            if owner == name
        )
        taken = sum(w * w for (_, owner), w in parameters.loadings.items() if owner == name)
        numbers = simulation.anatomy.numbers(name)
        both, *own = draw(1 + len(numbers)).T
        rest = np.sqrt(1 - taken - neural.bilateral**2)
        for number, alone in zip(numbers, own, strict=True):
            signal = shared + neural.bilateral * both + rest * alone
            columns[number] = parameters.amplitudes[name] * signal
    labels = sorted(columns)
    signals = np.column_stack([columns[label] for label in labels]).astype(np.float32)
    return StructureSignals(signals, np.array(labels))


def slow_noise(
    n_volumes: int,
    number: int,
    repetition_time: float,
    neural: Neural,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw Gaussian noise with the spectrum of resting signals.

    Parameters
    ----------
    n_volumes, number : int
        Length and number of the series.
    repetition_time : float
        In s.
    neural : Neural
        Corner (Hz) and steepness of the amplitude spectrum 1 / (1 + (f / corner)^exponent).
    random : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    numpy.ndarray
        Expected variance 1, (n_volumes, number). Twice the length is drawn and cut, so that the
        end does not run into the start.
    """
    length = 2 * n_volumes
    frequencies = np.fft.rfftfreq(length, repetition_time)
    shape = 1 / (1 + (frequencies / neural.corner_frequency) ** neural.exponent)
    shape[0] = 0
    both_sides = np.concatenate([shape, shape[1 : length - shape.size + 1]])
    spectrum = np.fft.rfft(random.standard_normal((length, number)), axis=0) * shape[:, None]
    series = np.fft.irfft(spectrum, n=length, axis=0)[:n_volumes]
    scaled: NDArray[np.float64] = series / np.sqrt((both_sides**2).mean())
    return scaled


def _change(planted: list[Effect], source: str, name: str) -> float:
    """Sum of the planted changes of one parameter; an amplitude has no source."""
    return sum(e.change for e in planted if e.source == source and name in e.labels)


def _leaving_room(
    loadings: dict[tuple[str, str], float], neural: Neural
) -> dict[tuple[str, str], float]:
    """Scale down the loadings of a structure that would leave it less than nothing of its own."""
    room = LARGEST_SHARED - neural.bilateral**2
    taken: dict[str, float] = {}
    for (_, name), weight in loadings.items():
        taken[name] = taken.get(name, 0.0) + weight**2
    factor = {
        name: min(1.0, float(np.sqrt(room / total))) for name, total in taken.items() if total
    }
    return {key: weight * factor.get(key[1], 1.0) for key, weight in loadings.items()}
