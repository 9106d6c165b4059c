"""Raw participants with known truth, for tests of what prepares and measures them.

``make_raw_participant(folder, case)`` writes one participant of the study `rawdemo` as raw BIDS
into a folder and returns what is true of it (``ParticipantTruth``); which files lie where says
``brainchange.simulate.raw.participant``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from brainchange.project import read_study
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.simulate.raw.participant import phantom_of, simulate_participant
from brainchange.simulate.raw.phantom import Phantom
from brainchange.simulate.raw.truth import ParticipantTruth
from brainchange.sources.bids import Run
from brainchange.study.model import Study

ROOT = Path(__file__).resolve().parents[2]


OWN_NOISE = ("thermal", "autocorrelated")
SHARED_NOISE = ("drift", "global_component", "respiration", "pulsation")


@dataclass(frozen=True)
class RawCase:
    """What may differ between raw participants; lengths in mm, times in s, the rest as factors."""

    voxel_size: tuple[float, float, float] = (3.0, 3.0, 3.3)
    matrix: tuple[int, int, int] = (64, 76, 42)
    repetition_time: float = 2.0
    n_volumes: int = 60
    slice_order: str = "together"
    sessions: tuple[str, ...] = ("pre",)
    task: str = "faces"
    effects: bool = True
    t1w_voxel_size: float = 1.5
    resting_amplitude: float = 0.3
    noise: float = 1.0
    shared_noise: float = 1.0
    participant: str = "sub-01"
    seed: int = 1


THIN = RawCase()
THICK = RawCase(voxel_size=(2.0, 2.0, 5.0), matrix=(96, 114, 28), repetition_time=2.5)
"""Slices of 5 mm, as in ds003007."""


def make_raw_participant(folder: Path, case: RawCase = THIN) -> ParticipantTruth:
    """Write the runs of a case, and return what is true; cases may share a folder."""
    simulation = simulation_of(case)
    runs = [Run(case.participant, f"ses-{session}", case.task) for session in case.sessions]
    return simulate_participant(
        raw_study(), simulation, folder, seed=case.seed, runs=runs, phantom=the_phantom()
    )


@lru_cache(maxsize=1)
def raw_study() -> Study:
    """Read the study `rawdemo`."""
    return read_study(ROOT, "rawdemo")


def simulation_of(case: RawCase) -> Simulation:
    """Change the simulation `rawdemo` as a case says."""
    values = read_simulation(ROOT, "rawdemo").model_dump()
    values["acquisition"] |= {
        "n_volumes": case.n_volumes,
        "repetition_time": case.repetition_time,
    }
    values["neural"]["amplitude"] = case.resting_amplitude
    if not case.effects:
        values["effects"] = ()
    for amplitude in (*OWN_NOISE, *SHARED_NOISE):
        shared = case.shared_noise if amplitude in SHARED_NOISE else 1.0
        values["noise"][amplitude] *= case.noise * shared
    values["motion"]["spin_history"] *= case.noise
    size = case.t1w_voxel_size
    values["raw"]["t1w"] |= {
        "voxel_size": size,
        "matrix": tuple(round(length / size) for length in (180, 228, 216)),
    }
    values["raw"]["bold"] |= {
        "voxel_size": case.voxel_size,
        "matrix": case.matrix,
        "slice_order": case.slice_order,
    }
    return Simulation.model_validate(values)


@lru_cache(maxsize=1)
def the_phantom() -> Phantom:
    """Make the head all raw participants are deformed from; it takes seconds."""
    return phantom_of(read_simulation(ROOT, "rawdemo"))
