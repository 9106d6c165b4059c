"""Draw what was found on the images of participants, and how they lie on each other."""

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
    template = TemplateFiles(Path(told["t1w"]), Path(told["brain_mask"])) if told else None
    tables = zip(given.runs, files.decisions, files.coverage, strict=True)
    for participant, decisions, coverage in tables:
        write_quality(
            QualityInput(
                participant=participant,
                runs=given.runs[participant],
                folder=Path(given.folder),
                layout=given.layout[0],
                regions=given.regions,
                settings=given.settings[0],
                decisions=DECISIONS_TABLE.read(Path(decisions)).to_dict("records"),
                coverage=COVERAGE_TABLE.read(Path(coverage)),
                anatomy=given.anatomy[participant],
                template=template,
                simulated=given.simulated,
            ),
            Path(snakemake.output.pictures) / participant,
            progress=log.tell,
        )
