"""The unfinished file beside its target: resumed after a break, owned by one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import BinaryIO

from brainchange.files import CHUNK_BYTES, new_digest
from brainchange.sources.lock import LockRow

SECONDS_BETWEEN_LOOKS = 0.2


class Stopped(Exception):  # noqa: N818  (it is no error: somebody asked to stop)
    """The whole fetch was asked to stop."""


def is_complete(path: Path, row: LockRow) -> bool:
    """Whether a file is there with the size the lock names (a file gets its name when verified)."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == row.size_bytes


class PartFile:
    """What has arrived of one file so far.

    Its name holds the checksum, so that the rest of another version is never appended to it.

    Parameters
    ----------
    stream : BinaryIO
        The open file.
    path : Path
        Its name.
    target : Path
        The name it gets when it is complete.
    row : LockRow
        What it is to become.
    """

    def __init__(self, stream: BinaryIO, path: Path, target: Path, row: LockRow) -> None:
        self._stream = stream
        self._path = path
        self._target = target
        self._row = row
        self._digest = self._new_digest()
        self.size_bytes = 0

    def resume(self) -> int:
        """Read what is there into the digest and go to its end; start anew if it is too long.

        Returns
        -------
        int
            How many bytes are there.
        """
        self._digest = self._new_digest()
        self.size_bytes = 0
        self._stream.seek(0)
        while chunk := self._stream.read(CHUNK_BYTES):
            self._digest.update(chunk)
            self.size_bytes += len(chunk)
        if self.size_bytes > self._row.size_bytes:
            self.drop()
        return self.size_bytes

    def append(self, chunk: bytes) -> int:
        """Add bytes, but never more than the lock names; say how many were added."""
        fitting = chunk[: self._row.size_bytes - self.size_bytes]
        self._stream.write(fitting)
        self._digest.update(fitting)
        self.size_bytes += len(fitting)
        return len(fitting)

    def drop(self) -> None:
        """Forget what has arrived."""
        self._stream.seek(0)
        self._stream.truncate()
        self._digest = self._new_digest()
        self.size_bytes = 0

    def is_right(self) -> bool:
        """Whether it has the checksum the lock names."""
        algorithm = self._row.checksum.partition(":")[0]
        return f"{algorithm}:{self._digest.hexdigest()}" == self._row.checksum

    def finish(self) -> None:
        """Flush it to the disk and give it its name."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._path.replace(self._target)

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def _new_digest(self) -> hashlib._Hash:
        return new_digest(self._row.checksum.partition(":")[0], self._row.size_bytes)


@contextmanager
def owned_part(target: Path, row: LockRow, stop: Event) -> Iterator[PartFile]:
    """Open the unfinished file of a target for this process alone; wait while another has it.

    Raises
    ------
    Stopped
        The fetch was asked to stop while waiting.
    OSError
        The file cannot be made; a link in its place is not followed.
    """
    path = part_path(target, row)
    stream = _open(path)
    while not _owned(stream, path):
        stream.close()
        if stop.wait(SECONDS_BETWEEN_LOOKS):
            raise Stopped
        stream = _open(path)
    with stream:
        part = PartFile(stream, path, target, row)
        try:
            yield part
        finally:
            stream.flush()
            if not os.fstat(stream.fileno()).st_size:
                part.remove()


def part_path(target: Path, row: LockRow) -> Path:
    """Name of the unfinished file: hidden, beside the target, with the start of the checksum."""
    return target.with_name(f".{target.name}.{row.checksum.partition(':')[2][:12]}.part")


def _open(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    return os.fdopen(handle, "r+b")


def _owned(stream: BinaryIO, path: Path) -> bool:
    """Take the file if no other process has it and it has not been renamed meanwhile."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    with suppress(FileNotFoundError):
        return os.fstat(stream.fileno()).st_ino == path.lstat().st_ino
    return False
