"""Publish the simulated study, with its lock, as an archive would."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.simulate.publish import publish
from brainchange.sources.lock import write_lock

with job(snakemake.log[0]) as log:
    study, simulation = snakemake.params.study
    rows = publish(
        study,
        simulation,
        snakemake.params.seed,
        Path(snakemake.output.published),
        processes=snakemake.threads,
        progress=lambda done, total, name: log.progress(f"{done} of {total}: {name}"),
    )
    write_lock(rows, Path(snakemake.output.lock))
