"""One participant: the head, the runs of every session, and their files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from brainchange.files import inside, write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.simulate.confounds import confounds_table
from brainchange.simulate.head import Head, Template, lowest_slice, make_head
from brainchange.simulate.model import Simulation
from brainchange.simulate.motion import Movement, draw_movement
from brainchange.simulate.plan import run_paths
from brainchange.simulate.scan import Scan, scan
from brainchange.simulate.seeds import generator
from brainchange.simulate.signals import Visit, structure_signals
from brainchange.simulate.structures import Anatomy
from brainchange.sources.bids import Run
from brainchange.study.model import Study
from brainchange.tables import write_tsv

DECIMALS = 8
"""Decimals of the confounds: far below any meaning, and the same bytes on every machine."""


def visit_of(study: Study, simulation: Simulation, seed: int, run: Run) -> Visit:
    """Say who was scanned when, and in which arm."""
    session = run.session or ""
    return Visit(
        study=study.id,
        participant=run.participant,
        arm=dict(simulation.enrolled)[run.participant],
        session=session,
        timepoint=study.timepoint_of_session[session.removeprefix("ses-")],
        seed=seed,
    )


@dataclass(frozen=True)
class Recording:
    """What the runs of all participants have in common.

    Attributes
    ----------
    study : Study
        Names of the files.
    simulation : Simulation
        All numbers.
    seed : int
        Seed of the configuration.
    template : Template
        What heads are made from.
    folder : Path
        Where the study is written.
    """

    study: Study
    simulation: Simulation
    seed: int
    template: Template
    folder: Path


def record_participant(recording: Recording, runs: Sequence[Run]) -> str:
    """Simulate the runs of one participant and write their files.

    Parameters
    ----------
    recording : Recording
        Study, simulation and folder.
    runs : sequence of Run
        Runs of one participant.

    Returns
    -------
    str
        The participant's label.
    """
    study, simulation, seed = recording.study, recording.simulation, recording.seed
    participant = runs[0].participant
    head = make_head(
        recording.template,
        _anatomy_in(study.images.space, simulation),
        simulation.acquisition,
        generator(seed, study.id, participant, "head"),
    )
    for run in runs:
        visit = visit_of(study, simulation, seed, run)
        movement = movement_of(simulation, visit, run.task)
        recorded = scan(
            simulation,
            head,
            structure_signals(simulation, visit, run.task),
            movement,
            lowest_slice=_lowest_slice(simulation, visit, head),
            random=visit.of_session(f"{run.task} scan"),
        )
        confounds = confounds_table(head, recorded, movement, simulation.acquisition)
        _write_run(recording, run, head, recorded, confounds)
    return participant


def movement_of(simulation: Simulation, visit: Visit, task: str) -> Movement:
    """Draw the movement of one run, more for a participant who is to move much."""
    motion = simulation.motion
    factor = float(np.exp(motion.participant * visit.of_participant("motion").standard_normal()))
    for moving in simulation.exceptions.moving_runs:
        if (moving.participant, moving.timepoint) == (visit.participant, visit.timepoint):
            motion = motion.model_copy(update={"spikes": moving.spikes})
            factor *= moving.factor
    n_volumes = simulation.acquisition.n_volumes
    return draw_movement(motion, n_volumes, factor, visit.of_session(f"{task} motion"))


def _anatomy_in(space: str, simulation: Simulation) -> Anatomy:
    """In the space of a template all heads have its shape."""
    if space == "T1w":
        return simulation.anatomy
    return simulation.anatomy.model_copy(update={"scale": 0.0, "rotation": 0.0})


def _lowest_slice(simulation: Simulation, visit: Visit, head: Head) -> int:
    lost = [
        lowest_slice(head, simulation.anatomy.numbers(view.structure), view.share)
        for view in simulation.exceptions.lost_views
        if (view.participant, view.timepoint) == (visit.participant, visit.timepoint)
    ]
    return max(lost, default=0)


def _write_run(
    recording: Recording, run: Run, head: Head, recorded: Scan, confounds: pd.DataFrame
) -> None:
    named = run_paths(recording.study, run)
    paths = {role: inside(recording.folder, path) for role, path in named.items()}
    repetition_time = recording.simulation.acquisition.repetition_time
    write_image(paths["bold"], recorded.image, head.affine, repetition_time)
    write_image(paths["brain_mask"], recorded.brain.T.astype(np.uint8), head.affine)
    if "parcellation" in paths:
        write_image(paths["parcellation"], head.labels.T, head.affine)
    write_tsv(confounds.round(DECIMALS), paths["confounds"])
    sidecar = {
        "RepetitionTime": repetition_time,
        "SkullStripped": False,
        "SliceTimingCorrected": False,
        "TaskName": run.task,
    }
    write_text(paths["bold_sidecar"], json.dumps(sidecar, indent=2) + "\n")
    components = {
        name: {"Method": "aCompCor", "Mask": "combined", "Retained": True}
        for name in confounds.columns
        if name.startswith("a_comp_cor_")
    }
    write_text(paths["confounds_sidecar"], json.dumps(components, indent=2) + "\n")
