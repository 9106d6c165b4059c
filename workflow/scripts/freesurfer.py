"""Read the volumes that FreeSurfer measured at every timepoint."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.errors import BrainchangeError
from brainchange.metrics.anatomy import Known, anatomy_tables, volumes_of_freesurfer
from brainchange.metrics.gather import TablePaths, write_participant_tables

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    folder, found, regions = Path(given.folder), given.volumes[0], given.regions
    volumes, reason = None, found.reason if found else "FreeSurfer measured no volume"
    if found and found.stats:
        try:
            stats = [(timepoint, folder / path) for timepoint, path in found.stats]
            volumes = volumes_of_freesurfer(stats, regions)
        except BrainchangeError as error:
            reason = error.reason
    tables = anatomy_tables(
        snakemake.wildcards.participant,
        Known(volumes, reason, found.caution if found else "", "images.freesurfer"),
        layout=given.layout[0],
        regions=regions,
        settings=given.settings[0],
    )
    write_participant_tables(
        tables, TablePaths(*map(Path, (output.observations, output.coverage, output.decisions)))
    )
    log.tell(found.stream if volumes is not None else reason)
