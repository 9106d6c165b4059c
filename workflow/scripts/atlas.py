"""Have an atlas on this machine: fetch it and put its parts together."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.imaging.atlas_cache import have_atlas

with job(snakemake.log[0]):
    have_atlas(snakemake.params.atlas[0], Path.cwd(), snakemake.params.sources)
