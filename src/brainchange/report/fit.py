"""A page of at most ten million bytes, whatever the number of claims, regions and participants.

Text stands in the page whatever happens. The room that is left is shared out: figures first, as
drawn, the heaviest as small pictures where there are too many, and last beside the page; then
tables to take away, the smallest first; then pictures of the quality of images, those of
participants who are left out or stand apart first. What does not fit is linked: it lies beside the
page.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from markupsafe import escape
from PIL import Image

from brainchange.files import inside
from brainchange.report.data_table import download
from brainchange.report.glyphs import share_letters
from brainchange.report.page import ReportInput, render
from brainchange.report.pictures import Picture
from brainchange.report.quality import MOST_BYTES, read_quality
from brainchange.report.webp import data_address

LARGEST_PAGE = 10_000_000
FIGURES, TABLES = 0.65, 0.6
"""Largest shares: figures of the room beside the text, tables of what figures leave."""
SPARE = 50_000
"""Bytes for the words around pictures that are inside instead of linked."""
TEXT_BYTES = 4 / 3
"""A byte written as text (base64)."""
PICTURE_WIDTH, PICTURE_QUALITY = 900, 50
"""Of a figure that stands in the page as a small picture: pixels, and quality of the WebP."""


def fitted(
    given: ReportInput, quality: Sequence[Path], figures: Path, largest: int = LARGEST_PAGE
) -> str:
    """Make the page with as much inside as it may hold.

    Parameters
    ----------
    given : ReportInput
        What the page is made from, without quality of images.
    quality : sequence of Path
        ``results/<study>/quality/part-XX/sub-XX``, one a participant; none for a study from a
        table.
    figures : Path
        ``results/<study>/figures``, for small pictures of figures that are too heavy.
    largest : int
        Bytes of the page.

    Returns
    -------
    str
        HTML. Larger only where the text alone is.
    """
    bare = replace(
        given,
        pictures=tuple(replace(one, svg="", source="") for one in given.pictures),
        quality=read_quality(quality, 0),
        beside=frozenset(given.tables),
    )
    room = largest - SPARE - _bytes(render(bare))
    pictures = with_room(given.pictures, figures, int(FIGURES * room))
    room -= _weight(pictures)
    most = int(TABLES * room) if quality else room
    sources, tables = taken_along(pictures, given.tables, most)
    room -= sum(len(one.source) for one in sources) + sum(
        len(download(name, table).address)
        for name, table in given.tables.items()
        if name not in tables
    )
    return render(
        replace(
            given,
            pictures=sources,
            beside=tables,
            quality=read_quality(quality, min(MOST_BYTES, max(0, int(room / TEXT_BYTES)))),
        )
    )


def with_room(pictures: Sequence[Picture], folder: Path, room: int) -> tuple[Picture, ...]:
    """Make the heaviest figures lighter until all of them together fit.

    A small picture takes the place of a figure only where that halves its weight.

    Parameters
    ----------
    pictures : sequence of Picture
        As drawn.
    folder : Path
        Folder with their PNG.
    room : int
        Bytes for all of them.

    Returns
    -------
    tuple of Picture
        The same; some as small pictures, and if that is not enough some as links.
    """
    drawn, letters = share_letters(pictures)
    found = {one.name: one for one in pictures}
    weights = {one.name: _bytes(one.svg) for one in drawn}
    total = sum(weights.values()) + len(letters)
    for lighter in (_small, _linked):
        for name in sorted(weights, key=lambda name: (-weights[name], name)):
            if total <= room:
                return tuple(found.values())
            other = lighter(found[name], folder)
            if 2 * _bytes(other.svg) < weights[name]:
                total += _bytes(other.svg) - weights[name]
                found[name], weights[name] = other, _bytes(other.svg)
    return tuple(found.values())


def taken_along(
    pictures: Sequence[Picture], tables: Mapping[str, pd.DataFrame], room: int
) -> tuple[tuple[Picture, ...], frozenset[str]]:
    """Choose the tables that can be taken from the page itself, the smallest first.

    Parameters
    ----------
    pictures : sequence of Picture
        Figures with the tables they show.
    tables : mapping of str to pandas.DataFrame
        Tables of the results.
    room : int
        Bytes for all of them.

    Returns
    -------
    tuple of Picture
        The figures; the table of some lies beside the page only.
    frozenset of str
        Names of the tables of the results that lie beside the page only.
    """
    sizes = {("", name): len(download(name, table).address) for name, table in tables.items()}
    sizes |= {("of a picture", one.name): len(one.source) for one in pictures}
    kept = set()
    for key in sorted(sizes, key=lambda key: (sizes[key], key)):
        room -= sizes[key]
        if room < 0:
            break
        kept.add(key)
    return (
        tuple(
            one if ("of a picture", one.name) in kept else replace(one, source="")
            for one in pictures
        ),
        frozenset(name for name in tables if ("", name) not in kept),
    )


def _weight(pictures: Sequence[Picture]) -> int:
    """Bytes of figures in the page, with the letters they share."""
    drawn, letters = share_letters(pictures)
    return sum(_bytes(one.svg) for one in drawn) + len(letters)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8"))


def _small(picture: Picture, folder: Path) -> Picture:
    """Put the PNG beside the page into it as a small WebP."""
    file = inside(folder, f"{picture.name}.png")
    if not file.is_file():
        return picture
    with Image.open(file) as opened:
        height = round(opened.height * PICTURE_WIDTH / opened.width)
        small = opened.convert("RGB").resize((PICTURE_WIDTH, height), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    small.save(held, "WEBP", quality=PICTURE_QUALITY, method=4)
    svg = (
        f'<img src="{data_address(held.getvalue())}" '
        f'width="{PICTURE_WIDTH}" height="{height}" alt="{escape(picture.alternative)}">'
    )
    return replace(picture, svg=svg)


def _linked(picture: Picture, _: Path) -> Picture:
    """Say that a figure lies beside the page, with its words."""
    said = escape(f"This figure lies beside the page. {picture.alternative}")
    return replace(picture, svg=f'<p class="note">{said}</p>')
