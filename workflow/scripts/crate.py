"""Describe the run beside its results, so that a journal can archive them."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.report.crate import Run, write_crate
from brainchange.sources.lock import read_lock

with job(snakemake.log[0]) as log:
    given, files = snakemake.params, snakemake.input
    lock = Path(files.lock) if files.lock else None
    written = write_crate(
        Run(
            study=given.study[0],
            results=Path(snakemake.output.crate).parent,
            root=Path.cwd(),
            workflow=Path(snakemake.scriptdir).parent,
            files=tuple(map(Path, [*given.files, *([lock] if lock else files.tables)])),
            lock=tuple(read_lock(lock)) if lock else (),
        )
    )
    log.tell(str(written))
