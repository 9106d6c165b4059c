"""Bring an atlas to the grid of every run of a participant, and of its T1w image."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from brainchange.imaging.atlas_cache import read_atlas
from brainchange.imaging.parcellate import parcellate

with job(snakemake.log[0]) as log:
    given = snakemake.params
    folder, anatomy = Path(given.folder), given.anatomy[0]
    atlas = read_atlas(given.atlas[0], Path.cwd())
    transform = folder / anatomy.from_template if anatomy else None
    wanted = [(files.bold, files.parcellation) for files in given.runs]
    if anatomy and given.volumes:
        wanted.append((anatomy.t1w, anatomy.parcellation))
    Path(snakemake.output.regions).mkdir(parents=True, exist_ok=True)
    for image, out in wanted:
        # A run that preparation left out has no image.
        if (folder / image).is_file():
            absent = parcellate(atlas, folder / image, folder / out, transform)
            log.tell(f"{image}: {len(absent)} of {len(atlas.labels)} labels lie outside of it")
