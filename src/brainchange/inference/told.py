"""Claims that no single effect tells.

What lasts, what therapies share, what predicts, what changes anywhere, what goes with symptoms:
each of them is told by a table of its own (`Claim.table`). Its rows become the same rules and the
same verdict as those of an effect, so that every claim has one row among the verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from brainchange.inference.told_rules import (
    Asked,
    Told,
    what_lasts,
    what_predicts,
    what_therapies_share,
)
from brainchange.inference.told_together import what_goes_together, what_regions_tell
from brainchange.inference.verdict import Verdict
from brainchange.inference.verdicts import Decided, said
from brainchange.study.claims import ToldBy
from brainchange.study.settings import Settings
from brainchange.study.testability import Judged

TELLERS: Mapping[ToldBy, Callable[[Asked], Told]] = {
    "prediction": what_predicts,
    "durability": what_lasts,
    "omnibus": what_therapies_share,
    "regions": what_regions_tell,
    "brain_symptom": what_goes_together,
}
"""What decides the claims of each table."""
IN_EVERY_CONTRAST = ("durability", "regions")
"""Tables with rows for every contrast; the others belong to none."""


def tell(
    decided: Sequence[Decided],
    judged: Sequence[Judged],
    tables: Mapping[ToldBy, pd.DataFrame],
    *,
    randomised: Mapping[str, bool],
    settings: Settings,
) -> tuple[Decided, ...]:
    """Decide the claims that another table than that of effects tells.

    Parameters
    ----------
    decided : sequence of Decided
        Verdicts of all claims and scales; these claims are NOT TESTED among them.
    judged : sequence of Judged
        All claims, and what stands against them. One the study cannot tell stays as it is.
    tables : mapping of str to pandas.DataFrame
        ``DURABILITY_TABLE``, ``OMNIBUS_TABLE``, ``PREDICTION_TABLE``, ``BRAIN_SYMPTOM_TABLE`` and,
        as regions, ``EFFECTS_TABLE`` by the name a claim has for them; one that was not made leaves
        its claims as they are.
    randomised : mapping of str to bool
        By contrast, whether chance decided between its sides.
    settings : Settings
        Level.

    Returns
    -------
    tuple of Decided
        In the same order.

    Notes
    -----
    What lasts and what changes anywhere is told in every contrast; what therapies share, what
    predicts and what goes with symptoms belong to no contrast, and are told in the primary one. No
    verdict here is stronger than SUGGESTIVE where a safeguard of effects has no counterpart
    (`decide`: a check that was not made counts as failed).
    """
    open_ = {one.claim.id: one.claim for one in judged if _is_open(one)}
    verdicts: dict[str, dict[str, str]] = {}
    for one in decided:
        if one.kind == "claim" and one.evidence is not None:
            verdicts.setdefault(one.contrast, {})[one.name] = one.verdict.outcome

    directions = {one.name: str(one.row.get("direction")) for one in decided}

    def told(one: Decided) -> Decided:
        claim = open_.get(one.name) if one.kind == "claim" else None
        table = claim.table if claim else None
        if claim is None or table is None or table not in tables:
            return one
        if table not in IN_EVERY_CONTRAST and not one.row["primary"]:
            return one
        asked = Asked(
            claim,
            one.contrast,
            tables[table],
            verdicts.get(one.contrast, {}),
            randomised[one.contrast],
            settings.inference.alpha,
            directions,
        )
        return _decided(one, TELLERS[table](asked))

    return tuple(told(one) for one in decided)


def _is_open(one: Judged) -> bool:
    """Whether nothing stands against a claim but that no effect measures it."""
    return one.claim.table is not None and all(name == "measurement" for name, _ in one.barriers)


def _decided(one: Decided, told: Told) -> Decided:
    reasons = tuple(rule.consequence for rule in told.rules if rule.consequence)
    not_made = tuple(rule.name for rule in told.rules if rule.held is None)
    verdict = Verdict(told.outcome, reasons, not_made, told.rules)
    return replace(one, verdict=verdict, row=one.row | told.cells | said(verdict))
