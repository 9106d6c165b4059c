"""The command line as a person meets it: names complete, mistakes are told, exit codes are true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.cli.main import INTERRUPTED
from brainchange.project_folder import known_studies

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finished study, as far as names of figures go."""
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "data").mkdir()
    shutil.copytree(root / "data" / "locks", tmp_path / "data" / "locks")
    figures = tmp_path / "results" / "demo" / "figures"
    figures.mkdir(parents=True)
    (figures / "figures.tsv").write_text("name\tfigure\nslopegraph_claim_T2\tslopegraph\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(typed: str, shell: str = "bash") -> list[str]:
    """Complete the last word, as the script that the shell was given asks for it."""
    asked = {
        "_BRAINCHANGE_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": typed,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    told = CliRunner().invoke(app, [], env=asked, prog_name="brainchange").output
    if shell == "zsh":
        return re.findall(r'"([^":]+)"(?::|$| )', told) or re.findall(r'"([^"]+)"', told)
    return [line.split("\t")[0] for line in told.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_names_complete_in_every_shell(project: Path, shell: str) -> None:
    assert completed("brainchange explain demo T", shell) == ["T1", "T2", "T3", "T4"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("check rawd", "rawdemo"),
        ("explain demo BD", "BDI"),
        ("explain demo T2 --contrast ex", "exercise_vs_untreated"),
        ("figure slopegraph_c", "slopegraph_claim_T2"),
        ("figure slopegraph demo", "demo"),
        ("fetch ds003007 --subject sub-01", "sub-01"),
        ("fetch ds003007 --session ses-pr", "ses-pre"),
        ("list atl", "atlases"),
        ("list studies rawd", "rawdemo"),
        ("list regions amygdala_", "amygdala_L amygdala_R"),
        ("list atlases Harv", "HarvardOxford"),
        ("list metrics falff_", "falff_z"),
        ("list claims M1", "M1"),
        ("claims rawd", "rawdemo"),
        ("across demo rawd", "rawdemo"),
        ("preview rawd", "rawdemo"),
        ("plan rawd", "rawdemo"),
        ("new region x --atlas aparc", "aparcaseg"),
        ("new region x --group amy", "amygdala"),
        ("new region x --labels Left-Put", "Left-Putamen"),
        ("judge t.tsv --direction u", "up"),
        ("explain nowhere T2 --contrast e", ""),
        ("fetch nowhere --subject s", ""),
    ],
)
def test_each_name_completes(project: Path, typed: str, expected: str) -> None:
    assert completed(f"brainchange {typed}") == expected.split()


def test_completion_outside_of_a_project_or_in_a_broken_one_is_silent(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "config" / "claims.yaml").write_text("claims: [")
    assert completed("brainchange explain demo T") == []
    monkeypatch.chdir(project.parent)
    assert completed("brainchange explain demo T") == []
    assert completed("brainchange list regions a") == []


def test_every_argument_that_names_something_completes() -> None:
    """Of every command: a study, a claim, a figure, a region, a metric, an atlas."""
    named = re.compile(r"^(study|studies|claim|name|contrast|subject|session|atlas|group|labels)$")
    group = get_command(app)
    commands = {**group.commands, **group.commands["new"].commands}  # type: ignore[attr-defined]
    lacking = [
        f"{command}: {one.name}"
        for command, made in commands.items()
        for one in getattr(made, "params", ())
        if named.match(one.name) and one._custom_shell_complete is None
    ]
    # What is new has no name yet; judge reads any table.
    assert sorted(lacking) == ["region: name", "study: name"]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["check", "demo"], 0, "✓ demo"),
        (["open", "demo"], 1, "has no report yet"),
        (["explain", "demo", "T2"], 1, "make them with: brainchange run demo"),
        (["fetch", "rawdemo"], 1, "make them with: brainchange run rawdemo"),
        (["open", "dmo"], 2, "Did you mean 'demo'"),
        (["explain", "demo", "T9"], 2, "Did you mean 'T"),
        (["explain", "demo", "bdi"], 2, "Did you mean 'BDI'"),
        (["explain", "demo", "amygdala"], 2, "Claims about it: A"),
        (["explain", "demo", "nonsense"], 2, "brainchange list claims. Scales of this study: BDI"),
        (["explain", "demo", "T2", "--contrast", "excercise_vs_untreated"], 2, "Did you mean"),
        (["list", "claims", "T9"], 2, "Did you mean 'T"),
        (["figure", "forst", "demo"], 2, "Did you mean 'forest'"),
        (["plan", "dmo"], 2, "Did you mean 'demo'"),
        (["claims", "dmo"], 2, "Did you mean 'demo'"),
        (["judge", "results/demo/figures/figures.tsv", "--id", "nam", "--arm", "figure",
          "--treated", "x", "--pre", "a", "--post", "b"], 2, "Did you mean 'name'"),
        (["fetch", "ds003007", "--subject", "99"], 4, "the lock has no file of 'sub-99'"),
        (["chekc"], 2, "Did you mean 'check'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_exit_code(
    project: Path, arguments: list[str], code: int, expected: str
) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    assert expected in " ".join(done.output.replace("│", " ").split())
    assert "Traceback" not in done.output


def test_a_wrong_table_ends_with_three(project: Path) -> None:
    table = project / "t.csv"
    table.write_bytes(b"\x00\xff\xfe")
    columns = ["--id", "a", "--arm", "b", "--treated", "x", "--pre", "c", "--post", "d"]
    done = CliRunner().invoke(app, ["judge", str(table), *columns])
    assert done.exit_code == 3, done.output


@pytest.mark.parametrize(
    ("raised", "code", "expected"),
    [
        (PermissionError(13, "Permission denied", "config"), 1, "config: Permission denied"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_the_machine_and_the_person_may_stop_a_command(
    raised: BaseException, code: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops() -> Path:
        raise raised

    monkeypatch.setattr(sys.modules["brainchange.cli.check"], "project_folder", stops)
    done = CliRunner().invoke(app, ["check"])
    assert (done.exit_code, expected in done.output) == (code, True)


def test_the_help_names_every_exit_code() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    for code in ("0", "1", "2", "3", "4", str(INTERRUPTED)):
        assert re.search(rf"(Exit codes: |· ){code} \w", told), code


def test_the_help_is_quick_because_it_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "scipy", "nibabel", "matplotlib", "pydantic", "yaml", "ants")
    look = f"import sys, brainchange.cli; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_is_aligned_on_a_terminal_and_tab_separated_in_a_pipe(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from brainchange.cli.console import show_table

    header, rows = ["study", "participants"], [["demo", "30"], ["[b]x", "1"]]
    show_table(header, rows)
    assert capsys.readouterr().out == "study\tparticipants\ndemo\t30\n[b]x\t1\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show_table(header, rows)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    shown = [line.rstrip() for line in plain.splitlines()]
    assert shown == ["study  participants", "demo   30", "[b]x   1"]
    monkeypatch.setenv("COLUMNS", "16")
    show_table(header, rows)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    shown = [line.rstrip() for line in plain.splitlines()]
    assert shown == ["demo", "  participants:", "  30", "[b]x", "  participants:", "  1"]


def test_studies_are_those_with_a_file(project: Path) -> None:
    assert known_studies() == sorted(p.stem for p in (project / "config/studies").glob("*.yaml"))


def test_progress_is_shown_on_a_terminal_and_nowhere_else() -> None:
    from io import StringIO

    from rich.console import Console

    from brainchange.cli.console import steps_bar

    for terminal in (True, False):
        console = Console(file=StringIO(), force_terminal=terminal, width=100)
        with steps_bar(console, "begins") as tell:
            tell(1, 4, "reading")
        assert ("reading" in console.file.getvalue()) is terminal  # type: ignore[attr-defined]
        assert ("1/4" in console.file.getvalue()) is terminal  # type: ignore[attr-defined]
