"""One theme for every figure: colours, lettering, and how a picture is written.

Colours are those of Okabe and Ito (2008), darkened where needed to reach a contrast of 3:1 on
white; they stay apart under deuteranopia, protanopia and tritanopia, and every arm also has its own
marker, so that nothing is told by colour alone. An arm keeps its colour in every figure, and an
untreated arm is grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from brainchange.figures import lettering
from brainchange.files import complete_or_absent
from brainchange.study.model import Arm, ArmRole
from brainchange.tables import write_tsv

INK = "#1d2733"
MUTED = "#5a6675"
HAIRLINE = "#ccd3db"
BAND = "#e9eef4"
PAPER = "#ffffff"
WARNING = "#a3330b"

TITLE, BODY, SMALL, TINY = 11.0, 8.5, 7.5, 5.5
STAMP = "SIMULATED DATA"
PNG_DPI = 300
PNG_COMPRESSION = 3
"""Of zlib: a third of the time of the usual 6, for files a few percent larger."""
SVG_DPI = 200
"""Of the parts of an SVG that hold too many marks to be drawn as vectors."""

_COLOURS: Mapping[ArmRole, tuple[str, ...]] = {
    "therapy": ("#0067a5", "#3f9bd6", "#5b3f9e", "#9a6fc4"),
    "comparison": ("#c4540a", "#d99400", "#a02c4f", "#8a6d00"),
    "untreated": ("#76828f", "#9aa5b1", "#566270", "#b3bcc6"),
    "healthy": ("#00795c", "#4fa98c", "#4d7a1e", "#86a84a"),
}
TONES: Mapping[str, tuple[str, str]] = {
    "good": ("#14613a", "#e6f4ec"),
    "maybe": ("#7a4b00", "#fcf1d9"),
    "bad": ("#8f1d1d", "#fbe9e9"),
    "none": ("#1c4a80", "#e6effa"),
    "unknown": (MUTED, BAND),
}
"""Colour of a verdict, and of the ground it stands on."""
DARK: Mapping[str, str] = {
    INK: "#e6ebf1",
    MUTED: "#a3afbd",
    HAIRLINE: "#3a4653",
    BAND: "#26313d",
    PAPER: "#161d26",
    WARNING: "#ff9d76",
    "#0067a5": "#4aa8e8",
    "#3f9bd6": "#8cc8f2",
    "#5b3f9e": "#a48fe0",
    "#9a6fc4": "#c9a8ea",
    "#c4540a": "#f08a47",
    "#d99400": "#f2bd4e",
    "#a02c4f": "#e07a9b",
    "#8a6d00": "#d0b244",
    "#76828f": "#98a5b3",
    "#9aa5b1": "#bcc6d1",
    "#566270": "#7d8b9a",
    "#b3bcc6": "#d6dde4",
    "#00795c": "#36b894",
    "#4fa98c": "#84d0b8",
    "#4d7a1e": "#8fbf56",
    "#86a84a": "#b9d585",
    "#14613a": "#86d9ab",
    "#e6f4ec": "#17322a",
    "#7a4b00": "#f0c674",
    "#fcf1d9": "#332a17",
    "#8f1d1d": "#ffa3a3",
    "#fbe9e9": "#3a2024",
    "#1c4a80": "#9cc8f5",
    "#e6effa": "#1a2c42",
}
"""Colour on a dark page for each colour of the theme; a page may exchange them."""
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")

RULES: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": BODY,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelsize": BODY,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.limits": (-4, 5),
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.solid_capstyle": "round",
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "brainchange",
    "path.simplify": False,
}


@dataclass(frozen=True)
class ArmStyle:
    """How an arm looks in every figure.

    Attributes
    ----------
    label : str
        Its name for people.
    colour : str
        Hexadecimal colour.
    marker : str
        Matplotlib marker.
    """

    label: str
    colour: str
    marker: str


@contextmanager
def applied() -> Iterator[None]:
    """Draw under the theme alone, whatever the settings of the machine are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        cast("dict[str, Any]", mpl.rcParams).update(RULES)
        yield


def arm_styles(arms: Mapping[str, Arm]) -> dict[str, ArmStyle]:
    """Give every arm its colour by role and its marker by place.

    Parameters
    ----------
    arms : mapping of str to Arm
        Arms in the order of the study file.

    Returns
    -------
    dict of str to ArmStyle
        In the same order; the first untreated arm is always the same grey.
    """
    seen: dict[ArmRole, int] = {}
    styles: dict[str, ArmStyle] = {}
    for place, (name, arm) in enumerate(arms.items()):
        shades = _COLOURS[arm.role]
        nth = seen.get(arm.role, 0)
        seen[arm.role] = nth + 1
        styles[name] = ArmStyle(
            arm.label, shades[nth % len(shades)], _MARKERS[place % len(_MARKERS)]
        )
    return styles


def stamp(figure: Figure) -> None:
    """Write SIMULATED DATA into the free upper right corner, once."""
    if any(text.get_gid() == "stamp" for text in figure.texts):
        return
    width, height = figure.get_size_inches()
    figure.text(
        1 - 0.14 / width,
        1 - 0.15 / height,
        STAMP,
        ha="right",
        va="top",
        fontsize=SMALL,
        fontweight="bold",
        color=WARNING,
        gid="stamp",
        bbox={"boxstyle": "round,pad=0.32", "facecolor": "none", "edgecolor": WARNING, "lw": 0.9},
    )


def sign(figure: Figure, origin: str) -> None:
    """Write what a figure was made from into its lower right corner, below everything, once.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    origin : str
        Study, seed and digest of the configuration.
    """
    if not origin or any(text.get_gid() == "origin" for text in figure.texts):
        return
    width, height = figure.get_size_inches()
    figure.text(
        1 - 0.14 / width,
        0.03 / height,
        lettering.shortened(origin, TINY, width - 0.28),
        ha="right",
        va="bottom",
        fontsize=TINY,
        color=MUTED,
        gid="origin",
    )


def save(
    figure: Figure, table: pd.DataFrame, stem: Path, *, simulated: bool, origin: str = ""
) -> tuple[Path, ...]:
    """Write a figure as SVG and PNG (300 dpi), and the table it was drawn from as TSV.

    Nothing in the files depends on the time or the machine: the same table gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    table : pandas.DataFrame
        What is shown in it.
    stem : Path
        Path without suffix.
    simulated : bool
        Whether to stamp SIMULATED DATA on it.
    origin : str
        What it was made from, for its foot: study, seed, digest of the configuration.

    Returns
    -------
    tuple of Path
        The SVG, the PNG and the TSV.
    """
    paths = tuple(stem.with_name(stem.name + suffix) for suffix in (".svg", ".png", ".tsv"))
    with applied():
        if simulated:
            stamp(figure)
        sign(figure, origin)
        with complete_or_absent(paths[0]) as temporary:
            figure.savefig(temporary, format="svg", dpi=SVG_DPI, metadata={"Date": None})
        with complete_or_absent(paths[1]) as temporary:
            figure.savefig(
                temporary,
                format="png",
                dpi=PNG_DPI,
                pil_kwargs={"compress_level": PNG_COMPRESSION},
            )
    write_tsv(table, paths[2])
    return paths
