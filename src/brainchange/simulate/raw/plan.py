"""Names of the files of a raw study, known before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable

from brainchange.simulate.model import Simulation
from brainchange.sources.bids import Run, derivative_name
from brainchange.study.model import Study

TRUTH_FOLDER = "truth"
"""Folder beside the raw images; not in the lock, because no analysis may need it."""


def raw_paths(study: Study, simulation: Simulation, runs: Iterable[Run]) -> tuple[str, ...]:
    """List the raw images, sidecars and events of the runs, and the T1w of their participants."""
    paths: list[str] = []
    for run in runs:
        paths += raw_run_paths(simulation, run).values()
        if has_t1w(study, simulation, run):
            paths += t1w_paths(run).values()
    return tuple(dict.fromkeys(paths))


def raw_run_paths(simulation: Simulation, run: Run) -> dict[str, str]:
    """Name the files of a run: ``bold``, ``sidecar`` and, for a task with a design, ``events``."""
    paths = {
        "bold": _named(run, "bold", ".nii.gz"),
        "sidecar": _named(run, "bold", ".json"),
    }
    if run.task in simulation.raw.designs:
        paths["events"] = _named(run, "events", ".tsv")
    return paths


def t1w_paths(run: Run) -> dict[str, str]:
    """Name the T1w image of a run's session and its sidecar: ``image`` and ``sidecar``."""
    stem = f"{run.participant}/{run.session}/anat/{run.participant}_{run.session}_T1w"
    return {"image": f"{stem}.nii.gz", "sidecar": f"{stem}.json"}


def has_t1w(study: Study, simulation: Simulation, run: Run) -> bool:
    """Say whether a T1w image is taken in the session of a run."""
    session = (run.session or "").removeprefix("ses-")
    return study.timepoint_of_session[session] in simulation.raw.t1w.timepoints


def true_run_paths(run: Run) -> dict[str, str]:
    """Name the files that tell the truth of a run (``motion``, ``labels``, …)."""
    folder = f"{TRUTH_FOLDER}/{run.participant}/{run.session}"
    names = {
        "motion": derivative_name(run, desc="true", suffix="motion", extension=".tsv"),
        "labels": derivative_name(run, desc="true", suffix="dseg", extension=".nii.gz"),
        "brain_mask": derivative_name(run, desc="true", suffix="mask", extension=".nii.gz"),
        "position": derivative_name(run, desc="true", suffix="position", extension=".json"),
        "signals": derivative_name(run, desc="true", suffix="timeseries", extension=".tsv"),
        "activation": derivative_name(run, desc="true", suffix="activation", extension=".tsv"),
    }
    return {what: f"{folder}/{name}" for what, name in names.items()}


def true_anatomy_paths(participant: str) -> dict[str, str]:
    """Name the files that tell the truth of a T1w: ``labels``, ``tissue``, ``shape``."""
    stem = f"{TRUTH_FOLDER}/{participant}/{participant}"
    return {
        "labels": f"{stem}_desc-true_dseg.nii.gz",
        "tissue": f"{stem}_desc-truetissue_dseg.nii.gz",
        "shape": f"{stem}_desc-true_shape.json",
    }


def _named(run: Run, suffix: str, extension: str) -> str:
    return f"{run.folder}/{run.key}_{suffix}{extension}"
