"""Patterns of files: ``*`` within one folder, ``**`` across folders, ``{a,b}`` for either."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import islice

from brainchange.errors import did_you_mean

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{")
_MEANING = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
MOST_NAMES_COMPARED = 2000


def compiled(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into a regular expression for whole paths.

    ``*`` and ``?`` stand for characters within one folder, ``**`` also for folders, ``{a,b}`` for
    one of the texts between its commas; everything else stands for itself. (:mod:`fnmatch` lets
    ``*`` cross folders, and ``glob.translate`` needs Python 3.13.)
    """
    pieces = _PIECES.findall(pattern)
    return re.compile("".join(_meaning(piece) for piece in pieces))


def _meaning(piece: str) -> str:
    if piece.startswith("{") and piece.endswith("}"):
        return f"(?:{'|'.join(map(re.escape, piece[1:-1].split(',')))})"
    return _MEANING.get(piece) or re.escape(piece)


def matching(pattern: str, paths: Collection[str]) -> list[str]:
    """Keep the paths that a pattern matches, in the order given."""
    expression = compiled(pattern)
    return [path for path in paths if expression.fullmatch(path)]


def why_nothing_matches(pattern: str, paths: Sequence[str]) -> tuple[str, str]:
    """Say how far a pattern that matches nothing gets, and which names are near.

    Returns
    -------
    cause, fix : str
        For the message to the user.
    """
    parts = pattern.split("/")
    for depth in range(len(parts) - 1, -1, -1):
        start = compiled("/".join([*parts[:depth], ""]) if depth else "")
        below = (
            path[found.end() :].split("/", 1)[0] for path in paths if (found := start.match(path))
        )
        names = sorted(set(islice(below, MOST_NAMES_COMPARED)))
        if names:
            reached = "/".join(parts[:depth])
            cause = f"'{reached}/' exists, but nothing in it" if reached else "no file or folder"
            return f"{cause} is called '{parts[depth]}'", did_you_mean(parts[depth], names)
    return "the repository has no files", ""
