"""Make the lock of a study from a BIDS dataset on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from brainchange.errors import LockError, Problem
from brainchange.files import checksum
from brainchange.sources.lock import LockRow
from brainchange.sources.patterns import matching, why_nothing_matches
from brainchange.study.model import Folder


def build_local_lock(
    described: Folder, root: Path, progress: Callable[[str], None] | None = None
) -> tuple[LockRow, ...]:
    """Make one row for each file of a folder that its patterns name.

    Parameters
    ----------
    described : Folder
        Where the dataset is, and which files are needed.
    root : Path
        Folder of the project, for a path without a leading ``/``.
    progress : callable, optional
        Told in a line what has been done.

    Returns
    -------
    tuple of LockRow
        Rows sorted by path, with the md5 of each file; addresses are ``file://``. Hidden files
        and those in hidden folders (``.git``) are no part of the dataset.

    Raises
    ------
    LockError
        The folder does not exist, or a pattern names no file of it; all of these at once.
    """
    folder = (root / described.path).resolve()
    if not folder.is_dir():
        raise LockError(
            "the folder of the study does not exist",
            where=str(folder),
            fix="correct 'path' under 'folder' in the study file",
        )
    paths = sorted(_files(folder))
    chosen = sorted(_chosen(described.files, paths, folder))
    rows = tuple(_row(folder, path) for path in chosen)
    if progress:
        progress(f"{folder}: {len(rows)} of {len(paths)} files")
    return rows


def _files(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [p.as_posix() for p in found if not any(part.startswith(".") for part in p.parts)]


def _chosen(patterns: Sequence[str], paths: Sequence[str], folder: Path) -> set[str]:
    chosen: set[str] = set()
    problems = []
    for pattern in patterns:
        matched = matching(pattern, paths)
        chosen.update(matched)
        if not matched:
            cause, fix = why_nothing_matches(pattern, paths)
            what = f"the pattern '{pattern}' matches no file"
            problems.append(Problem(what, str(folder), cause, fix))
    if problems:
        raise LockError.from_problems(problems)
    return chosen


def _row(folder: Path, path: str) -> LockRow:
    file = folder / path
    return LockRow(path, file.stat().st_size, checksum(file, "md5"), file.as_uri())
