"""From effects to the evidence a verdict is decided from, for one measure in one contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.inference.between import welch
from brainchange.inference.change import describe_change, sign_flip_test
from brainchange.inference.equal_motion import at_equal_motion, change_in_motion
from brainchange.inference.estimators import NAMES as ESTIMATORS
from brainchange.inference.measures import Measure
from brainchange.inference.permutation import named_generator
from brainchange.inference.prepost import PrePost
from brainchange.inference.verdict_evidence import (
    DifferentialMotion,
    Evidence,
    NegativeControl,
    Threat,
)
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Checks:
    """What other parts of the inference found out, by measure and contrast.

    Attributes
    ----------
    specifications : mapping of (str, str) to tuple of float
        dppc2 of every specification of the multiverse, of a claim in a contrast.
    threats : mapping of (str, str, str) to tuple of Threat
        Threats that were looked for, by kind, measure and contrast.
    """

    specifications: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    threats: Mapping[tuple[str, str, str], tuple[Threat, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """One contrast of a study, with everything that was computed of it.

    Attributes
    ----------
    data : PrePost
        Values before and after.
    study : Study
        Design.
    settings : Settings
        Level, smallest effect of interest, seed.
    contrast : str
        Name of the contrast.
    rows : mapping of (str, str) to mapping
        Kind and measure → row of ``EFFECTS_TABLE``.
    checks : Checks
        Multiverse and threats.
    """

    data: PrePost
    study: Study
    settings: Settings
    contrast: str
    rows: Mapping[tuple[str, str], Row]
    checks: Checks

    @property
    def arms(self) -> tuple[Booleans, Booleans]:
        """Participants of the treated and of the control arms."""
        contrast = self.study.contrasts[self.contrast]
        treated, control = (
            np.isin(self.data.arms, side) for side in (contrast.treated, contrast.control)
        )
        return treated, control


def evidence_of(measure: Measure, compared: Compared) -> Evidence:
    """Collect the evidence of one claim or outcome.

    Parameters
    ----------
    measure : Measure
        One of the measures of the data.
    compared : Compared
        The contrast.

    Returns
    -------
    Evidence
        Where no control participant has both values, that of the change of the treated arms, with
        p not yet adjusted.

    Notes
    -----
    The specifications of an outcome are its four estimators, as in ``brainchange judge``: nothing
    else can be chosen in a score. Those of a claim come from the multiverse.
    """
    row = compared.rows[measure.kind, measure.name]
    if not int(row["n_control"]):
        return _without_control(measure, compared)
    inference, tested = compared.settings.inference, isfinite(row["lead_p"])
    estimators = {
        "change_score" if name == "difference" else name: float(row[name]) for name in ESTIMATORS
    }
    exploratory = row["adjustment"] == "none"
    return Evidence(
        n_treated=int(row["n_treated"]),
        n_control=int(row["n_control"]),
        direction=measure.direction,
        is_randomised=compared.study.is_randomised(compared.contrast),
        difference=row["lead_difference"],
        low=row["lead_ci_low"],
        high=row["lead_ci_high"],
        unit=measure.unit,
        p=row["lead_p"],
        p_adjusted=nan if exploratory else row["p_adjusted"],
        p_floor=row["lead_p_floor"],
        family_size=int(row["family_size"]) if tested and not exploratory else 1,
        lead="ancova" if row["lead_estimator"] == "ancova" else "change_score",
        ancova=row["ancova"],
        ancova_p=row["ancova_p"],
        estimators=estimators,
        tost_p=row["tost_p"],
        equivalence_bound=row["equivalence_bound"],
        bayes_factor_10=row["bayes_factor_10"],
        bayes_factor_reliable=row["bayes_factor_reliable"] is True,
        multiverse=_specifications(measure, row, estimators, compared),
        negative_control=_negative_control(measure, compared),
        motion=_motion(measure, compared) if tested and measure.kind == "claim" else None,
        threats=_threats(measure, compared),
        dppc2=row["dppc2"],
        from_images=measure.kind == "claim",
        problem=_problem(row, compared, tested=tested),
        smallest_effect=inference.smallest_effect_of_interest,
        alpha=inference.alpha,
        fewest_participants=inference.fewest_participants,
    )


def _problem(row: Row, compared: Compared, *, tested: bool) -> str:
    """Say why there is no test; arms that are too small are told of by their own gate."""
    fewest = compared.settings.inference.fewest_participants
    sizes = int(row["n_treated"]), int(row["n_control"])
    if tested or (min(sizes) < fewest and max(sizes) > 0):
        return ""
    return row["flag"] if isinstance(row["flag"], str) else ""


def _threats(measure: Measure, compared: Compared) -> tuple[Threat, ...]:
    return compared.checks.threats.get((measure.kind, measure.name, compared.contrast), ())


def _specifications(
    measure: Measure, row: Row, estimators: Mapping[str, float], compared: Compared
) -> tuple[float, ...] | None:
    if measure.kind == "claim":
        return compared.checks.specifications.get((measure.name, compared.contrast))
    if not row["difference"]:
        return None
    unit = row["dppc2"] / row["difference"]
    return tuple(value * unit for value in estimators.values())


def _negative_control(measure: Measure, compared: Compared) -> NegativeControl | None:
    """Find the largest effect of the same metric where none is claimed."""
    found = [
        NegativeControl(other.label.partition(", ")[0], float(effect))
        for other in compared.data.measures
        if other.kind == "negative_control" and other.source == measure.source
        if isfinite(effect := compared.rows[other.kind, other.name]["dppc2"])
    ]
    return max(found, key=lambda one: abs(one.dppc2), default=None)


def _motion(measure: Measure, compared: Compared) -> DifferentialMotion | None:
    """Compare change in head motion, and the arms at equal change in it."""
    data, arms = compared.data, compared.arms
    column = data.measures.index(measure)
    adjusted = at_equal_motion(
        data,
        column,
        arms,
        adjusted=compared.rows[measure.kind, measure.name]["lead_estimator"] == "ancova",
        settings=compared.settings,
        names=(compared.study.id, compared.contrast),
    )
    if adjusted is None:
        return None
    moved = change_in_motion(data, measure.task)
    who = np.isfinite(data.change[:, column] + moved)
    motion = welch(moved[who & arms[0]], moved[who & arms[1]])
    return DifferentialMotion(motion.p, adjusted.difference, adjusted.p)


def _without_control(measure: Measure, compared: Compared) -> Evidence:
    """Describe the change of the treated arms alone, by sign flips."""
    data, inference = compared.data, compared.settings.inference
    treated, _ = compared.arms
    column = data.measures.index(measure)
    who = treated & ~np.isnan(data.change[:, column])
    change = describe_change(data.pre[who, column], data.post[who, column])
    p = floor = nan
    if change.n >= inference.fewest_participants and change.sd > 0:
        people = [name for name, kept in zip(data.participants, who, strict=True) if kept]
        test = sign_flip_test(
            data.change[who, column][:, None],
            exact_up_to=inference.exact_up_to,
            permutations=inference.permutations,
            generator=named_generator(
                compared.settings.seed, "signs", compared.study.id, compared.contrast, *people
            ),
        )
        p, floor = float(test.p[0]), test.floor
    return Evidence(
        n_treated=change.n,
        n_control=0,
        direction=measure.direction,
        has_control=False,
        is_randomised=False,
        difference=change.mean,
        low=change.low,
        high=change.high,
        unit=measure.unit,
        p=p,
        p_adjusted=p,
        p_floor=floor,
        threats=_threats(measure, compared),
        from_images=measure.kind == "claim",
        problem=measure.problem,
        smallest_effect=inference.smallest_effect_of_interest,
        alpha=inference.alpha,
        fewest_participants=inference.fewest_participants,
    )
