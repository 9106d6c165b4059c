"""A page about several studies: the same shell, tables and pictures as the report of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from brainchange.figures import theme
from brainchange.figures.drawing import Drawing
from brainchange.figures.numbers import plural
from brainchange.report.data_table import DataTable, download
from brainchange.report.glyphs import share_letters
from brainchange.report.pictures import Picture, drawn_picture
from brainchange.report.shell import environment, shell
from brainchange.tables import TableSchema


@dataclass(frozen=True)
class Part:
    """One section of the page.

    Attributes
    ----------
    name, heading, text : str
        Id, heading and what to know of it.
    table : DataTable or None
        Its table.
    pictures : tuple of Picture
        Its figures.
    """

    name: str
    heading: str
    text: str = ""
    table: DataTable | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """What a page about several studies holds.

    Attributes
    ----------
    about, question, answer : str
        What is gathered, what is asked of it, and the answer in a sentence.
    minute : tuple of (str, str)
        What must be known in a minute, by question.
    parts : tuple of Part
        The sections; the first one is the answer and has the id ``answer``.
    notes : tuple of str
        What must be known to read it.
    tables : mapping of TableSchema to pandas.DataFrame
        Tables to take away, by schema.
    made : str
        What it was made with: seed, commands.
    simulated : bool
        Whether the studies are simulated.
    """

    about: str
    question: str
    answer: str
    minute: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    tables: Mapping[str, tuple[TableSchema, pd.DataFrame]]
    made: str
    simulated: bool = False


def gathered_page(given: Gathered) -> str:
    """Make the page.

    Parameters
    ----------
    given : Gathered
        What it holds.

    Returns
    -------
    str
        HTML that needs nothing else and runs nothing from outside.
    """
    drawn = [picture for part in given.parts for picture in part.pictures]
    slim, letters = share_letters(drawn)
    by_name = {one.name: one for one in slim}
    pictures = {part.name: [by_name[one.name] for one in part.pictures] for part in given.parts}
    return (
        environment()
        .get_template("gathered.html.j2")
        .render(
            given=given,
            pictures=pictures,
            made=given.made,
            downloads={name: download(name, table) for name, (_, table) in given.tables.items()},
            plural=plural,
            letters=Markup(letters),  # noqa: S704 (outlines of pictures that were checked)
            paper=Markup(json.dumps([[f"--f{c[1:]}", c] for c in theme.DARK])),  # noqa: S704
            shell=shell(),
            simulated=given.simulated,
        )
    )


def drawn_pictures(drawings: Sequence[Drawing], folder: Path) -> tuple[Picture, ...]:
    """Read drawings that were written into a folder.

    Parameters
    ----------
    drawings : sequence of Drawing
        What was drawn.
    folder : Path
        Where their SVG and TSV are.
    """
    return tuple(drawn_picture(drawing, folder) for drawing in drawings)
