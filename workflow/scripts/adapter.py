"""What every script does around its work: log to the file of the rule, tell errors in words."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TextIO

from brainchange.errors import BrainchangeError
from brainchange.files import human_bytes
from brainchange.sources.meter import Progress

# One thread a job unless the rule says more: sums must not depend on the number of cores.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

INTERRUPTED = 130
"""Exit code of a program that was interrupted with Ctrl-C."""


@contextmanager
def job(log: str) -> Iterator[Log]:
    """Run the work of a script.

    Parameters
    ----------
    log : str
        The log file of the job.

    Yields
    ------
    Log
        Tells lines to the log.

    Notes
    -----
    A mistake of the user or of the data, an interruption and a full disk end the job with their
    text and without a traceback; anything else is a defect of the program and keeps its traceback.
    All end up in the log.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with Path(log).open("w", encoding="utf-8", buffering=1) as stream, redirect_stderr(stream):
        try:
            yield Log(stream)
        except BrainchangeError as error:
            stream.write(f"{error}\n")
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            stream.write("interrupted\n")
            sys.exit(INTERRUPTED)
        except OSError as error:
            stream.write(_full_disk(error) or traceback.format_exc())
            sys.exit(1)
        except Exception:  # noqa: BLE001 (a defect: its traceback goes to the log)
            stream.write(traceback.format_exc())
            sys.exit(1)


def _full_disk(error: OSError) -> str:
    """Say that there is no room; nothing for another error."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return ""
    return f"there is no room on the disk (or in your quota) of {error.filename or Path.cwd()}\n"


class Log:
    """Tells progress to the log of a job, at most once a second unless it is important."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = 0.0

    def tell(self, line: str) -> None:
        """Write a line."""
        self._stream.write(f"{line}\n")

    def progress(self, line: str) -> None:
        """Write a line unless another was written within the last second."""
        now = time.monotonic()
        if now - self._last >= 1:
            self._last = now
            self.tell(line)

    def fetching(self, done: Progress) -> None:
        """Write how far a fetch has come."""
        left = "" if done.seconds_left is None else f", {done.seconds_left:.0f} s left"
        size = f"{human_bytes(done.size_bytes)} of {human_bytes(done.size_bytes_total)}"
        self.progress(f"{done.files} of {done.files_total} files, {size}{left}")
