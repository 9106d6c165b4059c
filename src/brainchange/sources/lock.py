"""The lock of a study: every file that is needed, with size, checksum and addresses.

A lock is read by every command and at the start of every workflow run, and it may come from
somebody else. So it is read by hand rather than through pandas (20,000 rows in a tenth of a
second), and nothing in it is believed before it is checked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from brainchange.errors import LockError, Problem, did_you_mean
from brainchange.files import write_text
from brainchange.tables import MISSING, Column, TableSchema

LOCK_TABLE = TableSchema(
    "lock",
    "One file that the study needs.",
    (
        Column("path", "string", "POSIX path of the file in the study folder", required=True),
        Column("size_bytes", "integer", "Size of the file", unit="byte", required=True),
        Column(
            "checksum",
            "string",
            "`md5:`, `sha256:` or `git-sha1:` (name of the git blob) and the hexadecimal digest",
            required=True,
        ),
        Column(
            "url",
            "string",
            "Address of exactly this version; without a scheme, a path in the project folder",
            required=True,
        ),
        Column("fallback_url", "string", "Address to try if the first one does not answer"),
    ),
    key=("path",),
)

MOST_PROBLEMS_TOLD = 50

_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}|git-sha1:[0-9a-f]{40}")
_SIZE = re.compile(r"[0-9]{1,15}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB_OR_FILE = re.compile(r"(?:https?://[^/\s]+|file://)/\S*")
_CONTROL_OR_BACKSLASH = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_PARTICIPANT = re.compile(r"(?:^|/)(sub-[A-Za-z0-9]+)(?=[/_.]|$)")
_SESSION = re.compile(r"(?:^|[/_])(ses-[A-Za-z0-9]+)(?=[/_.]|$)")


@dataclass(frozen=True, slots=True)
class LockRow:
    """One file that the study needs.

    Attributes
    ----------
    path : str
        POSIX path in the study folder.
    size_bytes : int
        Size of the file.
    checksum : str
        ``md5:…``, ``sha256:…`` or ``git-sha1:…`` with the hexadecimal digest.
    url : str
        Address of this version of the file; without a scheme, a path in the project folder.
    fallback_url : str or None
        Address to try if the first one does not answer.
    """

    path: str
    size_bytes: int
    checksum: str
    url: str
    fallback_url: str | None = None

    @property
    def participant(self) -> str | None:
        """Participant the file belongs to (``sub-01``); None for a file of the whole study."""
        return participant_of(self.path)

    @property
    def session(self) -> str | None:
        """Session the file belongs to (``ses-pre``); None for a file of several sessions."""
        found = _SESSION.search(self.path) if self.participant else None
        return found[1] if found else None


def participant_of(path: str) -> str | None:
    """Say which participant a path belongs to (``sub-01``); None for one of the whole study."""
    found = _PARTICIPANT.search(path)
    return found[1] if found else None


def read_lock(path: Path) -> tuple[LockRow, ...]:
    """Read and check the lock of a study.

    Parameters
    ----------
    path : Path
        ``data/locks/<id>.tsv``.

    Returns
    -------
    tuple of LockRow
        Rows in the order of the file.

    Raises
    ------
    LockError
        The file is missing or no lock, or rows of it are not to be trusted: a path that leaves the
        study folder or occurs twice, a size or checksum that cannot be meant, an address of an
        unknown kind. All such rows are told at once.
    """
    header, *lines = _lines(path)
    _check_header(header, path)
    rows: list[LockRow] = []
    problems: list[Problem] = []
    for number, cells in enumerate(lines, start=2):
        wrong = _problems_of_cells(dict(zip(header, cells, strict=False)), len(cells))
        if wrong:
            problems += [Problem(what, f"{path}, row {number}", fix=fix) for what, fix in wrong]
        else:
            rows.append(_row(dict(zip(header, cells, strict=True))))
    problems += [Problem(what, str(path), fix=fix) for what, fix in _clashes(rows)]
    _refuse(problems)
    if not rows:
        raise LockError("the lock names no file", where=str(path), fix=_remake(path))
    return tuple(rows)


def write_lock(rows: Iterable[LockRow], path: Path) -> None:
    """Write a lock sorted by path, complete or not at all.

    Raises
    ------
    LockError
        A row would not be accepted by :func:`read_lock`.
    """
    ordered = sorted(rows, key=lambda row: row.path)
    problems = [
        Problem(what, row.path, fix=fix)
        for row in ordered
        for what, fix in _problems_of_cells(_cells(row), len(LOCK_TABLE.names))
    ]
    problems += [Problem(what, str(path), fix=fix) for what, fix in _clashes(ordered)]
    _refuse(problems)
    lines = ["\t".join(LOCK_TABLE.names)]
    lines += ["\t".join(_cells(row)[name] for name in LOCK_TABLE.names) for row in ordered]
    write_text(path, "\n".join(lines) + "\n")


def select(
    rows: Sequence[LockRow],
    participants: Collection[str] = (),
    sessions: Collection[str] = (),
) -> tuple[LockRow, ...]:
    """Keep the rows of some participants and sessions; files shared by all are kept always.

    Parameters
    ----------
    rows : sequence of LockRow
        The lock.
    participants, sessions : collection of str
        Labels with or without ``sub-`` and ``ses-``; empty for all.

    Raises
    ------
    LockError
        The lock has no file of a participant or session.
    """
    wanted = _labels("sub-", participants, {row.participant for row in rows})
    visits = _labels("ses-", sessions, {row.session for row in rows})
    return tuple(
        row
        for row in rows
        if (not wanted or row.participant in {None, *wanted})
        and (not visits or row.session in {None, *visits})
    )


def problem_of_path(path: str) -> str:
    """Say what makes a path from a dataset unfit to be joined to a folder; empty if nothing.

    Looks at the text alone (links are checked when a file is opened), so that a lock of 20,000
    rows costs no look at the disk.
    """
    parts = path.split("/")
    if path.startswith("/"):
        return "is absolute"
    if ".." in parts:
        return "climbs with '..'"
    if _CONTROL_OR_BACKSLASH.search(path):
        return "holds a control character or a backslash"
    if not path or "" in parts or "." in parts:
        return "is empty or has an empty part"
    return ""


def _lines(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LockError("the lock does not exist", where=str(path), fix=_remake(path)) from None
    except UnicodeDecodeError as error:
        raise LockError(
            f"the lock is not UTF-8 text (byte {error.start})", where=str(path), fix=_remake(path)
        ) from None
    lines = [line.split("\t") for line in text.split("\n") if line]
    if not lines:
        raise LockError("the lock is empty", where=str(path), fix=_remake(path))
    return lines


def _check_header(header: Sequence[str], path: Path) -> None:
    where, names = f"{path}, row 1", LOCK_TABLE.names
    problems = [
        Problem(f"column '{name}' is missing", where, fix=did_you_mean(name, header))
        for name in names
        if name not in header
    ] + [
        Problem(f"column '{name}' is unknown", where, fix=did_you_mean(name, names))
        for name in header
        if name not in names
    ]
    if len(set(header)) < len(header):
        problems.append(Problem("a column occurs twice", where))
    _refuse(problems)


def _problems_of_cells(cells: dict[str, str], n_cells: int) -> list[tuple[str, str]]:
    """Say what is wrong with one row: (what, what to do)."""
    if n_cells != len(LOCK_TABLE.names):
        return [(f"{n_cells} cells where the header has {len(LOCK_TABLE.names)}", "")]
    wrong = []
    hostile = problem_of_path(cells["path"])
    if hostile:
        what = f"path {cells['path']!r} would leave the study folder: it {hostile}"
        wrong.append((what, "do not use this lock; report it to whoever made it"))
    if not _SIZE.fullmatch(cells["size_bytes"]):
        wrong.append((f"size_bytes {cells['size_bytes']!r} is not a number of bytes", ""))
    if not _CHECKSUM.fullmatch(cells["checksum"]):
        kinds = "md5: and 32, sha256: and 64, or git-sha1: and 40 hexadecimal digits (lower case)"
        wrong.append((f"checksum {cells['checksum']!r} is of no known kind", f"write {kinds}"))
    for name in ("url", "fallback_url"):
        if not _is_address(cells[name]) and (name == "url" or cells[name] != MISSING):
            kinds = "http://…, https://…, file:///… or a path in the project folder"
            wrong.append((f"{name} {cells[name]!r} cannot be fetched from", f"write {kinds}"))
    return wrong


def _is_address(text: str) -> bool:
    if _SCHEME.match(text):
        return _WEB_OR_FILE.fullmatch(text) is not None
    return text != MISSING and not problem_of_path(text)


def _clashes(rows: Sequence[LockRow]) -> list[tuple[str, str]]:
    """Paths that occur twice, and files that another path uses as a folder."""
    seen: set[str] = set()
    wrong = []
    for row in rows:
        if row.path in seen:
            wrong.append((f"path {row.path!r} occurs twice", "keep one of the rows"))
        seen.add(row.path)
    both = sorted({parent for row in rows for parent in _parents(row.path)} & seen)
    wrong += [(f"path {path!r} is a file and a folder", "keep one of them") for path in both]
    return wrong


def _parents(path: str) -> list[str]:
    return [path[: found.start()] for found in re.finditer("/", path)]


def _refuse(problems: list[Problem]) -> None:
    more = len(problems) - MOST_PROBLEMS_TOLD
    if more > 0:
        problems = [*problems[:MOST_PROBLEMS_TOLD], Problem(f"… and {more} more problems")]
    if problems:
        raise LockError.from_problems(problems)


def _row(cells: dict[str, str]) -> LockRow:
    fallback = cells["fallback_url"]
    return LockRow(
        path=cells["path"],
        size_bytes=int(cells["size_bytes"]),
        checksum=cells["checksum"],
        url=cells["url"],
        fallback_url=None if fallback == MISSING else fallback,
    )


def _cells(row: LockRow) -> dict[str, str]:
    return {
        "path": row.path,
        "size_bytes": str(row.size_bytes),
        "checksum": row.checksum,
        "url": row.url,
        "fallback_url": MISSING if row.fallback_url is None else row.fallback_url,
    }


def _labels(prefix: str, asked: Collection[str], known: set[str | None]) -> set[str]:
    names = sorted(name for name in known if name)
    labels = {prefix + label.removeprefix(prefix) for label in asked}
    problems = [
        Problem(f"the lock has no file of '{label}'", fix=did_you_mean(label, names))
        for label in sorted(labels - set(names))
    ]
    _refuse(problems)
    return labels


def _remake(path: Path) -> str:
    return f"make it with: brainchange lock {path.stem}"
