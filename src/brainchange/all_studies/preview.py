"""What the tables of studies say before any image is fetched: symptoms, head motion, noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from brainchange.errors import BrainchangeError, ConfigError, Problem, did_you_mean
from brainchange.figures.study_forest import study_forest
from brainchange.figures.theme import applied, save
from brainchange.files import write_text
from brainchange.inference.crossover import CROSSOVER_TABLE, crossover_table
from brainchange.inference.effects import effects_table
from brainchange.inference.participants import Enrolment, enrol
from brainchange.inference.prepost import PrePost, collect
from brainchange.inference.schemas import EFFECTS_TABLE, WITHIN_TABLE
from brainchange.inference.verdict_text import amount
from brainchange.inference.within import within_table
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.planning.participation import scanned_at
from brainchange.planning.plan import make_plan
from brainchange.project import load_project, read_study
from brainchange.project_folder import study_names
from brainchange.report.gathered import drawn_pictures
from brainchange.report.preview import preview_page
from brainchange.sources.mriqc import WHOLE_BRAIN, mriqc_runs
from brainchange.sources.overlap import shared_notes, shared_participants, study_images
from brainchange.sources.people import read_people
from brainchange.study.decisions import Decision
from brainchange.study.model import Arm, Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.tables import Column, TableSchema

FOLDER = "results/preview"
HEADER = ["study", "measure", "arm", "who", "n", "before", "after", "change [95 %]", "unit"]
STUDY_COLUMN = Column("study", "string", "Study", required=True)
EVERYBODY, SCANNED = "all", "scanned_twice"
WHO = Column(
    "who",
    "string",
    "all; or scanned_twice: those of whom the lock names a run of the first task before and after",
    required=True,
    levels=(EVERYBODY, SCANNED),
)
WHOLE_BRAIN_NOISE = "temporal signal-to-noise ratio, whole brain (MRIQC)"
CHANGES_IN_ARMS = TableSchema(
    "changes_in_arms",
    "One scale or measure of quality in one arm of one study, or in the treated arms of a contrast "
    "together (their names joined by +), from its tables alone.",
    (STUDY_COLUMN, WHO, *WITHIN_TABLE.columns),
    key=("study", "who", *WITHIN_TABLE.key),
)
DIFFERENCES = TableSchema(
    "differences",
    "One scale or measure of quality in one contrast of one study, from its tables alone.",
    (STUDY_COLUMN, *EFFECTS_TABLE.columns),
    key=("study", *EFFECTS_TABLE.key),
)
_BRAIN = Region(WHOLE_BRAIN, WHOLE_BRAIN, "B", "none", (WHOLE_BRAIN,), None, "target", None, None)
Table = tuple[list[str], list[list[str]]]


@dataclass
class _Found:
    """Tables of studies, and what must be known to read them."""

    within: list[pd.DataFrame] = field(default_factory=list)
    effects: list[pd.DataFrame] = field(default_factory=list)
    crossover: list[pd.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def preview(
    root: Path,
    names: Sequence[str] = (),
    *,
    tables: Path | None = None,
    quality: Mapping[str, Path] | None = None,
) -> tuple[Table, list[str]]:
    """Estimate change of symptoms and of quality from tables, and write ``results/preview/``.

    Parameters
    ----------
    root : Path
        Folder of the project.
    names : sequence of str
        Studies; empty for every one that is not simulated and has participants in arms.
    tables : Path, optional
        Folder with one folder a study of its tables, as in the dataset; without it
        ``data/studies/``.
    quality : mapping of str to Path, optional
        Study → MRIQC's table of its BOLD runs.

    Returns
    -------
    (list of str, list of list of str)
        Header and rows for people: every arm that has both values.
    list of str
        Studies that could not be read and why, and which share participants, for people.

    Raises
    ------
    ConfigError
        A study is not known, or nothing could be read at all.
    """
    known = study_names(root)
    asked = list(dict.fromkeys([*names, *(quality or {})] if names else known))
    unknown = [name for name in [*asked, *(quality or {})] if name not in known]
    if unknown:
        raise ConfigError.from_problems(
            [
                Problem(
                    f"there is no study '{name}'", "config/studies/", fix=did_you_mean(name, known)
                )
                for name in dict.fromkeys(unknown)
            ]
        )
    found = _Found()
    for name in asked:
        study = read_study(root, name)
        if names or not (study.simulated or study.observations):
            _add(found, study, root, (tables or root / "data" / "studies") / name, quality)
    if not found.within:
        absent = all("does not exist" in note for note in found.notes)
        raise ConfigError(
            "no table of participants could be read",
            cause="none was fetched yet" if absent else "\n    ".join(found.notes),
            fix="fetch a study (brainchange fetch STUDY), or name a folder of tables with --tables",
        )
    used = list(dict.fromkeys(name for table in found.within for name in table["study"]))
    locks = root / "data" / "locks"
    shared = shared_participants({name: study_images(locks, name) for name in used})
    found.notes += shared_notes(shared, "they are not independent, and must not be added up")
    return _written(root / FOLDER, found), found.notes


def named_files(given: Sequence[str]) -> dict[str, Path]:
    """Read `STUDY=FILE`.

    Raises
    ------
    ConfigError
        There is no `=`, or no such file.
    """
    pairs = [one.partition("=") for one in given]
    problems = [
        Problem(
            f"'{name}{sign}{path}' is not STUDY=FILE" if not sign else f"there is no file '{path}'",
            "--mriqc",
            fix="write --mriqc ds003007=group_bold.tsv",
        )
        for name, sign, path in pairs
        if not sign or not Path(path).is_file()
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    return {name: Path(path) for name, _, path in pairs}


def _add(
    found: _Found,
    study: Study,
    root: Path,
    folder: Path,
    quality: Mapping[str, Path] | None,
) -> None:
    """Estimate one study; one that cannot be read is told and leaves the others as they are."""
    settings = load_project(root).settings
    try:
        people = read_people(study, folder)
        enrolment = enrol(people.table, study)
        runs = _observations(study, settings, (quality or {}).get(study.id), enrolment)
    except (BrainchangeError, FileNotFoundError) as error:
        found.notes.append(f"{study.id}: {error}")
        return
    found.notes += _told(study, people.decisions)
    data, _ = collect(
        study,
        (),
        (_BRAIN,),
        specification=settings.denoising.name,
        enrolment=enrolment,
        observations=runs,
    )
    data = _named_noise(data)
    if not data.measures:
        found.notes.append(f"{study.id}: its tables hold no scale that was taken twice")
        return
    for who, chosen in _chosen(data, study, root):
        for grouped, arms in ((chosen, study), *_together(chosen, study)):
            table = within_table(grouped, arms, settings)
            found.within.append(table.assign(study=study.id, who=who))
    effects = effects_table(data, study, settings)
    found.effects.append(effects.assign(study=study.id))
    found.crossover.append(crossover_table(study, enrolment))


def _told(study: Study, decisions: Sequence[Decision]) -> Iterator[str]:
    """Say once what several tables or participants share."""
    counted = Counter(str(one["reason"]) for one in decisions)
    for reason, n in counted.items():
        yield f"{study.id}: {reason}" + (f" ({n} times)" if n > 1 else "")


def _named_noise(data: PrePost) -> PrePost:
    """Call the signal-to-noise ratio what MRIQC measures: over the whole brain, not regions."""
    measures = tuple(
        replace(one, label=WHOLE_BRAIN_NOISE) if one.metric == "tsnr" else one
        for one in data.measures
    )
    return replace(data, measures=measures)


def _chosen(data: PrePost, study: Study, root: Path) -> Iterator[tuple[str, PrePost]]:
    """Everybody; and those scanned twice, where the lock says so of some but not of all."""
    yield EVERYBODY, data
    try:
        plan = make_plan(load_project(root, {"study": study.id}))
    except BrainchangeError:
        return
    arms = dict(zip(data.participants, map(str, data.arms), strict=True))
    kept = np.isin(data.participants, scanned_at(plan, study.tasks[0], arms=arms))
    if kept.any() and not kept.all():
        yield (
            SCANNED,
            replace(
                data,
                participants=tuple(np.array(data.participants)[kept].tolist()),
                arms=data.arms[kept],
                pre=data.pre[kept],
                post=data.post[kept],
                flags=data.flags[kept],
            ),
        )


def _together(data: PrePost, study: Study) -> Iterator[tuple[PrePost, Study]]:
    """Take the treated arms of a contrast as one, each set of several once."""
    for treated, label in {
        one.treated: " or ".join(study.arms[arm].label for arm in one.treated)
        for one in study.contrasts.values()
        if len(one.treated) > 1
    }.items():
        name = "+".join(treated)
        arms = np.where(np.isin(data.arms, treated), name, "")
        one = Arm(label=label, role=study.arms[treated[0]].role)
        yield replace(data, arms=arms), study.model_copy(update={"arms": {name: one}})


def _observations(
    study: Study, settings: Settings, path: Path | None, enrolment: Enrolment
) -> pd.DataFrame:
    """Rows of the observations table from MRIQC's; the mean over runs of a timepoint."""
    if path is None:
        return OBSERVATIONS_TABLE.frame()
    runs = mriqc_runs(path)
    layout = StudyLayout.of(study)
    arms = dict(zip(enrolment.participants, enrolment.arms, strict=True))
    runs["timepoint"] = [
        layout.for_arm(arms.get(str(run.participant_id))).timepoint(run.session_id)
        for run in runs.itertuples()
    ]
    runs["task"] = runs["task"].map(layout.task)
    runs = runs[runs["timepoint"].notna() & runs["task"].isin(study.tasks)]
    keys = ["participant_id", "timepoint", "task", "metric", "unit", "region"]
    means = runs.groupby(keys, dropna=False, sort=True)["value"]
    rows = means.agg(["mean", "count"]).reset_index()
    return OBSERVATIONS_TABLE.frame(
        rows.rename(columns={"mean": "value", "count": "n_runs"}).assign(
            specification=settings.denoising.name
        )
    )


