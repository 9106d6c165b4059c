"""How far a command has come, with time left; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

Tell = Callable[[int, int | None, str], None]
"""Told what is done, of how much (None where that is not known yet), and what is being done."""
LONGEST_DESCRIPTION = 70


@contextmanager
def steps_bar(console: Console, begins: str) -> Iterator[Tell]:
    """Show steps that are done, of how many, and the time left.

    Parameters
    ----------
    console : Console
        Where it is shown; nothing is where it is no terminal.
    begins : str
        What is said before the first step is done.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, *times, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(begins, total=None)

        def tell(done: int, total: int | None, text: str) -> None:
            description = (text or begins)[:LONGEST_DESCRIPTION]
            bar.update(task, description=description, completed=done, total=total)

        yield tell
