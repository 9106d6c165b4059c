"""Have a template on this machine."""

import json
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.files import write_text
from brainchange.imaging.template import have_template

with job(snakemake.log[0]):
    root = Path.cwd()
    template = have_template(snakemake.params.template[0], root, snakemake.params.sources)
    told = {
        "name": template.name,
        "t1w": template.t1w.relative_to(root).as_posix(),
        "brain_mask": template.brain_mask.relative_to(root).as_posix(),
    }
    write_text(Path(snakemake.output.receipt), json.dumps(told, indent=2) + "\n")
