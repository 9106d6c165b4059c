"""One raw participant: the T1w image, the runs of every session, their files and their truth.

Other code needs two functions: ``simulate_participant``, which writes a participant into a folder
as raw BIDS and returns the truth, and ``record_raw_participant``, which a study is made of.

Files, all below the folder (``<run>`` is ``sub-01_ses-pre_task-faces``):

- ``sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz`` and ``.json``;
- ``sub-01/ses-pre/func/<run>_bold.nii.gz`` and ``.json``, and ``<run>_events.tsv`` of a task;
- ``truth/sub-01/sub-01_desc-true_dseg.nii.gz`` (labels on the T1w),
  ``…_desc-truetissue_dseg.nii.gz`` (1 grey, 2 white, 3 fluid), ``…_desc-true_shape.json``
  (a point x of the T1w lies at linear (x + u(x)) + offset of the template; u is the cubic B-spline
  with these coefficients at knots along x, y and z);
- ``truth/sub-01/ses-pre/<run>_desc-true_motion.tsv`` (``trans_x`` … ``rot_z`` in mm and rad with
  fMRIPrep's signs, ``framewise_displacement`` in mm), ``…_position.json`` (``to_t1w``: points of
  the scanner to points of the T1w, 4 by 4; ``centre``: what the head turns about, in mm of the
  scanner), ``…_dseg.nii.gz`` and ``…_mask.nii.gz`` (labels and brain on the BOLD grid),
  ``…_timeseries.tsv`` (signals planted in every label, percent) and ``…_activation.tsv``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainchange.files import inside, write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.simulate.model import Acquisition, Simulation
from brainchange.simulate.motion import PARAMETERS
from brainchange.simulate.raw.anatomy import Anatomy, sample, scan_t1w
from brainchange.simulate.raw.bold import Image, percent_of, scan_bold
from brainchange.simulate.raw.design import design_of
from brainchange.simulate.raw.model import Design
from brainchange.simulate.raw.phantom import Contrast, Phantom, make_phantom
from brainchange.simulate.raw.plan import (
    has_t1w,
    raw_run_paths,
    t1w_paths,
    true_anatomy_paths,
    true_run_paths,
)
from brainchange.simulate.raw.position import draw_position, slice_times
from brainchange.simulate.raw.response import draw_events, responses
from brainchange.simulate.raw.shape import REACH, HeadShape, draw_shape
from brainchange.simulate.raw.tissue import activation_fields, labels_of_voxels, tissue_of
from brainchange.simulate.raw.truth import (
    ParticipantTruth,
    RunTruth,
    heights_on_grid,
    true_activation,
    true_signals,
)
from brainchange.simulate.record import movement_of, visit_of
from brainchange.simulate.seeds import generator
from brainchange.simulate.signals import Visit, structure_signals
from brainchange.sources.bids import Run
from brainchange.study.model import Study
from brainchange.tables import write_tsv

DECIMALS = 6
AROUND = {"bone": 0.05, "muscle": 0.35, "scalp": 0.3}
"""T2*-weighted intensity outside the brain as a share of that of grey matter."""


@dataclass(frozen=True)
class RawRecording:
    """What the runs of all participants have in common.

    Attributes
    ----------
    study : Study
        Names and timepoints.
    simulation : Simulation
        All numbers.
    seed : int
        Seed of the configuration.
    phantom : Phantom
        What heads are deformed from.
    folder : Path
        Where the study is written.
    """

    study: Study
    simulation: Simulation
    seed: int
    phantom: Phantom
    folder: Path


def phantom_of(simulation: Simulation) -> Phantom:
    """Make the head of a simulation's participants, in the space of the template."""
    acquisition = simulation.acquisition
    grey = acquisition.grey_matter_intensity
    contrast = Contrast(
        grey=grey,
        white=acquisition.white_matter_intensity,
        fluid=acquisition.csf_intensity,
        **{tissue: share * grey for tissue, share in AROUND.items()},
    )
    return make_phantom(simulation.anatomy, contrast)


