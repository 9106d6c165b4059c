"""The commands `claims`, `across` and `preview`: what studies can tell, one by one or together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brainchange.cli.console import err, show_table, steps_bar
from brainchange.errors import ConfigError
from brainchange.project_folder import CLAIMS, known_studies, project_folder

Tables = Annotated[
    Path | None,
    typer.Option(
        help="Folder with one folder of tables a study; without it what was fetched.",
        exists=True,
        file_okay=False,
    ),
]


def claims(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="A study.", autocompletion=known_studies),
    ] = None,
    *,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Every real study: a table and a page in results/claims/."),
    ] = False,
    tables: Tables = None,
) -> None:
    """Say what a study (or every study) can tell about each claim, and why not more."""
    from brainchange.cli.listing import judged_rows

    if all_ == (study is not None):
        raise ConfigError("name a study, or give --all", where="brainchange claims")
    if study is None:
        _write_all_claims(tables)
    else:
        show_table(*judged_rows(project_folder(), study))


def _write_all_claims(tables: Path | None) -> None:
    """Write what every study can say about every claim, and tell where."""
    from brainchange.all_studies.claims import (
        FOLDER,
        claim_matrix,
        overlap_notes,
        write_claim_matrix,
    )
    from brainchange.project import read_study
    from brainchange.study.claims import Claims
    from brainchange.study.strict import parse, read_yaml

    root = project_folder()
    with steps_bar(err, "reading locks and tables"):
        matrix, notes = claim_matrix(root, tables)
    claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS).claims
    studies = {name: read_study(root, name) for name in dict.fromkeys(matrix["study"])}
    shared = overlap_notes(root, list(studies))
    write_claim_matrix(matrix, claims, studies, root / FOLDER, shared)
    for note in [*notes, *shared]:
        typer.echo(note, err=True)
    for name, states in matrix.groupby("study", sort=False)["state"]:
        counts = ", ".join(f"{n} {state}" for state, n in states.value_counts().items())
        typer.echo(f"{name}\t{counts}")
    typer.echo(f"written: {FOLDER}/claim_matrix.tsv, {FOLDER}/claims.html", err=True)


def across(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STUDY",
            help="Studies with results; without any, every one that is not simulated.",
            autocompletion=known_studies,
        ),
    ] = None,
) -> None:
    """Take every claim together over independent studies: results/across/."""
    from brainchange.all_studies.across import FOLDER, take_together

    root = project_folder()
    with steps_bar(err, "reading results"):
        table, notes = take_together(root, studies or ())
    show_table(*table)
    for note in notes:
        err.print(note, markup=False, highlight=False)
    err.print(f"written: {root / FOLDER}/across.html and tables", markup=False, highlight=False)


def preview(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STUDY",
            help="Studies; without any, every one that is not simulated.",
            autocompletion=known_studies,
        ),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            help="Folder with a folder a study of its tables; without it data/studies/.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    mriqc: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STUDY=FILE",
            help="MRIQC's table of the BOLD runs of a study (group_bold.tsv); several times.",
        ),
    ] = None,
) -> None:
    """Say what tables tell before any image: symptoms, head motion, noise: results/preview/."""
    from brainchange.all_studies.preview import FOLDER, named_files
    from brainchange.all_studies.preview import preview as estimate

    root = project_folder()
    given = named_files(mriqc or ())
    with steps_bar(err, "reading tables"):
        table, notes = estimate(root, studies or (), tables=tables, quality=given)
    show_table(*table)
    for note in notes:
        err.print(note, markup=False, highlight=False)
    err.print(
        f"written: {root / FOLDER}/preview.html and tables",
        markup=False,
        highlight=False,
    )
