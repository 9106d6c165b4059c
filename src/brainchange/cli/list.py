"""The command `list`: what is configured."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from brainchange.cli.complete import listed
from brainchange.cli.console import show_table
from brainchange.project_folder import project_folder

ListName = Literal["studies", "regions", "metrics", "atlases", "claims"]


def list_(
    what: Annotated[ListName, typer.Argument(metavar="WHAT", help="What to list.")],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Only this study, region or group, metric, atlas or claim.",
            autocompletion=listed,
        ),
    ] = None,
) -> None:
    """List what is configured: studies, regions, metrics, atlases or claims."""
    from brainchange.cli.listing import LISTS, named_rows

    header, cells = LISTS[what](project_folder())
    show_table(header, named_rows(cells, name) if name else cells)
