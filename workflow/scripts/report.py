"""Write the report: effects first, then the evidence, what was left out, and provenance."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.files import write_text
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE
from brainchange.inference.schemas import EFFECTS_TABLE, WITHIN_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.report.page import ReportInput, render
from brainchange.report.pictures import read_pictures
from brainchange.report.provenance import provenance
from brainchange.sources.lock import read_lock
from brainchange.study.claims_table import CLAIMS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, files = snakemake.params, snakemake.input
    lock = Path(files.lock) if files.lock else None
    page = render(
        ReportInput(
            study=given.study[0],
            settings=given.settings[0],
            claims=given.claims[0],
            regions=given.regions,
            tables={
                "verdicts": VERDICTS_TABLE.read(Path(files.verdicts)),
                "durability": DURABILITY_TABLE.read(Path(files.durability)),
                "omnibus": OMNIBUS_TABLE.read(Path(files.omnibus)),
                "claims": CLAIMS_TABLE.read(Path(files.claims)),
                "effects": EFFECTS_TABLE.read(Path(files.effects)),
                "within": WITHIN_TABLE.read(Path(files.within)),
                "decisions": DECISIONS_TABLE.read(Path(files.decisions)),
            },
            trace=json.loads(Path(files.trace).read_text(encoding="utf-8")),
            pictures=read_pictures(Path(files.figures)),
            provenance=provenance(
                Path.cwd(),
                given.settings[0],
                [*map(Path, given.files), *([lock] if lock else map(Path, files.tables))],
                read_lock(lock) if lock else (),
            ),
        )
    )
    write_text(Path(snakemake.output.page), page)
