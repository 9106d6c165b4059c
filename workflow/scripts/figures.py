"""Draw every figure as SVG and PNG, with its source table beside it."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.figures.drawing import FigureInput
from brainchange.figures.registry import write_figures
from brainchange.inference.reliability_schema import RELIABILITY_TABLE
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.metrics.observations import COVERAGE_TABLE

SCHEMAS = {
    "effects": EFFECTS_TABLE,
    "within": WITHIN_TABLE,
    "changes": CHANGES_TABLE,
    "reliability": RELIABILITY_TABLE,
    "attrition": ATTRITION_TABLE,
    "coverage": COVERAGE_TABLE,
}

with job(snakemake.log[0]) as log:
    given = snakemake.params
    tables = {name: SCHEMAS[name].read(Path(path)) for name, path in snakemake.input.items()}
    write_figures(
        FigureInput(given.study[0], given.settings[0], given.claims[0], tables),
        Path(snakemake.output.figures),
        progress=log.tell,
    )
