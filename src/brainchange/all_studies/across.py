"""Claims in all studies that have results: gathered, taken together, written."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from brainchange.errors import ConfigError, Problem, did_you_mean
from brainchange.figures.pooled import write_pooled
from brainchange.files import write_text
from brainchange.inference.across_schema import FOREST_TABLE, META_TABLE
from brainchange.inference.meta import StudyEffects, across_studies
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.inference.verdict_text import amount
from brainchange.project import load_project, read_study
from brainchange.project_folder import study_names
from brainchange.report.across import AcrossStudies, across_page
from brainchange.report.gathered import drawn_pictures
from brainchange.sources.lock import read_lock
from brainchange.sources.overlap import (
    OVERLAPS_TABLE,
    Image,
    Shared,
    cannot_compare,
    shared_notes,
    shared_participants,
    study_images,
)
from brainchange.sources.voxels import voxel_images

FOLDER = "results/across"
HEADER = ["claim", "k", "estimate", "95 % interval", "95 % prediction", "verdict"]
Table = tuple[list[str], list[list[str]]]


def take_together(root: Path, names: Sequence[str] = ()) -> tuple[Table, list[str]]:
    """Take every claim together over independent studies and write ``results/across/``.

    Parameters
    ----------
    root : Path
        Folder of the project.
    names : sequence of str
        Studies with results; empty for every one that is not simulated.

    Returns
    -------
    (list of str, list of list of str)
        Header and rows of what was found, standardised, for people.
    list of str
        What must be known to read them, in words.

    Raises
    ------
    ConfigError
        No study has results, one that is named has none, or simulated and real studies are mixed.
    TableError, LockError
        A table of effects or a lock cannot be read.
    """
    studies = _gathered(root, names)
    images, unreadable = _images(root, [study.name for study in studies])
    shared = shared_participants(images)
    settings = load_project(root).settings
    found = across_studies(studies, shared, settings.inference)
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    META_TABLE.write(found.meta, folder / "meta.tsv", sidecar=True)
    FOREST_TABLE.write(found.forest, folder / "forest.tsv", sidecar=True)
    overlaps = OVERLAPS_TABLE.frame(map(_cells, shared))
    OVERLAPS_TABLE.write(overlaps, folder / "overlaps.tsv", sidecar=True)
    simulated = any(read_study(root, study.name).simulated for study in studies)
    bound, figures = settings.inference.smallest_effect_of_interest, folder / "figures"
    origin = f"across {', '.join(study.name for study in studies)} · seed {settings.seed}"
    drawn = write_pooled(
        found.meta, found.forest, bound, figures, simulated=simulated, origin=origin
    )
    standardised = found.meta[found.meta["scale"] == "standardised"].to_dict("records")
    rows = [
        [
            str(row["measure"]),
            str(row["k"]),
            amount(row["estimate"]),
            _from_to(row["ci_low"], row["ci_high"]),
            _from_to(row["prediction_low"], row["prediction_high"]),
            str(row["verdict"]),
        ]
        for row in standardised
    ]
    counted_once = shared_notes(shared, "only the larger counts")
    notes = [*counted_once, *_unknown_notes(cannot_compare(images)), *unreadable]
    page = AcrossStudies(
        found.meta,
        found.forest,
        overlaps,
        drawn_pictures(drawn, figures),
        notes,
        settings.seed,
        simulated,
    )
    write_text(folder / "across.html", across_page(page))
    return (HEADER, rows), notes


def _from_to(low: float, high: float) -> str:
    """Write an interval; a word where there is none, as of the prediction from one study."""
    return f"{amount(low)} to {amount(high)}" if isfinite(low) else "none"


def _images(root: Path, names: Sequence[str]) -> tuple[dict[str, tuple[Image, ...]], list[str]]:
    """Images of each study by the bytes its lock names, and by voxels where they are here."""
    found, notes = {}, []
    for name in names:
        path = root / "data" / "locks" / f"{name}.tsv"
        rows = read_lock(path) if path.exists() else ()
        here, unreadable = voxel_images(rows, root / "data" / "studies" / name)
        found[name] = (*study_images(path.parent, name), *here)
        if unreadable:
            notes.append(
                f"{name}: {len(unreadable)} images cannot be read and are not compared with those "
                f"of other studies ({unreadable[0]})"
            )
    return found, notes


def _gathered(root: Path, names: Sequence[str]) -> tuple[StudyEffects, ...]:
    known = study_names(root)
    asked = list(names) or [
        name
        for name in known
        if _effects_path(root, name).exists() and not read_study(root, name).simulated
    ]
    problems = [
        Problem(f"there is no study '{name}'", "config/studies/", fix=did_you_mean(name, known))
        for name in asked
        if name not in known
    ] or [
        Problem(
            f"'{name}' has no results yet",
            str(_effects_path(root, name)),
            fix=f"make them with: brainchange run {name}",
        )
        for name in asked
        if not _effects_path(root, name).exists()
    ]
    if not asked:
        problems = [
            Problem(
                "no study has results",
                "results/",
                "none was run, or only simulated ones, which count only where they are named",
                "run one (brainchange run STUDY) or name the studies",
            )
        ]
    if problems:
        raise ConfigError.from_problems(problems)
    studies = {name: read_study(root, name) for name in dict.fromkeys(asked)}
    if len({study.simulated for study in studies.values()}) > 1:
        raise ConfigError(
            "simulated and real studies are not taken together",
            cause=", ".join(name for name, study in studies.items() if study.simulated)
            + " is simulated",
            fix="name either kind",
        )
    return tuple(
        StudyEffects(
            name,
            EFFECTS_TABLE.read(_effects_path(root, name)),
            study.randomised,
        )
        for name, study in studies.items()
    )


def _effects_path(root: Path, name: str) -> Path:
    return root / "results" / name / "effects.tsv"


def _cells(one: Shared) -> dict[str, object]:
    return {
        "study": one.study,
        "participant_id": one.participant,
        "other_study": one.other_study,
        "other_participant_id": one.other_participant,
        "evidence": one.evidence,
        "n_images": one.n_images,
    }


def _unknown_notes(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"whether {first} and {second} share participants cannot be told: their locks name no "
        "images that can be compared"
        for first, second in pairs
    ]
