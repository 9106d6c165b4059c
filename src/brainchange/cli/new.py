"""The commands `brainchange new study` and `brainchange new region`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainchange.cli.complete import known_atlases, known_groups
from brainchange.cli.console import err, steps_bar
from brainchange.errors import BrainchangeError, ConfigError
from brainchange.project_folder import project_folder, study_file

if TYPE_CHECKING:
    from brainchange.new_study.described import NewStudy

new = typer.Typer(no_args_is_help=True, help="Write a study file or regions to begin with.")


@new.command("study")
def new_study(
    *,
    accession: Annotated[
        str | None,
        typer.Argument(metavar="ACCESSION", help="A dataset of OpenNeuro (ds003007)."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="A BIDS dataset on this machine, in place of an accession number."),
    ] = None,
    mirror: Annotated[
        Path | None,
        typer.Option(
            help="Folder with local clones or bundles called NAME, NAME.git or NAME.bundle; "
            "without it the public git mirror is cloned.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Version of the dataset; without it the newest.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the study; the accession number unless said.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write; without it config/studies/NAME.yaml.")
    ] = None,
) -> None:
    """Describe a dataset: read what it says about itself, and ask what it does not say.

    Sessions, tasks, arms, scales, repetition times, derivatives, licence and citation are read from
    its list of files and its tables; no image is fetched.
    """
    import tempfile

    from brainchange.files import write_text
    from brainchange.new_study.written import study_text
    from brainchange.study.undecided import questions

    if (accession is None) == (folder is None):
        raise ConfigError(
            "name either a dataset of OpenNeuro or a folder",
            where="brainchange new study",
            fix="brainchange new study ds003007, or: brainchange new study --folder PATH",
        )
    root = project_folder()
    called = _name(name or accession or (folder.resolve().name if folder else ""))
    path = output or root / study_file(called)
    if path.exists():
        raise ConfigError(
            "the study file is there already",
            where=str(path),
            fix="say --output to write elsewhere, or --name to call the study otherwise",
        )
    with tempfile.TemporaryDirectory() as work, steps_bar(err, "reading what is published"):
        if folder is not None:
            found = _of_folder(called, folder, root)
        else:
            found = _of_mirror(called, str(accession), snapshot, mirror, Path(work))
        text = study_text(found)
    write_text(path, text)
    images = found.survey
    typer.echo(
        f"{path}: {len(images.participants)} participants, "
        f"{len([one for one in images.sessions if one])} sessions, "
        f"tasks {', '.join(task.label for task in images.tasks) or 'none'}; "
        f"{len(questions(text))} questions to decide\n"
        f"What is open: brainchange check {called}"
    )


def _of_folder(name: str, folder: Path, root: Path) -> NewStudy:
    """Read what a dataset on this machine says about itself."""
    from brainchange.new_study.described import NewStudy
    from brainchange.sources.dataset import dataset_of_folder
    from brainchange.sources.survey import survey

    whole = folder.resolve()
    place = whole.relative_to(root) if whole.is_relative_to(root) else whole
    return NewStudy(name, survey(dataset_of_folder(folder)), None, place)


def _of_mirror(
    name: str, accession: str, snapshot: str | None, mirror: Path | None, work: Path
) -> NewStudy:
    """Read what a dataset of OpenNeuro says about itself, and which derivatives it has."""
    from brainchange.new_study.described import NewStudy
    from brainchange.sources.dataset import dataset_of_mirror, derivatives_of_mirror
    from brainchange.sources.survey import survey

    dataset = dataset_of_mirror(accession, snapshot, mirror, work)
    return NewStudy(name, survey(dataset), derivatives_of_mirror(accession, mirror, work))


def _known_labels(ctx: typer.Context) -> list[str]:
    """Complete the labels of the atlas that was typed, or of FreeSurfer's parcellation."""
    from brainchange.imaging.atlas_labels import labels_known
    from brainchange.study.atlases import ATLASES, read_atlases

    try:
        root = project_folder()
        atlas = ctx.params.get("atlas") or "aparcaseg"
        return sorted(labels_known(atlas, read_atlases(root / ATLASES), root))
    except BrainchangeError:
        return []


@new.command("region")
def new_region(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name without side; rows get _L and _R.")
    ],
    *,
    labels: Annotated[
        list[str],
        typer.Option(
            "--labels",
            help="Labels of the atlas (several with ';' or several times); of one side, then the "
            "other side is added.",
            autocompletion=_known_labels,
        ),
    ],
    atlas: Annotated[
        str, typer.Option(help="Atlas of the labels.", autocompletion=known_atlases)
    ] = "aparcaseg",
    group: Annotated[
        str,
        typer.Option(help="Group of its sides; NAME unless said.", autocompletion=known_groups),
    ] = "",
    control: Annotated[
        bool, typer.Option("--control", help="No claim is about it: a negative control.")
    ] = False,
) -> None:
    """Append a region to config/regions.tsv, both sides, after checking its labels."""
    from brainchange.new_region import NewRegion, add_region

    split = tuple(one.strip() for text in labels for one in text.split(";") if one.strip())
    role = "negative_control" if control else "target"
    added = add_region(project_folder(), NewRegion(name, split, atlas, group, role))
    typer.echo(f"config/regions.tsv: {', '.join(added)}")
    typer.echo("What will run again: snakemake -n")


def _name(text: str) -> str:
    """Make a name of a study of a folder's name; an accession number stays as it is."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("._-") or "study"
