"""What studies taken together allow to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from brainchange.inference.across_schema import META_TABLE
from brainchange.inference.verdict_text import amount, p_text
from brainchange.study.settings import Inference

FEWEST_STUDIES = 5
"""Studies below which nothing stronger than SUGGESTIVE is said."""
Row = Mapping[Any, Any]


def decide_across(table: pd.DataFrame, forest: Sequence[Row], inference: Inference) -> pd.DataFrame:
    """Add what may be said, and why.

    Parameters
    ----------
    table : pandas.DataFrame
        ``META_TABLE`` without verdicts.
    forest : sequence of mapping
        Rows of ``FOREST_TABLE``.
    inference : Inference
        Level.

    Returns
    -------
    pandas.DataFrame
        ``META_TABLE``. SUPPORTED and CONTRADICTED need 5 studies, an adjusted p below the level,
        and the same sign whichever study is left out; SUPPORTED is associational if a study was
        not randomised. SUGGESTIVE: claimed direction and p below the level. NO MEANINGFUL EFFECT:
        5 studies and equivalence. One study has the verdict of that study.
    """
    counted: dict[tuple[str, str], list[Row]] = {}
    for one in forest:
        if one["counts"]:
            counted.setdefault((one["measure"], one["scale"]), []).append(one)
    rows = table.to_dict("records")
    mine = [counted.get((row["measure"], row["scale"]), []) for row in rows]
    table["verdict"] = [_verdict(row, one, inference) for row, one in zip(rows, mine, strict=True)]
    table["words"] = [_words(row, one) for row, one in zip(rows, mine, strict=True)]
    return META_TABLE.frame(table)


def _verdict(row: Row, counted: Sequence[Row], inference: Inference) -> str:
    if not counted:
        return "NOT TESTED"
    few = len(counted) < FEWEST_STUDIES
    found = row["p_adjusted"] < inference.alpha and not _alone(row, counted) and not few
    if row["estimate"] * _toward(row) <= 0:
        return "CONTRADICTED" if found else _equivalent(row, few=few, inference=inference)
    if found:
        drawn = all(one["randomised"] for one in counted)
        return "SUPPORTED" if drawn else "SUPPORTED (associational)"
    if row["p"] < inference.alpha:
        return "SUGGESTIVE"
    return _equivalent(row, few=few, inference=inference)


def _equivalent(row: Row, *, few: bool, inference: Inference) -> str:
    shown = row["tost_p"] < inference.alpha and not few
    return "NO MEANINGFUL EFFECT" if shown else "INCONCLUSIVE"


def _toward(row: Row) -> float:
    """Sign of what is claimed; without a direction, of what was found."""
    signs = {"up": 1.0, "down": -1.0}
    return signs.get(str(row["direction"]), float(row["estimate"]))


def _alone(row: Row, counted: Sequence[Row]) -> list[str]:
    """Studies that alone give the sign."""
    return [str(one["study"]) for one in counted if one["without"] * row["estimate"] <= 0]


def _words(row: Row, counted: Sequence[Row]) -> str:
    k = len(counted)
    if not k:
        return "no study has an effect"
    said = f"{amount(row['estimate'])} {row['unit']}, 95 % interval {amount(row['ci_low'])} to "
    said += amount(row["ci_high"])
    if k == 1:
        return f"{said}, one study: read its verdict"
    said += f", {p_text(row['p'])}, {k} studies"
    if k < FEWEST_STUDIES:
        said += f"; fewer than {FEWEST_STUDIES} never show more than a suggestion"
    if alone := _alone(row, counted):
        said += f"; without {' or '.join(alone)} the sign changes"
    return said
