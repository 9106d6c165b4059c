"""One measure of a one-off judgement: who is compared, and every number but the permutations."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.inference.ancova import ancova
from brainchange.inference.arranged import Arranged
from brainchange.inference.change import describe_change
from brainchange.inference.effect_size import between_effect, pooled_sd, within_effect
from brainchange.inference.evidence import Sides, evidence
from brainchange.inference.freedman_lane import covariate_rank_problem
from brainchange.inference.mixed_model import (
    ModelEffect,
    constrained_baseline,
    mixed_model,
)
from brainchange.inference.permutation import PermutationTest
from brainchange.inference.verdict_evidence import DifferentialMotion, Direction
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Numbers = dict[str, Any]
TAKEN = (
    "tost_p",
    "tost_p_small",
    "tost_p_large",
    "equivalence_bound",
    "smallest_equivalence_bound",
    "smallest_equivalence_difference",
    "bayes_factor_10",
    "bayes_factor_10_narrow",
    "bayes_factor_10_wide",
    "bayes_factor_01_ceiling",
    "bayes_factor_reliable",
    "minimum_detectable_effect",
    "minimum_detectable_difference",
)
"""Columns of the evidence of an effect that are output under the same name."""


@dataclass(frozen=True)
class Question:
    """What is asked of a table.

    Attributes
    ----------
    treated, control : tuple of str
        Arms; no control asks for the change of the treated arm alone.
    direction : {'up', 'down'} or None
        What is claimed of treated − control; None claims a difference in either direction.
    randomised : bool
        Whether chance decided who came into which arm.
    from_images : bool
        Whether the values were measured from images: then the verdict needs a negative control and
        the comparison of head motion.
    covariates : tuple of str
        Names of the covariates.
    """

    treated: tuple[str, ...]
    control: tuple[str, ...] = ()
    direction: Direction | None = None
    randomised: bool = False
    from_images: bool = False
    covariates: tuple[str, ...] = ()


@dataclass
class Case:
    """One measure on its way to a judgement.

    Attributes
    ----------
    place : int
        Its column.
    who : numpy.ndarray of bool, shape (n_participants,)
        Participants with both values and every covariate.
    sides : Sides
        Their values.
    has_control : bool
        Whether a control arm was asked for and has anybody with both values.
    problem : str
        Why it cannot be tested; empty where it can.
    numbers : dict
        Output under documented keys.
    test : PermutationTest, optional
        Permutation of the arms, or sign flips without control.
    motion : DifferentialMotion, optional
        Comparison of head motion.
    """

    place: int
    who: Booleans
    sides: Sides
    has_control: bool
    problem: str
    numbers: Numbers = field(default_factory=dict)
    test: PermutationTest | None = None
    motion: DifferentialMotion | None = None

    @property
    def testable_sizes(self) -> tuple[int, ...]:
        """Sizes of the arms that a test needs."""
        return self.sides.sizes if self.has_control else self.sides.sizes[:1]


def describe_case(data: Arranged, place: int, question: Question, settings: Settings) -> Case:
    """Say who is compared in a measure, and compute every number that needs no permutation.

    Parameters
    ----------
    data : Arranged
        The table.
    place : int
        Column of the measure.
    question : Question
        Arms and design.
    settings : Settings
        Level, smallest effect of interest, fewest participants.

    Returns
    -------
    Case
        Without tests; NaN where a number is not defined.
    """
    pre, post = data.pre[:, place], data.post[:, place]
    who = np.isfinite(post - pre) & np.isfinite(data.covariates).all(axis=1)
    treated, control = who & data.treated, who & ~data.treated
    sides = Sides((pre[treated], post[treated]), (pre[control], post[control]))
    has_control = bool(question.control) and bool(control.any())
    case = Case(place, who, sides, has_control, _spread_problem(sides, control=has_control))
    small = min(case.testable_sizes) < settings.inference.fewest_participants
    if has_control and not case.problem and not small and question.covariates:
        case.problem = covariate_rank_problem(data.covariates[who], data.treated[who])
    case.numbers = _description(case, data, question, settings)
    return case


def _spread_problem(sides: Sides, *, control: bool) -> str:
    """Say in which arm nothing varies; arms too small to vary are told of elsewhere."""
    named = [("treated", sides.treated)]
    named += [("control", sides.control)] if control else []
    flat = [
        f"the change does not vary in the {name} arm: no test can be trusted"
        for name, (pre, post) in named
        if pre.size > 1 and not describe_change(pre, post).sd > 0
    ]
    if not flat and control and min(sides.sizes) > 1 and not pooled_sd(*_befores(sides)) > 0:
        flat = ["the measure does not vary before therapy: no standardised effect"]
    return "; ".join(flat)


def _befores(sides: Sides) -> tuple[Floats, Floats]:
    return sides.treated[0], sides.control[0]


def _description(case: Case, data: Arranged, question: Question, settings: Settings) -> Numbers:
    """Every number that needs no permutation."""
    sides, inference = case.sides, settings.inference
    tested = min(sides.sizes) >= inference.fewest_participants and not case.problem
    found = evidence(sides, inference, tested=tested)
    raw, effect = sides.welch, between_effect(sides.treated, sides.control)
    return {
        "n": dict(zip(("treated", "control"), sides.sizes, strict=True)),
        "n_in_table": {
            "treated": int(data.treated.sum()),
            "control": int((~data.treated).sum()),
        },
        "baseline_difference": _baseline_difference(sides),
        "treated": _arm(sides.treated),
        "control": _arm(sides.control) if question.control else None,
        "change_difference": raw.difference,
        "change_difference_ci": [raw.low, raw.high],
        "dppc2": effect.value,
        "dppc2_ci": [effect.low, effect.high],
        "dppc2_bca_ci": [nan, nan],
        "p_permutation": nan,
        "p_permutation_floor": nan,
        "p_permutation_method": None,
        "p_adjusted": nan,
        "family_size": 0,
        "p_welch": raw.p if tested else nan,
        **_estimates(case, data, question, tested=tested),
        **{name: found[name] for name in TAKEN},
        "with_covariates": None,
        "negative_control": _negative_control(case, data),
        "motion": None,
    }


def _estimates(case: Case, data: Arranged, question: Question, *, tested: bool) -> Numbers:
    """Four estimators of the difference, and every specification that was computed."""
    sides = case.sides
    covariates = _in_arms(data.covariates, case, data) if question.covariates else None
    plain = ancova(sides.treated, sides.control)
    adjusted = ancova(sides.treated, sides.control, covariates=covariates)
    pre, post = data.pre[:, case.place], data.post[:, case.place]
    arms = [(pre[arm], post[arm]) for arm in (data.treated, ~data.treated)]
    mixed, constrained = mixed_model(*arms), constrained_baseline(*arms)
    estimators = {
        "change_score": sides.welch.difference,
        "mixed_model": mixed.estimate,
        "ancova": adjusted.estimate,
        "constrained_baseline": constrained.estimate,
    }
    specifications = estimators | {"ancova": plain.estimate}
    if question.covariates:
        specifications["ancova_with_covariates"] = adjusted.estimate
    return {
        "ancova": {
            "estimate": adjusted.estimate,
            "se_hc3": adjusted.standard_error,
            "p": adjusted.p if tested else nan,
            "ci": [adjusted.low, adjusted.high],
        },
        "mixed_model": _model(mixed, tested=tested),
        "constrained_baseline": _model(constrained, tested=tested),
        "estimators": estimators,
        "specifications": specifications,
        "lead": None,
    }


def _model(found: ModelEffect, *, tested: bool) -> Numbers:
    return {
        "estimate": found.estimate,
        "se": found.standard_error,
        "ci": list(found.interval()),
        "df": found.df,
        "p": found.p if tested else nan,
        "n": {"treated": found.n_treated, "control": found.n_control},
        "note": found.problem or None,
    }


def _baseline_difference(sides: Sides) -> float:
    """Difference of the arms before therapy in their pooled standard deviations."""
    befores = _befores(sides)
    if min(sides.sizes) < 2 or not (spread := pooled_sd(*befores)) > 0:
        return nan
    return float(befores[0].mean() - befores[1].mean()) / spread


def _arm(values: tuple[Floats, Floats]) -> Numbers:
    change, effect = describe_change(*values), within_effect(*values)
    return {
        "n": change.n,
        "mean_pre": change.mean_pre,
        "sd_pre": change.sd_pre,
        "mean_post": change.mean_post,
        "sd_post": change.sd_post,
        "change": change.mean,
        "change_ci": [change.low, change.high],
        "g_av": effect.g_av,
    }


def _in_arms(values: Floats, case: Case, data: Arranged) -> Floats:
    """Rows of the treated, then of the control participants of a case."""
    both = (case.who & data.treated, case.who & ~data.treated)
    return np.concatenate([values[arm] for arm in both])


def _negative_control(case: Case, data: Arranged) -> Numbers | None:
    """Find the largest effect among the negative controls of the metric."""
    metric = data.measures[case.place][0]
    effects: list[tuple[float, str]] = []
    for (name, region), (pre, post) in data.negative_control.items():
        if region and name != metric:
            continue
        who = np.isfinite(post - pre)
        arms = [(pre[who & arm], post[who & arm]) for arm in (data.treated, ~data.treated)]
        effects.append((between_effect(arms[0], arms[1]).value, region or name))
    known = [effect for effect in effects if isfinite(effect[0])]
    if not known:
        return None
    value, name = max(known, key=lambda effect: abs(effect[0]))
    return {"name": name, "dppc2": value}
