"""Gather what was measured of each participant, and say which arm each is in."""

from importlib.metadata import version
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.inference.participants import enrol
from brainchange.metrics.derivatives import write_dataset_description
from brainchange.metrics.gather import TablePaths, gather, read_participant_tables
from brainchange.metrics.observations import COVERAGE_TABLE, OBSERVATIONS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import read_tsv

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    study, folder = given.study[0], Path(given.folder)
    enrolment = enrol(read_tsv(folder / study.participants.table), study)
    files = zip(
        snakemake.input.observations,
        snakemake.input.coverage,
        snakemake.input.decisions,
        strict=True,
    )
    tables = gather(
        [read_participant_tables(TablePaths(*map(Path, paths))) for paths in files],
        dict(zip(enrolment.participants, enrolment.arms, strict=True)),
        given.decisions,
    )
    OBSERVATIONS_TABLE.write(tables.observations, Path(output.observations), sidecar=True)
    COVERAGE_TABLE.write(tables.coverage, Path(output.coverage), sidecar=True)
    DECISIONS_TABLE.write(tables.decisions, Path(output.decisions))
    results = Path(output.dataset).parent
    write_dataset_description(results, study, folder, version("brainchange"))
    log.tell(f"{len(tables.observations)} observations")
