"""The commands `brainchange run`, `demo` and `open`: the workflow, and the report it makes."""

from __future__ import annotations

from typing import Annotated

import typer

from brainchange.cli.console import StudyArgument, err, steps_bar
from brainchange.errors import BrainchangeError
from brainchange.project_folder import project_folder, require_study

Cores = Annotated[int | None, typer.Option("--cores", "-c", min=1, help="Cores; all unless said.")]


def run(
    context: typer.Context,
    study: StudyArgument,
    cores: Cores = None,
) -> None:
    """Analyse a study, or `all` that are not simulated; what is done stays done.

    What is missing is fetched. It is `snakemake --config study=STUDY`; what stands after -- is said
    to Snakemake, as in `brainchange run demo -- --forceall`. The exit code is that of Snakemake
    (130: interrupted).
    """
    _run(study, cores, context.args)


def demo(context: typer.Context, cores: Cores = None) -> None:
    """Simulate a study with known truth and analyse it: results/demo/report.html."""
    _run("demo", cores, context.args)


def open_(
    study: StudyArgument,
    path: Annotated[bool, typer.Option("--path", help="Only print where the report is.")] = False,
) -> None:
    """Open the report of a study in the browser; print where it is where there is no browser."""
    import webbrowser

    root = project_folder()
    report = root / "results" / study / "report.html"
    if not report.is_file():
        require_study(root, study)
        raise BrainchangeError(
            f"the study '{study}' has no report yet",
            where=f"results/{study}/report.html",
            fix=f"make it with: brainchange run {study}",
        )
    typer.echo(report)
    if not path:
        try:
            webbrowser.get()
        except webbrowser.Error:
            return
        webbrowser.open(report.as_uri())


def _run(study: str, cores: int | None, more: list[str]) -> None:
    """Run the workflow, show how far it is, and end with its exit code."""
    from brainchange.planning.run import MOST_LINES_TOLD, run_study
    from brainchange.planning.several import several_studies
    from brainchange.project import load_project

    root = project_folder()
    names = several_studies(root, study) or (study,)
    for name in names:
        load_project(root, {"study": name})
    arguments = ["--cores", str(cores) if cores else "all", "--nocolor", *more]
    with steps_bar(err, f"{study}: planning") as tell:
        code, told = run_study(
            root,
            study,
            arguments,
            lambda heard: tell(heard.done, heard.steps or None, heard.message),
        )
    if code:
        typer.echo("\n".join(told.broken[-MOST_LINES_TOLD:]), err=True)
        raise typer.Exit(code)
    for name in names:
        report = root / "results" / name / "report.html"
        if report.is_file():
            typer.echo(f"Report: {report}")
