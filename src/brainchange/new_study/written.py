"""The parts of a new study file, put together."""

from __future__ import annotations

from collections.abc import Iterator

from brainchange.new_study.described import NewStudy
from brainchange.new_study.identity import identity, images, repositories
from brainchange.new_study.people import arms, participants
from brainchange.new_study.scales import outcomes
from brainchange.new_study.scans import tasks, timepoints
from brainchange.new_study.text import asked


def study_text(new: NewStudy) -> str:
    """Write the study file: what the dataset says, guesses, and questions where it says nothing."""
    parts = (identity, repositories, participants, arms, timepoints, tasks, images)
    lines = [line for part in parts for line in part(new)]
    lines += [*_contrasts(), *outcomes(new.tables, new.timepoints), *_caveats()]
    return "\n".join(lines) + "\n"


def _contrasts() -> Iterator[str]:
    yield asked("which arms are compared? Treated minus control; no control where there is none")
    yield "contrasts:"
    yield "  main:"
    yield "    label:"
    yield "    treated: []"
    yield "    control: []"
    yield "    primary: true"


def _caveats() -> Iterator[str]:
    yield asked("which traps must a reader know? Small arms, other scanners, shared participants")
    yield "caveats: []"
