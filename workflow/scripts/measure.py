"""Read every run of a participant once and compute everything that needs voxels or signals."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from arms import arm_of
from brainchange.metrics.derivatives import write_derivatives
from brainchange.metrics.gather import TablePaths, participant_tables, write_participant_tables
from brainchange.metrics.measure import measure_participant
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    layout, settings = given.layout[0], given.settings[0]
    participant = snakemake.wildcards.participant
    if layout.of_arms:
        layout = layout.for_arm(arm_of(given.study[0], Path(given.folder), participant))
    preparation = getattr(snakemake.input, "preparation", None)
    before = DECISIONS_TABLE.read(Path(preparation)).to_dict("records") if preparation else ()
    measurement = measure_participant(
        participant,
        given.runs,
        Path(given.folder),
        layout=layout,
        regions=given.regions,
        settings=settings,
        before=before,
        progress=log.tell,
    )
    # A participant without a usable run has no derivatives, and still has the folder.
    Path(output.derivatives).mkdir(parents=True, exist_ok=True)
    write_derivatives(measurement, Path(output.derivatives).parent, layout.images, settings)
    write_participant_tables(
        participant_tables(measurement, layout),
        TablePaths(*map(Path, (output.observations, output.coverage, output.decisions))),
    )
