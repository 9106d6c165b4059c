"""Text in figures: measured before it is placed, so that nothing overlaps or is cut off."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Literal

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, get_font

FAMILY = "DejaVu Sans"
LINE_HEIGHT = 1.243
POINTS_PER_INCH = 72.0
Weight = Literal["normal", "bold"]


def plain(text: str) -> str:
    """Make text of a dataset fit to be drawn: one line, no control characters, only known glyphs.

    Characters the bundled font cannot draw (an emoji) become ``□``; no-break spaces stay.
    """
    glyphs = _glyphs()
    spaced = " ".join(re.split(r"[^\S\u00a0\u202f]+", str(text))).strip(" ")
    kept = (c for c in spaced if not unicodedata.category(c).startswith("C"))
    return "".join(c if ord(c) in glyphs else "□" for c in kept)


@lru_cache(maxsize=8192)
def width(text: str, size: float, weight: Weight = "normal") -> float:
    """Width of one line of text in inches.

    Parameters
    ----------
    text : str
        The line.
    size : float
        Size of the letters in points.
    weight : {'normal', 'bold'}
        Weight of the letters.
    """
    if not text:
        return 0.0
    properties = FontProperties(family=FAMILY, size=size, weight=weight)
    points = _renderer().get_text_width_height_descent(text, properties, ismath=False)[0]
    return float(points) / POINTS_PER_INCH


def wrapped(
    text: str, size: float, inches: float, *, lines: int = 2, weight: Weight = "normal"
) -> str:
    """Break text into lines that are no wider than asked; what does not fit ends in ``…``.

    Parameters
    ----------
    text : str
        Text of any length, from anywhere.
    size : float
        Size of the letters in points.
    inches : float
        Width of the place for it.
    lines : int
        Most lines there is place for.
    weight : {'normal', 'bold'}
        Weight of the letters.
    """
    broken: list[str] = []
    for word in plain(text).split(" "):
        joined = f"{broken[-1]} {word}" if broken else word
        if broken and width(joined, size, weight) <= inches:
            broken[-1] = joined
        else:
            broken.extend(_pieces(word, size, inches, weight))
    if len(broken) > lines:
        last = shortened(broken[lines - 1] + "…", size, inches, weight=weight)
        broken = [*broken[: lines - 1], last]
    return "\n".join(broken)


def shortened(text: str, size: float, inches: float, *, weight: Weight = "normal") -> str:
    """Cut one line of text to a width, with ``…`` at its end if something was cut."""
    text = plain(text)
    if width(text, size, weight) <= inches:
        return text
    text = text.removesuffix("…")
    while text and width(text + "…", size, weight) > inches:
        text = text[:-1]
    return text.rstrip() + "…"


def height(text: str, size: float) -> float:
    """Height in inches that the lines of a text take."""
    return (text.count("\n") + 1) * size * LINE_HEIGHT / POINTS_PER_INCH if text else 0.0


def _pieces(word: str, size: float, inches: float, weight: Weight) -> list[str]:
    """Break a word that alone is wider than the place for it."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width(pieces[-1] + letter, size, weight) > inches:
            pieces.append("")
        pieces[-1] += letter
    return pieces


@lru_cache(maxsize=1)
def _renderer() -> Any:  # noqa: ANN401
    untyped: Any = RendererAgg
    return untyped(1, 1, POINTS_PER_INCH)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties(family=FAMILY))).get_charmap())
