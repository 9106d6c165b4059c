"""The arm of a participant, for jobs of a study whose arms have sessions of their own."""

from __future__ import annotations

from pathlib import Path

from brainchange.inference.participants import enrol
from brainchange.sources.people import read_people
from brainchange.study.model import Study


def arm_of(study: Study, folder: Path, participant: str) -> str | None:
    """Find the arm of a participant in the tables of the study folder; None without one."""
    enrolment = enrol(read_people(study, folder).table, study)
    return dict(zip(enrolment.participants, enrolment.arms, strict=True)).get(participant)
