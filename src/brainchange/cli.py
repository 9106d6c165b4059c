"""The command line: check and list what is configured; lock, fetch, simulate; judge and explain."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from brainchange.cli_explain import explain
from brainchange.cli_figure import figure
from brainchange.cli_judge import judge
from brainchange.cli_new import new
from brainchange.cli_plan import doctor, plan
from brainchange.cli_progress import steps_bar
from brainchange.cli_run import demo, open_, run
from brainchange.cli_studies import Tables, write_all_claims
from brainchange.errors import BrainchangeError, ConfigError, Problem
from brainchange.project_folder import known_studies, project_folder

if TYPE_CHECKING:
    from brainchange.project import Project
    from brainchange.sources.meter import Progress

ListName = Literal["studies", "regions", "metrics", "atlases", "claims"]

out = Console(soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, soft_wrap=True)


class _Told(typer.core.TyperGroup):
    """A group of commands whose errors are told in words, with a documented exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        # A terminal that knows only ASCII gets '?' for a sign it cannot show, and no error.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except BrainchangeError as error:
            err.print(f"[bold red]Error[/] {escape(str(error))}")
            raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=_Told,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Judge with open data whether therapy changes the brain.\n\n"
    "Everything it does is also plain Snakemake: `run STUDY` is `snakemake --config study=STUDY` "
    "in the project folder.",
    epilog="Exit codes: 0 all is well · 1 something else · 2 the configuration or the command is "
    "wrong · 3 a table or an image is wrong · 4 files could not be locked or fetched · 130 "
    "interrupted.",
)


StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study.", autocompletion=known_studies)
]


@app.command()
def check(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]",
            help="A study; without it every study in config/studies/.",
            autocompletion=known_studies,
        ),
    ] = None,
) -> None:
    """Check the configuration: every problem at once, before any work is done."""
    from brainchange.project import load_project, study_names
    from brainchange.simulate.model import read_simulation

    root = project_folder()
    problems: list[Problem] = []
    asked = [{"study": name} for name in ([study] if study else study_names(root))]
    for overrides in asked if study else [{}, *asked]:
        try:
            project = load_project(root, overrides)
            if project.study.simulated:
                read_simulation(root, project.study.id)
            if overrides:
                said = _told(project)
        except BrainchangeError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        if not overrides:
            continue
        out.print(f"[green]✓[/] {project.study.id}: {said}")
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


def _listed(ctx: typer.Context) -> list[str]:
    """Complete the names of what is listed."""
    from brainchange.listing import LISTS, names_of

    try:
        return names_of(LISTS[ctx.params["what"]](project_folder())[1])
    except (BrainchangeError, KeyError):
        return []


@app.command("list")
def list_(
    what: Annotated[ListName, typer.Argument(help="What to list.")],
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Only this study, region or group, metric, atlas or claim.",
            autocompletion=_listed,
        ),
    ] = None,
) -> None:
    """List what is configured: studies, regions, metrics, atlases or claims."""
    from brainchange.listing import LISTS, named_rows

    header, cells = LISTS[what](project_folder())
    _show(header, named_rows(cells, name) if name else cells)


@app.command()
def claims(
    study: Annotated[
        str | None, typer.Argument(help="Name of the study.", autocompletion=known_studies)
    ] = None,
    *,
    all_: Annotated[
        bool,
        typer.Option("--all", help="Every real study: a table and a page in results/claims/."),
    ] = False,
    tables: Tables = None,
) -> None:
    """Say what a study (or every study) can tell about each claim, and why not more."""
    from brainchange.listing import judged_rows

    if all_ == (study is not None):
        raise ConfigError("name a study, or give --all", where="brainchange claims")
    if study is None:
        write_all_claims(tables)
    else:
        _show(*judged_rows(project_folder(), study))


def _show(header: list[str], cells: list[list[str]]) -> None:
    """Print a table: for people on a terminal, tab-separated for programs."""
    if not sys.stdout.isatty():
        typer.echo("\n".join("\t".join(row) for row in [header, *cells]))
        return
    table = Table(*header, box=None, header_style="bold", pad_edge=False)
    for row in cells:
        table.add_row(*map(escape, row))
    out.print(table)


@app.command()
def across(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY …]",
            help="Studies with results; without any, every one that is not simulated.",
            autocompletion=known_studies,
        ),
    ] = None,
) -> None:
    """Take every claim together over independent studies: results/across/."""
    from brainchange.across import FOLDER, take_together

    root = project_folder()
    table, notes = take_together(root, studies or ())
    _show(*table)
    for note in notes:
        err.print(note, markup=False, highlight=False)
    err.print(f"written: {root / FOLDER}", markup=False, highlight=False)


@app.command()
def preview(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY …]",
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
    from brainchange.preview import FOLDER, named_files
    from brainchange.preview import preview as estimate

    root = project_folder()
    table, notes = estimate(root, studies or (), tables=tables, quality=named_files(mriqc or ()))
    _show(*table)
    for note in notes:
        err.print(note, markup=False, highlight=False)
    err.print(f"written: {root / FOLDER}", markup=False, highlight=False)


