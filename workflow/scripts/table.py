"""Read the table the study starts from, and say which arm each participant is in."""

from importlib.metadata import version
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.inference.prepost import primary_specification
from brainchange.metrics.derivatives import write_dataset_description
from brainchange.metrics.given import read_given
from brainchange.metrics.networks import with_networks
from brainchange.metrics.observations import COVERAGE_TABLE, OBSERVATIONS_TABLE
from brainchange.sources.people_sidecar import write_participants
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    study = given.study[0]
    tables = read_given(study, given.regions, Path.cwd(), given.only)
    primary = primary_specification(study, given.settings[0])
    observations = with_networks(tables.observations, given.regions, given.settings[0], primary)
    OBSERVATIONS_TABLE.write(observations, Path(output.observations), sidecar=True)
    COVERAGE_TABLE.write(COVERAGE_TABLE.frame(), Path(output.coverage), sidecar=True)
    DECISIONS_TABLE.write(tables.decisions, Path(output.decisions))
    write_participants(tables.participants, study, Path(output.participants), None)
    write_dataset_description(Path(output.dataset).parent, study, None, version("brainchange"))
    log.tell(f"{len(observations)} observations")
