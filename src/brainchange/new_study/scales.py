"""The outcomes of a new study file: scales with a score before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from brainchange.new_study.text import asked, comment, quoted, shortened
from brainchange.sources.survey_sessions import TIMEPOINTS, GuessedTimepoints, guess_timepoints
from brainchange.sources.survey_tables import DatasetTable, Scale
from brainchange.study.model import Timepoint
from brainchange.study.strict import Direction

_TIMES_TOLD = 6
_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class KnownScale:
    """A published scale: its name, direction of improvement, and lowest and highest score."""

    label: str
    better: Direction
    minimum: float
    maximum: float
    measures: str = "symptoms"


KNOWN: tuple[tuple[re.Pattern[str], KnownScale], ...] = (
    (re.compile(r"BDI"), KnownScale("Beck Depression Inventory", "down", 0, 63)),
    (
        re.compile(r"MADRS"),
        KnownScale("Montgomery-Åsberg Depression Rating Scale", "down", 0, 60),
    ),
    (
        re.compile(r"HAM-?D?-?17"),
        KnownScale("Hamilton Depression Rating Scale, 17 items", "down", 0, 52),
    ),
    (re.compile(r"ZUNG.?SDS"), KnownScale("Zung Self-Rating Depression Scale", "down", 20, 80)),
    (re.compile(r"CES-?D"), KnownScale("CES-D", "down", 0, 60)),
    (re.compile(r"TAS-?26"), KnownScale("Toronto Alexithymia Scale, 26 items", "down", 26, 130)),
    (re.compile(r"TAS-?20"), KnownScale("Toronto Alexithymia Scale, 20 items", "down", 20, 100)),
    (
        re.compile(r"RRS.?(?:SUM|TOT)"),
        KnownScale("Ruminative Responses Scale, sum", "down", 22, 88, "rumination"),
    ),
)
"""Ranges of scales as their authors published them (Beck 1961; Montgomery & Åsberg 1979; Hamilton
1967; Zung 1965; Radloff 1977; Taylor 1985; Bagby 1994; Treynor 2003)."""


def outcomes(tables: Sequence[DatasetTable], guess: GuessedTimepoints) -> Iterator[str]:
    """Write outcomes: scales of the table of participants with columns before and after.

    Others are named in comments: scored once, at other times, or in a table that is not here.
    """
    scales = [scale for table in tables for scale in table.scales]
    written = {
        _key(scale): (scale, columns) for scale in scales if (columns := columns_of(scale, guess))
    }
    used = [scale for scale, _ in written.values()]
    others = [comment(f"  {_told(scale)}") for scale in scales if scale not in used]
    if others:
        yield "# Scales that are not below: scored once, at other times, or not here yet."
        yield from others
        yield asked("which of these are outcomes, and in which columns?")
    yield "outcomes:" if written else "outcomes: {}"
    for key, (scale, columns) in written.items():
        yield from _outcome(key, scale, columns)


def columns_of(scale: Scale, guess: GuessedTimepoints) -> dict[Timepoint, str]:
    """Name the column of each timepoint; empty where scores are not before and after.

    Times are session labels, words, or numbers of which the first is pre unless a word is. A column
    with a row a session becomes one a timepoint (``score_pre``) when tables are joined. In a
    dataset of one session a score is enough.
    """
    if scale.by_session:
        return _joined_columns(scale, guess)
    if len(scale.columns) < 2:
        once = "post" not in guess.labels and "" in scale.columns
        return {"pre": scale.columns[""]} if once else {}
    of_session = {label.lower(): t for t, labels in guess.labels.items() for label in labels}
    if set(scale.columns) <= set(of_session):
        found = {of_session[time]: column for time, column in scale.columns.items()}
    else:
        timed = guess_timepoints(dict.fromkeys(scale.columns, ())).labels
        found = {t: scale.columns[labels[0]] for t, labels in timed.items()}
    return found if {"pre", "post"} <= set(found) else {}


def _joined_columns(scale: Scale, guess: GuessedTimepoints) -> dict[Timepoint, str]:
    found: dict[Timepoint, str] = {
        timepoint: f"{scale.name}_{timepoint}"
        for timepoint, labels in guess.labels.items()
        if set(labels) & set(scale.n_scored)
    }
    return found if {"pre", "post"} <= set(found) else {}


def _outcome(key: str, scale: Scale, columns: Mapping[Timepoint, str]) -> Iterator[str]:
    known = _known(scale)
    yield f"  {comment(f'Scores: {_scored(scale)}.')}"
    if known is None:
        question = "is up or down better, and what are the lowest and highest possible scores?"
        question += " Delete it if it is no outcome"
        yield f"  {asked(question)}"
    label = known.label if known else shortened(scale.label or scale.name, 80)
    yield f"  {quoted(key)}:"
    yield f"    label: {quoted(label)}"
    pairs = ", ".join(f"{t}: {quoted(columns[t])}" for t in sorted(columns, key=TIMEPOINTS.index))
    yield f"    columns: {{{pairs}}}"
    if known and known.measures != "symptoms":
        yield f"    measures: {known.measures}"
    yield f"    better: {known.better if known else ''}".rstrip()
    yield f"    minimum: {f'{known.minimum:g}' if known else ''}".rstrip()
    yield f"    maximum: {f'{known.maximum:g}' if known else ''}".rstrip()


def _known(scale: Scale) -> KnownScale | None:
    return next((known for name, known in KNOWN if name.match(scale.name.upper())), None)


def _key(scale: Scale) -> str:
    return _NAME.sub("_", scale.name).strip("_")[:64] or "scale"


def _told(scale: Scale) -> str:
    place = "" if scale.table == "participants.tsv" else f" in {scale.table}"
    columns = ", ".join(dict.fromkeys(scale.columns.values()))
    named = (
        f"{shortened(columns, 200)}{place}" if columns else f"{shortened(scale.name, 60)}{place}"
    )
    return f"{named}: {_scored(scale) or 'not here yet'}"


def _scored(scale: Scale) -> str:
    """Count who has a score, at the first few times."""
    times = list(scale.n_scored.items())
    shown = ", ".join(f"{time or 'once'} {n}" for time, n in times[:_TIMES_TOLD])
    more = f", … ({len(times)} times in all)" if len(times) > _TIMES_TOLD else ""
    return shown + more
