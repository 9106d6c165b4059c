"""The line of a file that a problem is about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brainchange.errors import ConfigError, Problem
from brainchange.project import load_project
from brainchange.study.lines import with_lines

CONFIG = """\
# a comment
study: demo
sources:
  mirrors: {}
  connections: four
alternatives:
  denoising:
    - {name: a}
    - name: b
      motion: 7
"""
CLAIMS = "article: a\nclaims:\n  - id: T1\n    quote: x\n  - id: T12\n    quote: y\n"
REGIONS = "region\tatlas\nx_L\tone\nx_L\ttwo\ny_L\tone\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(CONFIG)
    (tmp_path / "config" / "claims.yaml").write_text(CLAIMS)
    (tmp_path / "config" / "regions.tsv").write_text(REGIONS)
    return tmp_path


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("config/config.yaml: study", "config/config.yaml, line 2: study"),
        ("config/config.yaml: sources.connections", ", line 5: sources.connections"),
        ("config/config.yaml: alternatives.denoising.1.motion", ", line 10: alternatives."),
        # What is missing is shown where it should be; what is nowhere has no line.
        ("config/config.yaml: sources.retries", ", line 3: sources.retries"),
        ("config/config.yaml: seed", "config/config.yaml: seed"),
        ("config/config.yaml", "config/config.yaml"),
        ("config/none.yaml: seed", "config/none.yaml: seed"),
        ("config/claims.yaml: claim T12", "config/claims.yaml, line 5: claim T12"),
        ("config/regions.tsv: region y_L", "config/regions.tsv, line 4: region y_L"),
        ("config/regions.tsv: region x_L", "config/regions.tsv, line 3: region x_L"),
        ("results/: no study", "results/: no study"),
    ],
)
def test_a_place_gets_its_line(folder: Path, where: str, expected: str) -> None:
    for path in (where, f"{folder}/{where}"):
        [told] = with_lines([Problem("the atlas 'two' has no label 'z'", path)], folder)
        assert expected in told.where
        assert str(folder) not in told.where


def test_a_mistake_in_a_study_file_is_told_with_its_line(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "studies" / "demo.yaml"
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("timepoints:"))
    path.write_text("\n".join(lines).replace("timepoints:", "timepoint:") + "\n")
    with pytest.raises(ConfigError) as told:
        load_project(tmp_path, {"study": "demo"})
    assert f"config/studies/demo.yaml, line {number}: timepoint" in str(told.value)


def test_a_wrong_table_of_atlases_does_not_make_every_atlas_unknown(
    root: Path, tmp_path: Path
) -> None:
    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "atlases.tsv"
    path.write_text(path.read_text().replace("nilearn", "nilaern", 1))
    with pytest.raises(ConfigError) as told:
        load_project(tmp_path, {"study": "ds006303"})
    assert len(told.value.problems) == 1
    assert "config/atlases.tsv: row 4: column 'kind' holds 'nilaern'" in str(told.value)
