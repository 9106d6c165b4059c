"""Write the report: effects first, then the evidence, what was left out, and provenance."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.files import write_text
from brainchange.report.brain import read_brain
from brainchange.report.fit import fitted
from brainchange.report.page import ReportInput
from brainchange.report.pictures import read_pictures
from brainchange.report.provenance import provenance
from brainchange.report.quality import folders_in
from brainchange.report.results import RESULTS, read_results
from brainchange.sources.lock import read_lock

with job(snakemake.log[0]) as log:
    given, files = snakemake.params, snakemake.input
    lock = Path(files.lock) if files.lock else None
    page = fitted(
        ReportInput(
            study=given.study[0],
            settings=given.settings[0],
            claims=given.claims[0],
            regions=given.regions,
            tables=read_results(
                {name: Path(path) for name, path in files.items() if name in RESULTS}
            ),
            trace=json.loads(Path(files.trace).read_text(encoding="utf-8")),
            pictures=read_pictures(Path(files.figures)),
            brain=read_brain(Path(files.brain) if files.brain else None),
            provenance=provenance(
                Path.cwd(),
                given.settings[0],
                [*map(Path, given.files), *([lock] if lock else map(Path, files.tables))],
                read_lock(lock) if lock else (),
            ),
        ),
        folders_in(map(Path, files.quality)),
        Path(files.figures),
    )
    write_text(Path(snakemake.output.page), page)
