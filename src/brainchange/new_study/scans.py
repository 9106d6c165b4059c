"""When and what was scanned: timepoints, tasks, other images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from brainchange.new_study.described import NewStudy
from brainchange.new_study.text import asked, comment, quoted, shortened
from brainchange.sources.survey import Task

SELDOM = 0.05
"""Share of sessions with both labels below which two labels may be one task."""


def timepoints(new: NewStudy) -> Iterator[str]:
    """Write which session is which timepoint."""
    sessions = {label: len(people) for label, people in new.survey.sessions.items() if label}
    told = ", ".join(f"{label} {n}" for label, n in sessions.items())
    yield comment(f"Sessions and participants with images: {told or 'no sessions'}.")
    guess = new.timepoints
    if guess.doubt:
        yield asked(guess.doubt)
    if "post" not in guess.labels:
        yield "design: one_session"
    yield "timepoints:"
    for timepoint, labels in guess.labels.items():
        yield f"  {timepoint}: [{', '.join(map(quoted, labels))}]"


def tasks(new: NewStudy) -> Iterator[str]:
    """Write tasks, other images, and conditions of tasks."""
    tasks = new.survey.tasks
    yield from (comment(_task_told(task)) for task in tasks)
    yield from (asked(one) for one in _one_task_of_two_labels(tasks))
    if not tasks:
        yield asked("the dataset has no functional images: what is measured?")
    yield f"tasks: [{', '.join(quoted(task.label) for task in tasks)}]"
    yield from _scans(new)
    conditions = list(dict.fromkeys(c for task in tasks for c in task.conditions))
    if conditions:
        yield comment("Conditions of all tables of events; 'task_contrasts' compare them.")
        yield "events:"
        yield f"  conditions: [{', '.join(map(quoted, conditions))}]"


def _one_task_of_two_labels(tasks: Sequence[Task]) -> Iterator[str]:
    """Ask about labels that differ in a number and are (almost) never in one session together."""
    for first, second in combinations(tasks, 2):
        stem = first.label.rstrip("0123456789")
        runs = [
            {(name, session) for session, names in task.sessions.items() for name in names}
            for task in (first, second)
        ]
        shared = len(runs[0] & runs[1])
        alike = stem and stem == second.label.rstrip("0123456789")
        if alike and shared < SELDOM * min(len(one) for one in runs):
            yield (
                f"are {first.label} and {second.label} one task under two labels? "
                f"Sessions with both: {shared}. If so: tasks: [{stem}], "
                f"task_labels: {{{stem}: [{first.label}, {second.label}]}}"
            )


def _task_told(task: Task) -> str:
    sessions = {label: len(people) for label, people in task.sessions.items()}
    if len(sessions) > 6:
        told = f"{len(sessions)} sessions"
    else:
        told = ", ".join(f"{label or 'no session'} {n}" for label, n in sessions.items())
    times = ", ".join(f"{time:g} s in {n}" for time, n in sorted(task.repetition_times.items()))
    parts = [f"Task {task.label}: {told}"]
    parts += [f"repetition time {times} sidecars"] if times else []
    parts += [f"{len(task.echoes)} echoes in some or all runs"] if task.echoes else []
    parts += ["tables of events"] if task.has_events else []
    return "; ".join(parts) + "."


def _scans(new: NewStudy) -> Iterator[str]:
    lines = [
        f"  - {{kind: , task: {quoted(task.label)}}}  "
        + asked("emotion_task, regulation_task, control_task, reward_task or interoception_task?")
        for task in new.survey.tasks
        if not task.label.startswith("rest")
    ]
    for kind, found in (("T1w", new.survey.anatomy), ("diffusion", new.survey.diffusion)):
        at = [t for t, labels in new.timepoints.labels.items() if set(labels) & set(found)]
        if found:
            lines += [f"  - {{kind: {kind}, timepoints: [{', '.join(at)}]}}"]
            lines += [f"    {comment(line)}" for line in _lacking(new, kind, found)]
    if lines:
        yield "scans:"
        yield from lines


def _lacking(new: NewStudy, kind: str, found: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Tell of arms that have no such image at a timepoint."""
    for timepoint, labels in new.timepoints.labels.items():
        here: frozenset[str] = frozenset().union(*(found.get(one, frozenset()) for one in labels))
        for arm, members in new.members.items():
            if here and members and not members & here:
                yield f"No participant of {shortened(arm, 40)} has a {kind} image at {timepoint}."
