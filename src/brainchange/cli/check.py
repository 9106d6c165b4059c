"""The command `check`: every problem of the configuration at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainchange.cli.console import err, out, steps_bar
from brainchange.errors import BrainchangeError, ConfigError, Problem
from brainchange.project_folder import known_studies, project_folder, study_names

if TYPE_CHECKING:
    from brainchange.project import Project


def check(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A study; without it every study in config/studies/.",
            autocompletion=known_studies,
        ),
    ] = None,
) -> None:
    """Check the configuration: every problem at once, before any work is done."""
    from brainchange.project import load_project
    from brainchange.simulate.model import read_simulation

    root = project_folder()
    problems: list[Problem] = []
    names = [study] if study else ["", *study_names(root)]
    with steps_bar(err, "checking") as tell:
        for number, name in enumerate(names):
            tell(number, len(names), f"checking {name}")
            try:
                project = load_project(root, {"study": name} if name else {})
                if project.study.simulated:
                    read_simulation(root, project.study.id)
                if name:
                    out.print(f"[green]✓[/] {name}: {_told(project)}", highlight=False)
            except BrainchangeError as error:
                problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ConfigError.from_problems(problems)


def _told(project: Project) -> str:
    """Describe a study in a line; the table of one that starts from it is read and checked."""
    from brainchange.metrics.given import read_given

    study = project.study
    parts = [f"{len(study.arms)} arms", f"{len(project.regions)} regions"]
    claims = f"{len(project.claims.claims)} claims"
    if study.observations is None:
        parts += [f"{len(project.settings.metrics)} metrics", claims]
        lock = _lock_state(project.lock_path, simulated=study.simulated)
        return ", ".join(parts) + lock + _atlas_state(project)
    found = read_given(study, project.regions, project.root)
    parts += [f"{found.observations['metric'].nunique()} metrics", claims]
    values, people = len(found.observations), len(found.participants)
    return ", ".join([*parts, f"{values} values of {people} participants in its table"])


def _lock_state(path: Path, *, simulated: bool) -> str:
    if path.exists():
        from brainchange.files import human_bytes
        from brainchange.sources.lock import read_lock

        rows = read_lock(path)
        size = human_bytes(sum(row.size_bytes for row in rows))
        return f", {len(rows)} files locked ({size})"
    return ", made when the workflow runs" if simulated else ", [yellow]no lock yet[/]"


def _atlas_state(project: Project) -> str:
    """Say which atlas is brought to the images; if it is here, check it against the regions."""
    from brainchange.imaging.atlas_cache import is_ready, read_atlas
    from brainchange.imaging.atlas_check import check_atlas

    atlas = project.atlas
    if atlas is None:
        return ""
    told = f", atlas {atlas.atlas} in {atlas.template}"
    if not is_ready(atlas, project.root):
        return f"{told} ([yellow]not on this machine yet[/])"
    check_atlas(read_atlas(atlas, project.root), project.regions)
    return f"{told} (checked)"
