"""Show the regions, and in how many participants each is usable, on a brain."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.figures.brain_input import of_participants, of_template
from brainchange.figures.brain_views import write_brain
from brainchange.metrics.measure import labels_of
from brainchange.metrics.observations import COVERAGE_TABLE

with job(snakemake.log[0]):
    given, files = snakemake.params, snakemake.input
    folder, images, source = Path(given.folder), given.images[0], given.atlas[0]
    labels = labels_of(images, folder)
    coverage = COVERAGE_TABLE.read(Path(files.coverage))
    if source is None:
        measured = set(coverage["run"])
        runs = sorted(given.runs, key=lambda one: one.run.key not in measured)
        brain = of_participants(runs, folder, given.settings[0], given.regions, labels)
    else:
        receipt = getattr(files, "template", None)
        told = json.loads(Path(receipt).read_text(encoding="utf-8")) if receipt else None
        brain = of_template(
            (Path(told["t1w"]), Path(told["brain_mask"])) if told else None,
            (Path(files.atlas), source.template),
            given.regions,
            labels,
            name=str(images.template),
        )
    write_brain(
        brain,
        given.regions,
        coverage,
        Path(snakemake.output.views),
        simulated=given.simulated,
    )
