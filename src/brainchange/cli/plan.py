"""The commands `brainchange plan` and `doctor`: what a study needs, and what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from brainchange.cli.console import err, out, show_table, steps_bar
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
            help="Studies, of several as one run; without any the one of config/config.yaml.",
            autocompletion=known_studies,
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every study that is not simulated, as one run.")
    ] = False,
    rate: Annotated[
        float, typer.Option(min=0.01, help="Megabytes that are fetched in a second.")
    ] = 20.0,
) -> None:
    """Say what analysing a study needs: jobs, bytes, hours, disk; from its lock, before fetching.

    Jobs are those of `snakemake -n`; of several studies those of one run
    (`snakemake -n --config study=all`), in which what they share is made once. Hours are from
    benchmarks of runs in this folder, else from measurements that are told; fetching depends on the
    line.
    """
    from brainchange.planning.costs import sources_told
    from brainchange.planning.estimate import estimate, estimate_together
    from brainchange.planning.plan import make_plan
    from brainchange.planning.several import ALL, several_studies
    from brainchange.project import load_project

    root = project_folder()
    with steps_bar(err, "planning: asking Snakemake"):
        every = all_ or studies == [ALL]
        names = several_studies(root, ALL if every else studies) or [load_project(root).study.id]
        plans = [make_plan(load_project(root, {"study": name})) for name in names]
        found = estimate_together(plans, rate) if len(plans) > 1 else (estimate(plans[0], rate),)
    show_table(list(HEADER), [_cells(one) for one in found])
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
