"""The answer: one verdict a statement, why, and what this study could have shown at best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.badges import BADGES, Badge
from brainchange.figures.numbers import interval, number, places, plural
from brainchange.figures.wording import text_of, with_unit
from brainchange.inference.verdict import SAFEGUARDS
from brainchange.inference.verdict_rules import THREAT

Row = Mapping[Any, Any]
Trace = Mapping[str, Any]
NOT_MADE = ("NOT TESTED", "NOT TESTABLE WITH MRI")
"""Verdicts that say that nothing was tested."""
MEASURED = {
    "change_score": "difference in change",
    "ancova": "difference at equal values before",
    "within_arm": "change, no control",
    "prediction": "what the brain adds to the prediction",
    "durability": "what lasts until follow-up",
    "omnibus": "what therapies share, and where they differ",
    "regions": "clearest of all regions",
    "brain_symptom": "clearest correlation of changes",
}
"""What the leading estimate is, in words."""
OF_TABLES = ("prediction", "durability", "omnibus", "regions", "brain_symptom")
"""What leads claims that are told by a table of their own."""


MARKS = {True: "✓", False: "✗", None: "–"}
"""Signs of a rule that holds, does not hold, was not made."""
SAID = {True: "holds", False: "does not hold", None: "not made"}
"""The same in words, for those who do not see the sign."""


@dataclass(frozen=True)
class Reason:
    """One reason of a verdict: the sign of its rule, the sign in words, and the reason."""

    mark: str
    said: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What may be said of one statement or scale.

    Attributes
    ----------
    measure, kind, quote, label, direction : str
        The statement or scale.
    contrast : str
        Name of the contrast for people.
    of_table : bool
        Whether it is told by a table of its own and not by an effect.
    badge : Badge
        The verdict.
    why : tuple of str
        What kept it from a stronger verdict, in short; for one that was not tested the reason.
    reasons : tuple of Reason
        Every reason with the sign of its rule.
    estimated : bool
        Whether there is an estimate.
    difference, ends, unit, measured : str
        The leading estimate with its 95 % interval and what it is.
    ceiling : tuple of str
        What the study could have shown at best.
    remark : str
        What the contrast itself does not allow to say.
    rank, value, detectable : int, float, float
        Place of the verdict among all, the leading estimate and the smallest difference that would
        be found: what rows are sorted by.
    """

    measure: str
    kind: str
    quote: str
    label: str
    direction: str
    contrast: str
    of_table: bool
    badge: Badge
    why: tuple[str, ...]
    reasons: tuple[Reason, ...]
    estimated: bool
    difference: str
    ends: str
    unit: str
    measured: str
    ceiling: tuple[str, ...]
    remark: str
    rank: int
    value: float
    detectable: float


@dataclass(frozen=True)
class NotTested:
    """Statements that share a verdict which says that nothing was tested."""

    badge: Badge
    names: str
    count: str


def answers(
    verdicts: pd.DataFrame, trace: Sequence[Trace], kind: str, contrast: str
) -> tuple[Answer, ...]:
    """Write the verdicts of one kind of measure in one contrast that come from a test.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        ``VERDICTS_TABLE``.
    trace : sequence of mapping
        ``verdict_trace.json``.
    kind : {'claim', 'outcome'}
        Statements of the article, or scales.
    contrast : str
        Name of the contrast.

    Returns
    -------
    tuple of Answer
        In the order of the table, those that no study with MRI or not this one can tell left out;
        one that lacks participants or values is kept.
    """
    rules = {(one["kind"], one["measure"], one["contrast"]): one["trace"] for one in trace}
    chosen = verdicts[(verdicts["kind"] == kind) & (verdicts["contrast"] == contrast)]
    chosen = chosen[chosen["estimator"].notna()]
    return tuple(
        answer(row, rules.get((row["kind"], row["measure"], row["contrast"]), ()))
        for row in chosen.to_dict("records")
    )


