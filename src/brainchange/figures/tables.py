"""The tables figures are drawn from: their schemas by name, and reading those of a study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from brainchange.inference.across_schema import FOREST_TABLE, META_TABLE
from brainchange.inference.edges import EDGES_TABLE
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE, MULTIVERSE_TABLE
from brainchange.inference.prediction_schema import PREDICTION_NULL_TABLE, PREDICTION_TABLE
from brainchange.inference.reliability_schema import BRAIN_SYMPTOM_TABLE, RELIABILITY_TABLE
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.inference.threat_row import THREATS_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import TableSchema

SCHEMAS: Mapping[str, TableSchema] = {
    schema.name: schema
    for schema in (
        ATTRITION_TABLE,
        BRAIN_SYMPTOM_TABLE,
        CHANGES_TABLE,
        COVERAGE_TABLE,
        DECISIONS_TABLE,
        EDGES_TABLE,
        EFFECTS_TABLE,
        FOREST_TABLE,
        META_TABLE,
        MULTIVERSE_TABLE,
        MULTIVERSE_SUMMARY_TABLE,
        PREDICTION_TABLE,
        PREDICTION_NULL_TABLE,
        RELIABILITY_TABLE,
        THREATS_TABLE,
        VERDICTS_TABLE,
        WITHIN_TABLE,
    )
}
"""Schema of every table a figure may need; the table is ``results/<study>/<name>.tsv``."""


def read_tables(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Read tables that figures are drawn from.

    Parameters
    ----------
    paths : mapping of str to Path
        File of every table, by its name.

    Raises
    ------
    TableError
        A file does not follow its schema, or is missing.
    """
    return {name: SCHEMAS[name].read(path) for name, path in paths.items()}


def tables_of(results: Path, names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Read those of the named tables that a folder of results holds.

    Parameters
    ----------
    results : Path
        ``results/<study>``.
    names : iterable of str
        Names of tables.
    """
    files = {name: results / f"{name}.tsv" for name in names}
    return read_tables({name: path for name, path in files.items() if path.exists()})
