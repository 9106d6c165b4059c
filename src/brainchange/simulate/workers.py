"""Several participants simulated at once, each in a process of its own.

Written by hand, because `multiprocessing` imports the main module of the program once more in
every process, which a script that Snakemake runs does not survive; and threads would wait for each
other between the many short steps of numpy. `python -m brainchange.simulate.workers` is one worker.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

from brainchange.errors import BrainchangeError
from brainchange.simulate.record import Recording, record_participant
from brainchange.sources.bids import Run

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Workers share the cores; each gets one."""


def record_all(
    recording: Recording, participants: Sequence[Sequence[Run]], processes: int
) -> Iterator[str]:
    """Simulate participants, several at once, and write their files.

    Parameters
    ----------
    recording : Recording
        What they have in common.
    participants : sequence of sequence of Run
        Runs of each participant.
    processes : int
        Participants at once.

    Yields
    ------
    str
        The participant's label, when all its files are written; in the given order.

    Raises
    ------
    BrainchangeError
        A worker ended before its work.
    """
    number = min(processes, len(participants))
    if number <= 1:
        for runs in participants:
            yield record_participant(recording, runs)
        return
    with ExitStack() as stack:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(number):
            worker = _Worker(recording)
            stack.callback(worker.close)
            idle.put(worker)

        def record(runs: Sequence[Run]) -> str:
            worker = idle.get()
            try:
                return worker.record(runs)
            finally:
                idle.put(worker)

        pool = stack.enter_context(ThreadPoolExecutor(number))
        yield from pool.map(record, participants)


class _Worker:
    """The parent's end of one worker: it gets pickles and answers with pickles."""

    def __init__(self, recording: Recording) -> None:
        command = [sys.executable, "-m", "brainchange.simulate.workers"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD
        )
        self._recording: Recording | None = recording

    def record(self, runs: Sequence[Run]) -> str:
        """Have one participant simulated, and wait for it."""
        sent, received = self._process.stdin, self._process.stdout
        if sent is None or received is None:
            raise RuntimeError("the worker was started without pipes")
        try:
            if self._recording is not None:
                pickle.dump(self._recording, sent)
                self._recording = None
            pickle.dump(runs, sent)
            sent.flush()
            answer = pickle.load(received)  # noqa: S301 — from our own process
        except (EOFError, BrokenPipeError):
            raise BrainchangeError(
                f"a process of the simulation ended while it made {runs[0].participant}",
                cause="it was stopped, or the memory is too small",
                fix="use fewer cores (about 400 MB each), and run the same command again",
            ) from None
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def close(self) -> None:
        """End the worker; what it has not finished stays absent."""
        self._process.kill()
        self._process.communicate()


def _serve() -> None:
    """Do what comes in, until nothing more comes."""
    received, sent = sys.stdin.buffer, sys.stdout.buffer
    recording: Recording = pickle.load(received)  # noqa: S301 — from our own process
    while True:
        try:
            runs: Sequence[Run] = pickle.load(received)  # noqa: S301
        except EOFError:
            return
        answer: str | Exception
        try:
            answer = record_participant(recording, runs)
        except Exception as error:  # noqa: BLE001 — raised again by the parent
            answer = error
        pickle.dump(answer, sent)
        sent.flush()


if __name__ == "__main__":
    _serve()
