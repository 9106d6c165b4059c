"""The report of a made-up study."""

from __future__ import annotations

from pathlib import Path

from brainchange.figures import registry
from brainchange.figures.drawing import FigureInput
from brainchange.report.page import ReportInput
from brainchange.report.pictures import read_pictures
from brainchange.report.provenance import InputFile, Provenance
from brainchange.report.results import RESULTS
from brainchange.study.regions import Region
from made_up.verdicts import trace_of

REGIONS = (Region("amygdala_L", "amygdala", "L", "aparcaseg", ("Left-Amygdala",)),)
PROVENANCE = Provenance(
    versions=(("numpy", "2.4"),),
    checksums=(("data/locks/demo.tsv", "ab" * 32),),
    inputs=(InputFile("sub-01/x.nii.gz", 2_000_000, "md5:" + "0" * 32),),
    settings="seed: 7\n",
)


def report_of(given: FigureInput, folder: Path) -> ReportInput:
    registry.write_figures(given, folder)
    return ReportInput(
        study=given.study,
        settings=given.settings,
        claims=given.claims,
        regions=REGIONS,
        tables={name: table for name, table in given.tables.items() if name in RESULTS},
        trace=trace_of(given.tables["effects"], given.claims, given.study),
        pictures=read_pictures(folder),
        provenance=PROVENANCE,
    )
