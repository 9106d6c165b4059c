"""Check that every region of an atlas lies where it should, and name its labels."""

from importlib.metadata import version
from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.imaging.atlas_cache import read_atlas
from brainchange.imaging.atlas_check import REGION_PLACES_TABLE, check_atlas, places_table
from brainchange.imaging.parcellate import write_region_dataset

with job(snakemake.log[0]):
    atlas = read_atlas(snakemake.params.atlas[0], Path.cwd())
    places = check_atlas(atlas, snakemake.params.regions)
    REGION_PLACES_TABLE.write(places_table(places), Path(snakemake.output.places))
    write_region_dataset(Path(snakemake.output.labels).parent, atlas, version("brainchange"))
