"""What the commands share: where they write, how they show a table and how far they have come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from brainchange.project_folder import known_studies

out = Console(soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, soft_wrap=True)

StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study.", autocompletion=known_studies)
]
Tell = Callable[[int, int | None, str], None]
"""Told what is done, of how much (None where that is not known yet), and what is being done."""
LONGEST_DESCRIPTION = 70
WIDEST_UNBROKEN = 14
"""A column whose cells are not longer than this (signs) is never broken into lines."""


def show_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table: for people on a terminal, tab-separated where the output is piped.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    cells : sequence of sequence of str
        Rows.
    """
    if not sys.stdout.isatty():
        typer.echo("\n".join("\t".join(row) for row in [header, *cells]))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(header):
        longest = max((len(row[number]) for row in cells), default=0)
        table.add_column(name, no_wrap=longest <= WIDEST_UNBROKEN, overflow="fold")
    for row in cells:
        table.add_row(*map(escape, row))
    Console().print(table)


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
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(), TextColumn("{task.fields[steps]}"))
    times = (TimeElapsedColumn(), TextColumn("{task.fields[left]}"), TimeRemainingColumn())
    with Progress(
        *columns, *times, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(begins, total=None, steps="", left="")

        def tell(done: int, total: int | None, text: str) -> None:
            description = (text or begins)[:LONGEST_DESCRIPTION]
            bar.update(task, description=description, completed=done, total=total)
            if total:
                bar.update(task, steps=f"{done}/{total}", left="left")

        yield tell
