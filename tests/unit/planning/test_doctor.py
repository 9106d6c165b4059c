"""What is looked at before a study is analysed, and what is said about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import brainchange.planning.doctor
from brainchange.cli import app
from brainchange.planning.doctor import Finding, examine


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "data").mkdir()
    shutil.copytree(root / "data" / "locks", tmp_path / "data" / "locks")
    return tmp_path


def found(project: Path, study: str) -> dict[str, Finding]:
    return {one.what: one for one in examine(project, study)}


def test_a_study_that_can_be_analysed_has_nothing_wrong(project: Path) -> None:
    told = found(project, "ds003007")
    assert told["packages"].state == "fine"
    assert told["files"].told == "0 of 354 files are here; 3.16 GB will be fetched"
    assert {one.what for one in told.values() if one.state == "wrong"} <= {"disk"}


def test_a_full_disk_is_told_with_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(project)._replace(free=10**9)
    monkeypatch.setattr(brainchange.planning.doctor.shutil, "disk_usage", lambda _place: usage)
    disk = found(project, "ds003007")["disk"]
    assert (disk.state, disk.told) == ("wrong", "1 GB free, 3.18 GB needed")
    assert "larger disk" in disk.fix


def test_a_folder_that_snakemake_left_locked_is_told(project: Path) -> None:
    locks = project / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    assert "snakemake --unlock" in found(project, "demo")["folder"].fix


def test_a_package_that_is_too_old_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        brainchange.planning.doctor, "_version", lambda name: "0.1" if name == "isal" else "99"
    )
    packages = found(project, "demo")["packages"]
    assert packages.state == "wrong"
    assert "isal 0.1 (needed: 1.7 or newer)" in packages.told
    assert packages.fix == "install what is pinned: make setup"


def test_a_machine_without_memory_for_raw_images_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brainchange.planning.doctor, "_memory", lambda: 2_000_000_000)
    assert found(project, "demo")["machine"].state == "note"


def test_ants_is_asked_for_where_images_are_prepared_here(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brainchange.planning.doctor, "find_spec", lambda _name: None)
    assert found(project, "ds003357")["ANTs"].state == "wrong"
    assert "ANTs" not in found(project, "ds003007")


def test_files_that_are_gone_since_they_were_fetched_are_told(project: Path) -> None:
    receipts = project / "data" / "studies" / "ds003007" / ".receipts"
    receipts.mkdir(parents=True)
    (receipts / "sub-07.tsv").touch()
    assert "files of sub-07 are gone" in found(project, "ds003007")["receipts"].told


def test_a_missing_lock_and_a_wrong_configuration_are_told(project: Path) -> None:
    (project / "data" / "locks" / "ds003007.tsv").unlink()
    files = found(project, "ds003007")["files"]
    assert (files.state, files.fix) == ("wrong", "make it with: brainchange lock ds003007")
    (project / "config" / "config.yaml").write_text("studdy: demo\n")
    configuration = found(project, "demo")["configuration"]
    assert configuration.state == "wrong"
    assert "line 1: studdy: unknown key" in configuration.told
    assert configuration.fix == "Did you mean 'study'?"
    (project / "config" / "config.yaml").write_text("studdy: demo\nsead: 1\n")
    configuration = found(project, "demo")["configuration"]
    assert configuration.told.startswith("2 problems; the first: config/config.yaml, line 1:")
    assert configuration.fix == "see all: brainchange check demo"


def test_the_exit_code_says_whether_something_must_be_mended(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert CliRunner().invoke(app, ["doctor", "demo"]).exit_code == 0
    (project / "data" / "locks" / "ds003007.tsv").unlink()
    wrong = CliRunner().invoke(app, ["doctor", "ds003007"])
    assert wrong.exit_code == 1
    assert "✗ files: the lock does not exist" in wrong.stdout
