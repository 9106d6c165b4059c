"""Every study has the participants, per arm and task, that its published files and tables say.

The numbers were counted independently from the public git history of each dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from brainchange.inference.participants import enrol
from brainchange.participation import arm_counts, scanned_at, scanned_timepoints
from brainchange.plan import Plan, make_plan
from brainchange.project import load_project
from brainchange.tables import read_tsv


def planned(root: Path, study: str) -> Plan:
    return make_plan(load_project(root, {"study": study}))


def arms(plan: Plan, shared: Path) -> Mapping[str, str]:
    """Arm of each participant in the real table."""
    folder = shared / "openneuro" / plan.project.study.id
    enrolment = enrol(read_tsv(folder / plan.project.study.participants.table), plan.project.study)
    return dict(zip(enrolment.participants, enrolment.arms, strict=True))


@pytest.mark.parametrize(
    ("study", "task", "n_any", "n_both"),
    [
        ("ds003007", "rest", 29, 29),
        ("ds003357", "rest", 32, 32),
        ("ds002748", "rest", 72, 0),
    ],
)
def test_the_committed_lock_has_the_participants_with_both_sessions(
    root: Path, study: str, task: str, n_any: int, n_both: int
) -> None:
    plan = planned(root, study)
    assert len(scanned_timepoints(plan, task)) == n_any
    assert len(scanned_at(plan, task)) == n_both


@pytest.mark.shared
@pytest.mark.parametrize(
    ("study", "task", "expected"),
    [
        ("ds003007", "rest", {"depr_cbt": 8, "depr_nfb": 6, "depr_no_treatment": 15}),
        ("ds003357", "rest", {"biofeedback": 15, "control": 17}),
    ],
)
def test_participants_with_pre_and_post_of_each_arm(
    root: Path, shared: Path, study: str, task: str, expected: Mapping[str, int]
) -> None:
    plan = planned(root, study)
    assert arm_counts(scanned_at(plan, task), arms(plan, shared)) == expected


@pytest.mark.shared
def test_ds002748_has_51_patients_and_21_healthy_participants_once(
    root: Path, shared: Path
) -> None:
    plan = planned(root, "ds002748")
    counted = arm_counts(scanned_timepoints(plan, "rest"), arms(plan, shared))
    assert counted == {"depr": 51, "control": 21}


@pytest.mark.shared
def test_ds003357_is_prepared_here_because_its_published_derivatives_have_no_prepared_images(
    root: Path, shared: Path
) -> None:
    derivatives = shared / "openneuro-derivatives" / "ds003357-fmriprep" / "manifest.tsv"
    assert "desc-preproc_bold" not in derivatives.read_text()
    assert planned(root, "ds003357").project.study.images.source == "raw"


@pytest.mark.shared
def test_ds003357_has_age_and_sex_under_each_others_heading(root: Path, shared: Path) -> None:
    table = read_tsv(shared / "openneuro" / "ds003357" / "participants.tsv")
    columns = planned(root, "ds003357").project.study.participants.columns
    assert set(table[columns["sex"]]) == {"F", "M"}
    assert table[columns["age"]].astype(float).between(18, 60).all()
