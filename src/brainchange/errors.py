"""Errors for the user: what is wrong, where, the likely cause, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

_SHORT = 3


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, told to the person who can mend it.

    Attributes
    ----------
    what : str
        What is wrong, with the value that was found.
    where : str
        File, and key or row (``config/config.yaml: denoising.motion``).
    cause : str
        The likely cause; empty where it is plain.
    fix : str
        What to do.
    """

    what: str
    where: str = ""
    cause: str = ""
    fix: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.cause:
            lines.append(f"  Likely cause: {self.cause}")
        if self.fix:
            lines.append(f"  What to do: {self.fix}")
        return "\n".join(lines)


class BrainchangeError(Exception):
    """Base of every error that is told to the user without a traceback.

    Parameters
    ----------
    what, where, cause, fix : str
        See :class:`Problem`.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", cause: str = "", fix: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(what, where, cause, fix),)
        super().__init__(what)

    @classmethod
    def from_problems(cls, problems: Sequence[Problem]) -> Self:
        """Make one error of several problems, so that all are told at once."""
        first = problems[0]
        error = cls(first.what, where=first.where, cause=first.cause, fix=first.fix)
        error.problems = tuple(problems)
        return error

    @property
    def reason(self) -> str:
        """What is wrong in one line, for the ``reason`` column of a table."""
        return "; ".join(" ".join(problem.what.split()) for problem in self.problems)

    def __str__(self) -> str:
        told = "\n".join(str(problem) for problem in self.problems)
        if len(self.problems) == 1:
            return told
        return f"{len(self.problems)} problems:\n{told}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.problems))


def _restore(kind: type[BrainchangeError], problems: tuple[Problem, ...]) -> BrainchangeError:
    return kind.from_problems(problems)


class ConfigError(BrainchangeError):
    """A file in ``config/`` says something that cannot be meant."""

    exit_code = 2


class TableError(BrainchangeError):
    """A table lacks a column or holds a value its column does not allow."""

    exit_code = 3


class ImageError(BrainchangeError):
    """An image cannot be read, or its header contradicts its content."""

    exit_code = 3


class LockError(BrainchangeError):
    """A lock cannot be made, or a row of it is not to be trusted."""

    exit_code = 4


class FetchError(BrainchangeError):
    """A file could not be fetched or is not the file the lock names."""

    exit_code = 4


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known name is closest to a mistyped one.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"Did you mean 'amygdala'?"``, else the list of known names.
    """
    names = [str(k) for k in known]
    lowered = {k.lower(): k for k in names}
    # Of a name as short as T9, one wrong sign is half.
    cutoff = 0.5 if len(name) <= _SHORT and not name.isdigit() else 0.6
    close = difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=cutoff)
    if close:
        return "Did you mean " + " or ".join(f"'{lowered[c]}'" for c in close) + "?"
    if not names:
        return "None is known here."
    shown = ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")
    return f"Known: {shown}."
