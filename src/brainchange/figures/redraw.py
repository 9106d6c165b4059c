"""One figure again, from the tables of a finished study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from brainchange.errors import BrainchangeError, ConfigError, did_you_mean
from brainchange.figures import theme
from brainchange.figures.drawing import Drawing, FigureInput, FigureSpec
from brainchange.figures.registry import FIGURES_TABLE, drawings, figures_of_a_study
from brainchange.figures.tables import tables_of
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

Configured = tuple[Study, Settings, Claims, tuple[Region, ...]]


def drawn_names(results: Path) -> tuple[str, ...]:
    """Name the drawings that a folder of results holds; none where no figure was drawn.

    Parameters
    ----------
    results : Path
        ``results/<study>``.
    """
    try:
        return tuple(FIGURES_TABLE.read(results / "figures" / "figures.tsv")["name"])
    except BrainchangeError:
        return ()


def redraw(
    name: str,
    configured: Configured,
    results: Path,
    folder: Path,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[Path, ...]:
    """Draw a figure, or one of its drawings, and write it as SVG, PNG and TSV.

    Parameters
    ----------
    name : str
        A figure (``forest``) or a drawing (``forest_regions_falff_z``).
    configured : tuple of Study, Settings, Claims, and tuple of Region
        The configuration.
    results : Path
        ``results/<study>``, with its tables.
    folder : Path
        Where to.
    progress : callable, optional
        Told how many drawings are written, of how many, and which comes next.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    ConfigError
        There is no such figure, or the study has no such drawing.
    BrainchangeError
        A table it is drawn from is missing.
    """
    study, settings, claims, regions = configured
    given = FigureInput(study, settings, claims, {}, regions)
    found = [
        drawing
        for spec in _candidates(name, results)
        for drawing in _drawn(spec, given, results)
        if name in (spec.name, drawing.name)
    ]
    if not found:
        raise _unknown(name, results)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, drawing in enumerate(found):
        if progress:
            progress(number, len(found), drawing.name)
        written += theme.save(
            drawing.figure,
            drawing.table,
            folder / drawing.name,
            simulated=study.simulated,
            origin=given.origin,
        )
    return tuple(written)


def _candidates(name: str, results: Path) -> list[FigureSpec]:
    """Figures that may be meant: the one of this name, else those whose drawings begin so."""
    known = figures_of_a_study()
    if name in known:
        return [known[name]]
    begun = [spec for spec in known.values() if name.startswith(f"{spec.name}_")]
    if not begun:
        raise _unknown(name, results)
    return begun


def _drawn(spec: FigureSpec, given: FigureInput, results: Path) -> list[Drawing]:
    tables = tables_of(results, spec.needs)
    missing = [table for table in spec.needs if table not in tables]
    if missing:
        raise BrainchangeError(
            f"figure '{spec.name}' is drawn from the table '{missing[0]}', which is missing",
            where=f"results/{results.name}/{missing[0]}.tsv",
            cause="the study was not run to its end, or by an older version",
            fix=f"make it with: brainchange run {given.study.id}",
        )
    return list(drawings(spec, replace(given, tables=tables)))


def _unknown(name: str, results: Path) -> ConfigError:
    known = sorted({*figures_of_a_study(), *drawn_names(results)})
    return ConfigError(
        f"there is no figure '{name}'",
        where=f"results/{results.name}/figures",
        cause="a name was mistyped, or the study has no such claim, scale or metric",
        fix=did_you_mean(name, known),
    )
