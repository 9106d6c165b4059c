"""Two treatments in the same people, one after the other: effect, period, carry-over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from brainchange.inference.multiplicity import benjamini_hochberg
from brainchange.inference.participants import Enrolment
from brainchange.inference.prepost import PrePost
from brainchange.study.model import SECOND_PERIOD, Contrast, Outcome, Study
from brainchange.tables import Column, TableSchema

Floats = npt.NDArray[np.float64]
Between = Callable[[tuple[str, str]], PrePost]
"""Gives all measures at two timepoints."""
CONFIDENCE = 0.95
FEWEST = 2

CROSSOVER_TABLE = TableSchema(
    "crossover",
    "One measure after either treatment of a crossover, within participants. Effect: value after "
    "the treatment − after what it is compared with.",
    (
        Column("study", "string", "Study", required=True),
        Column("group", "string", "Arms (orders) it is computed from", required=True),
        Column("measure", "string", "Scale, or what was measured in images", required=True),
        Column("kind", "string", "As in effects.tsv", required=True),
        Column("label", "string", "Name for figures and text"),
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
        Column(
            "q",
            "number",
            "p adjusted over the measures of one kind, in one group and at one delay "
            "(Benjamini-Hochberg)",
        ),
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


def crossover_table(
    study: Study, enrolment: Enrolment, between: Between | None = None
) -> pd.DataFrame:
    """Compare both treatments within participants, in every measure and at every delay.

    Parameters
    ----------
    study : Study
        A crossover; others give an empty table. Its scales are read from columns by session
        (``MADRS_Total_ses-d2``), which tables by session have.
    enrolment : Enrolment
        Participants, arms (orders) and cells.
    between : callable, optional
        Gives the values of all measures at two timepoints as a ``PrePost``; without it only scales
        are compared.

    Returns
    -------
    pandas.DataFrame
        ``CROSSOVER_TABLE``: a row a contrast, measure and delay.

    Notes
    -----
    A measure of images is compared like a scale. The images of the second period are those of the
    timepoint ``post_2`` (``brainchange.study.model.Study.sessions_of``); a region counts only
    voxels that are valid in all sessions of a participant.
    """
    if study.crossover is None:
        return CROSSOVER_TABLE.frame()
    pairs = list(zip(study.crossover.treatment, study.crossover.control, strict=True))
    rows = [
        _row(study, enrolment, contrast, outcome, pair)
        for contrast in study.contrasts
        for outcome in study.outcomes
        for pair in pairs
    ]
    if between:
        rows += [row for pair in pairs for row in _rows_of_images(study, pair, between)]
    return _adjusted(CROSSOVER_TABLE.frame(rows))


def _adjusted(table: pd.DataFrame) -> pd.DataFrame:
    families = table.groupby(["group", "kind", "sessions"], sort=False)["p"]
    return table.assign(q=families.transform(lambda p: benjamini_hochberg(p.to_numpy())))


def _rows_of_images(
    study: Study, pair: tuple[str, str], between: Between
) -> Iterator[dict[str, object]]:
    """Compare every measure of images after either treatment, at a delay that has images."""
    timepoint = study.timepoint_of_session[pair[0]]
    data = between((timepoint, f"{timepoint}{SECOND_PERIOD}"))
    of_images = [place for place, one in enumerate(data.measures) if one.kind != "outcome"]
    if not np.isfinite(data.change[:, of_images]).any():
        return
    for contrast in study.contrasts.values():
        members = [np.isin(data.arms, side) for side in (contrast.treated, contrast.control)]
        for place in of_images:
            measure = data.measures[place]
            periods = data.pre[:, place], data.post[:, place]
            both = np.isfinite(periods[0]) & np.isfinite(periods[1])
            first, second = (tuple(values[side & both] for values in periods) for side in members)
            # Who had the treatment second has its value in the second period.
            yield _told(
                study,
                contrast,
                pair,
                [(first[0], first[1]), (second[1], second[0])],
                measure=measure.name,
                kind=measure.kind,
                label=measure.label,
                unit=measure.unit or None,
                problem=measure.problem,
            )


def _row(
    study: Study, enrolment: Enrolment, contrast: str, outcome: str, pair: tuple[str, str]
) -> dict[str, object]:
    described, compared = study.outcomes[outcome], study.contrasts[contrast]
    base = described.columns["post"].removesuffix("_post")
    columns = [f"{base}_ses-{label}" for label in pair]
    absent = [column for column in columns if column not in enrolment.cells.columns]
    sides = () if absent else (compared.treated, compared.control)
    read = [_values(enrolment, side, columns, described) for side in sides]
    outside = sum(n for *_, n in read)
    scale = f"{described.minimum:g} to {described.maximum:g}"
    left_out = f"{outside} cells hold no number on the scale ({scale}) and do not count"
    return _told(
        study,
        compared,
        pair,
        [(treated, control) for treated, control, _ in read],
        measure=outcome,
        kind="outcome",
        label=described.label,
        unit=described.unit,
        problem=f"no column {', '.join(absent)}" if absent else "",
        note=left_out if outside else "",
    )


def _told(
    study: Study,
    compared: Contrast,
    pair: tuple[str, str],
    values: Sequence[tuple[Floats, Floats]],
    *,
    problem: str,
    note: str = "",
    **named: object,
) -> dict[str, object]:
    """Write a row of the table from the values of both orders."""
    sizes = [side[0].size for side in values] or [0, 0]
    enough = min(sizes) >= FEWEST
    found = crossed(values[0], values[1]) if enough else Crossed()
    orders = (study.arms[arm].label for arm in (*compared.treated, *compared.control))
    few = "" if enough else "an order has fewer than two participants with both values"
    return {
        "study": study.id,
        "group": " / ".join(orders),
        **named,
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
        "flag": "; ".join(filter(None, (note, problem or few))) or None,
    }


def _values(
    enrolment: Enrolment, side: tuple[str, ...], columns: list[str], outcome: Outcome
) -> tuple[Floats, Floats, int]:
    """Values of those with both, and how many cells hold something that is not on the scale."""
    members = np.isin(np.array(enrolment.arms), side)
    cells = enrolment.cells.loc[members, columns]
    read = cells.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    on_scale = (read >= outcome.minimum) & (read <= outcome.maximum)
    both = read[on_scale.all(axis=1)]
    return both[:, 0], both[:, 1], int((cells.notna().to_numpy() & ~on_scale).sum())
