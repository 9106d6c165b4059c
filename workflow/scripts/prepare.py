"""Prepare the raw images of a participant: anatomy, motion, registration, confounds."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.imaging.prepare.participant import prepare_participant
from brainchange.imaging.prepare.prepared import PreparationPlan
from brainchange.imaging.template import Template
from brainchange.study.decisions import DECISIONS_TABLE

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    settings, images = given.settings[0], given.images[0]
    folder = Path(given.folder)
    told = json.loads(Path(snakemake.input.template).read_text())
    template = Template(told["name"], Path(told["t1w"]), Path(told["brain_mask"]))
    plan = PreparationPlan(folder, folder / images.derivatives, settings.preparation, settings.seed)
    Path(output.derivatives).mkdir(parents=True, exist_ok=True)
    prepared = prepare_participant(
        given.raw[0], template, plan, processes=snakemake.threads, progress=log.tell
    )
    DECISIONS_TABLE.write(DECISIONS_TABLE.frame(prepared.decisions), Path(output.decisions))
