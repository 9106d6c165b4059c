"""How far a fetch has come, told to whoever wants to show it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a fetch has come.

    Attributes
    ----------
    files, files_total : int
        Files that are there, and all files.
    size_bytes, size_bytes_total : int
        Bytes that are there, unfinished files included, and all bytes.
    received_bytes : int
        Bytes received since the fetch began.
    seconds : float
        Time since the fetch began, in s.
    """

    files: int
    files_total: int
    size_bytes: int
    size_bytes_total: int
    received_bytes: int
    seconds: float

    @property
    def bytes_per_second(self) -> float:
        """Speed of the fetch so far."""
        return self.received_bytes / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time until all is there, in s, at the speed so far; None while nothing has come."""
        if not self.received_bytes:
            return None
        return (self.size_bytes_total - self.size_bytes) / self.bytes_per_second


Callback = Callable[[Progress], None]


class Meter:
    """Count the bytes and files of one fetch; safe to use from several threads.

    Parameters
    ----------
    files_total, size_bytes_total : int
        All files and bytes of the fetch.
    files, size_bytes : int
        Those that were there before it began.
    callback : callable, optional
        Told how far it has come, one call at a time, ten times a second at most.
    """

    def __init__(
        self,
        files_total: int,
        size_bytes_total: int,
        files: int = 0,
        size_bytes: int = 0,
        callback: Callback | None = None,
    ) -> None:
        self._totals = (files_total, size_bytes_total)
        self._files = files
        self._size_bytes = size_bytes
        self._received = 0
        self._of_file: dict[str, int] = {}
        self._callback = callback
        self._began = time.monotonic()
        self._told = 0.0
        self._lock = Lock()

    def at(self, path: str, size_bytes: int, *, received: int = 0) -> None:
        """Note how many bytes of a file are there, and how many of them have just come."""
        with self._lock:
            self._size_bytes += size_bytes - self._of_file.get(path, 0)
            self._of_file[path] = size_bytes
            self._received += received
            self._tell(now=False)

    def finished(self) -> None:
        """Note that a file is complete."""
        with self._lock:
            self._files += 1
            self._tell(now=True)

    def _tell(self, *, now: bool) -> None:
        seconds = time.monotonic() - self._began
        if self._callback and (now or seconds - self._told >= SECONDS_BETWEEN_REPORTS):
            self._told = seconds
            files_total, bytes_total = self._totals
            self._callback(
                Progress(
                    self._files, files_total, self._size_bytes, bytes_total, self._received, seconds
                )
            )
