"""Two treatments in the same people, one after the other: effect, period, carry-over."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from brainchange.inference.participants import Enrolment
from brainchange.study.model import Study
from brainchange.tables import Column, TableSchema

Floats = npt.NDArray[np.float64]
CONFIDENCE = 0.95
FEWEST = 2

CROSSOVER_TABLE = TableSchema(
    "crossover",
    "One scale after either treatment of a crossover, within participants. Effect: value after "
    "the treatment − after what it is compared with.",
    (
        Column("study", "string", "Study", required=True),
        Column("group", "string", "Arms (orders) it is computed from", required=True),
        Column("measure", "string", "Scale", required=True),
        Column("unit", "string", "Unit of effect, period and carry-over"),
        Column(
            "sessions", "string", "Session after the treatment / after the other", required=True
        ),
        Column("n_treatment_first", "integer", "Participants, treatment first", required=True),
        Column("n_control_first", "integer", "Participants, treatment second", required=True),
        Column("effect", "number", "Treatment − control at equal periods, in `unit`"),
        Column("ci_low", "number", "Lower end of its 95 % interval"),
        Column("ci_high", "number", "Upper end of its 95 % interval"),
        Column("p", "number", "Two-sided p (t test of the differences between the orders)"),
        Column("period", "number", "Second − first period at equal treatments, in `unit`"),
        Column("period_p", "number", "Two-sided p of the period"),
        Column("carry_over", "number", "Sum of both values, treatment first − second, in `unit`"),
        Column("carry_over_p", "number", "Two-sided p: small where the first treatment lasts"),
        Column("flag", "string", "Why there is no number, or what makes it doubtful"),
    ),
    key=("study", "group", "measure", "sessions"),
)


@dataclass(frozen=True)
class Crossed:
    """What two orders of two treatments say.

    Attributes
    ----------
    effect, low, high, p : float
        Treatment − control at equal periods, its 95 % interval and two-sided p.
    period, period_p : float
        Second − first period at equal treatments.
    carry_over, carry_over_p : float
        Difference of the sums of both values between the orders.
    """

    effect: float = nan
    low: float = nan
    high: float = nan
    p: float = nan
    period: float = nan
    period_p: float = nan
    carry_over: float = nan
    carry_over_p: float = nan


def crossed(first: tuple[Floats, Floats], second: tuple[Floats, Floats]) -> Crossed:
    """Compare two treatments in a crossover of two periods.

    Parameters
    ----------
    first, second : tuple of two numpy.ndarray, shape (n_participants,)
        Values after treatment and after control, of those who had the treatment first and of those
        who had it second; finite.

    Returns
    -------
    Crossed
        NaN where an order has fewer than two participants.

    Notes
    -----
    Hills and Armitage (1979, Br J Clin Pharmacol 8:7): with d = period 1 − period 2, the effect is
    half the difference of mean d between the orders, the period half their sum (with a minus sign);
    both are tested with the pooled two-sample t test. Carry-over (Grizzle 1965) is tested on the
    sums of both values; it has little power, so that none found proves little (Senn 2002).
    """
    d_first, d_second = first[0] - first[1], second[1] - second[0]
    n = d_first.size, d_second.size
    if min(n) < FEWEST:
        return Crossed()
    difference, error = _pooled(d_first, d_second)
    effect, df = difference / 2, sum(n) - 2
    period = -float((d_first.mean() + d_second.mean()) / 2)
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, df)) * error / 2
    carried, error_of_sums = _pooled(first[0] + first[1], second[0] + second[1])
    return Crossed(
        effect,
        effect - margin,
        effect + margin,
        _p(effect, error / 2, df),
        period,
        _p(period, error / 2, df),
        carried,
        _p(carried, error_of_sums, df),
    )


def _pooled(first: Floats, second: Floats) -> tuple[float, float]:
    """Difference of two means, and its error from the variance of both."""
    n = first.size, second.size
    squares = first.var(ddof=1) * (n[0] - 1) + second.var(ddof=1) * (n[1] - 1)
    error = float(np.sqrt(squares / (sum(n) - 2) * (1 / n[0] + 1 / n[1])))
    return float(first.mean() - second.mean()), error


def _p(value: float, error: float, df: int) -> float:
    return float(2 * stats.t.sf(abs(value) / error, df)) if error > 0 else nan


def crossover_table(study: Study, enrolment: Enrolment) -> pd.DataFrame:
    """Compare both treatments within participants, in every scale and at every delay.

    Parameters
    ----------
    study : Study
        A crossover; others give an empty table. Its scales are read from columns by session
        (``MADRS_Total_ses-d2``), which tables by session have.
    enrolment : Enrolment
        Participants, arms (orders) and cells.

    Returns
    -------
    pandas.DataFrame
        ``CROSSOVER_TABLE``: a row a contrast, scale and delay.
    """
    if study.crossover is None:
        return CROSSOVER_TABLE.frame()
    pairs = list(zip(study.crossover.treatment, study.crossover.control, strict=False))
    return CROSSOVER_TABLE.frame(
        _row(study, enrolment, contrast, outcome, pair)
        for contrast in study.contrasts
        for outcome in study.outcomes
        for pair in pairs
    )


def _row(
    study: Study, enrolment: Enrolment, contrast: str, outcome: str, pair: tuple[str, str]
) -> dict[str, object]:
    described, compared = study.outcomes[outcome], study.contrasts[contrast]
    base = described.columns["post"].removesuffix("_post")
    columns = [f"{base}_ses-{label}" for label in pair]
    absent = [column for column in columns if column not in enrolment.cells.columns]
    sides = (compared.treated, compared.control)
    values = [] if absent else [_values(enrolment, side, columns) for side in sides]
    found = crossed(*values) if values else Crossed()
    sizes = [side[0].size for side in values] or [0, 0]
    flags = [f"no column {', '.join(absent)}"] if absent else []
    if not absent and min(sizes) < FEWEST:
        flags = ["an order has fewer than two participants with both values"]
    return {
        "study": study.id,
        "group": compared.label,
        "measure": outcome,
        "unit": described.unit,
        "sessions": " / ".join(pair),
        "n_treatment_first": sizes[0],
        "n_control_first": sizes[1],
        "effect": found.effect,
        "ci_low": found.low,
        "ci_high": found.high,
        "p": found.p,
        "period": found.period,
        "period_p": found.period_p,
        "carry_over": found.carry_over,
        "carry_over_p": found.carry_over_p,
        "flag": "; ".join(flags) or None,
    }


def _values(
    enrolment: Enrolment, side: tuple[str, ...], columns: list[str]
) -> tuple[Floats, Floats]:
    members = np.isin(np.array(enrolment.arms), side)
    cells = enrolment.cells.loc[members, columns].apply(pd.to_numeric, errors="coerce")
    both = cells.dropna().to_numpy(dtype=float)
    return both[:, 0], both[:, 1]
