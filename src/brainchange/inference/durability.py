"""What lasts: change up to follow-up against control, and whether the treated kept it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import nan, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr

from brainchange.inference.between import welch
from brainchange.inference.change import Change, describe_change
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.effect_size import pooled_sd
from brainchange.inference.effects import effects_table
from brainchange.inference.equivalence import equivalence
from brainchange.inference.prepost import PrePost
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Booleans = npt.NDArray[np.bool_]
Row = Mapping[Any, Any]
STEPS = {"followup-pre": ("pre", "followup"), "followup-post": ("post", "followup")}
"""Intervals and their timepoints."""
JUDGED = ("claim", "outcome")
TAKEN = (
    "measure",
    "kind",
    "label",
    "metric",
    "unit",
    "family",
    "contrast",
    "contrast_label",
    "primary",
    "n_treated",
    "n_control",
    "difference",
    "ci_low",
    "ci_high",
    "p_permutation",
    "p_floor",
    "p_adjusted",
    "flag",
)
"""Columns that are those of the effect over the same interval."""


def durability_table(
    data: PrePost,
    effects: pd.DataFrame,
    study: Study,
    settings: Settings,
    between: Callable[[tuple[str, str]], PrePost],
) -> pd.DataFrame:
    """Compare change up to follow-up, and test whether follow-up is like post.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    effects : pandas.DataFrame
        ``EFFECTS_TABLE`` of these data: whether there was anything to keep.
    study : Study
        Contrasts; without a follow-up the table is empty.
    settings : Settings
        Seed, level, smallest effect of interest.
    between : callable
        Two timepoints → their values.

    Returns
    -------
    pandas.DataFrame
        ``DURABILITY_TABLE``.

    Notes
    -----
    Follow-up is like post where two one-sided t tests (Schuirmann 1987) put the change of the
    treated within ± the smallest effect of interest. That it does not differ from zero is no
    evidence that it lasted. Participants who came to follow-up are those who came: who left may
    have lost more.
    """
    if not _has_followup(study):
        return DURABILITY_TABLE.frame()
    values = {interval: between(step) for interval, step in STEPS.items()}
    tables = {name: effects_table(one, study, settings) for name, one in values.items()}
    rows = [
        _row(interval, row, values[interval], data=data, study=study, settings=settings)
        for interval, table in tables.items()
        for row in table[table["kind"].isin(JUDGED)].to_dict("records")
    ]
    at_post = {_key(row): row for row in effects.to_dict("records")}
    later = {_key(row): row for row in rows if row["interval"] == "followup-pre"}
    for row in rows:
        if row["interval"] == "followup-post":
            row["lasting"] = _lasting(at_post[_key(row)], later[_key(row)], row, settings)
    return DURABILITY_TABLE.frame(rows)


def _has_followup(study: Study) -> bool:
    of_scales = (outcome.columns for outcome in study.outcomes.values())
    return "followup" in study.timepoints or any("followup" in columns for columns in of_scales)


def _key(row: Row) -> tuple[str, str, str]:
    return str(row["kind"]), str(row["measure"]), str(row["contrast"])


def _row(
    interval: str,
    effect: Row,
    values: PrePost,
    *,
    data: PrePost,
    study: Study,
    settings: Settings,
) -> dict[str, Any]:
    names = [(one.kind, one.name) for one in values.measures]
    column = names.index((effect["kind"], effect["measure"]))
    contrast = study.contrasts[effect["contrast"]]
    both = ~np.isnan(values.change[:, column])
    sides = [np.isin(values.arms, side) & both for side in (contrast.treated, contrast.control)]
    unit = _unit(data, column, sides)
    bound = settings.inference.smallest_effect_of_interest * unit
    changes = [values.change[side, column] for side in sides]
    treated = describe_change(values.pre[sides[0], column], values.post[sides[0], column])
    tested = np.isfinite(effect["p_permutation"])
    enough = treated.n >= settings.inference.fewest_participants
    return {name: effect[name] for name in TAKEN} | {
        "interval": interval,
        "standardised": effect["difference"] / unit,
        "equivalence_bound": bound,
        "tost_p": equivalence(welch(changes[0], changes[1]), bound).p if tested else nan,
        "treated_change": treated.mean,
        "treated_ci_low": treated.low,
        "treated_ci_high": treated.high,
        "treated_tost_p": _unchanged(treated, bound) if enough else nan,
    }


def _unit(data: PrePost, column: int, sides: list[Booleans]) -> float:
    """Pooled standard deviation before therapy of those who are compared."""
    before = [data.pre[side, column] for side in sides]
    before = [values[np.isfinite(values)] for values in before]
    if min(values.size for values in before) < 2:
        return nan
    return pooled_sd(before[0], before[1]) or nan


def _unchanged(change: Change, bound: float) -> float:
    """Two one-sided t tests of one arm's change within ± bound."""
    error = change.sd / sqrt(change.n)
    return float(stdtr(change.n - 1, (abs(change.mean) - bound) / error)) if error > 0 else nan


def _lasting(at_post: Row, later: Row, since: Row, settings: Settings) -> str | None:
    """Say whether what was there at post is there at follow-up."""
    effect = at_post["lead_difference"]
    if not np.isfinite(at_post["lead_ci_low"]):
        return None
    if at_post["lead_ci_low"] <= 0 <= at_post["lead_ci_high"]:
        return "nothing to keep"
    if not (np.isfinite(later["ci_low"]) and np.isfinite(since["treated_ci_low"])):
        return "cannot tell"
    off_zero = later["ci_low"] > 0 or later["ci_high"] < 0
    there = off_zero and later["difference"] * effect > 0
    if there and since["treated_tost_p"] < settings.inference.alpha:
        return "kept"
    back = since["treated_ci_high"] < 0 if effect > 0 else since["treated_ci_low"] > 0
    return "lost" if back and not there else "cannot tell"
