"""What a study cannot tell, as the report says it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from brainchange.project import Project, load_project
from brainchange.report.cannot_tell import HEADINGS, CannotTell, cannot_tell
from brainchange.study.claims_table import CLAIMS_TABLE, claims_table


@pytest.fixture(scope="module")
def project(root: Path) -> Project:
    return load_project(root, {"study": "ds003007"})


@pytest.fixture(scope="module")
def table(project: Project) -> pd.DataFrame:
    return claims_table(project.judged_claims({"depr_cbt": 8}))


@pytest.fixture(scope="module")
def section(project: Project, table: pd.DataFrame) -> CannotTell:
    return cannot_tell(project.claims, table)


def test_every_statement_is_tested_or_in_one_group(
    section: CannotTell, table: pd.DataFrame
) -> None:
    shown = [statement.claim for group in section.groups for statement in group.statements]
    assert len(shown) == len(set(shown))
    assert len(shown) + section.tested == section.total == 51
    assert set(shown) == set(table.loc[~table["measured"], "claim"])


def test_every_barrier_has_a_heading() -> None:
    barrier = next(column for column in CLAIMS_TABLE.columns if column.name == "barrier")
    assert {*HEADINGS, "none"} == set(barrier.levels)


def test_reason_and_need_are_said_for_each(section: CannotTell) -> None:
    groups = {group.heading: group for group in section.groups}
    blind = groups["MRI cannot show it"]
    assert blind.names == "M1, M2, M3, M4, M5, M6, N2, N4, R3, X3"
    emdr = next(s for g in section.groups for s in g.statements if s.claim == "D4")
    assert emdr.reason == "The treated arm of the primary contrast did not have EMDR"
    assert emdr.needed == "A study that has it; then connectivity is tested"


def test_contradictions_are_told(section: CannotTell) -> None:
    assert [(a.id, b.id) for a, b in section.contradictions] == [("P1", "P5"), ("X1", "X2")]
