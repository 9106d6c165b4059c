"""Four estimators of one effect in a line, and what they say together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brainchange.figures.numbers import number, places
from brainchange.figures.wording import text_of
from brainchange.inference.estimators import NAMES

Row = Mapping[Any, Any]
BRACKET = (
    "Arms were not randomised: the change score and the mixed model suppose that both arms would "
    "have changed alike without therapy, the other two that arms equal before would have stayed "
    "equal. If either holds, they bracket the truth (Ding & Li 2019)."
)
SAME = (
    "Arms were randomised: all of them estimate the same difference, the last two most precisely."
)


@dataclass(frozen=True)
class Estimators:
    """Estimators of one effect, written for the page.

    Attributes
    ----------
    values : str
        The estimates side by side.
    reading : str
        What they suppose, and whom they use.
    note : str
        What is unusual about them: signs that differ, a model that does not fit.
    """

    values: str
    reading: str
    note: str


def estimators(row: Row, *, randomised: bool) -> Estimators | None:
    """Write the four estimators of an effect.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    randomised : bool
        Whether chance decided who came into which arm.

    Returns
    -------
    Estimators or None
        None where fewer than two of them are defined.
    """
    known = {name: text for name, text in NAMES.items() if math.isfinite(row[name])}
    if len(known) < 2:
        return None
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    count = "Four" if len(known) == len(NAMES) else f"{len(known)} of four"
    values = ", ".join(
        f"{text} {number(row[name], digits, sign=True)}" for name, text in known.items()
    )
    note = text_of(row["estimators_note"])
    return Estimators(
        f"{count} estimators of the difference{f' in {unit}' if unit else ''}: {values}.",
        " ".join(filter(None, [SAME if randomised else BRACKET, _everybody(row)])),
        f"{note[0].upper()}{note[1:]}." if note else "",
    )


def _everybody(row: Row) -> str:
    """Say who is in the models of all values, where that is more than those with both."""
    if not math.isfinite(row["mixed_model"]):
        return ""
    both, some = (
        [int(row[f"n_{side}{which}"]) for side in ("treated", "control")] for which in ("", "_any")
    )
    if both == some:
        return ""
    return (
        "The mixed model and the constrained baseline use everybody with at least one timepoint "
        f"({some[0]} vs {some[1]}), the other two those with both ({both[0]} vs {both[1]})."
    )
