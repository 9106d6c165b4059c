"""Fetch the files of a lock: in parallel, verified, resumable; say clearly what is missing."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path, PurePosixPath

import requests
from requests.adapters import HTTPAdapter

from brainchange.errors import BrainchangeError, FetchError, Problem
from brainchange.files import checksum, human_bytes, inside
from brainchange.sources.addresses import Address, addresses_of
from brainchange.sources.lock import LockRow, problem_of_path
from brainchange.sources.meter import Callback, Meter, Progress
from brainchange.sources.part_file import is_complete, part_path
from brainchange.sources.transfer import BETWEEN_REASONS, Line, obtain
from brainchange.study.settings import Sources

__all__ = ["Callback", "FetchResult", "MissingFile", "Progress", "fetch", "missing", "verify"]

MOST_REASONS_TOLD = 8
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class MissingFile:
    """A file that is not there, or is not the one the lock names.

    Attributes
    ----------
    row : LockRow
        The file.
    reason : str
        Why it is missing.
    """

    row: LockRow
    reason: str


@dataclass(frozen=True)
class FetchResult:
    """What a fetch has done.

    Attributes
    ----------
    fetched : tuple of LockRow
        Files that were fetched and verified now.
    complete : tuple of LockRow
        Files that were there already.
    missing : tuple of MissingFile
        Files that could not be fetched.
    """

    fetched: tuple[LockRow, ...]
    complete: tuple[LockRow, ...]
    missing: tuple[MissingFile, ...]

    @property
    def missing_bytes(self) -> int:
        """Size of the files that could not be fetched."""
        return sum(file.row.size_bytes for file in self.missing)

    @property
    def complete_participants(self) -> tuple[str, ...]:
        """Participants who can be analysed: none of their files is missing, nor of the study's."""
        lacking = {file.row.participant for file in self.missing}
        if None in lacking:
            return ()
        present = {row.participant for row in (*self.fetched, *self.complete)}
        return tuple(sorted(name for name in present - lacking if name))

    def raise_for_missing(self, folder: Path) -> None:
        """Raise one error that says what is missing, why, and what to do.

        Parameters
        ----------
        folder : Path
            The study folder.

        Raises
        ------
        FetchError
            A file is missing.
        """
        if not self.missing:
            return
        total = len(self.missing) + len(self.fetched) + len(self.complete)
        what = f"{len(self.missing)} of {total} files ({human_bytes(self.missing_bytes)})"
        usable = len(self.complete_participants)
        who = "participant is" if usable == 1 else "participants are"
        ready = f" {usable} {who} complete and can be analysed." if usable else ""
        raise FetchError(
            f"{what} could not be fetched.{ready}",
            where=str(folder),
            cause=_reasons(self.missing),
            fix="check the network and fetch again (what has arrived is kept); or name a mirror "
            "under 'sources.mirrors' in config/config.yaml (a folder, file://…, https://…); "
            f"or copy the files into {folder}/ under the paths of the lock",
        )


def fetch(
    rows: Iterable[LockRow],
    folder: Path,
    *,
    root: Path,
    sources: Sources,
    progress: Callback | None = None,
    first_wait: float = 0.5,
) -> FetchResult:
    """Fetch what is missing of a lock, each file verified before it gets its name.

    Files of the whole study come first, then one participant after the other, so that complete
    participants can be analysed while the rest is on its way.

    Parameters
    ----------
    rows : iterable of LockRow
        The files.
    folder : Path
        The study folder; everything stays in it.
    root : Path
        Folder of the project, for addresses without a scheme.
    sources : Sources
        Mirrors, number of connections, time-out (s) and retries.
    progress : callable, optional
        Told how far it has come; called from the threads that fetch, one call at a time.
    first_wait : float
        Seconds before the first retry; doubled each time.

    Returns
    -------
    FetchResult
        What was fetched, what was there, and what is missing and why.

    Raises
    ------
    FetchError
        A path would leave the study folder, a mirror is unusable, or the disk is full.
    """
    ordered = sorted(rows, key=lambda row: (row.participant or "", row.path))
    wanted = missing(ordered, folder)
    targets = _targets(wanted, folder)
    places = [addresses_of(row, sources.mirrors, root) for row in wanted]
    _check_space(wanted, targets, folder)
    there = set(ordered) - set(wanted)
    meter = Meter(
        len(ordered),
        sum(row.size_bytes for row in ordered),
        len(there),
        sum(row.size_bytes for row in there),
        progress,
    )
    with closing(new_session(sources.connections)) as session:
        line = Line(session, meter, sources.timeout, sources.retries, first_wait)
        reasons = _fetch_all(list(zip(wanted, targets, places, strict=True)), line, sources)
    return FetchResult(
        fetched=tuple(row for row in wanted if not reasons[row.path]),
        complete=tuple(row for row in ordered if row in there),
        missing=tuple(MissingFile(row, reasons[row.path]) for row in wanted if reasons[row.path]),
    )


