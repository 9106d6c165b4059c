"""The brain on the page: regions and their coverage in planes, and slices one can move through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from brainchange.errors import BrainchangeError
from brainchange.figures.brain_views import COVERED_TABLE
from brainchange.figures.numbers import plural
from brainchange.files import inside
from brainchange.report.webp import data_address, webp_size

LARGEST_SLICES = 2_000_000
"""Characters of slices that may be put into the page."""


@dataclass(frozen=True)
class BrainPicture:
    """A picture of a brain in the page.

    Attributes
    ----------
    link : str
        Address of the full picture, from the page.
    alternative : str
        The picture in words and numbers.
    data : str
        The small picture as a data address.
    width, height : int
        Its size in pixels.
    """

    link: str
    alternative: str
    data: str
    width: int
    height: int


@dataclass(frozen=True)
class BrainViews:
    """What the page shows of the brain.

    Attributes
    ----------
    slices : str
        Slices for the viewer (JSON).
    whose : str
        Whose brain it is.
    pictures : tuple of BrainPicture
        Regions, and coverage of the group.
    """

    slices: str
    whose: str
    pictures: tuple[BrainPicture, ...]


def read_brain(folder: Path | None) -> BrainViews | None:
    """Read what was drawn of the brain.

    Parameters
    ----------
    folder : Path or None
        ``results/<study>/brain``; None for a study from a table.

    Returns
    -------
    BrainViews or None
        None for a study from a table, or where there was no brain to draw.

    Raises
    ------
    BrainchangeError
        A file is missing, or the slices are too large for a page.
    """
    if folder is None or not any(folder.glob("*.webp")):
        return None
    slices = _present(folder, "slices.json").read_text(encoding="utf-8").strip()
    if len(slices) > LARGEST_SLICES:
        raise BrainchangeError(
            f"the slices of the brain have {len(slices):,} characters, which is too much for a "
            "page",
            where=str(folder / "slices.json"),
            cause="the image they are taken from covers far more than a head",
        )
    told = json.loads(slices)
    table = COVERED_TABLE.read(folder / "covered.tsv")
    names = [region["name"] for region in told["regions"]]
    regions = f"{plural(len(names), 'region')} on {told['whose']}: {', '.join(names)}."
    said = {"regions": regions, "coverage": _covered(table)}
    pictures = tuple(_picture(folder, name, words) for name, words in said.items())
    return BrainViews(slices, str(told["whose"]), pictures)


def _covered(table: pd.DataFrame) -> str:
    measured = table[table["n_measured"] > 0]
    if measured.empty:
        return "Coverage of regions: no run was measured."
    partly = measured[measured["n_usable"] < measured["n_measured"]].sort_values("share")
    most = int(measured["n_measured"].max())
    if partly.empty:
        return f"Coverage: every region is usable in all of {plural(most, 'participant')}."
    listed = ", ".join(
        f"{row['region']} in {row['n_usable']} of {row['n_measured']}"
        for row in partly.to_dict("records")
    )
    return f"Coverage: usable in all of {plural(most, 'participant')} but {listed}."


def _picture(folder: Path, name: str, alternative: str) -> BrainPicture:
    small = _present(folder, f"{name}.webp").read_bytes()
    width, height = webp_size(small)
    link = f"{folder.name}/{name}.png"
    return BrainPicture(link, alternative, data_address(small), width, height)


def _present(folder: Path, name: str) -> Path:
    path = inside(folder, name)
    if not path.is_file():
        raise BrainchangeError(
            "a picture of the brain is missing",
            where=str(path),
            cause="pictures of the brain were not drawn, or only in part",
            fix=f"delete {folder} and run the workflow again",
        )
    return path
