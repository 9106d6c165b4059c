"""Gather what was measured, compute the rest under other specifications, name the arms."""

from importlib.metadata import version
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.inference.participants import enrol
from brainchange.inference.prepost import primary_specification
from brainchange.metrics.alternatives import alternative_tables
from brainchange.metrics.derivatives import write_dataset_description
from brainchange.metrics.gather import TablePaths, gather, read_participant_tables, with_more
from brainchange.metrics.networks import with_networks
from brainchange.metrics.observations import (
    COVERAGE_TABLE,
    OBSERVATIONS_TABLE,
    SPECIFICATIONS_TABLE,
)
from brainchange.sources.people import read_people
from brainchange.sources.people_sidecar import write_participants
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    study, folder = given.study[0], Path(given.folder)
    people = read_people(study, folder)
    enrolment = enrol(people.table, study)
    files = zip(
        snakemake.input.observations,
        snakemake.input.coverage,
        snakemake.input.decisions,
        strict=True,
    )
    tables = gather(
        [read_participant_tables(TablePaths(*map(Path, paths))) for paths in files],
        dict(zip(enrolment.participants, enrolment.arms, strict=True)),
        [*given.decisions, *people.decisions],
    )
    results = Path(output.dataset).parent
    others = alternative_tables(
        tables.observations,
        given.runs[0],
        results=results,
        folder=folder,
        layout=given.layout[0],
        regions=given.regions,
        settings=given.settings[0],
        edges=given.edges,
    )
    tables = with_more(tables, others.observations, others.decisions)
    primary = primary_specification(study, given.settings[0])
    observations = with_networks(tables.observations, given.regions, given.settings[0], primary)
    OBSERVATIONS_TABLE.write(observations, Path(output.observations), sidecar=True)
    COVERAGE_TABLE.write(tables.coverage, Path(output.coverage), sidecar=True)
    DECISIONS_TABLE.write(tables.decisions, Path(output.decisions))
    own = (folder / study.participants.table).with_suffix(".json")
    write_participants(people.table, study, Path(output.participants), own)
    SPECIFICATIONS_TABLE.write(others.specifications, Path(output.specifications), sidecar=True)
    write_dataset_description(results, study, folder, version("brainchange"))
    log.tell(f"{len(observations)} observations")
