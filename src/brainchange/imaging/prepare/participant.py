"""All raw images of one participant → its prepared anatomy and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import joblib

from brainchange.errors import BrainchangeError
from brainchange.imaging.prepare.anatomy import prepare_anatomy
from brainchange.imaging.prepare.anatomy_images import AnatomyImages, load_anatomy
from brainchange.imaging.prepare.prepared import PreparationPlan, PreparedAnatomy, PreparedRun
from brainchange.imaging.prepare.run import prepare_run
from brainchange.imaging.template import Template
from brainchange.sources.raw import RawParticipant, RawRun
from brainchange.sources.run_decisions import decision
from brainchange.study.decisions import Decision

Progress = Callable[[str], None]


@dataclass(frozen=True)
class PreparedParticipant:
    """What became of the raw images of a participant.

    Attributes
    ----------
    anatomy : PreparedAnatomy or None
        None without a usable T1w image.
    runs : tuple of PreparedRun
        Those that can be measured.
    decisions : tuple of dict
        Everything left out, degraded or doubtful, as rows of ``DECISIONS_TABLE``.
    """

    anatomy: PreparedAnatomy | None
    runs: tuple[PreparedRun, ...]
    decisions: tuple[Decision, ...]


def prepare_participant(
    raw: RawParticipant,
    template: Template,
    plan: PreparationPlan,
    *,
    processes: int,
    progress: Progress,
) -> PreparedParticipant:
    """Prepare all raw images of a participant.

    Parameters
    ----------
    raw : RawParticipant
        Its images.
    template : Template
        What the T1w image is registered to.
    plan : PreparationPlan
        Folders, choices and seed.
    processes : int
        Runs at once; the files do not depend on it.
    progress : callable
        Told one line for each step.

    Returns
    -------
    PreparedParticipant
        A participant without a usable T1w image has no run that can be measured, and the reason.
    """
    if raw.t1w is None:
        told = excluded_runs(raw.runs, "the participant has no T1w image")
        return PreparedParticipant(None, (), tuple(told))
    try:
        anatomy = prepare_anatomy(
            raw.t1w,
            plan.study,
            template,
            plan.out,
            plan.preparation,
            seed=plan.seed_of(raw.t1w),
            progress=progress,
        )
    except BrainchangeError as error:
        told = excluded_runs(raw.runs, f"its T1w image cannot be used: {error.reason}")
        return PreparedParticipant(None, (), tuple(told))
    if anatomy.failure:
        told = excluded_runs(raw.runs, f"its T1w image cannot be used: {anatomy.failure}")
        return PreparedParticipant(None, (), (*anatomy.decisions, *told))
    runs, decisions = prepare_runs(
        raw.runs, anatomy.files, plan, processes=processes, progress=progress
    )
    return PreparedParticipant(anatomy.files, tuple(runs), (*anatomy.decisions, *decisions))


def prepare_runs(
    runs: Sequence[RawRun],
    anatomy: PreparedAnatomy,
    plan: PreparationPlan,
    *,
    processes: int,
    progress: Progress,
) -> tuple[list[PreparedRun], list[Decision]]:
    """Prepare the runs of a participant, several at once.

    Parameters
    ----------
    runs : sequence of RawRun
        Its raw runs.
    anatomy : PreparedAnatomy
        Of the participant.
    plan : PreparationPlan
        Folders, choices and seed.
    processes : int
        Runs at once, each with one thread and about 700 MB; the files do not depend on it.
    progress : callable
        Told one line for each run that is done.

    Returns
    -------
    prepared : list of PreparedRun
        Those that can be measured.
    decisions : list of dict
        What was left out, degraded or is doubtful.
    """
    try:
        images = load_anatomy(anatomy)
    except BrainchangeError as error:
        return [], excluded_runs(runs, f"its anatomy cannot be used: {error.reason}")
    prepared, decisions = [], []
    results = _each_run(runs, images, plan, processes)
    for raw, (files, told) in zip(runs, results, strict=True):
        decisions += told
        reasons = [str(row["reason"]) for row in told if row["action"] == "excluded"]
        progress(
            f"{raw.run.key}: " + (f"left out: {'; '.join(reasons)}" if reasons else "prepared")
        )
        if files is not None:
            prepared.append(files)
    return prepared, decisions


def excluded_runs(runs: Sequence[RawRun], reason: str) -> list[Decision]:
    """Leave out all runs of a participant for one reason."""
    return [decision(raw.run, "excluded", reason, config_key="images") for raw in runs]


def _each_run(
    runs: Sequence[RawRun], anatomy: AnatomyImages, plan: PreparationPlan, processes: int
) -> Iterator[tuple[PreparedRun | None, list[Decision]]]:
    """Results in the order of the runs."""
    # loky and not multiprocessing, whose processes import the script that Snakemake runs once more.
    with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        parallel = joblib.Parallel(return_as="generator")
        jobs = (joblib.delayed(prepare_run)(raw, anatomy, plan) for raw in runs)
        try:
            yield from parallel(jobs)
        except BrokenProcessPool:
            raise BrainchangeError(
                "a process of the preparation ended before its work",
                cause="it was stopped, or the memory is too small",
                fix="use fewer cores (about 700 MB each), and run the same command again",
            ) from None
