"""Beyond mean differences: brain and symptoms, single participants, prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, p_value, places, plural
from brainchange.figures.wording import text_of, with_unit
from brainchange.inference.reliability_schema import DIRECTIONS
from brainchange.report.data_table import Cell, DataTable
from brainchange.study.model import Study

Row = Mapping[Any, Any]
CHANGED = tuple(word for word in DIRECTIONS if word != "unchanged")


def brain_symptom(table: pd.DataFrame) -> DataTable:
    """Write whether those whose brain changes more change more in symptoms.

    Parameters
    ----------
    table : pandas.DataFrame
        ``BRAIN_SYMPTOM_TABLE``; may be empty.
    """
    return DataTable(
        "brain-symptom",
        "Partial correlation of both changes, post − pre. Fewer than 20 participants are "
        "described, not tested. Ceiling: the largest correlation that could be seen if the true "
        "one were 1, given the reliability of both changes; both are estimated in the same few "
        "participants (0.00: the estimate finds no reliable change).",
        ("Claim and scale", "Arms", "n", "r [95 %]", "p", "Ceiling"),
        tuple(_correlation(row) for row in table.to_dict("records")),
        "brain_symptom",
    )


def correlated(table: pd.DataFrame, alpha: float) -> str:
    """Count the correlations of brain and symptoms: known, tested, below the level.

    Parameters
    ----------
    table : pandas.DataFrame
        ``BRAIN_SYMPTOM_TABLE``; may be empty.
    alpha : float
        Level of the tests.
    """
    known, tested = int(table["r"].notna().sum()), table["p"].dropna()
    below = int((tested < alpha).sum())
    return (
        f"{plural(known, 'correlation')} of change in the brain with change in symptoms; "
        f"{len(tested)} of them in enough participants to be tested, {below} with p below "
        f"{alpha:g}, not adjusted for their number."
    )


def _correlation(row: Row) -> tuple[Cell, ...]:
    held = text_of(row["given"])
    tested, known = pd.notna(row["p"]), pd.notna(row["r"])
    ends = f" {interval(row['ci_low'], row['ci_high'])}" if known else ""
    return (
        Cell(f"{text_of(row['measure'])} and {text_of(row['outcome'])}", text_of(row["label"])),
        Cell(text_of(row["scope_label"]), f"at equal {held}" if held else ""),
        Cell(str(row["n"]), sort=float(row["n"])),
        Cell(
            f"{number(row['r'], sign=True)}{ends}",
            sort=float(row["r"]),
        ),
        Cell(
            p_value(row["p"]) if tested else "described" if known else "not estimated",
            text_of(row["flag"]) if not tested else "",
            float(row["p"]),
        ),
        Cell(number(row["largest_r"]), sort=float(row["largest_r"])),
    )


def responders(table: pd.DataFrame, study: Study) -> DataTable:
    """Count the participants who changed by more than untreated ones do by themselves.

    Parameters
    ----------
    table : pandas.DataFrame
        ``RESPONDERS_TABLE``; may be empty.
    study : Study
        Names of the arms, in order.
    """
    order = list(study.arms)
    rows = []
    for (_, measure), mine in table.groupby(["kind", "measure"], sort=False):
        for arm in order:
            people = mine[mine["arm"] == arm]
            if len(people):
                rows.append(_counted(str(measure), study.arms[arm].label, people))
    return DataTable(
        "responders",
        "Participants with both values. More than error: change beyond what 95 in 100 untreated "
        "people show by themselves. Response: at least 50 % better, only on scales with a true "
        "zero. Reliable: reliable change index beyond ±1.96 (Jacobson & Truax 1991). How many "
        "changed in two arms is described, not compared.",
        ("Claim or scale", "Arm", "n", "More than error", "Response", "Reliable"),
        tuple(rows),
        "responders",
    )


def _counted(measure: str, arm: str, people: pd.DataFrame) -> tuple[Cell, ...]:
    answered = people["response"].dropna()
    response = (
        Cell(f"{int(answered.sum())} of {len(answered)}", sort=float(answered.mean()))
        if len(answered)
        else Cell("n/a", sort=float("nan"))
    )
    return (
        Cell(measure),
        Cell(arm),
        Cell(str(len(people)), sort=float(len(people))),
        _directions(people["detected"]),
        response,
        _directions(people["reliable_change"]),
    )


def _directions(said: pd.Series) -> Cell:
    known = said.dropna()
    if known.empty:
        return Cell("n/a", sort=float("nan"))
    counts = known.value_counts()
    parts = [f"{counts[word]} {word}" for word in CHANGED if word in counts.index]
    changed = float((known != "unchanged").mean())
    return Cell("; ".join(parts) or "none", f"of {len(known)}", changed)


def prediction(table: pd.DataFrame) -> DataTable:
    """Write whether the brain before therapy says who gets better.

    Parameters
    ----------
    table : pandas.DataFrame
        ``PREDICTION_TABLE``; may be empty.
    """
    return DataTable(
        "prediction",
        "Change of a scale in treated participants the model has not seen (repeated nested 5-fold "
        "cross-validation). Q²: share of the squared error that is avoided against the mean; "
        "below 0 the mean predicts better. Below 40 participants it is described, without verdict.",
        ("Claim and scale", "n", "Q², clinical", "Q², with the brain", "Gain", "Error", "p"),
        tuple(_predicted(row) for row in table.to_dict("records")),
        "prediction",
    )


def _predicted(row: Row) -> tuple[Cell, ...]:
    errors = (row["error_clinical"], row["error_both"])
    digits, unit = places(*errors), text_of(row["unit"])
    return (
        Cell(f"{text_of(row['measure'])} and {text_of(row['outcome'])}", text_of(row["label"])),
        Cell(str(row["n"]), sort=float(row["n"])),
        Cell(number(row["q2_clinical"]), text_of(row["clinical"]), float(row["q2_clinical"])),
        Cell(number(row["q2_both"]), sort=float(row["q2_both"])),
        Cell(number(row["q2_gain"], sign=True), sort=float(row["q2_gain"])),
        Cell(
            with_unit(errors[1], digits, unit),
            f"clinical {with_unit(errors[0], digits, unit)}",
            float(errors[1]),
        ),
        Cell(
            p_value(row["p_gain"]) if pd.notna(row["p_gain"]) else "described",
            text_of(row["flag"]),
            float(row["p_gain"]),
        ),
    )
