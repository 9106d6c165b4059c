"""Digests of library code, so that the workflow reruns what an edit changes and nothing else."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "brainchange"
SOURCE = Path(__file__).resolve().parent


def code_digest(*names: str, source: Path = SOURCE) -> str:
    """Digest of modules and of everything of this package they import, directly or not.

    Taken of the syntax tree without docstrings, so that formatting, comments and documentation
    change nothing. Files beside a package's modules that are no Python (templates, label tables)
    count with their bytes.

    Parameters
    ----------
    *names : str
        Modules (``brainchange.inference.effects``) or packages, which stand for all their modules.
    source : Path
        Folder of the package.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    files = sorted(_closure(names, source))
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(source).as_posix().encode())
        digest.update(_content(path))
    return digest.hexdigest()[:12]


def modules_with(package: str, name: str, source: Path = SOURCE) -> tuple[str, ...]:
    """List the modules of a package that set a name, as each figure sets its ``SPEC``.

    Parameters
    ----------
    package : str
        Package (``brainchange.figures``).
    name : str
        Name that they assign at their top level.
    source : Path
        Folder of ``brainchange``.
    """
    folder = source.joinpath(*package.split(".")[1:])
    return tuple(
        f"{package}.{path.stem}"
        for path in sorted(folder.glob("*.py"))
        if name in _assigned(ast.parse(path.read_text(encoding="utf-8")))
    )


def _assigned(tree: ast.Module) -> set[str]:
    targets = [
        target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
    ]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _closure(names: tuple[str, ...], source: Path) -> set[Path]:
    waiting = [path for name in names for path in _files_of(name, source, whole=True)]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            waiting += [
                f for name in _imported(path, source) for f in _files_of(name, source, whole=False)
            ]
            waiting += [f for f in path.parent.iterdir() if f.is_file() and _is_resource(f)]
    return seen


def _files_of(name: str, source: Path, *, whole: bool) -> list[Path]:
    """Files of a module; a package stands for its ``__init__`` or, if `whole`, for everything."""
    parts = name.split(".")[1:]
    folder = source.joinpath(*parts)
    if folder.is_dir():
        inner = folder.rglob("*") if whole and parts else [folder / "__init__.py"]
        return [f for f in inner if f.is_file() and (f.suffix == ".py" or _is_resource(f))]
    module = folder.with_suffix(".py")
    if not module.is_file():
        raise FileNotFoundError(f"there is no module {name} in {source}")
    return [module]


def _is_resource(path: Path) -> bool:
    return path.suffix not in (".py", ".pyc") and path.name != "py.typed"


@cache
def _imported(path: Path, source: Path) -> tuple[str, ...]:
    names = _imports(ast.parse(path.read_text(encoding="utf-8")))
    return tuple(dict.fromkeys(name for name in names if _is_module(name, source)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_module(name: str, source: Path) -> bool:
    top, *parts = name.split(".")
    if top != PACKAGE:
        return False
    path = source.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


@cache
def _content(path: Path) -> bytes:
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    return ast.dump(tree).encode()


def _drop_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> None:
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        node.body = node.body[1:] or [ast.Pass()]
