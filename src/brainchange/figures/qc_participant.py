"""All pictures and numbers of the quality of a participant's images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from brainchange.errors import BrainchangeError
from brainchange.figures import qc_images, theme
from brainchange.figures.qc_anatomy import AnatomyFiles, TemplateFiles
from brainchange.figures.qc_motion import Tissue, draw_motion
from brainchange.figures.qc_numbers import (
    of_coverage,
    of_motion,
    of_registration,
    say_anatomy,
    say_coverage,
    say_motion,
    say_registration,
    say_template,
)
from brainchange.figures.qc_run import RunImages, reference_exists, volumes_exist
from brainchange.figures.qc_save import save_picture
from brainchange.figures.qc_tables import PICTURES_TABLE, QUALITY_TABLE, STEPS
from brainchange.imaging.nifti import Image, read_image
from brainchange.metrics.gates import exclusion
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import labels_of
from brainchange.sources.bids import PreparedFiles
from brainchange.sources.raw import AnatomyPaths
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

Progress = Callable[[str], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class QualityInput:
    """What the pictures of a participant are drawn from.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    runs : sequence of PreparedFiles
        Its runs.
    folder : Path
        The study folder.
    layout : StudyLayout
        Parcellation and timepoints.
    regions : sequence of Region
        The configured regions.
    settings : Settings
        Denoising, censoring, coverage, preparation.
    decisions : sequence of dict
        Rows of ``DECISIONS_TABLE`` about it.
    coverage : pandas.DataFrame
        Its rows of ``COVERAGE_TABLE``.
    anatomy : AnatomyPaths or None
        What preparation made of its T1w image, where it was prepared here.
    template : TemplateFiles or None
        What it was registered to.
    simulated : bool
        Whether to stamp SIMULATED DATA on pictures.
    """

    participant: str
    runs: Sequence[PreparedFiles]
    folder: Path
    layout: StudyLayout
    regions: Sequence[Region]
    settings: Settings
    decisions: Sequence[Decision]
    coverage: pd.DataFrame
    anatomy: AnatomyPaths | None = None
    template: TemplateFiles | None = None
    simulated: bool = False

    @cached_property
    def t1w(self) -> AnatomyFiles | None:
        """Its prepared T1w image; None where it was not prepared here."""
        return AnatomyFiles(self.anatomy, self.folder) if self.anatomy else None

    def regions_of(self, run: RunImages, parcellation: Image) -> Image:
        """Give the number of the region of every voxel of a run (from 1; 0 none)."""
        return run.regions(parcellation, self.regions, labels_of(self.layout.images, self.folder))

    def left_out(self, files: PreparedFiles) -> str:
        """Why a run is not analysed; empty where it is."""
        own = [row for row in self.decisions if row.get("run") == files.run.key]
        return exclusion(own) or self.t1w_left_out

    @property
    def t1w_left_out(self) -> str:
        """Why the T1w image is of no use; empty where it is used."""
        told = (
            str(row["reason"])
            for row in self.decisions
            if row["scope"] == "participant" and row["action"] == "excluded"
        )
        return "; ".join(told)


@dataclass(frozen=True)
class _Picture:
    """One picture to draw: whose, of which step, its numbers, and how it is made."""

    of: str
    step: str
    said: str
    reason: str
    draw: Callable[[str, str], Figure]
    session: str | None = None
    run: str | None = None

    @property
    def name(self) -> str:
        """Name of its files without suffix."""
        return f"{self.of}_{self.step}"

    @property
    def title(self) -> str:
        """Heading."""
        return f"{self.of.replace('_', ' · ')}: {STEPS[self.step]}"

    @property
    def told(self) -> str:
        """What stands below the heading: why it is left out, and its numbers."""
        excluded = f"EXCLUDED: {self.reason}" if self.reason else ""
        return ". ".join(part for part in (excluded, self.said) if part)


def write_quality(
    given: QualityInput, folder: Path, *, progress: Progress | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw all pictures of a participant, and write them with the tables about them.

    Parameters
    ----------
    given : QualityInput
        Files, settings, decisions.
    folder : Path
        Where to: ``<name>.png``, ``<name>.webp``, ``quality.tsv``, ``pictures.tsv``.
    progress : callable, optional
        Told the name of each picture when it is written.

    Returns
    -------
    quality, pictures : pandas.DataFrame
        Columns of ``QUALITY_TABLE`` and ``PICTURES_TABLE``. A picture whose images cannot be read
        is a row that says why.
    """
    rows: list[Row] = []
    numbers: list[Row] = []
    with theme.applied():
        rows += [_written(one, given, folder, progress) for one in _of_anatomy(given)]
        for files in given.runs:
            run = RunImages(files, given.folder, given.settings)
            told = _numbers(run, given)
            numbers.append(told)
            rows += [_written(one, given, folder, progress) for one in _of_run(run, told, given)]
    quality, pictures = QUALITY_TABLE.frame(numbers), PICTURES_TABLE.frame(rows)
    QUALITY_TABLE.write(quality, folder / "quality.tsv")
    PICTURES_TABLE.write(pictures, folder / "pictures.tsv")
    return quality, pictures


