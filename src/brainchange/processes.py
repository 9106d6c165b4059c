"""The same work on several things at once, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import joblib

from brainchange.errors import BrainchangeError

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_processes(
    work: Callable[[Given], Made], things: Sequence[Given], processes: int, *, what: str
) -> Iterator[Made]:
    """Do the same work on many things, several at once.

    Parameters
    ----------
    work : callable
        From one thing to what is made of it; both can be pickled.
    things : sequence
        What to work on.
    processes : int
        How many at once; each process computes with one thread. With 1 none is started.
    what : str
        What is done, for the message if a process dies.

    Yields
    ------
    object
        What was made of each thing, in the given order.

    Raises
    ------
    BrainchangeError
        A process ended before its work.
    """
    if processes == 1 or len(things) < 2:
        yield from map(work, things)
        return
    # loky and not multiprocessing, whose processes import the script that Snakemake runs once more.
    with joblib.parallel_config("loky", n_jobs=processes, inner_max_num_threads=1):
        parallel = joblib.Parallel(return_as="generator")
        try:
            yield from parallel(joblib.delayed(work)(thing) for thing in things)
        except BrokenProcessPool:
            raise BrainchangeError(
                f"a process of {what} ended before its work",
                cause="it was stopped, or the memory is too small",
                fix="use fewer cores (about 400 MB each), and run the same command again",
            ) from None