def _written(folder: Path, found: _Found) -> Table:
    folder.mkdir(parents=True, exist_ok=True)
    within = CHANGES_IN_ARMS.frame(pd.concat(found.within, ignore_index=True))
    effects = DIFFERENCES.frame(pd.concat(found.effects, ignore_index=True))
    crossover = CROSSOVER_TABLE.frame(pd.concat(found.crossover, ignore_index=True))
    CROSSOVER_TABLE.write(crossover, folder / "crossover.tsv", sidecar=True)
    CHANGES_IN_ARMS.write(within, folder / "changes_in_arms.tsv", sidecar=True)
    DIFFERENCES.write(effects, folder / "differences.tsv", sidecar=True)
    with applied():
        drawing = study_forest(within[within["who"] == EVERYBODY], effects)
    save(drawing.figure, drawing.table, folder / drawing.name, simulated=False)
    schemas = {CHANGES_IN_ARMS: within, DIFFERENCES: effects, CROSSOVER_TABLE: crossover}
    tables = {schema.name: (schema, table) for schema, table in schemas.items()}
    page = preview_page(tables, drawn_pictures((drawing,), folder), found.notes)
    write_text(folder / "preview.html", page)
    rows = within[within["n_both"] > 0].to_dict("records")
    return HEADER, [
        [
            str(row["study"]),
            str(row["measure"]),
            str(row["arm_label"]),
            str(row["who"]).replace("_", " "),
            f"{row['n_both']} of {row['n_arm']}",
            amount(row["mean_pre"]),
            amount(row["mean_post"]),
            amount(row["change"])
            + (
                f" [{amount(row['ci_low'])}, {amount(row['ci_high'])}]" if row["n_both"] > 1 else ""
            ),
            "" if row["unit"] == "1" else str(row["unit"]),
        ]
        for row in rows
    ]