def missing(rows: Iterable[LockRow], folder: Path) -> list[LockRow]:
    """List the files that are not there with the size the lock names; no file is read.

    A file that was fetched gets its name only after its checksum was verified, so size is enough;
    :func:`verify` reads everything, for files that came by another way.

    Raises
    ------
    FetchError
        A path would leave the study folder.
    """
    listed = list(rows)
    problems = [
        Problem(f"path {row.path!r} would leave the study folder: it {problem}", str(folder))
        for row in listed
        if (problem := problem_of_path(row.path))
    ]
    if problems:
        raise FetchError.from_problems(problems)
    return [row for row in listed if not is_complete(folder / row.path, row)]


def verify(
    rows: Iterable[LockRow], folder: Path, progress: Callback | None = None
) -> list[MissingFile]:
    """Read every file and list those that are missing or not the ones the lock names.

    Parameters
    ----------
    rows : iterable of LockRow
        Files.
    folder : Path
        Folder of the study.
    progress : callable, optional
        Told how far it is, before each file.

    Raises
    ------
    FetchError
        A path would leave the study folder.
    """
    listed = list(rows)
    absent = set(missing(listed, folder))
    wrong = []
    total = sum(row.size_bytes for row in listed)
    read = 0
    for number, row in enumerate(listed):
        if progress:
            progress(Progress(number, len(listed), read, total, received_bytes=0, seconds=0.0))
        read += row.size_bytes
        path = folder / row.path
        if row in absent:
            wrong.append(MissingFile(row, _why_incomplete(path)))
        elif checksum(path, row.checksum.partition(":")[0]) != row.checksum:
            wrong.append(MissingFile(row, "has another checksum than the lock names"))
    return wrong


def _why_incomplete(path: Path) -> str:
    if path.is_symlink():
        return "is a link, not a file"
    return "has another size than the lock names" if path.exists() else "is not there"


def _fetch_all(
    jobs: Sequence[tuple[LockRow, Path, tuple[Address, ...]]], line: Line, sources: Sources
) -> dict[str, str]:
    """Fetch in parallel; the reason why not for each path, empty where it is there."""
    with ThreadPoolExecutor(sources.connections, thread_name_prefix="fetch") as pool:
        futures = {pool.submit(_fetch_one, *job, line): job[0].path for job in jobs}
        try:
            return {futures[future]: future.result() for future in as_completed(futures)}
        except BaseException:
            line.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch_one(row: LockRow, target: Path, places: Sequence[Address], line: Line) -> str:
    try:
        reason = obtain(row, target, places, line)
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise FetchError(
                "the disk is full",
                where=str(target.parent),
                fix="make room and fetch again; what has arrived is kept",
            ) from None
        return f"{target.parent}: cannot be written ({(error.strerror or '').lower()})"
    if not reason:
        line.meter.finished()
    return reason


def new_session(connections: int) -> requests.Session:
    """Make a session that threads can share: enough connections, and no cookies."""
    session = requests.Session()
    session.headers["User-Agent"] = "brainchange"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections))
    return session


def _targets(rows: Sequence[LockRow], folder: Path) -> list[Path]:
    """Give the place of each file; refuse any that a link stands in the way of."""
    targets: list[Path] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            targets.append(inside(folder, row.path))
        except BrainchangeError as error:
            problems.extend(error.problems)
            continue
        link = next((place for place in _above(folder, row.path) if place.is_symlink()), None)
        if link:
            problems.append(
                Problem(
                    f"path {row.path!r} passes through the link {link}",
                    str(folder),
                    fix="replace it by a real folder, or link the study folder as a whole",
                )
            )
    if problems:
        raise FetchError.from_problems(problems)
    return targets


def _above(folder: Path, path: str) -> list[Path]:
    return [folder / parent for parent in (path, *map(str, PurePosixPath(path).parents))][:-1]


def _check_space(rows: Sequence[LockRow], targets: Sequence[Path], folder: Path) -> None:
    parts = [part_path(target, row) for row, target in zip(rows, targets, strict=True)]
    begun = sum(part.lstat().st_size for part in parts if part.exists())
    needed = sum(row.size_bytes for row in rows) - begun
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise FetchError(
            f"{human_bytes(needed)} are needed and only {human_bytes(free)} are free",
            where=str(folder),
            fix="make room, link the study folder to a larger disk, or fetch fewer participants",
        )


def _reasons(files: Sequence[MissingFile]) -> str:
    """Count the reasons; a file with two addresses has two."""
    counted = Counter(reason for file in files for reason in file.reason.split(BETWEEN_REASONS))
    told = [f"{reason} ({n} files)" for reason, n in counted.most_common(MOST_REASONS_TOLD)]
    more = len(counted) - len(told)
    return BETWEEN_REASONS.join(told) + (f"; and {more} other reasons" if more else "")