def _written(
    picture: _Picture, given: QualityInput, folder: Path, progress: Progress | None
) -> Row:
    row: Row = {
        "name": picture.name,
        "participant_id": given.participant,
        "session_id": picture.session,
        "run": picture.run,
        "step": picture.step,
        "status": "excluded" if picture.reason else "used",
        "title": picture.title,
        "alternative": f"{picture.title}. {picture.told}.",
    }
    try:
        figure = picture.draw(picture.title, picture.told)
    except BrainchangeError as error:
        return {**row, "lacking": error.reason}
    save_picture(figure, folder / picture.name, simulated=given.simulated)
    if progress is not None:
        progress(picture.name)
    return row


def _of_anatomy(given: QualityInput) -> Iterator[_Picture]:
    """Pictures of the T1w image, where it was prepared here and got that far."""
    t1w, reason = given.t1w, given.t1w_left_out
    if t1w is None or not t1w.exists:
        return
    yield _Picture(
        t1w.name,
        "anatomy",
        say_anatomy(t1w),
        reason,
        lambda title, told: qc_images.draw_anatomy(title, told, t1w.t1w, t1w.brain, t1w.tissue),
    )
    template = given.template
    if template is not None and t1w.is_registered:
        yield _Picture(
            t1w.name,
            "template",
            say_template(t1w, given.settings.preparation),
            reason,
            lambda title, told: qc_images.draw_normalisation(
                title, told, *t1w.on_template(template)
            ),
        )


def _of_run(run: RunImages, row: Row, given: QualityInput) -> Iterator[_Picture]:
    """Pictures of a run, as far as its files exist."""

    def picture(step: str, said: str, draw: Callable[[str, str], Figure]) -> _Picture:
        key, reason = run.files.run.key, row["reason"] or ""
        return _Picture(key, step, said, reason, draw, run.files.run.session, key)

    t1w, mask, found = given.t1w, run.path(run.files.brain_mask), run.path(run.files.parcellation)
    if t1w and t1w.exists and reference_exists(run):
        yield picture(
            "coregistration",
            say_registration(row),
            lambda title, told: qc_images.draw_coregistration(
                title,
                told,
                read_image(run.reference_path),
                run.brain,
                t1w_brain=t1w.brain,
                white=t1w.white,
            ),
        )
    if found.exists() and mask.exists():
        yield picture(
            "regions",
            say_coverage(row, len(given.regions)),
            lambda title, told: qc_images.draw_regions(
                title,
                told,
                run.underlay,
                run.brain,
                found=given.regions_of(run, run.parcellation()),
                regions=given.regions,
            ),
        )
    if volumes_exist(run):
        yield picture(
            "motion",
            say_motion(row),
            lambda title, told: draw_motion(title, told, run.trace, _tissues(run, given)),
        )


def _numbers(run: RunImages, given: QualityInput) -> Row:
    """Numbers of a run as a row of ``QUALITY_TABLE``; what is not known is missing."""
    files, reason = run.files.run, given.left_out(run.files)
    row: Row = {
        "participant_id": files.participant,
        "session_id": files.session,
        "run": files.key,
        "status": "excluded" if reason else "used",
        "reason": reason or None,
        **of_coverage(given.coverage, files.key),
        **of_motion(run),
    }
    if given.t1w is None:
        return row
    return row | of_registration(run, given.t1w, given.settings.preparation, given.decisions)


def _tissues(run: RunImages, given: QualityInput) -> tuple[Tissue, ...]:
    """Brain voxels by tissue; none where the parcellation does not exist."""
    if not run.path(run.files.parcellation).exists():
        return ()
    parcellation = run.parcellation()
    t1w = given.t1w if given.t1w and given.t1w.exists else None
    return run.tissues(
        given.regions_of(run, parcellation),
        parcellation,
        labels_of(given.layout.images, given.folder),
        t1w.tissue if t1w else None,
    )
