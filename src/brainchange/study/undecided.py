"""Questions that a study file still has: what could not be known when it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brainchange.errors import Problem

MARK = "TO DECIDE:"
"""A comment that begins so is a question; deleting it says that it is answered."""
_QUESTION = re.compile(rf"(?:^|\s)#\s*{MARK}\s*(?P<question>.*)$")
_ITEM = re.compile(r"^(?P<indent> *)- ")
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[^\s#:][^:]*|\"[^\"]*\"):(?=\s|$)")


@dataclass(frozen=True)
class Question:
    """What a person has to decide about a key of a study file.

    Attributes
    ----------
    line : int
        Line of the file, from 1.
    key : str
        Dotted key it is about: that of its line, or of the next one.
    text : str
        What is asked.
    """

    line: int
    key: str
    text: str


def questions(text: str) -> list[Question]:
    """Find the questions in the text of a study file."""
    lines = text.splitlines()
    keys = list(_keys(lines))
    found = []
    for number, line in enumerate(lines):
        asked = _QUESTION.search(line)
        if asked:
            key = next((key for key in keys[number:] if key), "")
            found.append(Question(number + 1, key, asked["question"].strip()))
    return found


def undecided(text: str, where: str, problems: Sequence[Problem] = ()) -> list[Problem]:
    """Tell what is still open in a study file, beside what else is wrong with it.

    Parameters
    ----------
    text : str
        Text of the file.
    where : str
        Name of the file, for messages.
    problems : sequence of Problem
        What is wrong with the values; those of keys that are still open are left out.

    Returns
    -------
    list of Problem
        Empty where nothing is open.
    """
    asked = questions(text)
    if not asked:
        return []
    starts = tuple(f"{where}: {question.key}" for question in asked if question.key)
    others = [problem for problem in problems if not problem.where.startswith(starts)]
    fix = f"write the answer, then delete the comment that begins with '{MARK}'"
    return [
        Problem(f"to decide: {question.text}", _place(where, question), fix=fix if last else "")
        for last, question in zip([*[False] * (len(asked) - 1), True], asked, strict=True)
    ] + others


def _place(where: str, question: Question) -> str:
    return f"{where}, line {question.line}{f', {question.key}' if question.key else ''}"


def _keys(lines: Sequence[str]) -> Iterator[str]:
    """Give the dotted key of each line, of an item that of its list; empty for other lines."""
    above: list[tuple[int, str]] = []
    for line in lines:
        found = _KEY.match(line)
        item = _ITEM.match(line)
        if item:
            above = [(depth, key) for depth, key in above if depth <= len(item["indent"])]
            yield ".".join(key for _, key in above)
            continue
        if not found:
            yield ""
            continue
        indent = len(found["indent"])
        above = [(depth, key) for depth, key in above if depth < indent]
        above.append((indent, found["key"].strip("\"'")))
        yield ".".join(key for _, key in above)
