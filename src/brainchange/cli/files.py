"""The commands `lock`, `fetch` and `simulate`: the files of a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from brainchange.cli.complete import known_sessions, known_subjects
from brainchange.cli.console import StudyArgument, err, out, steps_bar
from brainchange.errors import BrainchangeError, ConfigError
from brainchange.project_folder import project_folder, study_file

if TYPE_CHECKING:
    from brainchange.sources.lock import LockRow
    from brainchange.sources.meter import Progress
    from brainchange.study.model import Study


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
    from brainchange.files import human_bytes
    from brainchange.project import read_study
    from brainchange.sources.lock import read_lock, write_lock
    from brainchange.sources.lock_changes import lock_changes

    root = project_folder()
    described = read_study(root, study)
    if described.simulated:
        raise ConfigError(
            "the study is simulated: its lock is made with its files",
            where=f"{study_file(study)}: simulated",
            fix="make both with: brainchange simulate " + study,
        )
    path = output or root / "data" / "locks" / f"{study}.tsv"
    with _repositories_bar(described) as tell:
        rows = _published(described, mirror, path.parent, root, tell)
    before = read_lock(path) if path.exists() else rows
    write_lock(rows, path)
    for line in lock_changes(before, rows):
        err.print(escape(line))
    size = human_bytes(sum(row.size_bytes for row in rows))
    out.print(f"{path}: {len(rows)} files, {size}", markup=False)


def _published(
    study: Study, mirror: Path | None, locks: Path, root: Path, tell: Callable[[str], None]
) -> tuple[LockRow, ...]:
    """Read what is published of a study; images of a mirror are listed beside the lock."""
    import tempfile

    from brainchange.sources.build import build_lock, scanner_images
    from brainchange.sources.build_local import build_local_lock
    from brainchange.sources.overlap import images_path, write_images

    if study.folder:
        return build_local_lock(study.folder, root, tell)
    with tempfile.TemporaryDirectory() as folder:
        rows = build_lock(study, mirror, Path(folder), tell)
        images = scanner_images(study, mirror, Path(folder))
    write_images(images, images_path(locks, study.id))
    return rows


@contextmanager
def _repositories_bar(study: Study) -> Iterator[Callable[[str], None]]:
    """Show how many repositories of a study have been read, and print what is told of each."""
    total = len(study.repositories) + 1
    told: list[str] = []
    with steps_bar(err, "reading what is published") as step:
        step(0, total, "")

        def tell(line: str) -> None:
            told.append(line)
            step(min(len(told), total), total, "")
            err.print(escape(line))

        yield tell


def fetch(
    study: StudyArgument,
    subject: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this participant (01 or sub-01); may be given several times.",
            autocompletion=known_subjects,
        ),
    ] = None,
    session: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this session (pre or ses-pre); may be given several times.",
            autocompletion=known_sessions,
        ),
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
    if project.study.simulated and not project.lock_path.exists():
        raise BrainchangeError(
            "the study is simulated: its files are made, not fetched",
            where=f"data/locks/{study}.tsv",
            fix=f"make them with: brainchange run {study}",
        )
    rows = select(read_lock(project.lock_path), subject or (), session or ())
    folder = project.study_folder
    if verify:
        with _bytes_bar("reading") as tell:
            wrong = tuple(verify_rows(rows, folder, tell))
        bad = {file.row for file in wrong}
        result = FetchResult((), tuple(row for row in rows if row not in bad), wrong)
    else:
        with _bytes_bar("fetching") as tell:
            result = fetch_rows(
                rows, folder, root=project.root, sources=project.settings.sources, progress=tell
            )
    out.print(f"{len(result.fetched)} fetched, {len(result.complete)} complete", highlight=False)
    result.raise_for_missing(folder)


@contextmanager
def _bytes_bar(begins: str) -> Iterator[Callable[[Progress], None]]:
    """Show how many bytes are done, with time left; nothing where nobody looks."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Bar(*columns, TimeRemainingColumn(), console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task(begins)

        def tell(done: Progress) -> None:
            described = f"{begins}: {done.files} of {done.files_total} files"
            total, size = done.size_bytes_total, done.size_bytes
            bar.update(task, description=described, completed=size, total=total)

        yield tell


def simulate(
    study: StudyArgument,
    processes: Annotated[int, typer.Option(min=1, help="Participants simulated at once.")] = 2,
) -> None:
    """Publish a simulated study and its lock. The workflow does this by itself."""
    from brainchange.planning.plan import make_plan
    from brainchange.project import load_project
    from brainchange.simulate.publish import publish
    from brainchange.sources.lock import write_lock

    root = project_folder()
    plan = make_plan(load_project(root, {"study": study}))
    if plan.simulation is None:
        raise ConfigError(
            "the study is not simulated",
            where=f"{study_file(study)}: simulated",
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
