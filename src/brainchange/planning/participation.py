"""Who has images of what and when, counted from the lock: before anything is fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from brainchange.metrics.layout import StudyLayout
from brainchange.planning.plan import Plan

PAIR = ("pre", "post")


def scanned_timepoints(
    plan: Plan, task: str, arms: Mapping[str, str] | None = None
) -> Mapping[str, frozenset[str]]:
    """Say at which timepoints each participant has a run of a task.

    Parameters
    ----------
    plan : Plan
        The study, with the runs its lock names.
    task : str
        Task of the study.
    arms : mapping of str to str, optional
        Arm of each participant, where arms have sessions of their own; without it a session counts
        for the timepoint it has in any arm.

    Returns
    -------
    mapping of str to frozenset of str
        Participants (``sub-01``) with any run of it → timepoints.
    """
    layout = StudyLayout.of(plan.project.study)
    found: dict[str, set[str]] = {}
    for participant, runs in plan.runs.items():
        own = layout.for_arm((arms or {}).get(participant))
        for files in runs:
            timepoint = own.timepoint(files.run.session)
            if layout.task(files.run.task) == task and timepoint:
                found.setdefault(participant, set()).add(timepoint)
    return {name: frozenset(timepoints) for name, timepoints in found.items()}


def scanned_at(
    plan: Plan,
    task: str,
    timepoints: Collection[str] = PAIR,
    arms: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """List the participants who have a run of a task at every one of some timepoints, sorted."""
    wanted = set(timepoints)
    found = scanned_timepoints(plan, task, arms)
    return tuple(sorted(name for name, when in found.items() if wanted <= when))


def arm_counts(names: Collection[str], arms: Mapping[str, str]) -> Mapping[str, int]:
    """Count participants by arm.

    Parameters
    ----------
    names : collection of str
        Participants.
    arms : mapping of str to str
        Arm of each participant the table of participants names.

    Returns
    -------
    mapping of str to int
        Those without an arm are counted under the empty name.
    """
    return Counter(arms.get(name, "") for name in names)
