"""One figure again from the tables on disk, through the command, with the same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.figures import redraw, registry
from brainchange.figures.drawing import FigureInput
from brainchange.figures.tables import SCHEMAS

LIGHT = ("attrition", "motion_distance", "prediction", "verdicts")
"""Figures of one or two drawings each, that are drawn in moments."""
NAMES = {
    "contrast": {"arm0_vs_arm2": "therapy_vs_untreated", "arm1_vs_arm2": "exercise_vs_untreated"},
    "arm": {"arm0": "therapy", "arm1": "exercise", "arm2": "untreated"},
}
"""Names of the made-up study, and those of the demo it stands for."""


@pytest.fixture(scope="module")
def given(make_up: Any, made_up_size: Any) -> FigureInput:
    return make_up(made_up_size(counts=(6, 6, 6), n_groups=2))


@pytest.fixture
def project(
    given: FigureInput, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project folder with the configuration of this one and the tables of a made-up study."""
    shutil.copytree(root / "config", tmp_path / "config")
    results = tmp_path / "results" / "demo"
    results.mkdir(parents=True)
    for name in {
        table
        for figure in (*LIGHT, "specification_curve")
        for table in registry.figures()[figure].needs
    }:
        table = given.tables[name]
        renamed = {column: NAMES[column] for column in NAMES if column in table}
        SCHEMAS[name].write(table.replace(renamed), results / f"{name}.tsv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["figure", *arguments], env={"COLUMNS": "200"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_figure_is_drawn_again_with_the_same_bytes(project: Path) -> None:
    for name in LIGHT:
        code, out, told = run(name, "demo")
        assert code == 0, told
        written = [Path(line) for line in out.splitlines()]
        assert {path.suffix for path in written} == {".svg", ".png", ".tsv"}
        first = [path.read_bytes() for path in written]
        again = project / "again"
        assert run(name, "demo", "--output", str(again))[0] == 0
        assert [(again / path.name).read_bytes() for path in written] == first


def test_one_drawing_of_a_figure_is_drawn_alone(project: Path) -> None:
    code, _, told = run("specification_curve_T2", "demo")
    assert code == 0, told
    files = {path.name for path in (project / "results/demo/figures").iterdir()}
    assert files == {f"specification_curve_T2.{suffix}" for suffix in ("svg", "png", "tsv")}
    code, _, told = run("specification_curve_Z9", "demo")
    assert code == 2
    assert "there is no figure 'specification_curve_Z9'" in told


def test_a_mistyped_figure_is_told_with_the_nearest(project: Path) -> None:
    code, _, told = run("verdict", "demo")
    assert code == 2
    assert "Did you mean 'verdicts'?" in told


def test_a_missing_table_is_told_with_what_makes_it(project: Path) -> None:
    code, _, told = run("coverage", "demo")
    assert code == 1
    assert "figure 'coverage' is drawn from the table 'coverage', which is missing" in told
    assert "brainchange run demo" in told


def test_every_table_a_figure_needs_has_a_schema_of_its_name() -> None:
    needed = {table for spec in registry.figures().values() for table in spec.needs}
    assert needed <= set(SCHEMAS)
    assert all(schema.name == name for name, schema in SCHEMAS.items())


def test_a_figure_across_studies_is_none_of_a_study() -> None:
    assert set(registry.figures()) - set(registry.figures_of_a_study()) == {"pooled"}
    assert redraw.drawn_names(Path("nowhere")) == ()
