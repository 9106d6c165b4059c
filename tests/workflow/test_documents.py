"""What the README and the documentation say is true: every command runs, every example works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainchange.imaging.atlas_cache import have_atlas
from brainchange.imaging.events import Events
from brainchange.imaging.task_design import FrameTimes
from brainchange.metrics.activation_t import activation_t
from brainchange.metrics.layout import ContrastOfTask
from brainchange.metrics.task_signals import TaskSignals
from brainchange.project import load_project
from brainchange.study.atlases import read_atlases
from brainchange.study.model import Study
from brainchange.study.settings import Settings
from brainchange.study.strict import parse, read_yaml
from made_up.atlas import write_files

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXTENDING = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

pytestmark = pytest.mark.slow

# How each command of the README is run here. The tests themselves are `make test`; what the demo
# finds is in test_demo.py; without network the flagship says what is missing (test_small_study.py).
COMMANDS = {
    "make demo": ["make", "--dry-run", "demo"],
    "make test": ["make", "--dry-run", "test"],
    "source .venv/bin/activate": None,
    "make docs": ["make", "--dry-run", "docs"],
    "brainchange plan ds003007": ["brainchange", "plan", "ds003007"],
    "brainchange run ds003007": ["brainchange", "run", "ds003007", "--", "--dry-run"],
    "brainchange open ds003007": None,  # test_run.py
    "brainchange new region putamen --labels Left-Putamen": None,  # below
    "brainchange new study ds002748 --output mine.yaml": None,  # test_new_study.py
    "brainchange check": ["brainchange", "check"],
    "brainchange explain demo T2": None,  # test_explain.py
    "brainchange --help": ["brainchange", "--help"],
}


def commands_of(text: str) -> set[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`((?:make|snakemake|brainchange) [^`]*)`", text)
    return {command for command in [*lines, *inline] if command}


def test_every_command_of_the_readme_is_run_here():
    assert commands_of(README) == set(COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS.values() if c], ids=" ".join)
def test_the_commands_of_the_readme_run(command):
    program = shutil.which(command[0], path=str(BIN)) or command[0]
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_commands_do_what_the_readme_says():
    def recipe(target):
        command = ["make", "--dry-run", "--always-make", target]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "--require-hashes --requirement requirements.lock" in recipe("demo")
    assert "snakemake --config study=demo" in recipe("demo")
    assert "-m pytest" in recipe("test")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_region_of_the_documentation_can_be_added(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    example = re.search(r"```tsv\n(.*?)```", EXTENDING, re.DOTALL)[1].splitlines()
    table = tmp_path / "config" / "regions.tsv"
    assert table.read_text().splitlines()[0] == example[0]
    with table.open("a") as stream:
        stream.write("\n".join(example[1:]) + "\n")
    done = subprocess.run(
        [str(BIN / "brainchange"), "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "30 regions" in done.stdout


def test_the_atlas_of_the_documentation_can_be_added(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    _, example = re.findall(r"```tsv\n(.*?)```", EXTENDING, re.DOTALL)
    header, row = example.splitlines()
    table = tmp_path / "config" / "atlases.tsv"
    assert table.read_text().splitlines()[0] == header
    with table.open("a") as stream:
        stream.write(row + "\n")
    for written in write_files(tmp_path / "config" / "atlases"):
        written.rename(written.with_name(written.name.replace("made", "mine")))
    [mine] = [source for source in read_atlases(table) if source.atlas == "Mine"]
    assert "Left_Amygdala" in have_atlas(mine, tmp_path, Settings().sources).labels


def yaml_example(with_words):
    blocks = re.findall(r"```yaml\n(.*?)```", EXTENDING, re.DOTALL)
    (example,) = (block for block in blocks if with_words in block)
    return example


def test_the_claim_of_the_documentation_can_be_added(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "claims.yaml"
    path.write_text(path.read_text() + yaml_example("pairs: [[insula, amygdala]]"))
    for study, state in (("ds003007", "testable"), ("demo", "not_testable")):
        judged = load_project(tmp_path, {"study": study}).judged_claims()
        (added,) = (one for one in judged if one.claim.id == "X9")
        assert added.state == state, added.reason


def test_networks_and_specifications_of_the_documentation_can_be_added(root, tmp_path):
    import yaml

    shutil.copytree(root / "config", tmp_path / "config")
    path = tmp_path / "config" / "config.yaml"
    values = yaml.safe_load(path.read_text())
    values["networks"] |= yaml.safe_load(yaml_example("threat: [amygdala, insula]"))["networks"]
    values |= yaml.safe_load(yaml_example("name: motion6"))
    path.write_text(yaml.safe_dump(values))
    project = load_project(tmp_path, {"study": "demo"})
    assert {one.region for one in project.regions if "threat" in one.networks} == {
        "amygdala_L", "amygdala_R", "insula_L", "insula_R",
    }  # fmt: skip
    assert [one.name for one in project.settings.alternatives.denoising] == ["motion6"]
    assert [one.name for one in project.settings.alternatives.censoring] == ["fd0.3"]


def test_the_scans_of_the_documentation_are_understood():
    import yaml

    blocks = re.findall(r"```yaml\n(.*?)```", EXTENDING, re.DOTALL)
    [example] = [block for block in blocks if block.startswith("scans:")]
    description = read_yaml(ROOT / "config" / "studies" / "demo.yaml")
    added = {**yaml.safe_load(example), "tasks": ["rest", "faces"]}
    study = parse(Study, description | added, "extending.md")
    assert study.kind_of_task("faces") == "emotion_task"
    assert study.scanned("T1w") == {("pre", arm) for arm in study.arms}


def test_the_task_contrast_of_the_documentation_is_understood():
    import yaml

    blocks = re.findall(r"```yaml\n(.*?)```", EXTENDING, re.DOTALL)
    [example] = [block for block in blocks if "task_contrasts" in block]
    description = read_yaml(ROOT / "config" / "studies" / "demo.yaml")
    study = parse(Study, description | yaml.safe_load(example), "extending.md")
    assert study.task_contrast_of("A1") == "fear"
    assert study.task_contrasts["fear"].weights == {"angry": 0.5, "fearful": 0.5, "neutral": -1}
    assert study.task_of(["emotion_task"]) == "faces"


def test_the_metric_of_tasks_of_the_documentation_works():
    example = re.findall(r"```python\n(.*?)```", EXTENDING, re.DOTALL)[1]
    made: dict[str, Any] = {}
    exec(example, made)
    rng = np.random.default_rng(1)
    onset = np.arange(10.0, 190.0, 20.0)
    signals = TaskSignals(
        raw=1000 + rng.normal(size=(100, 3)),
        nuisance=np.ones((100, 1)),
        kept=np.ones(100, dtype=bool),
        events=Events(("a", "b"), np.arange(9) % 2, onset, np.full(9, 9.0), np.arange(9) + 2),
        times=FrameTimes(100, 2.0, 1.0),
        contrasts=(ContrastOfTask("a", "t", (("a", 1.0),)),),
    )
    found = made["METRIC"].function(signals)
    assert found.numbers == pytest.approx(np.abs(activation_t(signals).numbers))


def test_the_metric_of_the_documentation_works(tmp_path):
    """In a copy of the package, because a metric is a file in it."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "config", tmp_path / "config")
    example = re.search(r"```python\n(.*?)```", EXTENDING, re.DOTALL)[1]
    (tmp_path / "src" / "brainchange" / "metrics" / "mean_signal.py").write_text(example)
    config = tmp_path / "config" / "config.yaml"
    config.write_text(config.read_text().replace("metrics: [", "metrics: [mean_signal, "))
    for arguments, expected in (
        (["list", "metrics"], "mean_signal\ta.u.\tregion\trest\tTemporal mean of the signal"),
        (["check"], f" {len(Settings().metrics) + 1} metrics"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "brainchange", *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in done.stdout, done.stderr


def test_every_command_explains_itself():
    listing = subprocess.run(
        [str(BIN / "brainchange"), "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("check", "list", "claims", "lock", "fetch", "simulate", "reference", "explain"):
        assert command in listing
        helped = subprocess.run(
            [str(BIN / "brainchange"), command, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert helped.returncode == 0
        assert "Usage" in helped.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["check", "demmo"], 2, "Did you mean 'demo'"),
        (["list", "region"], 2, "regions"),
        (["claims", "demmo"], 2, "Did you mean 'demo'"),
        (["lock", "ds03007"], 2, "Did you mean 'ds003007'"),
        (["lock", "ds003007", "--mirror", "nowhere"], 2, "does not exist"),
        (["lock", "demo"], 2, "make both with: brainchange simulate demo"),
        (["fetch", "ds003007", "--subject", "99"], 4, "the lock has no file of 'sub-99'"),
        (["simulate", "ds003007"], 2, "the study is not simulated"),
    ],
)
def test_mistakes_on_the_command_line_are_told_in_words(arguments, code, expected):
    done = subprocess.run(
        [str(BIN / "brainchange"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert expected in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_outside_a_project_the_command_says_where_to_go(tmp_path):
    done = subprocess.run(
        [str(BIN / "brainchange"), "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "change into the folder that holds config/ and data/" in done.stderr
