"""A simulated study, written as if it had been published: the table, the derivatives, the truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from brainchange.files import checksum, inside, write_text
from brainchange.processes import in_processes
from brainchange.simulate.check import check_simulation
from brainchange.simulate.head import load_template
from brainchange.simulate.model import Simulation
from brainchange.simulate.participants import participants_sidecar, participants_table
from brainchange.simulate.plan import planned_paths, simulated_runs, study_paths
from brainchange.simulate.raw.participant import (
    RawRecording,
    phantom_of,
    publish_raw_participant,
)
from brainchange.simulate.raw.plan import TRUTH_FOLDER
from brainchange.simulate.record import Recording, record_participant, visit_of
from brainchange.simulate.truth import TRUTH_FILE, TRUTH_TABLE, truth_table
from brainchange.sources.bids import Run
from brainchange.sources.lock import LockRow
from brainchange.study.model import Study
from brainchange.tables import write_tsv

Progress = Callable[[int, int, str], None]
"""Called with the number of participants done, of all, and the label of the last one."""

BIDS_VERSION = "1.10.0"


def publish(
    study: Study,
    simulation: Simulation,
    seed: int,
    folder: Path,
    *,
    processes: int = 1,
    progress: Progress | None = None,
) -> tuple[LockRow, ...]:
    """Simulate a study and write it to a folder.

    Parameters
    ----------
    study : Study
        Names, arms, sessions, columns.
    simulation : Simulation
        All numbers.
    seed : int
        Seed of the configuration; every run draws from it and its own name.
    folder : Path
        Where to; files of the same names are replaced.
    processes : int
        Participants simulated at once. The files do not depend on it.
    progress : callable, optional
        Told after each participant.

    Returns
    -------
    tuple of LockRow
        One row a planned file, sorted by path; addresses are ``data/published/<id>/…``.

    Raises
    ------
    ConfigError
        The simulation names what the study does not have.
    """
    check_simulation(simulation, study)
    runs = simulated_runs(study, simulation)
    _write_study_files(study, simulation, seed, folder)
    visits = dict.fromkeys(visit_of(study, simulation, seed, run) for run in runs)
    TRUTH_TABLE.write(truth_table(simulation, visits), folder / TRUTH_FILE, sidecar=True)
    of_participant: dict[str, list[Run]] = {}
    for run in runs:
        of_participant.setdefault(run.participant, []).append(run)
    record = _recorder(study, simulation, seed, folder)
    done = in_processes(record, list(of_participant.values()), processes, what="the simulation")
    for number, participant in enumerate(done, start=1):
        if progress is not None:
            progress(number, len(of_participant), participant)
    paths = planned_paths(study, simulation)
    return tuple(_lock_row(study, folder, path) for path in paths)


def _recorder(
    study: Study, simulation: Simulation, seed: int, folder: Path
) -> Callable[[Sequence[Run]], str]:
    """Say how a participant is recorded: prepared runs, or raw images with an atlas for all."""
    if study.images.source == "derivatives":
        return partial(
            record_participant, Recording(study, simulation, seed, load_template(), folder)
        )
    raw = RawRecording(study, simulation, seed, phantom_of(simulation), folder)
    return partial(publish_raw_participant, raw)


def _lock_row(study: Study, folder: Path, path: str) -> LockRow:
    file = inside(folder, path)
    return LockRow(
        path=path,
        size_bytes=file.stat().st_size,
        checksum=checksum(file, "md5"),
        url=f"data/published/{study.id}/{path}",
    )


def _write_study_files(study: Study, simulation: Simulation, seed: int, folder: Path) -> None:
    paths = {name: inside(folder, path) for name, path in study_paths(study).items()}
    table = participants_table(study, simulation, seed)
    paths["participants"].parent.mkdir(parents=True, exist_ok=True)
    write_tsv(table, paths["participants"])
    sidecar = participants_sidecar(study)
    _write_json(paths["participants_sidecar"], {name: sidecar[name] for name in table.columns})
    _write_json(paths["description"], _description(study, derivative=False))
    if study.images.source == "raw":
        write_text(paths["readme"], f"{study.title}\n\n{study.citation}\n")
        write_text(folder / ".bidsignore", f"{TRUTH_FOLDER}\n{TRUTH_FILE}\ntruth.json\n")
    else:
        _write_json(paths["derivatives_description"], _description(study, derivative=True))
        if "label_table" in paths:
            _write_label_table(simulation, paths["label_table"])
    acquisition = simulation.acquisition
    for task in study.tasks:
        described = {
            "TaskName": task,
            "RepetitionTime": acquisition.repetition_time,
            "EchoTime": acquisition.echo_time,
        }
        _write_json(paths[f"sidecar:{task}"], described)


def _write_label_table(simulation: Simulation, path: Path) -> None:
    lines = ["index\tname"]
    lines += [f'{number}\t"{name}"' for number, name in simulation.anatomy.labels.items()]
    write_text(path, "\n".join(lines) + "\n")


def _description(study: Study, *, derivative: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "Name": study.title,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative" if derivative else "raw",
        "License": study.license,
        "Authors": ["brainchange simulate"],
        "HowToAcknowledge": study.citation,
    }
    if derivative:
        described["GeneratedBy"] = [
            {
                "Name": "brainchange simulate",
                "Description": "Simulated; no image of a person. Files are named as by fMRIPrep.",
            }
        ]
    return described


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
