"""The documentation: it builds without a warning, needs no network, and its snippets are true."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.inference.threat_row import ASKED
from brainchange.inference.verdict_text import Outcome
from brainchange.metrics.registry import metrics
from brainchange.study.claims import Claims
from brainchange.study.strict import parse, read_yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LANGUAGES = {"sh", "yaml", "tsv", "json", "python", "text"}
BLOCK = re.compile(r"^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINES_OF_AN_ADDITION = 10

pytestmark = pytest.mark.slow


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def read_claims() -> Claims:
    path = ROOT / "config" / "claims.yaml"
    return parse(Claims, read_yaml(path), path.name)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_every_page_and_none_is_left_out(site: Path) -> None:
    built = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    written = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    assert written <= built
    assert "index" in built


def test_a_broken_link_stops_the_build(tmp_path: Path) -> None:
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "properdocs.yml", tmp_path)
    with (tmp_path / "docs" / "faq.md").open("a") as page:
        page.write("\n[nowhere](results.md#no-such-heading)\n")
    done = subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "no-such-heading" in done.stderr


def test_the_site_loads_nothing_from_the_network(site: Path) -> None:
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*\"")
    for page in site.rglob("*.html"):
        assert loaded.findall(page.read_text(encoding="utf-8")) == [], page.name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_snippet_says_what_it_is_and_can_be_read(page: Path) -> None:
    for language, text in blocks(page):
        assert language in LANGUAGES, f"{page.name}: ```{language}"
        if language == "yaml":
            yaml.safe_load(text)
        if language == "json":
            json.loads(text)
        if language == "python":
            compile(text, page.name, "exec")
        if language == "tsv":
            assert len({line.count("\t") for line in text.splitlines()}) == 1


def commands(page: Path) -> list[list[str]]:
    text = page.read_text(encoding="utf-8")
    lines = [
        line
        for language, block in blocks(page)
        if language == "sh"
        for line in block.replace("\\\n", " ").splitlines()
    ]
    inline = re.findall(r"`((?:brainchange|make|snakemake) [^`]*)`", " ".join(text.split()))
    cut = (line.split("  #")[0].split(" |")[0] for line in [*lines, *inline])
    return [words for line in cut if (words := shlex.split(line.replace("…", "")))]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_exists_with_its_options(page: Path) -> None:
    group: Any = typer.main.get_command(app)
    for program, *words in commands(page):
        if program != "brainchange" or words[:1] == ["needs"]:  # a message begins so
            continue
        command, said = group, list(words)
        while said and not said[0].startswith("-") and hasattr(command, "commands"):
            assert said[0] in command.commands, f"{page.name}: brainchange {said[0]}"
            command = command.commands[said.pop(0)]
        known = {flag for one in command.params for flag in one.opts} | {
            "--help",
            "--",
            "--forceall",
        }
        flags = [word for word in said if word.startswith("-")]
        assert [flag for flag in flags if flag not in known] == [], f"{page.name}: {command.name}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_make_is_told_to_make_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for program, *words in commands(page):
        targets = [word for word in words if "=" not in word]
        assert program != "make" or all(f"\n{target}:" in makefile for target in targets)


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the run itself (test_demo.py) and what needs its results (test_explain.py)."""
    for name in ("config", "data/locks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    expected = {
        "doctor demo": 0,
        "plan demo": 0,
        "run demo": None,
        "open demo": 1,
        "explain demo T2": None,
        "check demo": 0,
        "new region putamen --labels Left-Putamen": 0,
        "list studies": 0,
        "claims ds003007": 0,
        "plan ds003007": None,
        "run ds003007": None,
    }
    said = [
        " ".join(words)
        for program, *words in commands(DOCS / "tutorial.md")
        if program == "brainchange"
    ]
    assert set(said) == set(expected)
    printed = ""
    for command in said:
        if expected[command] is not None:
            done = CliRunner().invoke(app, command.split())
            assert done.exit_code == expected[command], f"{command}: {done.output}"
            printed += done.output
    shown = [text for language, text in blocks(DOCS / "tutorial.md") if language == "text"]
    assert len(shown) == 2
    assert [line for line in shown[1].splitlines() if line not in printed] == []


