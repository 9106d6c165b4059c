"""Tables between the stages: declared columns, TSV on disk, one way to read and to write.

Written by hand rather than with pandera because every job reads and writes tables (pandera takes a
second to import) and because the BIDS sidecar, the column reference of the documentation and the
check all come from the same declaration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from brainchange.errors import Problem, TableError, did_you_mean
from brainchange.files import complete_or_absent, write_text

MISSING = "n/a"
Kind = Literal["string", "integer", "number", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Its name in the header.
    kind : {'string', 'integer', 'number', 'boolean'}
        What its cells hold; any kind may be missing (``n/a``) unless ``required``.
    description : str
        What it means, for the sidecar and the documentation.
    unit : str
        Unit of the numbers; empty where a cell holds none.
    required : bool
        Whether a cell may not be missing.
    levels : tuple of str
        The only values allowed; empty for any.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    required: bool = False
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSchema:
    """The declared columns of one kind of table, and how it is read and written.

    Attributes
    ----------
    name : str
        What the table is called in messages and in the documentation.
    description : str
        What one row is.
    columns : tuple of Column
        Columns in the order they are written.
    key : tuple of str
        Columns that together occur only once.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = field(default=())

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def frame(self, rows: Iterable[dict[str, Any]] | pd.DataFrame = ()) -> pd.DataFrame:
        """Make a frame of rows with the declared columns and types; what a row lacks is missing.

        Raises
        ------
        TableError
            A row has a column that is not declared, or a value its column does not allow.
        """
        raw = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        unknown = [str(c) for c in raw.columns if c not in self.names]
        if unknown:
            raise TableError(
                f"the table '{self.name}' has no column '{unknown[0]}'",
                fix=did_you_mean(unknown[0], self.names),
            )
        return self._typed(raw.reindex(columns=self.names), where=self.name)

    def read(self, path: Path) -> pd.DataFrame:
        """Read and check a table.

        Raises
        ------
        TableError
            The file is missing, a column is missing or undeclared, or a cell is not allowed.
        """
        raw = read_tsv(path)
        self._require_tabs(list(map(str, raw.columns)), path)
        missing = [name for name in self.names if name not in raw.columns]
        unknown = [str(c) for c in raw.columns if c not in self.names]
        problems = [
            Problem(f"column '{name}' is missing", str(path), fix=did_you_mean(name, raw.columns))
            for name in missing
        ] + [
            Problem(f"column '{name}' is unknown", str(path), fix=did_you_mean(name, self.names))
            for name in unknown
        ]
        if problems:
            raise TableError.from_problems(problems)
        return self._typed(raw[self.names], where=str(path))

    def write(self, frame: pd.DataFrame, path: Path, *, sidecar: bool = False) -> None:
        """Check and write a table (UTF-8 TSV, ``n/a`` for missing, 12 significant digits).

        Parameters
        ----------
        frame : pandas.DataFrame
            The declared columns, in any order.
        path : Path
            Where to; complete or not at all.
        sidecar : bool
            Also write ``<name>.json`` with description and unit of every column (BIDS).
        """
        write_tsv(self.frame(frame), path)
        if sidecar:
            write_text(path.with_suffix(".json"), json.dumps(self.sidecar(), indent=2) + "\n")

    def sidecar(self) -> dict[str, dict[str, Any]]:
        """Describe the columns as a BIDS sidecar does."""
        described: dict[str, dict[str, Any]] = {}
        for column in self.columns:
            entry: dict[str, Any] = {"Description": column.description}
            if column.unit:
                entry["Units"] = column.unit
            if column.levels:
                entry["Levels"] = {level: level for level in column.levels}
            described[column.name] = entry
        return described

    def _require_tabs(self, found: list[str], path: Path) -> None:
        """Tell once that another separator was used, not that every column is missing."""
        if len(found) > 1 or len(self.names) == 1 or self.names[0] not in found[0]:
            return
        raise TableError(
            f"the header is one cell: {found[0]}",
            where=str(path),
            cause="cells are separated by spaces, commas or semicolons",
            fix="separate them by tabs (in Excel: save as 'Text (Tab delimited)')",
        )

    def _typed(self, raw: pd.DataFrame, where: str) -> pd.DataFrame:
        problems: list[Problem] = []
        typed = {c.name: _typed_column(raw[c.name], c, where, problems) for c in self.columns}
        frame = pd.DataFrame(typed, index=range(len(raw)))
        if self.key and not problems:
            problems.extend(_duplicates(frame, list(self.key), where))
        if problems:
            raise TableError.from_problems(problems)
        return frame


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a TSV with every cell as text; ``n/a`` and empty cells are missing.

    Raises
    ------
    TableError
        The file is missing, empty, not UTF-8, or its rows differ in length.

    Notes
    -----
    Empty cells after the last column, as spreadsheets leave them, are dropped.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = stream.read().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except FileNotFoundError:
        raise TableError("the table does not exist", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise TableError(
            f"the table is not UTF-8 text (byte {error.start})",
            where=str(path),
            fix="save it as UTF-8",
        ) from None
    except OSError as error:
        raise TableError(f"the table cannot be read ({error.strerror})", where=str(path)) from None
    cells = [line.split("\t") for line in lines if line.strip("\t ")]
    if not cells:
        raise TableError("the table is empty", where=str(path), fix="it needs at least a header")
    width = len("\t".join(cells[0]).rstrip("\t ").split("\t"))
    header = [name.strip() for name in cells[0][:width]]
    rows = [_without_empty_end(row, width) for row in cells[1:]]
    problems = [
        Problem(
            f"row {number} has {len(row)} {'cell' if len(row) == 1 else 'cells'} where the header "
            f"has {width}",
            str(path),
            fix="put one tab between cells, and one line end after each row",
        )
        for number, row in enumerate(rows, start=2)
        if len(row) != width
    ]
    repeated = sorted({name for name in header if header.count(name) > 1})
    problems += [Problem(f"column '{name}' occurs twice", str(path)) for name in repeated]
    if problems:
        raise TableError.from_problems(problems)
    known = [
        [None if (text := cell.strip()) in ("", MISSING) else text for cell in r] for r in rows
    ]
    return pd.DataFrame(known, columns=pd.Index(header), dtype=object)


def _without_empty_end(row: list[str], width: int) -> list[str]:
    return row if any(cell.strip() for cell in row[width:]) else row[:width]


def tsv_text(frame: pd.DataFrame) -> str:
    """Write a frame as the text of a TSV; missing cells are ``n/a``.

    Tabs and line ends inside a text cell become spaces, so that a row stays a row.
    """
    text = pd.DataFrame({name: _as_text(frame[name]) for name in frame.columns})
    lines = ["\t".join(map(str, frame.columns))]
    lines += ["\t".join(row) for row in text.itertuples(index=False, name=None)]
    return "\n".join(lines) + "\n"


def write_tsv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as TSV (``tsv_text``), complete or not at all."""
    with complete_or_absent(path) as temporary:
        temporary.write_bytes(tsv_text(frame).encode("utf-8"))


def _as_text(series: pd.Series[Any]) -> list[str]:
    if pd.api.types.is_bool_dtype(series.dtype):
        return [MISSING if pd.isna(v) else str(bool(v)).lower() for v in series]
    if pd.api.types.is_float_dtype(series.dtype):
        return [MISSING if np.isnan(v) else f"{v:.12g}" for v in series.to_numpy(dtype=float)]
    return [MISSING if pd.isna(v) else " ".join(str(v).split()) or MISSING for v in series]


def _typed_column(
    series: pd.Series[Any], column: Column, where: str, problems: list[Problem]
) -> ExtensionArray:
    present = series[series.notna()]
    if column.required and len(present) < len(series):
        row = int(np.flatnonzero(series.isna())[0]) + 2
        problems.append(Problem(f"row {row}: column '{column.name}' is missing a value", where))
    if column.kind == "string":
        text = present.map(str)
        wrong = text[~text.isin(column.levels)] if column.levels else text.head(0)
        problems.extend(_wrong_cells(wrong, column, where, "one of " + ", ".join(column.levels)))
        return pd.array(text.reindex(series.index).to_list(), dtype="str")
    if column.kind == "boolean":
        truth = {"true": True, "false": False}
        values = present.map(lambda value: truth.get(str(value).lower()))
        problems.extend(_wrong_cells(present[values.isna()], column, where, "true or false"))
        return pd.array(values.reindex(series.index).to_list(), dtype="boolean")
    numbers = pd.to_numeric(present, errors="coerce").astype(float)
    problems.extend(_wrong_cells(present[numbers.isna()], column, where, "a number"))
    if column.kind == "integer":
        whole = numbers % 1 == 0
        problems.extend(
            _wrong_cells(present[numbers.notna() & ~whole], column, where, "a whole number")
        )
        return pd.array(numbers.where(whole).reindex(series.index), dtype="Int64")
    return pd.array(numbers.reindex(series.index).to_numpy(dtype=float), dtype="float64")


def _wrong_cells(wrong: pd.Series[Any], column: Column, where: str, wanted: str) -> list[Problem]:
    return [
        Problem(f"row {int(row) + 2}: column '{column.name}' holds {value!r}, not {wanted}", where)
        for row, value in wrong.head(5).items()
    ]


def _duplicates(frame: pd.DataFrame, key: list[str], where: str) -> list[Problem]:
    repeated = frame[frame.duplicated(key)]
    return [
        Problem(
            f"row {int(row) + 2} repeats " + ", ".join(f"{name}={values[name]}" for name in key),
            where,
            fix="keep one of them",
        )
        for row, values in repeated.head(5).iterrows()
    ]
