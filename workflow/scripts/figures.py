"""Draw every figure as SVG and PNG, with its source table beside it."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.figures.drawing import FigureInput
from brainchange.figures.registry import write_figures
from brainchange.figures.tables import read_tables

with job(snakemake.log[0]) as log:
    given = snakemake.params
    tables = read_tables({name: Path(path) for name, path in snakemake.input.items()})
    write_figures(
        FigureInput(given.study[0], given.settings[0], given.claims[0], tables, given.regions),
        Path(snakemake.output.figures),
        processes=snakemake.threads,
        progress=log.tell,
    )
