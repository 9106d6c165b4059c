"""Ask whether the brain before therapy says who gets better, in participants not seen."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.inference.prediction import predictions
from brainchange.inference.prediction_schema import PREDICTION_NULL_TABLE, PREDICTION_TABLE
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.tables import read_tsv

with job(snakemake.log[0]) as log:
    given = snakemake.params
    study = given.study[0]
    found = predictions(
        study,
        given.claims[0],
        given.regions,
        given.settings[0],
        observations=OBSERVATIONS_TABLE.read(Path(snakemake.input.observations)),
        participants=read_tsv(Path(snakemake.input.participants)),
    )
    PREDICTION_TABLE.write(found.table, Path(snakemake.output.prediction), sidecar=True)
    PREDICTION_NULL_TABLE.write(found.null, Path(snakemake.output.null), sidecar=True)
    log.tell(f"{len(found.table)} predictions")
