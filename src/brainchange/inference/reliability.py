"""The untreated arm as a retest: how far values agree where no therapy was given."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.effect_size import standard_deviation
from brainchange.inference.intraclass import (
    UNDEFINED,
    Intraclass,
    icc_agreement,
    icc_consistency,
)
from brainchange.inference.prepost import PrePost
from brainchange.inference.reliability_schema import RELIABILITY_TABLE
from brainchange.inference.reliable_change import reliable_size
from brainchange.study.model import Study

Floats = npt.NDArray[np.float64]
FEWEST_RETESTED = 3
"""Participants below which nothing is said about reliability."""
WIDE = 0.5
"""Length of the interval of a reliability from which it is said to be wide."""
NO_UNTREATED_ARM = "the study has no untreated arm: reliability is unknown"


@dataclass(frozen=True)
class Retest:
    """Values of participants who were not treated, at both timepoints; NaN where not defined.

    Attributes
    ----------
    n : int
        Untreated participants with both values.
    consistency, agreement : Intraclass
        ICC(3,1) and ICC(2,1).
    change, sd_change : float
        Mean of post − pre and its standard deviation, in the unit of the measure.
    sem : float
        Standard error of measurement: ``sd_change/√2``.
    mdc95 : float
        Change of one participant that 95 in 100 do not exceed without treatment, if their mean
        change is 0.
    problem : str
        Why there is nothing, or what weakens it; empty where nothing does.
    """

    n: int
    consistency: Intraclass
    agreement: Intraclass
    change: float
    sd_change: float
    sem: float
    mdc95: float
    problem: str = ""


def retest(pre: Floats, post: Floats) -> Retest:
    """Say how far two values of the same untreated participants agree.

    Parameters
    ----------
    pre, post : numpy.ndarray, shape (n,)
        Values, finite, in the unit of the measure.

    Returns
    -------
    Retest
        NaN for fewer than 3 participants, and the ICCs where participants do not differ.

    Notes
    -----
    Weir (2005, Journal of Strength and Conditioning Research 19:231): the standard error of
    measurement is the root of the error mean square, ``SD(post − pre)/√2``, and
    ``MDC95 = 1.96 √2 SEM = 2.77 SEM``. The interval between the sessions is that of the study, so
    that true change of untreated participants counts as error: reliability is a lower bound.
    """
    n = pre.size
    if n < FEWEST_RETESTED:
        reason = f"only {n} untreated with both values, fewer than {FEWEST_RETESTED}"
        if not n:
            reason = "no untreated participant has both values"
        return Retest(n, UNDEFINED, UNDEFINED, nan, nan, nan, nan, reason)
    values = np.column_stack([pre, post])
    spread = standard_deviation(post - pre, values.ravel())
    sem = spread / sqrt(2)
    problem = "" if spread > 0 else "every untreated participant changes by the same amount"
    consistency = icc_consistency(values)
    if not np.isfinite(consistency.icc):
        problem = "the values of untreated participants do not vary"
    return Retest(
        n=n,
        consistency=consistency,
        agreement=icc_agreement(values),
        change=float((post - pre).mean()),
        sd_change=spread,
        sem=sem,
        mdc95=reliable_size(spread),
        problem=problem,
    )


def retests(data: PrePost, study: Study) -> tuple[Retest, ...]:
    """Say how reliable every measure is, from participants of the untreated arms.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Says which arms are untreated.

    Returns
    -------
    tuple of Retest
        One a measure; without values and with the reason where the study has no untreated arm, or
        nobody in it has both values.
    """
    untreated = [name for name, arm in study.arms.items() if arm.role == "untreated"]
    if not untreated:
        nothing = Retest(0, UNDEFINED, UNDEFINED, nan, nan, nan, nan, NO_UNTREATED_ARM)
        return (nothing,) * len(data.measures)
    who = np.isin(data.arms, untreated)
    found = []
    for column in range(len(data.measures)):
        both = who & np.isfinite(data.change[:, column])
        found.append(retest(data.pre[both, column], data.post[both, column]))
    return tuple(found)


def reliability_table(data: PrePost, reliability: tuple[Retest, ...]) -> pd.DataFrame:
    """Write how reliable every measure is.

    Parameters
    ----------
    data : PrePost
        Names the measures.
    reliability : tuple of Retest
        Of every measure (:func:`retests`).

    Returns
    -------
    pandas.DataFrame
        ``RELIABILITY_TABLE``.
    """
    return RELIABILITY_TABLE.frame(
        {
            "measure": measure.name,
            "kind": measure.kind,
            "label": measure.label,
            "metric": measure.metric,
            "unit": measure.unit or None,
            "n": found.n,
            **_cells("icc_consistency", found.consistency),
            **_cells("icc_agreement", found.agreement),
            "change": found.change,
            "sd_change": found.sd_change,
            "sem": found.sem,
            "mdc95": found.mdc95,
            "flag": measure.problem or _flag(found) or None,
        }
        for measure, found in zip(data.measures, reliability, strict=True)
    )


def _cells(name: str, found: Intraclass) -> dict[str, float]:
    return {name: found.icc, f"{name}_low": found.low, f"{name}_high": found.high}


def _flag(found: Retest) -> str:
    """Say what is weak: an interval that tells nothing, a reliability that is none."""
    interval = found.consistency
    if found.problem:
        return found.problem
    if interval.icc <= 0:
        return "values of untreated participants do not agree at all: no reliability is shown"
    if interval.high - interval.low > WIDE:
        return f"n = {found.n}: the interval of the reliability is wide"
    return ""
