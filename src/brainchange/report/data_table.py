"""Tables of the page: cells with words and a value to sort by, and the whole table to download."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

import pandas as pd

from brainchange.figures.badges import Badge
from brainchange.tables import tsv_text

LARGEST_DOWNLOAD = 400_000
"""Bytes of a table above which it is not put into the page; it lies beside it all the same."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        What it says.
    small : str
        A second line.
    sort : float or str
        What rows are sorted by; the text where it is empty.
    badge : Badge or None
        A verdict to show before the text.
    """

    text: str
    small: str = ""
    sort: float | str = ""
    badge: Badge | None = None

    @property
    def key(self) -> str:
        """What rows are sorted by, as an attribute; numbers that are missing come last."""
        if isinstance(self.sort, str):
            return self.sort
        return f"{self.sort:.6g}" if math.isfinite(self.sort) else "n/a"


@dataclass(frozen=True)
class DataTable:
    """One table of the page; its first column names the row.

    Attributes
    ----------
    name : str
        Id of the table, once in the page.
    caption : str
        What a row is.
    columns : tuple of str
        Headers.
    rows : tuple of tuple of Cell
        The rows.
    file : str
        Table of the results it is from; offered for download.
    is_matrix : bool
        Whether cells are signs, which stay side by side on a phone.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    file: str = ""
    is_matrix: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.rows)


@dataclass(frozen=True)
class Download:
    """A table that can be taken from the page: its name and an address that holds all of it."""

    file: str
    address: str
    rows: int
    inside: bool


def download(file: str, table: pd.DataFrame, *, largest: int = LARGEST_DOWNLOAD) -> Download:
    """Put a table into an address of its own, so that the page needs no file beside it.

    Parameters
    ----------
    file : str
        Name of the table without suffix.
    table : pandas.DataFrame
        The table.
    largest : int
        Bytes from which the address is that of the file beside the page.
    """
    content = tsv_text(table).encode("utf-8")
    address = table_address(f"{file}.tsv", content, largest=largest)
    return Download(file, address, len(table), inside=address.startswith("data:"))


def table_address(name: str, content: bytes, *, largest: int = LARGEST_DOWNLOAD) -> str:
    """Give an address that holds a table; that of the file beside the page where it is large.

    Parameters
    ----------
    name : str
        Name of the file.
    content : bytes
        The table.
    largest : int
        Bytes from which it is not put into the page.
    """
    if len(content) > largest:
        return name
    coded = base64.b64encode(content).decode("ascii")
    return f"data:text/tab-separated-values;charset=utf-8;base64,{coded}"
