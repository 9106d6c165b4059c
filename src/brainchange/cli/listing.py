"""What is configured, as tables for the command line, and what a study can tell about claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from brainchange.errors import BrainchangeError, ConfigError, did_you_mean
from brainchange.files import human_bytes
from brainchange.imaging.atlas_cache import is_ready
from brainchange.imaging.atlas_labels import labels_known
from brainchange.imaging.parcellation import atlases
from brainchange.inference.participants import enrol
from brainchange.metrics.given import read_given
from brainchange.metrics.registry import metrics
from brainchange.planning.participation import arm_counts, scanned_at
from brainchange.planning.plan import Plan, make_plan
from brainchange.project import Project, load_project
from brainchange.project_folder import CLAIMS, REGIONS, study_names
from brainchange.sources.people import read_people
from brainchange.study.atlases import ATLASES, AtlasSource, read_atlases
from brainchange.study.claims import Claims
from brainchange.study.regions import Region, read_regions
from brainchange.study.strict import parse, read_yaml
from brainchange.study.testability import Judged

Rows = tuple[list[str], list[list[str]]]
STATES = {"testable": "testable", "caveat": "only with caveat", "not_testable": "not testable"}


def _studies(root: Path) -> Rows:
    header = [
        "study",
        "version",
        "arms",
        "with images",
        "before and after",
        "bytes",
        "bytes a participant",
        "title",
    ]
    cells = []
    for name in study_names(root):
        try:
            project = load_project(root, {"study": name})
            scanned = _scanned(project)
        except BrainchangeError as error:
            told = f"problems: {len(error.problems)} (brainchange check {name})"
            cells.append([name, *[""] * (len(header) - 2), told])
            continue
        study = project.study
        arms = ", ".join(arm.label for arm in study.arms.values())
        cells.append([name, study.version, arms, *scanned, study.title])
    return header, cells


def _scanned(project: Project) -> list[str]:
    """Tell who has images, who before and after, and how large the files are; from the lock."""
    if not project.lock_path.exists():
        return [""] * 4
    plan = make_plan(project)
    size = sum(row.size_bytes for row in plan.rows)
    people = len(plan.participants)
    return [
        str(people),
        _before_and_after(plan),
        human_bytes(size),
        human_bytes(size / people) if people else "",
    ]


def _before_and_after(plan: Plan) -> str:
    """Count who has a run before and after, task by task; of each arm where the tables are here."""
    study, arms = plan.project.study, _arms(plan.project)
    if arms is None:
        told = ", ".join(f"{task} {len(scanned_at(plan, task))}" for task in study.tasks)
        return f"{told} (arms once its tables are here)"
    both = {task: arm_counts(scanned_at(plan, task, arms=arms), arms) for task in study.tasks}
    return "; ".join(
        f"{task}: " + ", ".join(f"{arm.label} {n.get(key, 0)}" for key, arm in study.arms.items())
        for task, n in both.items()
    )


def _regions(root: Path) -> Rows:
    header = ["region", "group", "atlas", "role", "labels"]
    return header, [
        [region.region, region.group, region.atlas, region.role, "; ".join(region.labels)]
        for region in read_regions(root / REGIONS)
    ]


def _metrics(_root: Path) -> Rows:
    header = ["metric", "unit", "one value a", "needs", "description"]
    return header, [
        [
            ", ".join(metric.produced),
            metric.unit,
            metric.per,
            ", ".join(metric.needs),
            " ".join(metric.description.split()),
        ]
        for metric in metrics().values()
    ]


def _atlases(root: Path) -> Rows:
    regions, sources = read_regions(root / REGIONS), read_atlases(root / ATLASES)
    header = ["atlas", "template", "labels", "regions that use it", "on this machine", "made from"]
    cells = [
        [name, "the participant's own", *_counts(name, (), root, regions), "", "derivatives"]
        for name in atlases()
    ]
    for source in sources:
        parts = ", ".join(f"{one.kind} ({one.name})" for one in source.components)
        here = "yes" if is_ready(source, root) else "no"
        counts = _counts(source.atlas, sources, root, regions)
        cells.append([source.atlas, source.template, *counts, here, parts])
    return header, cells


def _counts(
    atlas: str, sources: Sequence[AtlasSource], root: Path, regions: Sequence[Region]
) -> list[str]:
    """Count labels (empty where they are not known before fetching) and regions."""
    labels = len(labels_known(atlas, sources, root))
    return [str(labels or ""), str(sum(region.atlas == atlas for region in regions))]


def _claims(root: Path) -> Rows:
    claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS).claims
    header = ["claim", "family", "MRI", "direction", "metric", "contradicts", "quote"]
    return header, [
        [
            claim.id,
            claim.family,
            claim.mri,
            claim.direction,
            claim.metric or "",
            ", ".join(claim.contradicts),
            claim.quote,
        ]
        for claim in claims
    ]


def names_of(cells: Sequence[Sequence[str]]) -> list[str]:
    """Name what rows are about: their first cell, or each of several names in it."""
    return list(dict.fromkeys(name for row in cells for name in row[0].split(", ")))


def named_rows(cells: Sequence[list[str]], name: str) -> list[list[str]]:
    """Keep the rows of a name, or of a group of that name.

    Raises
    ------
    ConfigError
        Nothing is called so.
    """
    found = [row for row in cells if name in (*row[0].split(", "), row[1])]
    if not found:
        raise ConfigError(f"nothing is called '{name}'", fix=did_you_mean(name, names_of(cells)))
    return found


LISTS: Mapping[str, Callable[[Path], Rows]] = {
    "studies": _studies,
    "regions": _regions,
    "metrics": _metrics,
    "atlases": _atlases,
    "claims": _claims,
}
"""What can be listed: columns and rows of the project in a folder."""


def judged_rows(root: Path, study: str) -> Rows:
    """List what a study can tell about each claim, and what else would be needed.

    Parameters
    ----------
    root : Path
        Folder of the project.
    study : str
        Name of the study.

    Returns
    -------
    list of str
        Names of the columns.
    list of list of str
        Rows.
    """
    project = load_project(root, {"study": study})
    header = ["claim", "state", "tested", "why not", "what would tell"]
    return header, [
        [
            one.claim.id,
            STATES[one.state],
            "yes" if one.measured else "no",
            one.reason,
            "" if one.measured else one.claim.needed,
        ]
        for one in _judged(project)
    ]


def _judged(project: Project) -> tuple[Judged, ...]:
    if project.study.observations is None:
        return project.judged_claims(_arm_sizes(project))
    given = read_given(project.study, project.regions, project.root)
    sizes = Counter(enrol(given.participants, project.study).arms)
    return project.judged_claims(sizes, set(given.observations["metric"]))


def _arm_sizes(project: Project) -> Mapping[str, int] | None:
    """Count the participants of each arm, once the table of participants is there."""
    arms = _arms(project)
    return None if arms is None else Counter(arms.values())


def _arms(project: Project) -> Mapping[str, str] | None:
    """Say which arm each participant is in, once the table of participants is there."""
    path = project.study_folder / project.study.participants.table
    if not path.is_file():
        return None
    people = read_people(project.study, project.study_folder)
    enrolment = enrol(people.table, project.study)
    return dict(zip(enrolment.participants, enrolment.arms, strict=True))
