"""What the columns of the table of participants hold, as BIDS wants it said beside the table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.files import write_text
from brainchange.study.model import Study
from brainchange.tables import write_tsv

FACTS = {
    "age": {"Description": "Age", "Units": "year"},
    "sex": {"Description": "Sex, as the dataset tells it"},
    "dose": {"Description": "How much of the treatment the participant got"},
    "relapse": {"Description": "Whether the participant relapsed"},
}
UNKNOWN_LEVEL = "Not described; of arms: in none that is analysed"
UNUSED = "Column of the dataset that the analysis does not use"


def write_participants(table: pd.DataFrame, study: Study, path: Path, told: Path | None) -> None:
    """Write the table of participants, and beside it what its columns hold.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a participant.
    study : Study
        Arms, scales and covariates.
    path : Path
        ``participants.tsv`` in the folder of results; ``participants.json`` is written beside it.
    told : Path or None
        ``participants.json`` of the dataset, whose words are kept where the study has none.
    """
    write_tsv(table, path)
    sidecar = describe_columns(list(map(str, table.columns)), study, _read(told))
    for name, described in sidecar.items():
        if isinstance(described.get("Levels"), Mapping):
            described["Levels"] = _with_every_level(described["Levels"], table[name])
    text = json.dumps(sidecar, indent=2, ensure_ascii=False)
    write_text(path.with_suffix(".json"), text + "\n")


def describe_columns(
    names: list[str], study: Study, told: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    """Describe columns by what the study says of them, else by what the dataset says.

    Parameters
    ----------
    names : list of str
        Columns of the table.
    study : Study
        Arms, scales and covariates.
    told : mapping, optional
        Column → description of the dataset.
    """
    known = _of_study(study)
    own = {name: one for name, one in (told or {}).items() if isinstance(one, Mapping)}
    return {name: known.get(name) or dict(own.get(name, {"Description": UNUSED})) for name in names}


def _with_every_level(levels: Mapping[str, Any], cells: pd.Series[Any]) -> dict[str, Any]:
    """Name values that occur and are not described: BIDS allows none beside its levels."""
    occurring = sorted({str(cell) for cell in cells.dropna()} - set(levels))
    return {**levels, **dict.fromkeys(occurring, UNKNOWN_LEVEL)}


def _of_study(study: Study) -> dict[str, dict[str, Any]]:
    people = study.participants
    described: dict[str, dict[str, Any]] = {
        one.column: {"Description": f"Covariate: {name}"} for name, one in people.covariates.items()
    }
    described |= {column: dict(FACTS[fact]) for fact, column in people.columns.items()}
    for outcome in study.outcomes.values():
        for timepoint, column in outcome.columns.items():
            described[column] = {
                "Description": f"{outcome.label}, {timepoint}; {outcome.minimum:g} to "
                f"{outcome.maximum:g}, better is {outcome.better}",
                "Units": outcome.unit,
            }
    described[people.arm_column] = {
        "Description": "Arm: what the participant got",
        "Levels": {
            name: ". ".join(filter(None, (arm.label, arm.description)))
            for name, arm in study.arms.items()
        },
    }
    described[people.id_column] = {"Description": "Participant"}
    return described


def _read(path: Path | None) -> dict[str, Any]:
    """Read the dataset's own description; nothing where there is none, or it is no object."""
    try:
        loaded = json.loads(path.read_text("utf-8-sig")) if path else {}
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
