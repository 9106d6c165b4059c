"""A one-off judgement: from a table to effect, evidence and verdict, one a measure."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

from brainchange.inference.arranged import Arranged
from brainchange.inference.between import welch
from brainchange.inference.bootstrap import bca_intervals
from brainchange.inference.change import sign_flip_test
from brainchange.inference.evidence import FEWEST_FOR_BAYES
from brainchange.inference.freedman_lane import Adjusted, freedman_lane
from brainchange.inference.judge_case import Case, Numbers, Question, describe_case
from brainchange.inference.judge_lead import lead_of
from brainchange.inference.multiplicity import holm
from brainchange.inference.permutation import (
    PermutationTest,
    named_generator,
    permutation_test,
    same_participants,
)
from brainchange.inference.verdict import (
    Verdict,
    decide,
)
from brainchange.inference.verdict_evidence import (
    DifferentialMotion,
    Evidence,
    NegativeControl,
)
from brainchange.inference.verdict_text import amount
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
UNEQUAL_START = 0.25
"""Difference before therapy, in SD, from which adjustment cannot be trusted to mend it."""


@dataclass(frozen=True)
class Judgement:
    """One measure judged.

    Attributes
    ----------
    metric, region : str
        What was measured; empty where the table does not tell measures apart.
    numbers : dict
        Every number of the output under its documented key; NaN where not defined.
    verdict : Verdict
        What may be said.
    flags : tuple of str
        What a reader must know of the data.
    """

    metric: str
    region: str
    numbers: Numbers
    verdict: Verdict
    flags: tuple[str, ...] = ()


def judge(data: Arranged, question: Question, settings: Settings) -> tuple[Judgement, ...]:
    """Judge every measure of a table, adjusted together.

    Parameters
    ----------
    data : Arranged
        Values before and after, of ``arranged.arrange``.
    question : Question
        Arms, claimed direction and design.
    settings : Settings
        Seed, level, smallest effect of interest.

    Returns
    -------
    tuple of Judgement
        One a measure in the order of the table; Holm over the measures that could be tested.

    Notes
    -----
    The primary test is the studentised permutation of the arms; with covariates that of Freedman
    and Lane. Where chance made the arms the difference at equal values before leads
    (:func:`brainchange.inference.lead.analysis_of_covariance`). The specifications of a table are
    its estimators with and without covariates; they stand for the multiverse of the verdict.
    """
    cases = [describe_case(data, n, question, settings) for n in range(len(data.measures))]
    _test_arms([case for case in cases if case.has_control], data, settings)
    for case in cases:
        if not case.has_control:
            _test_change(case, data, settings)
        elif case.test is not None:
            _compare_at_equal_covariates(case, data, question, settings)
        case.numbers["lead"] = lead_of(case, data, question, settings)
    adjusted = holm([case.numbers["lead"]["p_permutation"] for case in cases])
    for case, p in zip(cases, adjusted, strict=True):
        case.numbers["p_adjusted"] = float(p)
        case.numbers["family_size"] = int(np.isfinite(adjusted).sum())
    return tuple(_judgement(case, data, question, settings) for case in cases)


def _test_arms(cases: list[Case], data: Arranged, settings: Settings) -> None:
    """Permute the arms; measures of the same participants share their arrangements."""
    inference = settings.inference
    testable = [
        case
        for case in cases
        if not case.problem and min(case.sides.sizes) >= inference.fewest_participants
    ]
    if not testable:
        return
    change = data.post - data.pre
    present = np.array([case.who for case in testable]).T
    for who, columns in same_participants(present, range(len(testable))):
        chosen = [testable[column] for column in columns]
        places, names = [case.place for case in chosen], _names(data, who)
        together = permutation_test(
            change[who][:, places],
            data.treated[who],
            exact_up_to=inference.exact_up_to,
            permutations=inference.permutations,
            generator=named_generator(settings.seed, "arms", *names),
        )
        intervals = bca_intervals(
            data.pre[who][:, places],
            change[who][:, places],
            data.treated[who],
            generator=named_generator(settings.seed, "bootstrap", *names),
        )
        for order, case in enumerate(chosen):
            _keep_test(case, together.of(order))
            case.numbers["dppc2_bca_ci"] = intervals[order].tolist()


def _names(data: Arranged, who: Booleans) -> list[str]:
    return [name for name, kept in zip(data.participants, who, strict=True) if kept]


def _keep_test(case: Case, test: PermutationTest) -> None:
    case.test = test
    case.numbers |= {
        "p_permutation": float(test.p[0]),
        "p_permutation_floor": test.floor,
        "p_permutation_method": test.method,
    }


def _test_change(case: Case, data: Arranged, settings: Settings) -> None:
    """Flip the signs of the changes of the treated arm: there is no control arm."""
    inference = settings.inference
    pre, post = case.sides.treated
    if case.problem or pre.size < inference.fewest_participants:
        return
    test = sign_flip_test(
        (post - pre)[:, None],
        exact_up_to=inference.exact_up_to,
        permutations=inference.permutations,
        generator=named_generator(settings.seed, "signs", *_names(data, case.who & data.treated)),
    )
    _keep_test(case, test)


def _compare_at_equal_covariates(
    case: Case, data: Arranged, question: Question, settings: Settings
) -> None:
    """Test the difference at equal covariates, and at equal change in head motion."""
    if question.covariates:
        found = _adjusted(case, data, data.covariates, settings)
        case.numbers["with_covariates"] = _adjusted_numbers(found)
        case.numbers["specifications"]["change_score_with_covariates"] = found.difference
        case.numbers |= {
            "p_permutation": found.p,
            "p_permutation_floor": found.floor,
            "p_permutation_method": "freedman_lane",
        }
    if data.motion is not None:
        moved = data.motion[1] - data.motion[0]
        before = [data.pre[:, case.place]] if question.randomised else []
        covariates = np.column_stack([data.covariates, *before, moved])
        found = _adjusted(case, data, covariates, settings)
        who = case.who & np.isfinite(moved)
        motion = welch(moved[who & data.treated], moved[who & ~data.treated])
        case.motion = DifferentialMotion(motion.p, found.difference, found.p)
        case.numbers["motion"] = {
            "change_difference": motion.difference,
            "p_welch": motion.p,
            "with_change_in_motion": _adjusted_numbers(found),
        }


def _adjusted(case: Case, data: Arranged, covariates: Floats, settings: Settings) -> Adjusted:
    who = case.who & np.isfinite(covariates).all(axis=1)
    if min((who & data.treated).sum(), (who & ~data.treated).sum()) < 2:
        return Adjusted(nan, nan, nan, nan, nan, nan, 0)
    return freedman_lane(
        data.post[who, case.place] - data.pre[who, case.place],
        data.treated[who],
        covariates[who],
        permutations=settings.inference.permutations,
        generator=named_generator(settings.seed, "covariates", *_names(data, who)),
    )


def _adjusted_numbers(found: Adjusted) -> Numbers:
    return {
        "difference": found.difference,
        "difference_ci": [found.low, found.high],
        "p_permutation": found.p,
        "p_permutation_floor": found.floor,
    }


def _judgement(case: Case, data: Arranged, question: Question, settings: Settings) -> Judgement:
    metric, region = data.measures[case.place]
    verdict = decide(_evidence(case, question, settings))
    flags = (*_flags(case, data, question, settings),)
    return Judgement(metric, region, case.numbers, verdict, flags)


def _evidence(case: Case, question: Question, settings: Settings) -> Evidence:
    """Bring the numbers of a case into the form the verdict is decided from."""
    found, inference = case.numbers, settings.inference
    lead = found["lead"]
    low, high = lead["difference_ci"]
    unit = found["dppc2"] / found["change_difference"] if found["change_difference"] else nan
    control = found["negative_control"]
    return Evidence(
        n_treated=found["n"]["treated"],
        n_control=found["n"]["control"],
        direction=question.direction,
        has_control=case.has_control,
        is_randomised=question.randomised,
        difference=lead["difference"],
        low=low,
        high=high,
        p=lead["p_permutation"],
        p_adjusted=found["p_adjusted"],
        p_floor=lead["p_permutation_floor"],
        lead="ancova" if lead["estimator"] == "ancova" else "change_score",
        family_size=found["family_size"],
        ancova=found["ancova"]["estimate"],
        ancova_p=found["ancova"]["p"],
        estimators=found["estimators"],
        tost_p=found["tost_p"],
        equivalence_bound=found["equivalence_bound"],
        bayes_factor_10=found["bayes_factor_10"],
        bayes_factor_reliable=bool(found["bayes_factor_reliable"]),
        multiverse=tuple(value * unit for value in found["specifications"].values()),
        negative_control=NegativeControl(**control) if control else None,
        motion=case.motion,
        dppc2=found["dppc2"],
        from_images=question.from_images,
        problem=case.problem,
        smallest_effect=inference.smallest_effect_of_interest,
        alpha=inference.alpha,
        fewest_participants=inference.fewest_participants,
    )


def _flags(case: Case, data: Arranged, question: Question, settings: Settings) -> list[str]:
    """Say of the data what a reader must know to read the verdict."""
    flags = []
    if question.direction is None:
        flags.append("no direction was claimed: a difference in either direction is judged")
    if question.control and not case.has_control:
        flags.append("no control participant has both values: judged as a study without control")
    for side, total in case.numbers["n_in_table"].items():
        lost = total - case.numbers["n"][side]
        if lost and (side == "treated" or question.control):
            flags.append(f"{lost} of {total} {side} participants lack a value and are left out")
    apart = case.numbers["baseline_difference"]
    if abs(apart) > UNEQUAL_START:
        flags.append(
            f"the arms differ by {amount(apart)} SD before therapy: some of the difference may be "
            "regression to the mean"
        )
    if data.infinite[case.place]:
        flags.append(f"{data.infinite[case.place]} infinite values were taken as missing")
    if (floor := case.numbers["p_permutation_floor"]) >= settings.inference.alpha:
        flags.append(f"no p below {floor:.2g} is possible with so few participants")
    if case.numbers["bayes_factor_reliable"] is False:
        flags.append(f"a Bayes factor of fewer than {FEWEST_FOR_BAYES} an arm is not to be trusted")
    return flags
