"""Draw what was found on the images of a participant, and how they lie on each other."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.figures.qc_anatomy import TemplateFiles
from brainchange.figures.qc_participant import QualityInput, write_quality
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, files = snakemake.params, snakemake.input
    told = json.loads(Path(files.template).read_text(encoding="utf-8")) if files.template else None
    write_quality(
        QualityInput(
            participant=snakemake.wildcards.participant,
            runs=given.runs,
            folder=Path(given.folder),
            layout=given.layout[0],
            regions=given.regions,
            settings=given.settings[0],
            decisions=DECISIONS_TABLE.read(Path(files.decisions)).to_dict("records"),
            coverage=COVERAGE_TABLE.read(Path(files.coverage)),
            anatomy=given.anatomy[0],
            template=TemplateFiles(Path(told["t1w"]), Path(told["brain_mask"])) if told else None,
            simulated=given.simulated,
        ),
        Path(snakemake.output.pictures),
        progress=log.tell,
    )
