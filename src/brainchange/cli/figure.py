"""The command `figure`: draw one figure of a finished study again, from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brainchange.cli.complete import known_figures
from brainchange.cli.console import StudyArgument, err, steps_bar
from brainchange.project_folder import project_folder


def figure(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A figure (forest: all of its drawings) or one drawing (slopegraph_claim_T2).",
            autocompletion=known_figures,
        ),
    ],
    study: StudyArgument,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder to write to; without it results/STUDY/figures.", file_okay=False),
    ] = None,
) -> None:
    """Draw a figure again from the tables of a finished study: SVG, PNG (300 dpi) and TSV."""
    from brainchange.figures.redraw import redraw
    from brainchange.project import load_project

    project = load_project(project_folder(), {"study": study})
    results = project.root / "results" / project.study.id
    configured = (project.study, project.settings, project.claims, project.regions)
    with steps_bar(err, "drawing") as tell:
        paths = redraw(name, configured, results, output or results / "figures", tell)
    typer.echo("\n".join(str(path) for path in paths))
