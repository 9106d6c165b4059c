"""A twin of a real study: its arms, sessions, tasks, tables and names of files; made-up values.

The file tree is that of the committed lock for a few participants, but in place of raw images stand
small simulated derivatives, which need no registration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from brainchange.files import write_text
from brainchange.planning.plan import make_plan
from brainchange.project import load_project
from brainchange.simulate.head import load_template
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.simulate.record import Recording, record_participant
from brainchange.sources.bids import Run, derivative_name
from brainchange.study.model import Study
from brainchange.study.people import NOTHING, PARTICIPANT, Table
from brainchange.study.strict import parse
from brainchange.tables import write_tsv

SEED = 5
TIMEPOINTS = ("pre", "mid", "post", "followup")
SMALL = {"n_volumes": 70, "voxel_size": 7.0, "non_steady_state_volumes": 0}
OTHER_IMAGES = ("source", "atlas", "template", "space", "resolution", "echoes")


class Twins(Simulation):
    """A simulation whose participants have the labels of the real ones."""

    people: tuple[tuple[str, str], ...]

    @property
    def enrolled(self) -> tuple[tuple[str, str], ...]:
        return self.people


def make_twin(root: Path, real: str, project: Path, per_arm: int) -> dict[str, str]:
    """Write the twin ``twin`` of a real study into a project; give the arm of each participant.

    Takes the first participants of each arm's sessions that the lock has before and after, in a
    crossover after both treatments.
    """
    plan = make_plan(load_project(root, {"study": real}))
    people = _people(plan.project.study, plan.runs, per_arm)
    published = project / "published"
    study = _study(root, real, project, published)
    base = read_simulation(root, "demo")
    twins = Twins.model_validate(
        base.model_dump(mode="python")
        | {
            "people": tuple(people.items()),
            "participants": dict.fromkeys(study.arms, 1),
            "acquisition": base.acquisition.model_dump() | SMALL,
            "effects": (),
            "expected": (),
            "symptoms": {},
            "exceptions": {},
        }
    )
    recording = Recording(study, twins, SEED, load_template(), published)
    for participant in people:
        runs = tuple(dict.fromkeys(_whole(one.run) for one in plan.runs[participant]))
        record_participant(recording, runs)
        for run in runs:
            _write_events(study, published, run)
    _write_tables(study, published, people, plan.runs)
    return people


def _people(study: Study, runs: Mapping[str, Any], per_arm: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for arm in study.arms:
        sessions = study.sessions_of(arm)
        wanted = [set(sessions[t]) for t in ("pre", "post", "post_2") if t in sessions]
        fitting = [
            name
            for name, own in runs.items()
            if name not in found and all(side & _sessions(own) for side in wanted)
        ]
        found |= dict.fromkeys(fitting[:per_arm], arm)
    return dict(sorted(found.items()))


def _sessions(runs: Any) -> set[str]:
    return {(one.run.session or "").removeprefix("ses-") for one in runs}


def _whole(run: Run) -> Run:
    """The run that several echoes become."""
    entities = tuple(pair for pair in run.entities if pair[0] != "echo")
    return Run(run.participant, run.session, run.task, entities)


def _study(root: Path, real: str, project: Path, published: Path) -> Study:
    """The real study file with derivatives of a folder for its images."""
    values = yaml.safe_load((root / "config" / "studies" / f"{real}.yaml").read_text())
    del values["repositories"]
    values["scans"] = [scan for scan in values.get("scans", ()) if "task" in scan]
    images = {key: one for key, one in values["images"].items() if key not in OTHER_IMAGES}
    values |= {
        "id": "twin",
        "title": f"Simulated twin of {real} (no real participant)",
        "folder": {"path": str(published)},
        "images": images
        | {"derivatives": "derivatives/fmriprep", "space": "T1w", "parcellation": "aparcaseg"},
    }
    path = project / "config" / "studies" / "twin.yaml"
    path.write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
    return parse(Study, values, "twin")


def _write_events(study: Study, folder: Path, run: Run) -> None:
    """Blocks of every condition in turn, where the task has contrasts."""
    task = study.task_of_label.get(run.task, run.task)
    wanted = [one for one in study.task_contrasts.values() if one.task == task]
    if not wanted:
        return
    conditions = sorted({name for one in wanted for name in one.weights})
    onsets = np.arange(5.0, 160.0, 8.0)
    rows = [
        {"onset": onset, "duration": 4.0, study.events.column: conditions[k % len(conditions)]}
        for k, onset in enumerate(onsets)
    ]
    name = derivative_name(run, suffix="events", extension=".tsv")
    path = folder / run.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tsv(pd.DataFrame(rows), path)


def _write_tables(
    study: Study, folder: Path, people: Mapping[str, str], runs: Mapping[str, Any]
) -> None:
    """Every table the study names, with the columns it reads and made-up scores."""
    named = study.participants
    random = np.random.default_rng(SEED)
    wanted = _columns(study)
    by_session = [one for one in named.tables if one.session_column]
    wide = [column for column in wanted if not by_session or _plain(column) == column]
    rows = [_person(study, who, arm, wide, random) for who, arm in people.items()]
    first, further = pd.DataFrame(rows), [one for one in named.tables if not one.session_column]
    steady = [named.id_column, *(key for key in first if key in _arm_parts(study)), *named.columns]
    shown = first[[*dict.fromkeys(steady)]] if further else first
    write_text(folder / "dataset_description.json", '{"Name": "twin", "BIDSVersion": "1.10.0"}\n')
    write_tsv(shown, folder / named.table)
    for table in further:
        _write(first.rename(columns={named.id_column: table.id_column}), folder / table.path)
    for table in by_session:
        for path, long in _long(study, table, people, runs, random):
            _write(long, folder / path)


def _columns(study: Study) -> list[str]:
    of_outcomes = [column for one in study.outcomes.values() for column in one.columns.values()]
    covariates = [one.column for one in study.participants.covariates.values()]
    return [*of_outcomes, *study.participants.columns.values(), *covariates]


def _plain(column: str) -> str:
    """The column of a table by session of which a column by timepoint is made."""
    ending = column.rsplit("_", 1)[-1]
    return column.removesuffix(f"_{ending}") if ending in TIMEPOINTS else column


def _arm_parts(study: Study) -> tuple[str, ...]:
    column = study.participants.arm_column
    return study.participants.made.get(column, (column,))


def _person(
    study: Study, who: str, arm: str, columns: list[str], random: np.random.Generator
) -> dict[str, object]:
    named = study.participants
    parts = _arm_parts(study)
    cells = dict(zip(parts, arm.split("-", len(parts) - 1), strict=True))
    label = f"sub-0{who.removeprefix('sub-')}" if named.drop_leading_zeros else who
    values = {column: _value(column, study, random) for column in columns}
    known = {name: None if cell == NOTHING else cell for name, cell in cells.items()}
    return {named.id_column: label, **known, **values}


def _value(column: str, study: Study, random: np.random.Generator) -> object:
    names = [one.column for one in study.participants.covariates.values()]
    if column in names or _plain(column) in map(_plain, names):
        return random.choice(["A", "B"])
    if "sex" in column:
        return random.choice(["F", "M"])
    bounds = [
        (one.minimum, one.maximum)
        for one in study.outcomes.values()
        if _plain(column) in map(_plain, one.columns.values())
    ]
    low, high = bounds[0] if bounds else (18, 60)
    return round(random.uniform(low, high), 2)


def _long(
    study: Study,
    table: Table,
    people: Mapping[str, str],
    runs: Mapping[str, Any],
    random: np.random.Generator,
) -> Iterator[tuple[str, pd.DataFrame]]:
    columns = sorted({*map(_plain, _columns(study)), *table.columns})
    parts = _arm_parts(study)
    rows = [
        {
            table.id_column: who,
            table.session_column: f"ses-{session}",
            **{column: _value(column, study, random) for column in columns},
            **dict(zip(parts, arm.split("-", len(parts) - 1), strict=True)),
        }
        for who, arm in people.items()
        for session in sorted(_sessions(runs[who]))
    ]
    long = pd.DataFrame(rows)
    if PARTICIPANT not in table.path:
        yield table.path, long
        return
    for who, own in long.groupby(table.id_column):
        yield table.path.replace(PARTICIPANT, str(who)), own


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tsv(table, path)
