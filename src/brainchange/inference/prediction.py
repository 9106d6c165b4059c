"""Whether the brain before therapy says who gets better: prediction against clinical data alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LinearRegression

from brainchange.inference.cross_validation import predict, splits
from brainchange.inference.observed import Cells, observed_cells
from brainchange.inference.outcomes import outcome_values
from brainchange.inference.participants import Enrolment, enrol
from brainchange.inference.permutation import TIE, named_generator
from brainchange.inference.prediction_schema import (
    FEWEST_FOR_VERDICT,
    PREDICTION_NULL_TABLE,
    PREDICTION_TABLE,
)
from brainchange.inference.predictors import Known, brain_features, complete, known_before
from brainchange.inference.prepost import primary_observations, primary_specification
from brainchange.study.claims import Claim, Claims, Predictors
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
FEWEST = 10
"""Participants below which nothing is predicted: two in every fold."""


@dataclass(frozen=True)
class _Asked:
    """One claim and one scale."""

    claim: Claim
    predictors: Predictors
    outcome: str
    study: Study
    settings: Settings


@dataclass(frozen=True)
class Predictions:
    """The tables of predictions.

    Attributes
    ----------
    table : pandas.DataFrame
        ``PREDICTION_TABLE``, for the treated arms of the primary contrast; empty where no claim
        has predictors.
    null : pandas.DataFrame
        ``PREDICTION_NULL_TABLE``: the gain in every permutation.
    """

    table: pd.DataFrame
    null: pd.DataFrame


def predictions(
    study: Study,
    claims: Claims,
    regions: tuple[Region, ...],
    settings: Settings,
    *,
    observations: pd.DataFrame,
    participants: pd.DataFrame,
) -> Predictions:
    """Predict the change of every symptom scale for every claim that says so.

    Parameters
    ----------
    study, claims, settings
        The configuration.
    regions : tuple of Region
        The configured regions, in order.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``; may be empty.
    participants : pandas.DataFrame
        The study's table of participants with every cell as text.

    Returns
    -------
    Predictions
        What was predicted, and what permutations give.
    """
    enrolment = enrol(participants, study)
    primary = primary_observations(observations, study, primary_specification(study, settings))
    cells = observed_cells(primary, enrolment.participants)
    asked = [
        _Asked(claim, claim.predictors, name, study, settings)
        for claim in claims.claims
        if claim.predictors
        for name, outcome in study.outcomes.items()
        if outcome.measures == claim.requires.column
    ]
    rows, null = [], []
    for one in asked:
        task = study.task_of(one.claim.requires.images) or study.tasks[0]
        found = cells.get((one.predictors.metric, task, ""))
        row = _names(one) | _row(one, found, regions, enrolment)
        gains = row.pop("null", ())
        rows.append(row)
        null += [
            {
                "measure": row["measure"],
                "outcome": row["outcome"],
                "permutation": n,
                "q2_gain": gain,
            }
            for n, gain in enumerate(gains, start=1)
        ]
    return Predictions(PREDICTION_TABLE.frame(rows), PREDICTION_NULL_TABLE.frame(null))


def _names(asked: _Asked) -> dict[str, Any]:
    outcome = asked.study.outcomes[asked.outcome]
    return {
        "measure": asked.claim.id,
        "label": asked.claim.about,
        "outcome": asked.outcome,
        "outcome_label": outcome.label,
        "unit": outcome.unit,
    }


def _row(
    asked: _Asked, cells: Cells | None, regions: tuple[Region, ...], enrolment: Enrolment
) -> dict[str, Any]:
    nothing: dict[str, Any] = {"n": 0, "descriptive": True}
    if cells is None:
        return nothing | {"flag": f"the metric '{asked.predictors.metric}' was not computed"}
    scores = outcome_values(asked.outcome, asked.study, enrolment).numbers
    change = scores[1] - scores[0]
    treated = asked.study.contrasts[asked.study.primary_contrast].treated
    who = np.isin(np.array(enrolment.arms), treated) & np.isfinite(change)
    brain, lost = complete(brain_features(asked.predictors, regions, cells), who)
    known, _ = complete(known_before(asked.study, enrolment, scores[0]), who)
    who &= np.isfinite(brain.columns).all(axis=1) & np.isfinite(known.columns).all(axis=1)
    n = int(who.sum())
    cells_of: dict[str, Any] = {
        "n": n,
        "descriptive": n < FEWEST_FOR_VERDICT,
        "n_features": len(brain.names),
    }
    cells_of["clinical"] = ", ".join(known.names) or None
    if n < FEWEST or not brain.names or not np.ptp(change[who]) > 0:
        return nothing | cells_of | {"flag": _nothing(n, brain)}
    notes = [f"{len(lost)} features are left out: missing or constant"] if lost else []
    if n < FEWEST_FOR_VERDICT:
        notes.append(f"n = {n}, fewer than {FEWEST_FOR_VERDICT}: descriptive, no verdict")
    people = [name for name, kept in zip(enrolment.participants, who, strict=True) if kept]
    found = _predicted(asked, brain.columns[who], known.columns[who], change[who], people)
    return cells_of | found | {"flag": "; ".join(notes) or None}


def _nothing(n: int, brain: Known) -> str:
    if n < FEWEST:
        return f"n = {n}, fewer than {FEWEST}: nothing is predicted"
    if not brain.names:
        return "no feature of the brain was measured in enough participants"
    return "the scale changes by the same in everybody"


def _predicted(
    asked: _Asked, brain: Floats, known: Floats, change: Floats, people: list[str]
) -> dict[str, Any]:
    """Predict the observed and, where there is to be a verdict, permuted changes."""
    inference = asked.settings.inference
    names = (asked.study.id, asked.claim.id, asked.outcome, *people)
    generator = named_generator(asked.settings.seed, "prediction", *names)
    tested = change.size >= FEWEST_FOR_VERDICT
    permutations = inference.prediction_permutations if tested else 0
    repeats = inference.prediction_repeats
    folds = splits(change.size, repeats, int(generator.integers(2**31)))
    outcomes = _permuted(change, known, permutations, generator)
    found = predict(brain, known, outcomes, folds)
    gains = found.with_features.q2 - found.without.q2
    q2, gain = float(found.with_features.q2[0]), float(gains[0])
    p = high = nan
    if permutations:
        beyond = int((gains[1:] >= gain - TIE).sum())
        p, high = (beyond + 1) / (permutations + 1), float(np.quantile(gains[1:], 0.95))
    errors = [float(part.error[0]) for part in (found.without, found.with_features)]
    return {
        "q2_clinical": float(found.without.q2[0]),
        "q2_both": q2,
        "q2_gain": gain,
        "error_clinical": errors[0],
        "error_both": errors[1],
        "error_gain": errors[0] - errors[1],
        "p_gain": p,
        "null_q2_gain_high": high,
        "null": gains[1:],
        "n_permutations": permutations or None,
        "repeats": repeats,
        "predicts": q2 > 0 and gain > 0 and p < inference.alpha if permutations else None,
    }


def _permuted(
    change: Floats, known: Floats, permutations: int, generator: np.random.Generator
) -> Floats:
    """Put beside the change what it could be if the brain said nothing, (n, 1 + permutations).

    What is known keeps its part; what it leaves is permuted (Freedman and Lane 1983).
    """
    fitted = (
        LinearRegression().fit(known, change).predict(known)
        if known.shape[1]
        else np.full(change.size, change.mean())
    )
    left = change - fitted
    orders = np.argsort(generator.random((permutations, change.size)), axis=1)
    return np.column_stack([change, (fitted + left[orders]).T])
