"""Several participants simulated at once, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

import joblib

from brainchange.errors import BrainchangeError
from brainchange.sources.bids import Run


def record_all(
    record: Callable[[Sequence[Run]], str],
    participants: Sequence[Sequence[Run]],
    processes: int,
) -> Iterator[str]:
    """Simulate participants, several at once, and write their files.

    Parameters
    ----------
    record : callable
        Simulates the runs of one participant, writes their files and returns the label.
    participants : sequence of sequence of Run
        Runs of each participant.
    processes : int
        Participants at once; each process computes with one thread.

    Yields
    ------
    str
        The participant's label, when all its files are written; in the given order.

    Raises
    ------
    BrainchangeError
        A process ended before its work.
    """
    # loky and not multiprocessing, whose processes import the script that Snakemake runs once more.
    with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        parallel = joblib.Parallel(return_as="generator")
        jobs = (joblib.delayed(record)(runs) for runs in participants)
        try:
            yield from parallel(jobs)
        except BrokenProcessPool:
            raise BrainchangeError(
                "a process of the simulation ended before its work",
                cause="it was stopped, or the memory is too small",
                fix="use fewer cores (about 400 MB each), and run the same command again",
            ) from None
