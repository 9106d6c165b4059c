"""The statements of the article that a study cannot tell about, and where the article disagrees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from brainchange.figures.wording import text_of
from brainchange.study.claims import Claim, Claims

HEADINGS = {
    "measurement": "The study could tell, but nothing measures it here yet",
    "control": "Nobody is compared with",
    "participants": "Too few participants for more than a description",
    "proxy": "At best an indirect answer",
    "allocation": "Arms were not randomised",
    "images": "Images are missing",
    "arm": "An arm is missing",
    "timepoint": "A timepoint is missing",
    "column": "A column of the table of participants is missing",
    "mri": "MRI cannot show it",
}
"""Barriers from the lowest to the highest, in words."""


@dataclass(frozen=True)
class Untold:
    """One statement that was not tested: the article's words, why not, what would tell."""

    claim: str
    quote: str
    about: str
    reason: str
    needed: str


@dataclass(frozen=True)
class Group:
    """Statements with the same barrier."""

    heading: str
    statements: tuple[Untold, ...]

    @property
    def names(self) -> str:
        """Their short names."""
        return ", ".join(statement.claim for statement in self.statements)


@dataclass(frozen=True)
class CannotTell:
    """What the section shows.

    Attributes
    ----------
    total, tested : int
        Statements of the article, and those that are tested.
    groups : tuple of Group
        The others, by what stands against a test.
    contradictions : tuple of (Claim, Claim)
        Statements of the article that say opposite things.
    """

    total: int
    tested: int
    groups: tuple[Group, ...]
    contradictions: tuple[tuple[Claim, Claim], ...]


def cannot_tell(claims: Claims, table: pd.DataFrame, elsewhere: Collection[str] = ()) -> CannotTell:
    """Group what was not tested by what stands against it.

    Parameters
    ----------
    claims : Claims
        The claims.
    table : pandas.DataFrame
        ``CLAIMS_TABLE``.
    elsewhere : collection of str
        Claims that are tested, though by no effect.
    """
    untold = table[~table["measured"].astype(bool) & ~table["claim"].isin(list(elsewhere))]
    groups = (
        Group(heading, tuple(_untold(row) for row in rows.to_dict("records")))
        for barrier, heading in HEADINGS.items()
        if len(rows := untold[untold["barrier"] == barrier])
    )
    tested = len(table) - len(untold)
    return CannotTell(len(table), tested, tuple(groups), claims.contradictions)


def _untold(row: dict[object, object]) -> Untold:
    needed = text_of(row["needed"])
    if not needed:
        needed = f"a study that has it; then {text_of(row['metric'])} is tested"
    return Untold(
        text_of(row["claim"]),
        text_of(row["quote"]),
        text_of(row["construct"]),
        _sentence(text_of(row["reason"])),
        _sentence(needed),
    )


def _sentence(text: str) -> str:
    """Begin with a capital letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]
