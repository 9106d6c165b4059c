"""Running the workflow from the command line, and opening its report."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.planning import run as module
from brainchange.planning.run import Told, run_study


def test_steps_and_messages_are_heard() -> None:
    told = Told()
    for line in ("Job 12: demo sub-01: measuring", "3 of 68 steps (4%) done", "rule fetch:"):
        told.hear(line)
    assert (told.done, told.steps, told.message) == (3, 68, "demo sub-01: measuring")
    assert told.broken == []


def test_everything_after_the_first_error_is_kept() -> None:
    told = Told()
    for line in ("rule x:", "Error in rule x:", "    log: a.log", "Failed: a.log"):
        told.hear(line)
    assert told.broken == ["Error in rule x:", "    log: a.log", "Failed: a.log"]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of Snakemake that writes down how it was called."""
    program = tmp_path / "fake"
    program.write_text(
        '#!/bin/sh\necho "$@" > called\necho "1 of 1 steps (100%) done"\nexit "$CODE"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def command(_root: Path, study: str, arguments: list[str]) -> list[str]:
        return [str(program), *arguments, study]

    monkeypatch.setattr(module, "snakemake", command)
    return tmp_path


@pytest.mark.parametrize(("code", "expected"), [("0", 0), ("1", 1), ("17", 17)])
def test_the_exit_code_is_passed_on(
    code: str, expected: int, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", code)
    found, told = run_study(fake, "demo", ["--cores", "2"])
    assert (found, told.steps) == (expected, 1)
    assert (fake / "called").read_text() == "--cores 2 demo\n"


def test_the_command_says_the_report_and_passes_arguments_and_code_on(
    fake: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root / "config", fake / "config")
    monkeypatch.chdir(fake)
    monkeypatch.setenv("CODE", "0")
    report = fake / "results" / "demo" / "report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    done = CliRunner().invoke(app, ["demo", "-c", "3", "--", "--forceall"])
    assert done.output == f"Report: {report}\n"
    assert (fake / "called").read_text() == "--cores 3 --nocolor --forceall demo\n"
    # All are those that are not simulated; each report that is there is said.
    flagship = fake / "results" / "ds003007" / "report.html"
    flagship.parent.mkdir(parents=True)
    flagship.touch()
    done = CliRunner().invoke(app, ["run", "all", "-c", "2"])
    assert done.output == f"Report: {flagship}\n"
    assert (fake / "called").read_text() == "--cores 2 --nocolor all\n"
    monkeypatch.setenv("CODE", "17")
    assert CliRunner().invoke(app, ["run", "demo"]).exit_code == 17
    assert CliRunner().invoke(app, ["run", "demmo"]).exit_code == 2


def test_the_report_is_opened_or_its_path_printed(
    fake: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root / "config", fake / "config")
    monkeypatch.chdir(fake)
    missing = CliRunner().invoke(app, ["open", "demo"])
    assert missing.exit_code == 1
    assert "make it with: brainchange run demo" in " ".join(missing.output.split())
    report = fake / "results" / "demo" / "report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "get", lambda: None)
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert CliRunner().invoke(app, ["open", "demo", "--path"]).output == f"{report}\n"
    assert opened == []
    assert CliRunner().invoke(app, ["open", "demo"]).output == f"{report}\n"
    assert opened == [report.as_uri()]

    def none() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    assert CliRunner().invoke(app, ["open", "demo"]).exit_code == 0
    assert len(opened) == 1


INTERRUPTED = """
import signal
import sys
from pathlib import Path
import brainchange.planning.run as module
signal.signal(signal.SIGINT, signal.default_int_handler)
stop = "trap 'echo stopped > stopped; exit 1' INT; echo '1 of 9 steps (11%) done'; sleep 60 & wait"
module.snakemake = lambda root, study, arguments: ["sh", "-c", stop]
said = lambda told: print(told.done, flush=True)
sys.exit(module.run_study(Path(sys.argv[1]), "demo", [], said)[0])
"""


def test_an_interruption_waits_for_snakemake_to_stop_and_is_told_by_its_own_code(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"1\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 130
    assert (tmp_path / "stopped").read_text() == "stopped\n"
