"""Quality of images on the page: a table of numbers, and the pictures of each participant.

Pictures are many, and a page must stay small: those of participants who are left out or stand apart
are put into it first, then the others in order until there is no more room; every one lies beside
the page in full size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.errors import BrainchangeError
from brainchange.figures.numbers import number, plural
from brainchange.figures.qc_tables import PICTURES_TABLE, QUALITY_TABLE, STEPS
from brainchange.figures.wording import text_of
from brainchange.files import inside
from brainchange.report.data_table import Cell, DataTable
from brainchange.report.webp import data_address, webp_size

MOST_BYTES = 2_400_000
"""Of pictures in the page, before they are written as text."""
FAR = 3.0
"""Median absolute deviations (scaled to a normal distribution) from the median: stands apart."""
FEWEST_RUNS = 5
"""With fewer runs none stands apart from the others."""
CAPTION = (
    "Numbers of the analysed volumes of every run. FD: framewise displacement; tSNR: temporal "
    "signal-to-noise ratio, median over the brain; least coverage: share of voxels with signal of "
    "the least covered region. Beyond a gate a run is left out."
)
GOOD_HIGH = {"tsnr": "tSNR", "coverage": "coverage", "mask_overlap": "overlap of the brain masks"}
GOOD_LOW = {"fd_mean": "mean framewise displacement"}


@dataclass(frozen=True)
class QualityPicture:
    """One picture: beside the page, and in it where there is room.

    Attributes
    ----------
    step : str
        What it shows, in words.
    link : str
        Address of the full picture, from the page.
    alternative : str
        The picture in words and numbers.
    lacking : str
        Why it could not be drawn; empty where it was.
    data : str
        The small picture as a data address; empty where it is not in the page.
    width, height : int
        Size of the small picture in pixels.
    """

    step: str
    title: str
    link: str
    alternative: str
    lacking: str = ""
    data: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class QualityOf:
    """One participant.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    excluded : tuple of str
        Runs that are left out, and why.
    apart : tuple of str
        In what its runs stand apart from the others.
    told : str
        Motion of its runs in words.
    pictures : tuple of QualityPicture
        In the order of the steps.
    """

    participant: str
    excluded: tuple[str, ...]
    apart: tuple[str, ...]
    told: str
    pictures: tuple[QualityPicture, ...]

    @property
    def is_shown(self) -> bool:
        """Whether its pictures are in the page."""
        return any(picture.data for picture in self.pictures)


@dataclass(frozen=True)
class Quality:
    """What the page says about images.

    Attributes
    ----------
    summary : str
        How many runs there are and how many are left out, and what is in the page.
    numbers : DataTable or None
        Numbers of every run.
    people : tuple of QualityOf
        One a participant, in order.
    """

    summary: str = ""
    numbers: DataTable | None = None
    people: tuple[QualityOf, ...] = ()


def folders_in(parts: Iterable[Path]) -> list[Path]:
    """Find the folders of participants in those of parts (``quality/part-01/sub-01``), in order."""
    return [folder for part in parts for folder in sorted(part.iterdir()) if folder.is_dir()]


def read_quality(folders: Sequence[Path], most_bytes: int = MOST_BYTES) -> Quality:
    """Read what was drawn of the images of participants.

    Parameters
    ----------
    folders : sequence of Path
        ``results/<study>/quality/part-XX/sub-XX``, one a participant; none for a study from a
        table.
    most_bytes : int
        Bytes of pictures that may be put into the page.

    Raises
    ------
    BrainchangeError
        A table or a picture is missing.
    """
    if not folders:
        return Quality()
    numbers = {path.name: QUALITY_TABLE.read(path / "quality.tsv") for path in folders}
    pictures = {path: PICTURES_TABLE.read(path / "pictures.tsv") for path in folders}
    table = QUALITY_TABLE.frame(pd.concat(numbers.values(), ignore_index=True))
    apart = standing_apart(table)
    chosen = _with_room(pictures, _order(folders, numbers, apart), most_bytes)
    people = tuple(
        _person(path, numbers[path.name], pictures[path], apart, in_page=path in chosen)
        for path in folders
    )
    return Quality(_summary(table, people), _numbers(table), people)


def standing_apart(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Say which runs stand apart from the others, and in what.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns of ``QUALITY_TABLE``.

    Returns
    -------
    dict of str to tuple of str
        By run: measures that are worse than the median by more than three scaled median absolute
        deviations (Leys et al. 2013, J Exp Soc Psychol 49:764).
    """
    found: dict[str, list[str]] = {}
    for names, sign in ((GOOD_HIGH, -1.0), (GOOD_LOW, 1.0)):
        for column, words in names.items():
            worse = sign * table[column].astype(float)
            centre = worse.median()
            spread = 1.4826 * (worse - centre).abs().median()
            if worse.notna().sum() < FEWEST_RUNS or not spread > 0:
                continue
            for run in table["run"][(worse - centre) / spread > FAR]:
                found.setdefault(str(run), []).append(words)
    return {run: tuple(words) for run, words in found.items()}


def _order(
    folders: Sequence[Path],
    numbers: Mapping[str, pd.DataFrame],
    apart: Mapping[str, tuple[str, ...]],
) -> list[Path]:
    """Participants who are left out first, then those who stand apart, then the others."""

    def rank(path: Path) -> int:
        table = numbers[path.name]
        if (table["status"] == "excluded").any() or table.empty:
            return 0
        return 1 if any(run in apart for run in table["run"]) else 2

    return sorted(folders, key=lambda path: (rank(path), folders.index(path)))