def simulate_participant(
    study: Study,
    simulation: Simulation,
    folder: Path,
    *,
    seed: int = 1,
    runs: Sequence[Run],
    phantom: Phantom | None = None,
) -> ParticipantTruth:
    """Write one raw participant into a folder and return what is true of it.

    Parameters
    ----------
    study : Study
        A study of raw images (``config/studies/rawdemo.yaml``).
    simulation : Simulation
        All numbers; change them with ``model_copy`` for a case of your own.
    folder : Path
        Where to.
    seed : int
        Another seed is another participant.
    runs : sequence of Run
        Runs of one participant (``simulated_runs(study, simulation)``).
    phantom : Phantom, optional
        From ``phantom_of``, to save the seconds it takes.
    """
    phantom = phantom or phantom_of(simulation)
    return record_raw_participant(RawRecording(study, simulation, seed, phantom, folder), runs)


def publish_raw_participant(recording: RawRecording, runs: Sequence[Run]) -> str:
    """Simulate the runs of one participant, write their files, and return the label."""
    return record_raw_participant(recording, runs).participant


def record_raw_participant(recording: RawRecording, runs: Sequence[Run]) -> ParticipantTruth:
    """Simulate the runs of one participant and write their files.

    Parameters
    ----------
    recording : RawRecording
        Study, simulation and folder.
    runs : sequence of Run
        Runs of one participant.
    """
    study, simulation, seed = recording.study, recording.simulation, recording.seed
    participant = runs[0].participant
    random = generator(seed, study.id, participant, "head")
    shape = draw_shape(simulation.anatomy, simulation.raw.shape, random)
    anatomy = _record_anatomies(recording, shape, runs)
    _write_true_anatomy(recording, participant, shape, anatomy)
    truths = {run.key: _record_run(recording, shape, run) for run in runs}
    return ParticipantTruth(participant, recording.phantom, shape, anatomy, truths)


def _record_anatomies(recording: RawRecording, shape: HeadShape, runs: Sequence[Run]) -> Anatomy:
    """Take the T1w of every session that has one; the truth of the first holds for all."""
    study, simulation = recording.study, recording.simulation
    taken: list[Anatomy] = []
    for session in dict.fromkeys(run.session for run in runs):
        run = next(run for run in runs if run.session == session)
        if not has_t1w(study, simulation, run):
            continue
        random = visit_of(study, simulation, recording.seed, run).of_session("T1w")
        anatomy = scan_t1w(recording.phantom, shape, simulation.raw.t1w, random)
        paths = {what: inside(recording.folder, path) for what, path in t1w_paths(run).items()}
        write_image(paths["image"], anatomy.image.T, anatomy.affine)
        _write_json(paths["sidecar"], T1W_SIDECAR)
        taken.append(anatomy)
    if taken:
        return taken[0]
    random = generator(recording.seed, study.id, runs[0].participant, "T1w")
    return scan_t1w(recording.phantom, shape, simulation.raw.t1w, random)


def _record_run(recording: RawRecording, shape: HeadShape, run: Run) -> RunTruth:
    study, simulation, phantom = recording.study, recording.simulation, recording.phantom
    visit = visit_of(study, simulation, recording.seed, run)
    acquisition, bold = simulation.acquisition, simulation.raw.bold
    position = draw_position(shape, bold, visit.of_session(f"{run.task} position"))
    tissue = tissue_of(phantom, shape, position, bold.matrix)
    times = slice_times(bold.slice_order, bold.matrix[2], acquisition.repetition_time)
    design = design_of(simulation, visit, run.task)
    events = _events(design, acquisition, visit, run.task)
    starts = acquisition.repetition_time * np.arange(acquisition.n_volumes)
    fields = activation_fields(phantom, simulation.anatomy, design) if design else {}
    percent = percent_of(
        structure_signals(simulation, visit, run.task),
        times,
        acquisition.repetition_time,
        {} if events is None else responses(events, starts[:, None] + times),
        {condition: sample(field, tissue.template) for condition, field in fields.items()},
    )
    motion = movement_of(simulation, visit, run.task).true
    random = visit.of_session(f"{run.task} scan")
    image = scan_bold(simulation, tissue, position, percent, motion=motion, random=random)
    labels, brain = labels_of_voxels(tissue, bold.matrix)
    names = simulation.anatomy.labels
    on_grid = {
        condition: heights_on_grid(tissue, height, labels, names)
        for condition, height in percent.heights.items()
    }
    truth = RunTruth(
        run=run,
        position=position,
        motion=motion,
        labels=labels,
        brain=brain,
        signals=true_signals(tissue, percent, labels, names),
        activation=true_activation(simulation.anatomy, design, on_grid, names)
        if design
        else pd.DataFrame(columns=["name", "label", "condition", "planted", "on_grid"]),
        events=events,
    )
    _write_run(recording, run, image, truth, times)
    _write_true_run(recording.folder, truth)
    return truth