@pytest.mark.parametrize("thing", ["A region", "An atlas", "A claim", "A metric", "A study"])
def test_each_addition_is_few_lines_of_work(thing: str) -> None:
    text = (DOCS / "extending.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## {thing}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    _, first = BLOCK.findall(section)[0]
    lines = [line for line in first.splitlines() if line.strip() and '"""' not in line]
    assert 1 <= len(lines) <= LINES_OF_AN_ADDITION


def test_every_verdict_is_explained() -> None:
    page = (DOCS / "verdict.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([A-Z][A-Z ]+(?: \([a-z ]+\))?)`", page))
    assert explained == set(get_args(Outcome)) | {"NOT TESTABLE WITH MRI"}


def test_every_message_of_the_page_on_trouble_is_one_of_the_program() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), ROOT / "Makefile"]
    told = " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in sources)
    told = re.sub(r"[\"'] f?[\"']", "", told) + " Directory cannot be locked"
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert len(rows) > 15
    for message in (one for row in rows for one in re.findall(r"`([^`]+)`", row)):
        parts = [part.strip(" '.,") for part in re.split(r"…|\bN\b|STUDY", message)]
        missing = [part for part in parts if len(part) > 3 and part not in told]
        assert missing == [], message


METHODS = (DOCS / "methods.md").read_text(encoding="utf-8")


def test_the_methods_tell_every_metric_and_every_threat() -> None:
    named = set(re.findall(r"`([a-z0-9_]+)`", METHODS))
    computed = {name for metric in metrics().values() for name in metric.produced}
    assert computed - named == set()
    assert set(ASKED) - named == set()
    results = (DOCS / "results.md").read_text(encoding="utf-8")
    assert set(ASKED) - set(re.findall(r"`([a-z0-9_]+)`", results)) == set()


def test_every_table_of_the_results_is_told_in_words_somewhere() -> None:
    """Beside the generated reference: what one row of it is, and how it is read."""
    listed = (DOCS / "reference" / "tables.md").read_text(encoding="utf-8")
    pages = " ".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    tables = re.findall(r"^## (\w+)", listed, re.MULTILINE)
    elsewhere = {"lock", "region_places", "spheres", "participant_observations", "truth"}
    told = {"quality_pictures": "pictures"}
    names = [told.get(name, name) for name in tables if name not in elsewhere]
    assert len(names) > 30
    assert [name for name in names if f"{name}.tsv" not in pages] == []


def test_every_source_of_the_methods_is_one_the_code_names() -> None:
    code = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    code = " ".join(code.split())
    cited = re.findall(r"([A-Z][\w-]+)(?:,? et al\.| (?:&|and) [A-Z][\w-]+)?,? \(?(\d{4})", METHODS)
    assert len(cited) > 50
    unknown = [
        (name, year) for name, year in cited if not re.search(rf"{name}\b.{{0,120}}{year}", code)
    ]
    assert unknown == []


FRONT = ("cli/*.py", "explain/*.py", "planning/*.py", "sources/fetch.py", "sources/lock.py",
         "sources/git_mirror.py", "sources/dataset.py", "sources/people.py")  # fmt: skip
ERRORS = {"ConfigError", "BrainchangeError", "TableError", "LockError", "FetchError"}


def raised() -> set[str]:
    """Longest fixed part of every message that the commands and the files of a study raise."""
    found = set()
    for path in (one for name in FRONT for one in (ROOT / "src/brainchange").glob(name)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
                parts = getattr(node.args[0], "values", [node.args[0]])
                texts = [one.value for one in parts if isinstance(one, ast.Constant)]
                found.add(max(texts, key=len, default="").strip(" '.:"))
    return found - {""}


def test_the_page_on_trouble_tells_every_message_of_the_front_door() -> None:
    page = " ".join((DOCS / "troubleshooting.md").read_text(encoding="utf-8").split())
    messages = raised()
    assert len(messages) > 25
    assert sorted(one for one in messages if one not in page) == []
