from pathlib import Path

from snakemake.exceptions import WorkflowError

from brainchange.errors import BrainchangeError
from brainchange.planning.several import several_studies

try:
    STUDIES = several_studies(Path.cwd(), config.get("study"))
except BrainchangeError as error:
    raise WorkflowError(f"{error}\n") from None


include: "workflow/studies.smk" if STUDIES else "workflow/Snakefile"


# An included file cannot set what a bare `snakemake` makes.
rule default:
    default_target: True
    input:
        rules.all.input,
