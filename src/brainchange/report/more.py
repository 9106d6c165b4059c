"""What lasts until follow-up, crossovers, and more than two arms, written for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, p_value, places
from brainchange.figures.wording import text_of, title_of, with_unit
from brainchange.study.model import Study

Row = Mapping[Any, Any]
INTERVALS = {"followup-pre": "follow-up − pre", "followup-post": "follow-up − post"}


@dataclass(frozen=True)
class Lasting:
    """One measure over one interval that ends at follow-up.

    Attributes
    ----------
    label, interval, counts : str
        What, from when to when, and how many in the two arms.
    difference, ends, p : str
        Difference in change with its 95 % interval, and p.
    treated, treated_ends, equivalence : str
        Change of the treated with its 95 % interval, and p of no change that matters.
    lasting : str
        Whether the effect was kept; empty where that is not asked.
    flag : str
        Why something is missing or weak.
    """

    label: str
    interval: str
    counts: str
    difference: str
    ends: str
    p: str
    treated: str
    treated_ends: str
    equivalence: str
    lasting: str
    flag: str


@dataclass(frozen=True)
class BothTreatments:
    """One measure after both treatments of a crossover, in the same people.

    Attributes
    ----------
    label, group, sessions, counts : str
        What, in whom, after which sessions, and how many had either treatment first.
    effect, ends, p : str
        Treatment − control with its 95 % interval, and its adjusted p.
    period, period_p : str
        Second − first period, and its p.
    carry_over, carry_over_p : str
        What the first treatment leaves, and its p.
    flag : str
        Why something is missing.
    """

    label: str
    group: str
    sessions: str
    counts: str
    effect: str
    ends: str
    p: str
    period: str
    period_p: str
    carry_over: str
    carry_over_p: str
    flag: str


@dataclass(frozen=True)
class Omnibus:
    """One measure in a set of arms.

    Attributes
    ----------
    label, arms : str
        What, and in which arms with how many participants.
    difference, between : str
        Largest difference of two mean changes, and of which arms.
    statistic, p : str
        Welch's F with its degrees of freedom; permutation p, adjusted where there is a family.
    shared : str
        p that all therapies share an effect; empty where that is not asked.
    flag : str
        Why something is missing or weak.
    """

    label: str
    arms: str
    difference: str
    between: str
    statistic: str
    p: str
    shared: str
    flag: str


def lasting(table: pd.DataFrame, contrast: str) -> tuple[Lasting, ...]:
    """Write what lasts in one contrast.

    Parameters
    ----------
    table : pandas.DataFrame
        ``DURABILITY_TABLE``; may be empty.
    contrast : str
        Name of the contrast.
    """
    rows = table[table["contrast"] == contrast].sort_values(
        ["kind", "measure", "interval"], key=_order, kind="stable"
    )
    return tuple(_lasting(row) for row in rows.to_dict("records"))


def _order(column: pd.Series) -> pd.Series:
    places_ = {name: place for place, name in enumerate(INTERVALS)}
    return column.map(places_) if column.name == "interval" else column.map(str)


def _lasting(row: Row) -> Lasting:
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    p = row["p_adjusted"] if math.isfinite(row["p_adjusted"]) else row["p_permutation"]
    return Lasting(
        label=title_of(row),
        interval=INTERVALS[row["interval"]],
        counts=f"{int(row['n_treated'])} vs {int(row['n_control'])}",
        difference=with_unit(row["difference"], digits, unit, sign=True),
        ends=interval(row["ci_low"], row["ci_high"], digits),
        p=p_value(p),
        treated=with_unit(row["treated_change"], digits, unit, sign=True),
        treated_ends=interval(row["treated_ci_low"], row["treated_ci_high"], digits),
        equivalence=p_value(row["treated_tost_p"]),
        lasting=text_of(row["lasting"]),
        flag=text_of(row["flag"]),
    )


def both_treatments(table: pd.DataFrame) -> tuple[BothTreatments, ...]:
    """Write what both treatments of a crossover did in the same people.

    Parameters
    ----------
    table : pandas.DataFrame
        ``CROSSOVER_TABLE``; may be empty. Measures without number are left to it.
    """
    rows = table[table["effect"].notna()].to_dict("records")
    return tuple(_both_treatments(row) for row in rows)


def _both_treatments(row: Row) -> BothTreatments:
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    unit = "" if unit == "1" else unit
    return BothTreatments(
        label=title_of(row),
        group=text_of(row["group"]),
        sessions=text_of(row["sessions"]),
        counts=f"{int(row['n_treatment_first'])} and {int(row['n_control_first'])}",
        effect=with_unit(row["effect"], digits, unit, sign=True),
        ends=interval(row["ci_low"], row["ci_high"], digits),
        p=p_value(row["q"]),
        period=with_unit(row["period"], digits, unit, sign=True),
        period_p=p_value(row["period_p"]),
        carry_over=with_unit(row["carry_over"], digits, unit, sign=True),
        carry_over_p=p_value(row["carry_over_p"]),
        flag=text_of(row["flag"]),
    )


def omnibus(table: pd.DataFrame, study: Study) -> tuple[Omnibus, ...]:
    """Write the tests of several arms.

    Parameters
    ----------
    table : pandas.DataFrame
        ``OMNIBUS_TABLE``; may be empty.
    study : Study
        Names of the arms.
    """
    return tuple(_omnibus(row, study) for row in table.to_dict("records"))


def _omnibus(row: Row, study: Study) -> Omnibus:
    names = [study.arms[arm].label for arm in text_of(row["arms"]).split(";")]
    sizes = text_of(row["n"]).split(";")
    between = [study.arms[arm].label for arm in text_of(row["largest_between"]).split(";") if arm]
    adjusted = math.isfinite(row["p_adjusted"])
    f = f"F({number(row['df1'], 0)}, {number(row['df2'], 1)}) = {number(row['statistic'])}"
    return Omnibus(
        label=title_of(row),
        arms=", ".join(f"{name} {size}" for name, size in zip(names, sizes, strict=False)),
        difference=with_unit(
            row["largest_difference"], places(row["largest_difference"]), text_of(row["unit"])
        ),
        between=" − ".join(between),
        statistic=f if math.isfinite(row["statistic"]) else "",
        p=p_value(row["p_adjusted"] if adjusted else row["p_permutation"])
        + (" (adjusted)" if adjusted else ""),
        shared=p_value(row["p_shared"]) if math.isfinite(row["p_shared"]) else "",
        flag=text_of(row["flag"]),
    )
