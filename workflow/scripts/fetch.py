"""Fetch the files of a participant, or those that belong to none, and write a receipt."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.sources.lock import read_lock, write_lock
from brainchange.sources.receipts import fetch_unit

with job(snakemake.log[0]) as log:
    rows = fetch_unit(
        snakemake.wildcards.unit,
        read_lock(Path(snakemake.input.lock)),
        Path(snakemake.params.folder),
        root=Path.cwd(),
        sources=snakemake.params.sources,
        progress=log.fetching,
    )
    write_lock(rows, Path(snakemake.output.receipt))
