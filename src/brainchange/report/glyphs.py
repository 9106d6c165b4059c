"""Letters of the pictures once in a page, however many pictures there are.

matplotlib writes the outline of every letter into every picture, which is most of what a page with
many pictures would weigh.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from brainchange.report.pictures import Picture

_OUTLINE = re.compile(r'<path id="([^"]+)"(?: d="([^"]*)")? transform="scale\(0\.015625\)"/>')
_LETTER = re.compile(
    r'<use xlink:href="#([^"]+)"(?: transform="translate\((-?[\d.]+)[ ,](-?[\d.]+)\)")?/>'
)
_ID = re.compile(r' id="([^"]+)"')
_AIM = re.compile(r'(?:href="#|url\(#|labelledby="|describedby=")([^")]+)')
_EMPTY = re.compile(r"<defs></defs>|<g></g>|<g/>")


def share_letters(pictures: Sequence[Picture]) -> tuple[tuple[Picture, ...], str]:
    """Take the outlines of letters out of pictures.

    Parameters
    ----------
    pictures : sequence of Picture
        As read.

    Returns
    -------
    pictures : tuple of Picture
        The same, whose letters are those of the page.
    outlines : str
        Every outline once, to be put into ``<defs>`` of the page.
    """
    outlines: dict[str, str] = {}
    slim = tuple(replace(one, svg=_without(one.svg, outlines)) for one in pictures)
    paths = (
        f'<path id="{name}" d="{path}" transform="scale(0.015625)"/>'
        for path, name in outlines.items()
    )
    return slim, "".join(paths)


def _without(svg: str, outlines: dict[str, str]) -> str:
    """Let one picture refer to the letters of the page."""
    names: dict[str, str] = {}

    def kept(found: re.Match[str]) -> str:
        name, path = found.groups()
        names[name] = outlines.setdefault(path, f"letter-{len(outlines)}") if path else ""
        return ""

    def placed(found: re.Match[str]) -> str:
        name, x, y = found.groups()
        if not names.get(name):
            return "" if name in names else found.group(0)
        place = "".join(
            f' {axis}="{round(float(value), 1):g}"'
            for axis, value in (("x", x), ("y", y))
            if value and float(value)
        )
        return f'<use href="#{names[name]}"{place}/>'

    return _slim(_LETTER.sub(placed, _OUTLINE.sub(kept, svg)))


def _slim(svg: str) -> str:
    """Leave out names that nothing refers to, and groups that hold nothing."""
    aims = set(_AIM.findall(svg))
    svg = _ID.sub(lambda found: found.group(0) if found.group(1) in aims else "", svg)
    while _EMPTY.search(svg):
        svg = _EMPTY.sub("", svg)
    return svg
