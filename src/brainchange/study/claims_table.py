"""The table of claims: what a study can tell, one row a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd

from brainchange.study.testability import Barrier, Judged, State
from brainchange.tables import Column, TableSchema

CLAIMS_TABLE = TableSchema(
    "claims",
    "A claim of the article and whether this study can tell; tested where `measured`.",
    (
        Column("claim", "string", "Claim (`T2`)", required=True),
        Column("quote", "string", "The article's words", required=True),
        Column("construct", "string", "What the sentence is about", required=True),
        Column("direction", "string", "What the sentence says", required=True),
        Column("family", "string", "Family of tests it belongs to", required=True),
        Column(
            "state",
            "string",
            "Whether this study can tell; caveat: only as a proxy, or only described",
            required=True,
            levels=get_args(State),
        ),
        Column(
            "barrier",
            "string",
            "What stands against it first; control: described within the treated arm alone; "
            "measurement: the study could tell, but nothing measures it here",
            required=True,
            levels=get_args(Barrier),
        ),
        Column("reason", "string", "Why it is not tested, in words"),
        Column("needed", "string", "What would have to be measured or computed"),
        Column("metric", "string", "Metric that measures it; n/a where nothing does yet"),
        Column("measured", "boolean", "Whether it is tested here: see effects", required=True),
        Column("contradicts", "string", "Claims of the same article that say the opposite"),
    ),
    key=("claim",),
)


def claims_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """Write what the study can say about each claim.

    Parameters
    ----------
    judged : sequence of Judged
        The claims, judged.

    Returns
    -------
    pandas.DataFrame
        ``CLAIMS_TABLE``.
    """
    return CLAIMS_TABLE.frame(
        {
            "claim": one.claim.id,
            "quote": one.claim.quote,
            "construct": one.claim.about,
            "direction": one.claim.direction,
            "family": one.claim.family,
            "state": one.state,
            "barrier": one.barrier,
            "reason": one.reason or None,
            "needed": one.claim.needed or None,
            "metric": one.claim.metric,
            "measured": one.measured,
            "contradicts": ";".join(one.claim.contradicts) or None,
        }
        for one in judged
    )
