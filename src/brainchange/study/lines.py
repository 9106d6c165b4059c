"""The line of a configuration file a problem is about: what an editor can jump to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from brainchange.errors import Problem


def with_lines(problems: Sequence[Problem], root: Path) -> list[Problem]:
    """Say in which line each problem is, and name files from the folder of the project.

    Parameters
    ----------
    problems : sequence of Problem
        Problems whose place is a file and, of YAML, a dotted key
        (``config/config.yaml: denoising.motion``).
    root : Path
        Folder of the project.

    Returns
    -------
    list of Problem
        With places such as ``config/config.yaml, line 12: denoising.motion``; of a key that is
        missing, the line of what should hold it. A place without a line stays as it is.
    """
    return [replace(problem, where=_located(problem, root)) for problem in problems]


def _located(problem: Problem, root: Path) -> str:
    inside = problem.where.removeprefix(f"{root}/")
    file, _, key = inside.partition(": ")
    line = None
    if key and file.endswith(".yaml"):
        line = _line_of_entry(root / file, key) or _line_of(root / file, key.split("."))
    elif key.startswith("region "):
        line = _line_of_region(root / file, key.removeprefix("region "), problem.what)
    return f"{file}, line {line}: {key}" if line else inside


def _line_of_entry(path: Path, key: str) -> int | None:
    """Line of an entry of a list that is named by its id (``claim T2``)."""
    kind, _, name = key.partition(" ")
    found = re.search(rf"^ *- id: *{re.escape(name)} *$", _text(path), re.MULTILINE)
    return _text(path).count("\n", 0, found.start()) + 1 if found and kind == "claim" else None


def _line_of_region(path: Path, name: str, told: str) -> int | None:
    """Line of a region in its table; of several atlases, in the one that is told of."""
    lines = enumerate(_text(path).splitlines(), 1)
    rows = [(n, line.split("\t")) for n, line in lines if line.startswith(f"{name}\t")]
    told_of = [n for n, cells in rows if any(f"'{cell}'" in told for cell in cells[1:])]
    only = told_of or [n for n, _ in rows]
    return only[0] if len(only) == 1 else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""


def _line_of(path: Path, keys: Sequence[str]) -> int | None:
    """Line of the deepest of nested keys that the file has, from 1; None if it has none."""
    try:
        node = yaml.compose(_text(path), Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    line = None
    for key in keys:
        found = _child(node, key)
        if found is None:
            return line
        line, node = found
    return line


def _child(node: yaml.Node | None, key: str) -> tuple[int, yaml.Node] | None:
    """Line and value of a key of a mapping, or of a place in a list."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        value = node.value[int(key)]
        return value.start_mark.line + 1, value
    return None
