"""The table of participants: arm, age, sex and symptoms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from brainchange.simulate.model import Simulation, Symptom
from brainchange.simulate.seeds import generator
from brainchange.study.model import Outcome, Study


def participants_table(study: Study, simulation: Simulation, seed: int) -> pd.DataFrame:
    """Make the table of participants, with the columns that the study reads.

    Parameters
    ----------
    study : Study
        Names of the columns.
    simulation : Simulation
        Arms, age, sex, symptoms.
    seed : int
        Seed of the configuration.

    Returns
    -------
    pandas.DataFrame
        One row a participant; scores are whole points within the range of their scale.
    """
    rows = []
    for participant, arm in simulation.enrolled:
        row = _person(study, simulation, participant, seed)
        row[study.participants.arm_column] = arm
        for name, symptom in simulation.symptoms.items():
            random = generator(seed, study.id, participant, name)
            row |= _scores(study.outcomes[name], symptom, arm, random)
        rows.append(row)
    table = pd.DataFrame(rows, dtype=object).set_index(study.participants.id_column, drop=False)
    for missing in simulation.exceptions.missing_scores:
        column = study.outcomes[missing.outcome].columns[missing.timepoint]
        table.loc[missing.participant, column] = None
    return table.reset_index(drop=True)


def participants_sidecar(study: Study) -> dict[str, dict[str, object]]:
    """Describe the columns of the table as BIDS does."""
    described: dict[str, dict[str, object]] = {
        study.participants.id_column: {"Description": "Simulated participant"},
        "age": {"Description": "Age, drawn at random", "Units": "years"},
        "sex": {
            "Description": "Sex, drawn at random",
            "Levels": {"F": "female", "M": "male"},
        },
        study.participants.arm_column: {
            "Description": "Arm of the simulated study",
            "Levels": {name: arm.label for name, arm in study.arms.items()},
        },
    }
    for outcome in study.outcomes.values():
        for timepoint, column in outcome.columns.items():
            described[column] = {
                "Description": f"{outcome.label}, {timepoint}",
                "Units": outcome.unit,
            }
    return described


def _person(study: Study, simulation: Simulation, participant: str, seed: int) -> dict[str, object]:
    random = generator(seed, study.id, participant, "person")
    age = simulation.age
    return {
        study.participants.id_column: participant,
        "age": int(random.integers(round(age.minimum), round(age.maximum) + 1)),
        "sex": "F" if random.random() < simulation.female_share else "M",
    }


def _scores(
    outcome: Outcome, symptom: Symptom, arm: str, random: np.random.Generator
) -> dict[str, object]:
    """Draw the scores of one scale at every timepoint."""
    before = symptom.mean + symptom.standard_deviation * random.standard_normal()
    scores: dict[str, object] = {}
    for timepoint, column in outcome.columns.items():
        spread = symptom.change_standard_deviation * random.standard_normal()
        score = before if timepoint == "pre" else before + symptom.change[arm] + spread
        scores[column] = round(min(max(score, outcome.minimum), outcome.maximum))
    return scores
