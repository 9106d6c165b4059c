"""What was planted: the table to hold an analysis against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from brainchange.simulate.model import Effect, Simulation
from brainchange.simulate.raw.design import activation_of
from brainchange.simulate.signals import Visit, parameters_of
from brainchange.tables import Column, TableSchema

TRUTH_FILE = "truth.tsv"
"""Name beside the published study; not in its lock, because no analysis may need it."""

TRUTH_TABLE = TableSchema(
    "truth",
    "One thing that is true of the simulated study.",
    (
        Column(
            "kind",
            "string",
            "effect: planted in an arm; expected: what follows for a claim; parameter: what a "
            "participant got; exception: what went wrong; symptom: mean change of an arm",
            required=True,
            levels=("effect", "expected", "parameter", "exception", "symptom"),
        ),
        Column("name", "string", "Effect, claim, kind of exception or scale", required=True),
        Column("participant_id", "string", "Participant; n/a where an arm is meant"),
        Column("arm", "string", "Arm, or the contrast of an expected claim"),
        Column("timepoint", "string", "Timepoint"),
        Column("metric", "string", "Parameter that generates the signal, or what is concerned"),
        Column("region", "string", "Structures, joined by ';'"),
        Column("source", "string", "Source of a loading, or condition of an activation"),
        Column("quantity", "number", "How much, in `unit`"),
        Column("unit", "string", "Unit of the quantity"),
    ),
)


_UNITS = {
    "loading": "weight",
    "amplitude": "percent",
    "activation": "percent of mean intensity",
}


def truth_table(simulation: Simulation, visits: Iterable[Visit]) -> pd.DataFrame:
    """Collect what was planted.

    Parameters
    ----------
    simulation : Simulation
        Effects, expectations and exceptions.
    visits : iterable of Visit
        All sessions that exist.

    Returns
    -------
    pandas.DataFrame
        Columns of ``TRUTH_TABLE``. Claims and contrasts without an `expected` row are null.
    """
    rows = [
        *_planted(simulation),
        *_exceptions(simulation),
        *(row for visit in visits for row in _parameters(simulation, visit)),
    ]
    return TRUTH_TABLE.frame(rows)


def _planted(simulation: Simulation) -> Iterator[dict[str, Any]]:
    for effect in simulation.effects:
        yield {
            "kind": "effect",
            "name": effect.id,
            "arm": effect.arm,
            "timepoint": effect.timepoint,
            "metric": effect.parameter,
            "region": ";".join(effect.labels),
            "source": effect.source or None,
            "quantity": 100 * effect.change if effect.parameter == "amplitude" else effect.change,
            "unit": _UNITS[effect.parameter],
        }
    for expected in simulation.expected:
        yield {
            "kind": "expected",
            "name": expected.claim,
            "arm": expected.contrast,
            "metric": "difference in change",
            "quantity": 1 if expected.direction == "up" else -1,
            "unit": "sign",
        }
    for scale, symptom in simulation.symptoms.items():
        for arm, change in symptom.change.items():
            yield {
                "kind": "symptom",
                "name": scale,
                "arm": arm,
                "metric": "change",
                "quantity": change,
                "unit": "points",
            }


def _parameters(simulation: Simulation, visit: Visit) -> Iterator[dict[str, Any]]:
    """Give the parameters that some effect changes in some arm, as this visit got them."""
    for effect in simulation.effects:
        for name in effect.labels:
            is_loading = effect.parameter == "loading"
            yield {
                "kind": "parameter",
                "name": effect.id,
                "participant_id": visit.participant,
                "arm": visit.arm,
                "timepoint": visit.timepoint,
                "metric": effect.parameter,
                "region": name,
                "source": effect.source or None,
                "quantity": _quantity(simulation, visit, effect, name),
                "unit": "weight" if is_loading else "percent of mean intensity",
            }


def _quantity(simulation: Simulation, visit: Visit, effect: Effect, name: str) -> float:
    """Value of the parameter that an effect is about, in one visit."""
    parameters = parameters_of(simulation, visit)
    if effect.parameter == "loading":
        return parameters.loadings[effect.source, name]
    if effect.parameter == "amplitude":
        return parameters.amplitudes[name]
    return activation_of(simulation, visit, condition=effect.source, label=name)


def _exceptions(simulation: Simulation) -> Iterator[dict[str, Any]]:
    arms = dict(simulation.enrolled)
    exceptions = simulation.exceptions
    told: list[tuple[str, Any, dict[str, Any]]] = []
    told += [("lost session", one, {}) for one in exceptions.lost_sessions]
    told += [
        ("moving run", one, {"metric": "motion", "quantity": one.factor, "unit": "factor"})
        for one in exceptions.moving_runs
    ]
    told += [
        (
            "lost view",
            one,
            {
                "metric": "coverage",
                "region": one.structure,
                "quantity": 100 * one.share,
                "unit": "percent lost",
            },
        )
        for one in exceptions.lost_views
    ]
    told += [("missing score", one, {"metric": one.outcome}) for one in exceptions.missing_scores]
    for name, one, more in told:
        yield {
            "kind": "exception",
            "name": name,
            "participant_id": one.participant,
            "arm": arms[one.participant],
            "timepoint": one.timepoint,
            **more,
        }
