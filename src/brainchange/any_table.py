"""Tables of any program: TSV or CSV, every cell as text, every row with its line in the file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from brainchange.errors import Problem, TableError

MISSING = frozenset({"", "n/a", "na", "nan", "null", "none", "."})
"""Cells that mean a missing value, in small letters."""
MOST_TOLD = 5
"""Problems of one kind that are told one by one."""
DELIMITERS = {".csv": ",;", ".tsv": "\t"}


def read_any_table(path: Path) -> pd.DataFrame:
    """Read a TSV or CSV with every cell as text; cells that mean missing are None.

    Parameters
    ----------
    path : Path
        The file; ``.csv`` is split at commas or semicolons, anything else at tabs unless its
        header has none.

    Returns
    -------
    pandas.DataFrame
        Text or None, indexed by the number of the line in the file.

    Raises
    ------
    TableError
        The file is missing, a folder, empty or not UTF-8, its rows differ in length, or a column
        occurs twice.
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TableError("the table does not exist", where=where) from None
    except IsADirectoryError:
        raise TableError("this is a folder, not a table", where=where) from None
    except UnicodeDecodeError as error:
        raise TableError(
            f"the table is not UTF-8 text (byte {error.start})", where=where, fix="save it as UTF-8"
        ) from None
    rows = _cells(text.replace("\r\n", "\n").replace("\r", "\n"), path)
    if len(rows) < 2:
        raise TableError("the table has no rows", where=where, fix="it needs a header and rows")
    (_, header), cells = rows[0], rows[1:]
    problems = [
        Problem(f"row {line} has {len(row)} cells where the header has {len(header)}", where)
        for line, row in cells
        if len(row) != len(header)
    ][:MOST_TOLD]
    repeated = sorted({name for name in header if header.count(name) > 1})
    problems += [Problem(f"column '{name}' occurs twice", where) for name in repeated]
    if problems:
        raise TableError.from_problems(problems)
    frame = pd.DataFrame([row for _, row in cells], columns=pd.Index(header), dtype=object)
    frame.index = pd.Index([line for line, _ in cells])
    return frame.map(lambda cell: None if cell.lower() in MISSING else cell)


def _cells(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Split a text into its rows, each with the line it ends on; empty rows are left out.

    Quotes mean something only where cells are split at commas or semicolons: in a BIDS table they
    are part of the cell.
    """
    header = text.split("\n", 1)[0]
    delimiter = _delimiter(path, header)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL,
    )
    try:
        return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise TableError(
            f"row {reader.line_num} cannot be read: {error}",
            where=str(path),
            cause="a quotation mark that is not closed, or a file that is no text",
        ) from None


def _delimiter(path: Path, header: str) -> str:
    candidates = DELIMITERS.get(path.suffix.lower(), "\t,;")
    return max(candidates, key=header.count)


def numbers(column: pd.Series, where: str) -> pd.Series:
    """Read a column of numbers; infinite ones are kept, for they are told apart later.

    Parameters
    ----------
    column : pandas.Series
        Text or None, indexed by line.
    where : str
        The file.

    Returns
    -------
    pandas.Series
        Floats, NaN where missing.

    Raises
    ------
    TableError
        A cell is no number.
    """
    read = pd.to_numeric(column, errors="coerce").astype(float)
    wrong = column[read.isna() & column.notna()]
    problems = [
        Problem(f"row {line}: column '{column.name}' holds {cell!r}, not a number", where)
        for line, cell in wrong.head(MOST_TOLD).items()
    ]
    if problems:
        raise TableError.from_problems(problems)
    return read