def answer(row: Row, rules: Sequence[Trace]) -> Answer:
    """Write one verdict.

    Parameters
    ----------
    row : mapping
        Row of ``VERDICTS_TABLE``.
    rules : sequence of mapping
        Its rules in the trace.
    """
    digits, outcome = places(row["ci_low"], row["ci_high"]), text_of(row["verdict"])
    reasons = tuple(filter(None, text_of(row["reasons"]).split(" | ")))
    of_table = text_of(row["estimator"]) in OF_TABLES
    return Answer(
        measure=text_of(row["measure"]),
        kind=text_of(row["kind"]),
        quote=text_of(row["quote"]),
        label=text_of(row["label"]),
        direction=text_of(row["direction"]),
        contrast=text_of(row["contrast_label"]),
        of_table=of_table,
        badge=BADGES[outcome],  # type: ignore[index]
        why=reasons[:2] if of_table else _why(outcome, reasons, rules),
        reasons=_marked(reasons, rules),
        estimated=math.isfinite(row["difference"]),
        difference=number(row["difference"], digits, sign=True),
        ends=interval(row["ci_low"], row["ci_high"], digits),
        unit=text_of(row["unit"]),
        measured=MEASURED.get(text_of(row["estimator"]), ""),
        ceiling=tuple(_ceiling(row, digits)),
        remark=text_of(row["remark"]),
        rank=list(BADGES).index(outcome),  # type: ignore[arg-type]
        value=float(row["difference"]),
        detectable=float(row["minimum_detectable_difference"]),
    )


def not_tested(verdicts: pd.DataFrame, contrast: str) -> tuple[NotTested, ...]:
    """Gather the statements that nothing was tested of, by verdict.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        ``VERDICTS_TABLE``.
    contrast : str
        Name of the contrast.
    """
    rows = verdicts[(verdicts["contrast"] == contrast) & verdicts["estimator"].isna()]
    return tuple(
        NotTested(
            BADGES[word],  # type: ignore[index]
            ", ".join(mine["measure"]),
            plural(len(mine), "statement"),
        )
        for word in NOT_MADE
        if len(mine := rows[rows["verdict"] == word])
    )


def _why(outcome: str, reasons: Sequence[str], rules: Sequence[Trace]) -> tuple[str, ...]:
    """Say in short what decided: what lacks for more, or the first reason."""
    if outcome.startswith(("SUGGESTIVE", "SUPPORTED")):
        lacking = [
            rule["consequence"]
            for rule in rules
            if rule["held"] is not True and rule["consequence"] and _counts(rule["name"])
        ]
        return tuple(lacking) or ("every safeguard holds",)
    if outcome == "INCONCLUSIVE":
        return ()
    return tuple(reasons[:1])


def _counts(name: str) -> bool:
    named = (*SAFEGUARDS, "primary_test", "randomised")
    return name in named or name.startswith(THREAT)


def _marked(reasons: Sequence[str], rules: Sequence[Trace]) -> tuple[Reason, ...]:
    held = {rule["consequence"]: rule["held"] for rule in rules if rule["consequence"]}
    return tuple(
        Reason(MARKS[held.get(text)], SAID[held.get(text)], f"{text[:1].upper()}{text[1:]}.")
        for text in reasons
    )


def _ceiling(row: Row, digits: int) -> list[str]:
    """Say what arms of this size find, and how small a difference they could ever exclude."""
    unit, found = text_of(row["unit"]), []
    if math.isfinite(row["minimum_detectable_difference"]):
        said = with_unit(row["minimum_detectable_difference"], digits, unit)
        found.append(f"finds ± {said}")
    if math.isfinite(row["smallest_equivalence_difference"]):
        said = number(row["smallest_equivalence_difference"], digits)
        found.append(f"excludes beyond ± {said} at best")
    if math.isfinite(row["bayes_factor_01_ceiling"]):
        said = number(row["bayes_factor_01_ceiling"], 1)
        found.append(f"Bayes factor for none at most {said}")
    return found