@app.command()
def lock(
    study: StudyArgument,
    mirror: Annotated[
        Path | None,
        typer.Option(
            help="Folder with local clones or bundles called NAME, NAME.git or NAME.bundle; "
            "without it the addresses in the study file are cloned.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write; without it data/locks/STUDY.tsv.")
    ] = None,
) -> None:
    """Pin a study: write size, checksum and address of every file it needs."""
    import tempfile

    from brainchange.files import human_bytes
    from brainchange.project import read_study
    from brainchange.sources.build import build_lock, scanner_images
    from brainchange.sources.build_local import build_local_lock
    from brainchange.sources.lock import read_lock, write_lock
    from brainchange.sources.lock_changes import lock_changes
    from brainchange.sources.overlap import images_path, write_images

    root = project_folder()
    described = read_study(root, study)
    if described.simulated:
        raise ConfigError(
            "the study is simulated: its lock is made with its files",
            where=f"config/studies/{study}.yaml: simulated",
            fix="make both with: brainchange simulate " + study,
        )

    def tell(line: str) -> None:
        err.print(escape(line))

    path = output or root / "data" / "locks" / f"{study}.tsv"
    with err.status("reading what is published", spinner="dots"):
        if described.folder:
            rows = build_local_lock(described.folder, root, tell)
        else:
            with tempfile.TemporaryDirectory() as folder:
                rows = build_lock(described, mirror, Path(folder), tell)
                images = scanner_images(described, mirror, Path(folder))
            write_images(images, images_path(path.parent, study))
    before = read_lock(path) if path.exists() else rows
    write_lock(rows, path)
    for line in lock_changes(before, rows):
        tell(line)
    size = human_bytes(sum(row.size_bytes for row in rows))
    out.print(f"{path}: {len(rows)} files, {size}", markup=False)


@app.command()
def fetch(
    study: StudyArgument,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Only this participant (01 or sub-01); may be given several times."),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(help="Only this session (pre or ses-pre); may be given several times."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and compare its checksum; fetch none.")
    ] = False,
) -> None:
    """Fetch the files of a study: verified, resumable. The workflow does this by itself."""
    from brainchange.project import load_project
    from brainchange.sources.fetch import FetchResult
    from brainchange.sources.fetch import fetch as fetch_rows
    from brainchange.sources.fetch import verify as verify_rows
    from brainchange.sources.lock import read_lock, select

    project = load_project(project_folder(), {"study": study})
    rows = select(read_lock(project.lock_path), subject or (), session or ())
    folder = project.study_folder
    if verify:
        with err.status("reading every file", spinner="dots"):
            wrong = tuple(verify_rows(rows, folder))
        bad = {file.row for file in wrong}
        result = FetchResult((), tuple(row for row in rows if row not in bad), wrong)
    else:
        with _fetch_bar() as tell:
            result = fetch_rows(
                rows, folder, root=project.root, sources=project.settings.sources, progress=tell
            )
    out.print(f"{len(result.fetched)} fetched, {len(result.complete)} complete", highlight=False)
    result.raise_for_missing(folder)


@contextmanager
def _fetch_bar() -> Iterator[Callable[[Progress], None]]:
    """Show how far a fetch has come, with time left; nothing where nobody looks."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Bar(*columns, TimeRemainingColumn(), console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task("fetching")

        def tell(done: Progress) -> None:
            described = f"{done.files} of {done.files_total} files"
            total, size = done.size_bytes_total, done.size_bytes
            bar.update(task, description=described, completed=size, total=total)

        yield tell


@app.command()
def simulate(
    study: StudyArgument,
    processes: Annotated[int, typer.Option(min=1, help="Participants simulated at once.")] = 2,
) -> None:
    """Publish a simulated study and its lock. The workflow does this by itself."""
    from brainchange.plan import make_plan
    from brainchange.project import load_project
    from brainchange.simulate.publish import publish
    from brainchange.sources.lock import write_lock

    root = project_folder()
    plan = make_plan(load_project(root, {"study": study}))
    if plan.simulation is None:
        raise ConfigError(
            "the study is not simulated",
            where=f"config/studies/{study}.yaml: simulated",
            fix="fetch it with: brainchange fetch " + study,
        )
    published = root / "data" / "published" / study
    with steps_bar(err, "simulating") as tell:
        rows = publish(
            plan.project.study,
            plan.simulation,
            plan.project.settings.seed,
            published,
            processes=processes,
            progress=tell,
        )
    write_lock(rows, plan.project.lock_path)
    out.print(f"{published} and {plan.project.lock_path}: {len(rows)} files", markup=False)


@app.command()
def reference() -> None:
    """Write anew what is made from the code: config/schemas/ and docs/reference/."""
    from brainchange.files import write_text
    from brainchange.reference import reference_documents

    root = project_folder()
    for name, text in reference_documents().items():
        write_text(root / name, text)
        out.print(name, markup=False)


app.command()(judge)
app.command()(explain)
app.command()(figure)
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
app.command(context_settings=_PASSED_ON)(run)
app.command(context_settings=_PASSED_ON)(demo)
app.command("open")(open_)
app.command()(plan)
app.command()(doctor)
app.add_typer(new, name="new")
