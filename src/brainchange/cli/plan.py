"""The commands `brainchange plan` and `doctor`: what a study needs, and what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from brainchange.cli.console import err, out, show_table
from brainchange.project_folder import known_studies, project_folder

if TYPE_CHECKING:
    from brainchange.planning.estimate import Estimate

HEADER = (
    "study",
    "jobs",
    "to fetch",
    "a participant",
    "participants",
    "fetching (h)",
    "2 cores (h)",
    "64 cores (h)",
    "peak disk",
)
SIGNS = {"fine": "[green]✓[/]", "note": "[yellow]•[/]", "wrong": "[red]✗[/]"}


def plan(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STUDY",
            help="Studies; without any the one of config/config.yaml.",
            autocompletion=known_studies,
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0.01, help="Megabytes that are fetched in a second.")
    ] = 20.0,
) -> None:
    """Say what analysing a study needs: jobs, bytes, hours, disk; from its lock, before fetching.

    Jobs are those of `snakemake -n`. Hours are from benchmarks of runs in this folder, else from
    measurements that are told; fetching depends on the line.
    """
    from brainchange.planning.costs import sources_told
    from brainchange.planning.estimate import estimate
    from brainchange.planning.plan import make_plan
    from brainchange.project import load_project

    root = project_folder()
    with err.status("planning", spinner="dots"):
        names = studies or [load_project(root).study.id]
        plans = [make_plan(load_project(root, {"study": name})) for name in names]
        found = [estimate(one, rate) for one in plans]
    cells = [_cells(one) for one in found]
    if len(found) > 1:
        cells.append(_sum(found))
    show_table(list(HEADER), cells)
    used = {rule: cost for one in found for rule, cost in one.costs.items()}
    err.print(f"Fetching at {rate:g} MB/s (--rate). Times a job:", highlight=False)
    for line in sources_told(used):
        err.print(f"  {escape(line)}", highlight=False)


def _cells(one: Estimate) -> list[str]:
    from brainchange.files import human_bytes
    from brainchange.planning.estimate import number_of_jobs

    people = one.n_participants
    return [
        one.study,
        str(number_of_jobs(one)),
        human_bytes(one.missing_bytes),
        human_bytes(one.size_bytes / people) if people else "",
        str(people),
        _told(one.fetch_hours),
        *(_told(hours) for hours in one.hours.values()),
        human_bytes(one.peak_bytes),
    ]


def _sum(found: list[Estimate]) -> list[str]:
    """Add up studies that are analysed one after the other."""
    from brainchange.files import human_bytes
    from brainchange.planning.estimate import number_of_jobs

    cores = found[0].hours
    return [
        "all",
        str(sum(number_of_jobs(one) for one in found)),
        human_bytes(sum(one.missing_bytes for one in found)),
        "",
        str(sum(one.n_participants for one in found)),
        _told(sum(one.fetch_hours for one in found)),
        *(_told(sum(one.hours[n] for one in found)) for n in cores),
        human_bytes(sum(one.peak_bytes for one in found)),
    ]


def _told(hours: float) -> str:
    return f"{hours:.2g}" if hours < 10 else f"{hours:.0f}"


def doctor(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A study; without it the one of config/config.yaml.",
            autocompletion=known_studies,
        ),
    ] = None,
) -> None:
    """Look whether this machine can analyse a study; what is wrong comes with its fix.

    Exit code 0 where nothing must be mended, 1 where something must.
    """
    from brainchange.planning.doctor import examine

    findings = examine(project_folder(), study)
    for one in findings:
        out.print(f"{SIGNS[one.state]} {one.what}: {escape(one.told)}", highlight=False)
        if one.fix:
            out.print(f"  → {escape(one.fix)}", highlight=False)
    if any(one.state == "wrong" for one in findings):
        raise typer.Exit(1)
