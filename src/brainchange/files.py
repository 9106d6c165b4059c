"""Files that are complete or absent, paths that stay where they belong, checksums."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from brainchange.errors import BrainchangeError

CHUNK_BYTES = 1 << 20


@contextmanager
def complete_or_absent(path: Path) -> Iterator[Path]:
    """Give a temporary name to write to; the file gets its own name only when all is written.

    Parameters
    ----------
    path : Path
        The name the file gets at the end; its folder is made.

    Yields
    ------
    Path
        The temporary name, in the same folder and with the same suffixes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Always the same name, so that what a killed run left behind is written over by the next.
    temporary = path.with_name(f".writing-{path.name}")
    temporary.unlink(missing_ok=True)
    temporary.touch()
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file with Unix line ends, complete or not at all."""
    with complete_or_absent(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def checksum(path: Path, algorithm: str) -> str:
    """Checksum of a file.

    Parameters
    ----------
    path : Path
        The file.
    algorithm : {'md5', 'sha256', 'git-sha1'}
        ``git-sha1`` is the name git gives to the content: SHA-1 of a header with the length,
        then the content.

    Returns
    -------
    str
        ``<algorithm>:<hexadecimal digest>``.
    """
    digest = new_digest(algorithm, path.stat().st_size)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return f"{algorithm}:{digest.hexdigest()}"


def new_digest(algorithm: str, size_bytes: int) -> hashlib._Hash:
    """Start a digest of one of the kinds a lock can name (see :func:`checksum`)."""
    if algorithm == "git-sha1":
        return hashlib.sha1(f"blob {size_bytes}\0".encode(), usedforsecurity=False)
    if algorithm not in ("md5", "sha256"):
        raise BrainchangeError(
            f"checksum kind '{algorithm}' is unknown", fix="use md5, sha256 or git-sha1"
        )
    return hashlib.new(algorithm, usedforsecurity=False)


def inside(folder: Path, relative: str) -> Path:
    """Join a path that comes from a dataset to a folder it must not leave.

    Parameters
    ----------
    folder : Path
        The folder everything must stay in.
    relative : str
        A POSIX path from a lock or a dataset: untrusted.

    Returns
    -------
    Path
        ``folder / relative``.

    Raises
    ------
    BrainchangeError
        The path is empty, absolute, climbs with ``..``, holds a control character or a backslash,
        or passes through a link that leads out of the folder.
    """
    pure = PurePosixPath(relative)
    hostile = (
        not relative
        or pure.is_absolute()
        or ".." in pure.parts
        or relative != str(pure)
        or re.search(r"[\x00-\x1f\x7f\\]", relative) is not None
    )
    if not hostile:
        joined = folder.joinpath(*pure.parts)
        hostile = not joined.resolve().is_relative_to(folder.resolve())
    if hostile:
        raise BrainchangeError(
            f"path {relative!r} would leave the folder {folder.name}/",
            cause="it is absolute, climbs with '..', or passes through a link",
            fix="do not use this file; report it to whoever made it",
        )
    return joined


def human_bytes(size_bytes: float) -> str:
    """Write a number of bytes for a person (decimal units: 3.15 GB)."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.3g} TB"


def _flush(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
