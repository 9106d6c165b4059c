"""The tables of the results that the report shows and offers to take away."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from brainchange.inference.crossover import CROSSOVER_TABLE
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.edges import EDGES_TABLE
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE, MULTIVERSE_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE, PAIRS_TABLE
from brainchange.inference.prediction_schema import PREDICTION_NULL_TABLE, PREDICTION_TABLE
from brainchange.inference.reliability_schema import (
    BRAIN_SYMPTOM_TABLE,
    RELIABILITY_TABLE,
    RESPONDERS_TABLE,
)
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.inference.threat_row import THREATS_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.metrics.observations import (
    COVERAGE_TABLE,
    OBSERVATIONS_TABLE,
    SPECIFICATIONS_TABLE,
)
from brainchange.study.claims_table import CLAIMS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import TableSchema

RESULTS: Mapping[str, TableSchema] = {
    "verdicts": VERDICTS_TABLE,
    "claims": CLAIMS_TABLE,
    "effects": EFFECTS_TABLE,
    "within": WITHIN_TABLE,
    "changes": CHANGES_TABLE,
    "threats": THREATS_TABLE,
    "multiverse": MULTIVERSE_TABLE,
    "multiverse_summary": MULTIVERSE_SUMMARY_TABLE,
    "reliability": RELIABILITY_TABLE,
    "responders": RESPONDERS_TABLE,
    "brain_symptom": BRAIN_SYMPTOM_TABLE,
    "prediction": PREDICTION_TABLE,
    "prediction_null": PREDICTION_NULL_TABLE,
    "durability": DURABILITY_TABLE,
    "crossover": CROSSOVER_TABLE,
    "omnibus": OMNIBUS_TABLE,
    "pairs": PAIRS_TABLE,
    "edges": EDGES_TABLE,
    "attrition": ATTRITION_TABLE,
    "coverage": COVERAGE_TABLE,
    "decisions": DECISIONS_TABLE,
}
"""Tables by the name of their file, in the order of the page."""
ONLY_BESIDE: Mapping[str, TableSchema] = {
    "observations": OBSERVATIONS_TABLE,
    "specifications": SPECIFICATIONS_TABLE,
}
"""Tables that are too large for any page, and are not read for it."""


def read_results(paths: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    """Read the tables of the results.

    Parameters
    ----------
    paths : mapping of str to Path
        Files by name; names that are no table of the results are left out.

    Raises
    ------
    TableError
        A table is missing or not as declared.
    """
    return {name: schema.read(paths[name]) for name, schema in RESULTS.items() if name in paths}
