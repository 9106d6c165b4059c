"""All figures: a module of this package that declares a ``SPEC`` adds one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd

import brainchange.figures as package
from brainchange.errors import BrainchangeError
from brainchange.figures import theme
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.processes import in_processes
from brainchange.tables import Column, TableSchema

Row = dict[str, str | None]

FIGURES_TABLE = TableSchema(
    "figures",
    "One picture: its files are `<name>.svg`, `<name>.png` and `<name>.tsv` beside this table.",
    (
        Column("name", "string", "Name of its files without suffix", required=True),
        Column("figure", "string", "The figure it is one of", required=True),
        Column("kind", "string", "Kind of the measure it is about; n/a if several"),
        Column("measure", "string", "The measure it is about; n/a if several"),
        Column("claims", "string", "Claims it belongs to, separated by `;`; n/a for all or none"),
        Column("title", "string", "Heading", required=True),
        Column("caption", "string", "What is shown, and how to read it", required=True),
        Column("alternative", "string", "The picture in words and numbers", required=True),
    ),
    key=("name",),
)


@lru_cache(maxsize=1)
def figures() -> dict[str, FigureSpec]:
    """Find every figure of the package, by name in alphabetical order."""
    specs = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        spec = getattr(loaded, "SPEC", None)
        if isinstance(spec, FigureSpec):
            specs[spec.name] = spec
    return dict(sorted(specs.items()))


def figures_of_a_study() -> dict[str, FigureSpec]:
    """Find every figure that is drawn for one study."""
    return {name: spec for name, spec in figures().items() if spec.scope == "study"}


def drawings(spec: FigureSpec, given: FigureInput) -> Iterator[Drawing]:
    """Draw a figure under the theme.

    Raises
    ------
    BrainchangeError
        A table the figure is drawn from was not given.
    """
    for table in spec.needs:
        if table not in given.tables:
            raise BrainchangeError(
                f"figure '{spec.name}' is drawn from the table '{table}', which was not given",
                cause="the step that makes the table has not run",
                fix=f"make the table '{table}' first; given: {', '.join(given.tables) or 'none'}",
            )
    with theme.applied():
        made = list(spec.draw(given))
    yield from made


def write_figures(
    given: FigureInput,
    folder: Path,
    *,
    processes: int = 1,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Write every drawing of every figure into a folder, and ``figures.tsv`` about them.

    Parameters
    ----------
    given : FigureInput
        Configuration and tables.
    folder : Path
        Where to (``results/<study>/figures``).
    processes : int
        Figures drawn at once; the files do not depend on it.
    progress : callable, optional
        Told the name of each drawing when all of its figure are written.

    Returns
    -------
    pandas.DataFrame
        Columns of ``FIGURES_TABLE``; the report is made from it and the files.
    """
    rows: list[Row] = []
    write = partial(_write_figure, given, folder)
    for written in in_processes(write, list(figures_of_a_study()), processes, what="drawing"):
        rows += written
        if progress is not None:
            for row in written:
                progress(str(row["name"]))
    FIGURES_TABLE.write(FIGURES_TABLE.frame(rows), folder / "figures.tsv")
    return FIGURES_TABLE.read(folder / "figures.tsv")


def _write_figure(given: FigureInput, folder: Path, name: str) -> list[Row]:
    """Write the drawings of one figure, and give their rows."""
    spec, rows = figures()[name], []
    for drawing in drawings(spec, given):
        theme.save(
            drawing.figure,
            drawing.table,
            folder / drawing.name,
            simulated=given.study.simulated,
            origin=given.origin,
        )
        rows.append(_row(spec, drawing))
    return rows


def _row(spec: FigureSpec, drawing: Drawing) -> Row:
    return {
        "name": drawing.name,
        "figure": spec.name,
        "kind": drawing.kind or None,
        "measure": drawing.measure or None,
        "claims": ";".join(drawing.shows) or None,
        "title": drawing.title,
        "caption": drawing.caption,
        "alternative": drawing.alternative,
    }
