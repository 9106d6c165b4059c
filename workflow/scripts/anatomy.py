"""Measure the volumes of regions at every timepoint that has a T1w image."""

from pathlib import Path

from snakemake.script import snakemake

from adapter import job
from arms import arm_of
from brainchange.errors import BrainchangeError, ConfigError
from brainchange.imaging.parcellation import read_labels
from brainchange.metrics.anatomy import Anatomy, Known, anatomy_tables, volumes_of_images
from brainchange.metrics.gather import TablePaths, write_participant_tables

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    folder, raw, paths = Path(given.folder), given.raw[0], given.anatomy[0]
    settings, layout = given.settings[0], given.layout[0]
    if layout.of_arms:
        layout = layout.for_arm(arm_of(given.study[0], folder, snakemake.wildcards.participant))
    at = raw.t1w_at(layout.timepoints)
    others = [(t, folder / p) for t, p in at if p != raw.t1w]
    volumes, reason = None, ""
    if not others or raw.t1w not in dict(at).values():
        reason = "there are no T1w images of two timepoints"
    elif not (folder / paths.t1w).is_file():
        reason = "the T1w image could not be prepared"
    else:
        timepoint = next(t for t, p in at if p == raw.t1w)
        anatomy = Anatomy(
            timepoint,
            folder / raw.t1w,
            folder / paths.brain_mask,
            folder / paths.parcellation,
            tuple(others),
        )
        labels = read_labels(Path(snakemake.input.labels))
        try:
            volumes = volumes_of_images(
                anatomy, given.regions, labels, seed=settings.seed, progress=log.tell
            )
        except ConfigError:
            raise
        except BrainchangeError as error:
            reason = error.reason
    tables = anatomy_tables(
        snakemake.wildcards.participant,
        Known(volumes, reason),
        layout=layout,
        regions=given.regions,
        settings=settings,
    )
    write_participant_tables(
        tables, TablePaths(*map(Path, (output.observations, output.coverage, output.decisions)))
    )
