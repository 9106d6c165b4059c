"""The estimate that leads a one-off judgement."""

from __future__ import annotations

from brainchange.inference.arranged import Arranged
from brainchange.inference.judge_case import Case, Numbers, Question
from brainchange.inference.lead import analysis_of_covariance
from brainchange.study.settings import Settings


def lead_of(case: Case, data: Arranged, question: Question, settings: Settings) -> Numbers:
    """Choose the estimate the verdict is decided from.

    Parameters
    ----------
    case : Case
        With its tests.
    data : Arranged
        The table.
    question : Question
        Whether chance made the arms.
    settings : Settings
        Seed and number of permutations.

    Returns
    -------
    dict
        ``estimator``, ``difference``, ``difference_ci``, ``p_permutation`` and
        ``p_permutation_floor``, in the unit of the measure; NaN where not defined.
    """
    found = case.numbers
    if case.has_control and case.test is not None and question.randomised:
        who = case.who
        lead = analysis_of_covariance(
            data.pre[who, case.place],
            (data.post - data.pre)[who, case.place],
            data.treated[who],
            settings=settings,
            names=tuple(n for n, kept in zip(data.participants, who, strict=True) if kept),
            covariates=data.covariates[who],
        )
        if lead is not None:
            return _lead_numbers(
                lead.estimator, lead.difference, [lead.low, lead.high], lead.p, lead.floor
            )
    name, difference, ends = (
        "change_score",
        found["change_difference"],
        found["change_difference_ci"],
    )
    if adjusted := found["with_covariates"]:
        difference, ends = adjusted["difference"], adjusted["difference_ci"]
    if not case.has_control:
        name, arm = "within_arm", found["treated"]
        difference, ends = arm["change"], arm["change_ci"]
    p, floor = found["p_permutation"], found["p_permutation_floor"]
    return _lead_numbers(name, difference, ends, p, floor)


def _lead_numbers(
    estimator: str, difference: float, ends: list[float], p: float, floor: float
) -> Numbers:
    return {
        "estimator": estimator,
        "difference": difference,
        "difference_ci": ends,
        "p_permutation": p,
        "p_permutation_floor": floor,
    }
