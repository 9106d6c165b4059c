"""Figures on a page: SVG made safe and small, in the colours of the page, with words beside."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from brainchange.errors import BrainchangeError
from brainchange.figures import theme
from brainchange.figures.drawing import Drawing
from brainchange.figures.registry import FIGURES_TABLE
from brainchange.figures.wording import text_of
from brainchange.files import inside
from brainchange.report.data_table import table_address

_UNWANTED = (
    re.compile(r"<\?xml.*?\?>", re.DOTALL),
    re.compile(r"<!DOCTYPE.*?>", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    re.compile(r"<style\b.*?</style>", re.DOTALL),
)
_SCRIPT = re.compile(
    r"<script|<foreignObject|\son\w+\s*=|href=\"(?!#|data:image/png)", re.IGNORECASE
)
_ID = re.compile(r'\sid="([^"]*)"')
_REFERENCE = re.compile(r"(?:href=\"|url\()#([^\")]+)")
_OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_VIEW_BOX = re.compile(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
_PATH = re.compile(r' d="[^"]*"')
_LONG = re.compile(r"(\.\d\d)\d+")
_POINTS_TO_PIXELS = 96 / 72


@dataclass(frozen=True)
class Picture:
    """A figure as the page shows it.

    Attributes
    ----------
    name : str
        Name of its files without suffix.
    figure : str
        The figure it is one of.
    kind, measure : str
        The measure it is about; empty if it is about several.
    claims : str
        Claims it belongs to, separated by ``;``.
    title, caption, alternative : str
        Heading, how to read it, and the picture in words and numbers.
    svg : str
        The picture, to be put into HTML as it is.
    width : int
        Its natural width in CSS pixels.
    source : str
        Address that holds its source table; empty where the table lies only beside the page.
    """

    name: str
    figure: str
    kind: str
    measure: str
    claims: str
    title: str
    caption: str
    alternative: str
    svg: str
    width: int
    source: str = ""


def read_pictures(folder: Path) -> tuple[Picture, ...]:
    """Read the figures that were written into a folder.

    Parameters
    ----------
    folder : Path
        ``results/<study>/figures``.

    Raises
    ------
    BrainchangeError
        The table of figures or a picture is missing, or a picture holds a script or a link.
    """
    table = FIGURES_TABLE.read(folder / "figures.tsv")
    return tuple(
        _picture({str(k): text_of(v) for k, v in row.items()}, folder)
        for row in table.to_dict("records")
    )


def _picture(row: dict[str, str], folder: Path) -> Picture:
    path = inside(folder, f"{row['name']}.svg")
    try:
        raw = path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        raise BrainchangeError(
            "the picture is missing or is no SVG",
            where=str(path),
            cause="the figures were not drawn, or only in part",
            fix=f"delete {folder} and run the workflow again",
        ) from None
    svg, width = page_svg(raw, row["name"], row["title"], row["alternative"], where=str(path))
    return Picture(svg=svg, width=width, source=_source(path.with_suffix(".tsv")), **row)


def drawn_picture(drawing: Drawing, folder: Path) -> Picture:
    """Read a drawing that was written into a folder.

    Parameters
    ----------
    drawing : Drawing
        What was drawn.
    folder : Path
        Where its SVG and TSV are.

    Raises
    ------
    BrainchangeError
        The picture is missing, or holds a script or a link.
    """
    row = {
        "name": drawing.name,
        "figure": drawing.name,
        "kind": drawing.kind,
        "measure": drawing.measure,
        "claims": ";".join(drawing.shows),
        "title": drawing.title,
        "caption": drawing.caption,
        "alternative": drawing.alternative,
    }
    return _picture(row, folder)


def _source(path: Path) -> str:
    """Put the source table of a picture into an address of its own."""
    if not path.is_file():
        return ""
    found = table_address(path.name, path.read_bytes())
    return found if found.startswith("data:") else ""


def page_svg(
    raw: str, name: str, title: str, alternative: str, *, where: str = ""
) -> tuple[str, int]:
    """Turn an SVG of the theme into one that can stand in a page beside others.

    Parameters
    ----------
    raw : str
        What matplotlib wrote.
    name : str
        Put before every id, so that pictures on a page do not share them.
    title, alternative : str
        Name and description for a reader who cannot see the picture.
    where : str
        File, for the message.

    Returns
    -------
    svg : str
        Without prolog, comments and metadata; colours are CSS variables.
    width : int
        Natural width in CSS pixels.

    Raises
    ------
    BrainchangeError
        It is no SVG of the theme, or it holds a script, an event or an outside link.
    """
    for pattern in _UNWANTED:
        raw = pattern.sub("", raw)
    opening, box = _OPENING.search(raw), _VIEW_BOX.search(raw)
    if opening is None or box is None:
        raise BrainchangeError("the picture is no SVG with a size", where=where)
    body = raw[opening.end() :]
    if _SCRIPT.search(body):
        raise BrainchangeError(
            "the picture holds a script or an outside link",
            where=where,
            cause="it was not written by this program",
            fix="delete the folder of figures and run the workflow again",
        )
    prefix = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    body = _short_ids(body, name)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box.group(0)[9:-1]}" role="img" aria-labelledby="{prefix}-t" '
        f'aria-describedby="{prefix}-d">'
        f'<title id="{prefix}-t">{_escaped(title)}</title>'
        f'<desc id="{prefix}-d">{_escaped(alternative)}</desc>'
    )
    compact = _PATH.sub(_shorter, re.sub(r">\s+<", "><", body).strip())
    return head + _with_variables(compact), round(float(box.group(1)) * _POINTS_TO_PIXELS)


def _short_ids(body: str, name: str) -> str:
    """Name what is referred to by few letters, no two pictures alike, and nothing else at all.

    Every letter of a text refers to its glyph: with the names matplotlib gives, these references
    are half of a page.
    """
    short = "f" + hashlib.sha256(name.encode()).hexdigest()[:6]
    used = dict.fromkeys(_REFERENCE.findall(body))
    names = {old: f"{short}-{place:x}" for place, old in enumerate(used)}
    body = _ID.sub(lambda m: f' id="{names[m.group(1)]}"' if m.group(1) in names else "", body)
    return _REFERENCE.sub(lambda m: m.group(0).replace(m.group(1), names[m.group(1)]), body)


def _shorter(path: re.Match[str]) -> str:
    """Cut the coordinates of a path to hundredths of a point: nobody sees less, and it is half."""
    return _LONG.sub(r"\1", " ".join(path.group(0).split("\n")))


def colour_rules() -> tuple[str, str]:
    """Write the CSS variables of the figures' colours, for light and for dark pages."""
    light = "".join(f"--f{colour[1:]}:{colour};" for colour in theme.DARK)
    dark = "".join(f"--f{colour[1:]}:{other};" for colour, other in theme.DARK.items())
    return light, dark


def _with_variables(svg: str) -> str:
    return re.sub(
        r"(?<=[ :])(" + "|".join(theme.DARK) + r")(?=[;\"])",
        lambda found: f"var(--f{found.group(1)[1:]})",
        svg,
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
