"""``brainchange explain``: the chain from a claim down to the files and the dataset."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from brainchange.cli.complete import known_claims, known_contrasts
from brainchange.cli.console import StudyArgument, err, steps_bar
from brainchange.project_folder import project_folder


def explain(
    study: StudyArgument,
    claim: Annotated[
        str,
        typer.Argument(
            metavar="CLAIM", help="A claim (T2) or a scale (BDI).", autocompletion=known_claims
        ),
    ],
    contrast: Annotated[
        str,
        typer.Option(
            help="Name of the contrast; the primary one unless said.",
            autocompletion=known_contrasts,
        ),
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON (keys: docs/explain.md).")
    ] = False,
) -> None:
    """Explain a verdict: claim, rules, effect, values, files, dataset."""
    from rich.console import Console

    from brainchange.cli.explain_text import render
    from brainchange.explain.chain import explain as collect
    from brainchange.project import load_project

    with steps_bar(err, "reading results"):
        record = collect(load_project(project_folder(), {"study": study}), claim, contrast)
    if as_json:
        typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
        return
    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
    console.print(*render(record, console.width if console.is_terminal else 0), sep="\n")