def _events(
    design: Design | None, acquisition: Acquisition, visit: Visit, task: str
) -> pd.DataFrame | None:
    if design is None:
        return None
    length = acquisition.n_volumes * acquisition.repetition_time
    return draw_events(design, length, visit.of_session(f"{task} events"))


def _write_run(
    recording: RawRecording, run: Run, image: Image, truth: RunTruth, times: NDArray[np.float64]
) -> None:
    acquisition = recording.simulation.acquisition
    named = raw_run_paths(recording.simulation, run)
    paths = {what: inside(recording.folder, path) for what, path in named.items()}
    write_image(paths["bold"], image, truth.position.affine, acquisition.repetition_time)
    sidecar: dict[str, Any] = {
        "TaskName": run.task,
        "RepetitionTime": acquisition.repetition_time,
        "EchoTime": acquisition.echo_time,
        "FlipAngle": 90,
        "MagneticFieldStrength": 3,
        "Manufacturer": "simulated",
        "Instructions": "Simulated; no person was scanned.",
    }
    sidecar["SliceTiming"] = [round(float(time), 6) for time in times]
    _write_json(paths["sidecar"], sidecar)
    if truth.events is not None:
        write_tsv(truth.events, paths["events"])


def _write_true_run(folder: Path, truth: RunTruth) -> None:
    paths = {what: inside(folder, path) for what, path in true_run_paths(truth.run).items()}
    motion = pd.DataFrame(truth.motion, columns=list(PARAMETERS))
    motion["framewise_displacement"] = truth.framewise_displacement
    paths["motion"].parent.mkdir(parents=True, exist_ok=True)
    write_tsv(motion.round(DECIMALS + 2), paths["motion"])
    affine = truth.position.affine
    write_image(paths["labels"], truth.labels.T, affine)
    write_image(paths["brain_mask"], truth.brain.T.astype(np.uint8), affine)
    position = {"to_t1w": truth.to_t1w, "centre": truth.position.centre, "affine": affine}
    _write_json(paths["position"], {k: v.round(DECIMALS).tolist() for k, v in position.items()})
    write_tsv(truth.signals.round(DECIMALS), paths["signals"])
    write_tsv(truth.activation.round(DECIMALS), paths["activation"])


def _write_true_anatomy(
    recording: RawRecording, participant: str, shape: HeadShape, anatomy: Anatomy
) -> None:
    named = true_anatomy_paths(participant)
    paths = {what: inside(recording.folder, path) for what, path in named.items()}
    write_image(paths["labels"], anatomy.labels.T, anatomy.affine)
    write_image(paths["tissue"], anatomy.tissue.T, anatomy.affine)
    _write_json(
        paths["shape"],
        {
            "linear": shape.linear.tolist(),
            "offset": shape.offset.tolist(),
            "first_knot": -REACH,
            "spacing": shape.spacing,
            "coefficients": shape.coefficients.round(DECIMALS).tolist(),
        },
        indent=None,
    )


T1W_SIDECAR: Mapping[str, object] = {
    "RepetitionTime": 2.3,
    "EchoTime": 0.003,
    "InversionTime": 0.9,
    "FlipAngle": 9,
    "MagneticFieldStrength": 3,
    "Manufacturer": "simulated",
}


def _write_json(path: Path, content: Mapping[str, object], indent: int | None = 2) -> None:
    write_text(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n")
