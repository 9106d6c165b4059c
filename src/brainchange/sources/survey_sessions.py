"""Which session is which timepoint: guessed from session labels and from who has which."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from brainchange.sources.survey import natural
from brainchange.study.model import Timepoint

_WORDS: tuple[tuple[Timepoint, re.Pattern[str]], ...] = (
    ("pre", re.compile(r"\d*(?:pre|before|base|bl)", re.IGNORECASE)),
    ("mid", re.compile(r"\d*mid", re.IGNORECASE)),
    ("post", re.compile(r"\d*(?:post|after)", re.IGNORECASE)),
    ("followup", re.compile(r"\d*(?:follow|fu\d*$)", re.IGNORECASE)),
)
_NUMBERED = re.compile(r"([A-Za-z]*?)0*(\d+)")
_NUMBERS: tuple[Timepoint, ...] = ("pre", "post", "followup")
TIMEPOINTS: tuple[Timepoint, ...] = ("pre", "mid", "post", "followup")
MOST_LABELS = 6

Sessions = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class GuessedTimepoints:
    """Session labels of each timepoint, and how sure that is.

    Attributes
    ----------
    labels : mapping of str to tuple of str
        Timepoint → session labels.
    left : tuple of str
        Labels that were given to no timepoint.
    doubt : str
        What a person has to decide; empty where the labels say it themselves.
    """

    labels: Mapping[Timepoint, tuple[str, ...]]
    left: tuple[str, ...] = ()
    doubt: str = ""


def guess_timepoints(sessions: Sessions) -> GuessedTimepoints:
    """Guess which session is before and which after therapy.

    Words (``pre``, ``baseline``, ``2post``) say it themselves, and so do two numbers of one series
    (``01``, ``02``). Everything else is a guess that a person must confirm: three numbers are taken
    as pre, post and followup; numbers of several series (``b0``, ``d2``, ``p2``) as the same time
    since the start; of many labels, the commonest and the one most participants have beside it.

    Parameters
    ----------
    sessions : mapping of str to collection of str
        Session label → participants.
    """
    labels = sorted((label for label in sessions if label), key=natural)
    if len(labels) < 2:
        return _too_few(labels)
    rules: tuple[Callable[[Sessions, Sequence[str]], GuessedTimepoints | None], ...] = (
        _by_words,
        _by_numbers,
        _by_participants,
    )
    guesses = (rule(sessions, labels) for rule in rules)
    return next(guess for guess in guesses if guess)


def _too_few(labels: Sequence[str]) -> GuessedTimepoints:
    found = f"only the session {labels[0]}" if labels else "no sessions"
    doubt = f"the dataset has {found}: nothing in its images is before and after"
    return GuessedTimepoints({"pre": tuple(labels)}, (), doubt)


def _by_words(_sessions: Sessions, labels: Sequence[str]) -> GuessedTimepoints | None:
    of_label = {
        label: timepoint for label in labels for timepoint, word in _WORDS if word.match(label)
    }
    found = _grouped(of_label)
    if "pre" not in found or "post" not in found:
        return None
    left = tuple(label for label in labels if label not in of_label)
    doubt = f"to which timepoint, if any, do these belong: {', '.join(left)}?" if left else ""
    return GuessedTimepoints(found, left, doubt)


def _by_numbers(_sessions: Sessions, labels: Sequence[str]) -> GuessedTimepoints | None:
    parsed = {label: found for label in labels if (found := _NUMBERED.fullmatch(label))}
    numbers = sorted({int(found[2]) for found in parsed.values()})
    if len(parsed) < len(labels) or not 2 <= len(numbers) <= 3 or len(labels) > MOST_LABELS:
        return None
    of_label = {label: _NUMBERS[numbers.index(int(found[2]))] for label, found in parsed.items()}
    if len(labels) == 2:
        return GuessedTimepoints(_grouped(of_label))
    doubt = "is it so? The labels are numbers: when therapy ended must be read elsewhere"
    return GuessedTimepoints(_grouped(of_label), (), doubt)


def _by_participants(sessions: Sessions, labels: Sequence[str]) -> GuessedTimepoints:
    """Take the commonest label and, of the later ones, the one most participants have with it."""
    first = max(labels, key=lambda label: len(sessions[label]))
    later = labels[labels.index(first) + 1 :] or [label for label in labels if label != first]
    second = max(later, key=lambda label: len(set(sessions[label]) & set(sessions[first])))
    both = len(set(sessions[first]) & set(sessions[second]))
    left = tuple(label for label in labels if label not in (first, second))
    doubt = (
        f"{len(labels)} session labels; {first} and {second} are the pair most participants have "
        f"({both}). Which labels are before, after and at follow-up?"
    )
    return GuessedTimepoints({"pre": (first,), "post": (second,)}, left, doubt)


def _grouped(of_label: Mapping[str, Timepoint]) -> dict[Timepoint, tuple[str, ...]]:
    return {
        timepoint: tuple(label for label, of in of_label.items() if of == timepoint)
        for timepoint in TIMEPOINTS
        if timepoint in of_label.values()
    }