def _with_room(
    pictures: Mapping[Path, pd.DataFrame],
    order: Iterable[Path],
    most_bytes: int,
) -> set[Path]:
    left, chosen = most_bytes, set()
    for path in order:
        drawn = pictures[path].loc[pictures[path]["lacking"].isna(), "name"]
        size = sum(_file(path, f"{name}.webp").stat().st_size for name in drawn)
        if size <= left:
            chosen.add(path)
            left -= size
    return chosen


def _file(folder: Path, name: str) -> Path:
    path = inside(folder, name)
    if not path.is_file():
        raise BrainchangeError(
            "the picture is missing",
            where=str(path),
            cause="pictures of quality were not drawn, or only in part",
            fix=f"delete {folder} and run the workflow again",
        )
    return path


def _person(
    folder: Path,
    numbers: pd.DataFrame,
    pictures: pd.DataFrame,
    apart: Mapping[str, tuple[str, ...]],
    *,
    in_page: bool,
) -> QualityOf:
    runs = numbers.to_dict("records")
    return QualityOf(
        participant=folder.name,
        excluded=tuple(
            f"{_short(row['run'])}: {text_of(row['reason'])}"
            for row in runs
            if row["status"] == "excluded"
        ),
        apart=tuple(
            f"{_short(row['run'])}: {', '.join(apart[row['run']])}"
            for row in runs
            if row["run"] in apart
        ),
        told="; ".join(filter(None, map(_motion, runs))),
        pictures=tuple(
            _picture(folder, {str(k): text_of(v) for k, v in row.items()}, in_page=in_page)
            for row in pictures.to_dict("records")
        ),
    )


def _picture(folder: Path, row: Mapping[str, str], *, in_page: bool) -> QualityPicture:
    link = f"quality/{folder.parent.name}/{folder.name}/{row['name']}.png"
    step, told = STEPS[row["step"]], (row["title"], row["alternative"])
    if row["lacking"]:
        return QualityPicture(step, told[0], "", told[1], row["lacking"])
    if not in_page:
        return QualityPicture(step, told[0], link, told[1])
    small = _file(folder, f"{row['name']}.webp").read_bytes()
    width, height = webp_size(small)
    return QualityPicture(step, told[0], link, told[1], "", data_address(small), width, height)


def _short(run: str) -> str:
    return " ".join(part for part in run.split("_") if not part.startswith("sub-"))


def _motion(row: Mapping[str, Any]) -> str:
    if pd.isna(row["fd_mean"]):
        return ""
    censored = f"{int(row['n_censored'])} of {int(row['n_volumes'])} censored"
    return f"mean FD {number(row['fd_mean'])} mm, {censored}"


def _summary(table: pd.DataFrame, people: Sequence[QualityOf]) -> str:
    excluded = int((table["status"] == "excluded").sum())
    left_out = f"{excluded} left out" if excluded else "none left out"
    apart = sum(bool(one.apart) for one in people)
    said = (
        f"{plural(len(table), 'run')} of {plural(len(people), 'participant')}, {left_out}; "
        f"{plural(apart, 'participant')} with a run that stands apart from the others."
    )
    shown = sum(one.is_shown for one in people)
    if shown == len(people):
        return f"{said} The pictures of all are in this page."
    return (
        f"{said} The pictures of {shown} of {len(people)} participants are in this page, those "
        "left out or apart first; the others are linked."
    )


COLUMNS: tuple[tuple[str, str, int, float], ...] = (
    ("fd_mean", "FD mean (mm)", 2, 1),
    ("fd_max", "FD largest (mm)", 2, 1),
    ("n_censored", "Censored volumes", 0, 1),
    ("tsnr", "tSNR", 0, 1),
    ("coverage", "Least coverage (%)", 0, 100),
    ("mask_overlap", "BOLD–T1w Dice", 2, 1),
    ("boundary_agreement", "Boundary (%)", 0, 100),
    ("registration_distance", "Distance (mm)", 2, 1),
    ("template_similarity", "Template r", 2, 1),
)
"""Column of the table, its heading, decimals, and factor."""


def _numbers(table: pd.DataFrame) -> DataTable:
    """Make the table of numbers, with the columns that some run has."""
    shown = [column for column in COLUMNS if table[column[0]].notna().any()]
    rows = tuple(
        (
            Cell(text_of(row["run"])),
            _status(row),
            *(_cell(row, name, digits, factor) for name, _, digits, factor in shown),
        )
        for row in table.to_dict("records")
    )
    headings = (_heading(table, *column) for column in shown)
    return DataTable("quality-numbers", CAPTION, ("Run", "Status", *headings), rows)


def _status(row: Mapping[Any, Any]) -> Cell:
    return Cell("left out", text_of(row["reason"])) if row["status"] == "excluded" else Cell("used")


def _heading(table: pd.DataFrame, name: str, words: str, digits: int, factor: float) -> str:
    gates = table.get(f"{name}_gate", pd.Series(dtype=float)).dropna()
    if gates.empty:
        return words
    sign = "≤" if name == "registration_distance" else "≥"
    return f"{words}, gate {sign} {number(factor * float(gates.iloc[0]), digits)}"


def _cell(row: Mapping[Any, Any], name: str, digits: int, factor: float) -> Cell:
    if pd.isna(row[name]):
        return Cell("–", sort=math.nan)
    value = factor * float(row[name])
    below = ""
    if name == "n_censored":
        below = f"of {int(row['n_volumes'])}"
    if name == "coverage":
        below = text_of(row["coverage_region"])
    return Cell(number(value, digits), below, value)
