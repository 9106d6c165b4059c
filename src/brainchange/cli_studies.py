"""The command `claims --all`: what all studies together can say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brainchange.project_folder import project_folder

Tables = Annotated[
    Path | None,
    typer.Option(
        help="Folder with one folder of tables a study; without it what was fetched.",
        exists=True,
        file_okay=False,
    ),
]


def write_all_claims(tables: Path | None) -> None:
    """Write what every study can say about every claim, and tell where."""
    from brainchange.claims_of_studies import FOLDER, claim_matrix, write_claim_matrix
    from brainchange.project import CLAIMS, read_study
    from brainchange.study.claims import Claims
    from brainchange.study.strict import parse, read_yaml

    root = project_folder()
    matrix, notes = claim_matrix(root, tables)
    claims = parse(Claims, read_yaml(root / CLAIMS), CLAIMS).claims
    studies = {name: read_study(root, name) for name in dict.fromkeys(matrix["study"])}
    write_claim_matrix(matrix, claims, studies, root / FOLDER)
    for note in notes:
        typer.echo(note, err=True)
    for name, states in matrix.groupby("study", sort=False)["state"]:
        counts = ", ".join(f"{n} {state}" for state, n in states.value_counts().items())
        typer.echo(f"{name}\t{counts}")
    typer.echo(f"written: {FOLDER}/claim_matrix.tsv, {FOLDER}/claims.html", err=True)
