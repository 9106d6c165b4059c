"""The estimator that leads: change scores, or analysis of covariance where chance made the arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import numpy.typing as npt

from brainchange.inference.ancova import ancova
from brainchange.inference.evidence import Sides
from brainchange.inference.freedman_lane import freedman_lane
from brainchange.inference.permutation import PermutationTest, named_generator
from brainchange.inference.prepost import PrePost
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Estimator = Literal["change_score", "ancova"]
Method = Literal["exact", "monte_carlo", "freedman_lane"]
JUDGED = ("claim", "outcome")
"""Kinds of measures that get a verdict; change scores lead all others."""


@dataclass(frozen=True)
class Lead:
    """The estimate a verdict is decided from; NaN where it is not defined.

    Attributes
    ----------
    estimator : {'change_score', 'ancova'}
        Which one leads.
    difference, low, high : float
        Treated − control and its 95 % interval, in the unit of the measure.
    p, floor : float
        Two-sided permutation p and the smallest that was possible.
    method : {'exact', 'monte_carlo', 'freedman_lane'} or None
        How it was permuted; None where nothing was tested.
    """

    estimator: Estimator
    difference: float
    low: float
    high: float
    p: float
    floor: float
    method: Method | None

    @property
    def columns(self) -> dict[str, float | str | None]:
        """Columns of ``EFFECTS_TABLE``."""
        return {
            "lead_estimator": self.estimator,
            "lead_difference": self.difference,
            "lead_ci_low": self.low,
            "lead_ci_high": self.high,
            "lead_p": self.p,
            "lead_p_floor": self.floor,
            "lead_method": self.method,
        }


def leading_estimates(
    data: PrePost,
    arms: tuple[Booleans, Booleans],
    sides: Sequence[Sides],
    tests: Mapping[int, PermutationTest],
    *,
    randomised: bool,
    settings: Settings,
    names: tuple[str, ...],
) -> list[Lead]:
    """Choose the estimate of every measure that its verdict is decided from.

    Parameters
    ----------
    data : PrePost
        Values before and after.
    arms : tuple of two numpy.ndarray of bool, shape (n_participants,)
        Treated and control participants.
    sides : sequence of Sides
        Those with both values, of every measure.
    tests : mapping of int to PermutationTest
        By column, of the measures that can be tested.
    randomised : bool
        Whether chance made the arms: then the analysis of covariance leads claims and outcomes.
    settings : Settings
        Seed and number of permutations.
    names : tuple of str
        Study and contrast, for the seed.

    Returns
    -------
    list of Lead
        One a measure, in their order.
    """
    leads = [change_score(one, tests.get(column)) for column, one in enumerate(sides)]
    treated, control = arms
    for column in tests if randomised else ():
        if data.measures[column].kind not in JUDGED:
            continue
        who = (treated | control) & ~np.isnan(data.change[:, column])
        people = [name for name, kept in zip(data.participants, who, strict=True) if kept]
        found = analysis_of_covariance(
            data.pre[who, column],
            data.change[who, column],
            treated[who],
            settings=settings,
            names=(*names, *people),
        )
        leads[column] = found or leads[column]
    return leads


def change_score(sides: Sides, test: PermutationTest | None) -> Lead:
    """Lead with the difference in change, Welch's interval and the permutation of the arms.

    Parameters
    ----------
    sides : Sides
        Participants with both values.
    test : PermutationTest or None
        Of this measure alone; None where nothing was tested.

    Returns
    -------
    Lead
        The right choice without random allocation, where arms differ before therapy and adjustment
        would carry that difference over (Van Breukelen 2013, Multivariate Behavioral Research
        48:895).
    """
    raw = sides.welch
    p, floor, method = (float(test.p[0]), test.floor, test.method) if test else (nan, nan, None)
    return Lead("change_score", raw.difference, raw.low, raw.high, p, floor, method)


def analysis_of_covariance(
    pre: Floats,
    change: Floats,
    treated: Booleans,
    *,
    settings: Settings,
    names: tuple[str, ...],
    covariates: Floats | None = None,
) -> Lead | None:
    """Lead with the difference at equal values before, HC3 and Freedman–Lane permutation.

    Parameters
    ----------
    pre, change : numpy.ndarray, shape (n_participants,)
        Value before and change of participants with both, in an order that no file decides.
    treated : numpy.ndarray of bool, shape (n_participants,)
        The treated arm.
    settings : Settings
        Seed and number of permutations.
    names : tuple of str
        Study, contrast and participants: the names of the seed.
    covariates : numpy.ndarray, shape (n_participants, n_covariates), optional
        Further covariates, finite.

    Returns
    -------
    Lead or None
        None where the analysis is not defined (nothing varies before therapy, too few
        participants, one participant decides it): then the change score leads.

    Notes
    -----
    Where chance made the arms, adjusting for the value before has the smaller error (Vickers and
    Altman 2001, BMJ 323:1123; Van Breukelen 2006, Journal of Clinical Epidemiology 59:920). Its
    interval is HC3 with t(n − 3). Its p permutes the residuals of ``change ~ pre`` (Freedman and
    Lane 1983; Winkler et al. 2014), studentised by the same errors, so that interval and p agree;
    the difference is the same whether change or the value after is adjusted.
    """
    further = np.empty((pre.size, 0)) if covariates is None else covariates
    arms = [(pre[side], (pre + change)[side]) for side in (treated, ~treated)]
    in_arms = np.concatenate([further[treated], further[~treated]])
    found = ancova(arms[0], arms[1], covariates=in_arms if further.size else None)
    if not found.standard_error > 0:
        return None
    tested = freedman_lane(
        change,
        treated,
        np.column_stack([pre, further]),
        permutations=settings.inference.permutations,
        generator=named_generator(settings.seed, "lead", *names),
        errors="hc3",
    )
    if not tested.p > 0:
        return None
    return Lead(
        "ancova", found.estimate, found.low, found.high, tested.p, tested.floor, "freedman_lane"
    )
