"""What the commands share: where they write, how they show a table and how far they have come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
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


def show_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table: for people on a terminal, tab-separated where the output is piped.

    A terminal too narrow for the longest words gets the rows one below the other.

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
    console = Console()
    columns = [[name, *(row[n] for row in cells)] for n, name in enumerate(header)]
    least, most = [_longest_word(column) for column in columns], [max(map(len, c)) for c in columns]
    room = console.width - 2 * (len(columns) - 1)
    if sum(least) > room:
        _show_rows(console, header, cells)
        return
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name, width in zip(header, _widths(least, most, room), strict=True):
        table.add_column(name, width=width)
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)


def _widths(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Share the room out: each column its longest word, the rest to those that need least more."""
    widths, left = list(least), room - sum(least)
    in_order = sorted(range(len(least)), key=lambda n: most[n] - least[n])
    for place, number in enumerate(in_order):
        more = min(most[number] - least[number], left // (len(in_order) - place))
        widths[number] += more
        left -= more
    return widths


def _longest_word(texts: Iterable[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=0)


def _show_rows(console: Console, header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print each row as lines of its own, where words would be broken in a table."""
    for row in cells:
        console.print(f"[bold]{escape(row[0])}[/]", highlight=False)
        for name, cell in zip(header[1:], row[1:], strict=True):
            if cell:
                console.print(Padding(f"{name}: {escape(cell)}", (0, 0, 0, 2)), highlight=False)


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
