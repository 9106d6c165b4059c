"""Whether this machine and this folder can analyse a study; what is missing comes with its fix."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from typing import Literal

from brainchange.errors import BrainchangeError
from brainchange.files import human_bytes
from brainchange.imaging.atlas_cache import is_ready
from brainchange.planning.estimate import peak_bytes
from brainchange.planning.plan import Plan, make_plan
from brainchange.project import Project, load_project
from brainchange.sources.fetch import missing
from brainchange.sources.receipts import receipt_path, unit_of
from brainchange.study.templates import TemplateSource

State = Literal["fine", "note", "wrong"]
MEMORY_A_JOB = 4_000_000_000
"""Memory that the largest job asks for (bytes): ``mem_mb`` of the rule anatomy."""
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)\s*>=\s*(?P<least>[0-9.]+)")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : str
        What was looked at.
    state : str
        fine, note (can be left so), or wrong (must be mended).
    told : str
        What was found.
    fix : str
        What to do.
    """

    what: str
    state: State
    told: str
    fix: str = ""


def examine(root: Path, study: str | None = None) -> list[Finding]:
    """Look at programs, folder, machine and study.

    Parameters
    ----------
    root : Path
        Folder of the project.
    study : str, optional
        A study; the one of ``config/config.yaml`` unless said.
    """
    findings = [*_programs(), *_machine(), *_snakemake_lock(root)]
    try:
        project = load_project(root, {"study": study} if study else {})
    except BrainchangeError as error:
        first, *others = error.problems
        told = " ".join(f"{first.where}: {first.what}".removeprefix(": ").split())
        fix = first.fix
        if others:
            told = f"{len(error.problems)} problems; the first: {told}"
            fix = f"see all: brainchange check {study or ''}".rstrip()
        return [*findings, Finding("configuration", "wrong", told, fix)]
    findings.append(Finding("configuration", "fine", f"the study is {project.study.id}"))
    try:
        plan = make_plan(project)
    except BrainchangeError as error:
        problem = error.problems[0]
        return [*findings, Finding("files", "wrong", problem.what, problem.fix)]
    looks: tuple[Callable[[Plan], Iterator[Finding]], ...] = (_files, _disk, _preparation)
    return [*findings, *(one for look in looks for one in look(plan))]


def _programs() -> Iterator[Finding]:
    """Look at Python, the packages that are needed, and git."""
    wrong = [
        f"{name} {have or 'is missing'} (needed: {least} or newer)"
        for name, least, have in _packages()
        if have is None or _parts(have) < _parts(least)
    ]
    own = f"Python {python_version()}, brainchange {version('brainchange')}"
    own += f", snakemake {_version('snakemake') or 'missing'}"
    if wrong:
        yield Finding("packages", "wrong", "; ".join(wrong), "install what is pinned: make setup")
    else:
        yield Finding("packages", "fine", own)
    if shutil.which("git") is None:
        told = "git is not installed"
        yield Finding("git", "note", told, "install it to describe and lock studies; nothing else")


def _packages() -> Iterator[tuple[str, str, str | None]]:
    """Name, lowest version and version here of every package that is needed."""
    for line in requires("brainchange") or []:
        found = _REQUIREMENT.match(line)
        if found:
            yield found["name"], found["least"], _version(found["name"])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _parts(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)[:3]]


def _machine() -> Iterator[Finding]:
    """Look at cores and memory."""
    cores, memory = os.cpu_count() or 1, _memory()
    told = f"{cores} cores, {human_bytes(memory)} memory"
    if memory < MEMORY_A_JOB:
        least = human_bytes(MEMORY_A_JOB)
        fix = f"raw images need {least} a job; prepared ones 1 GB: run one job at once (-c 1)"
        yield Finding("machine", "note", told, fix)
    else:
        most = int(memory // MEMORY_A_JOB)
        fix = f"for raw images run at most {most} jobs at once: -c {most}" if most < cores else ""
        yield Finding("machine", "note" if fix else "fine", told, fix)


def _memory() -> int:
    """Bytes of memory of the machine, or of the container it is."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    told = limit.read_text(encoding="ascii").strip() if limit.is_file() else ""
    return min(physical, int(told)) if told.isdigit() else physical


def _snakemake_lock(root: Path) -> Iterator[Finding]:
    """Look whether Snakemake holds the folder, or held it when it was stopped."""
    if any((root / ".snakemake" / "locks").glob("*")):
        yield Finding(
            "folder",
            "wrong",
            "Snakemake has locked the folder",
            "wait for the run that is going on; if there is none: snakemake --unlock",
        )


def _files(plan: Plan) -> Iterator[Finding]:
    """Look which files of the lock are here, and whether receipts are true."""
    project = plan.project
    if project.study.observations is not None:
        yield Finding("files", "fine", "the study starts from a table, which is here")
        return
    if not plan.rows:
        yield Finding("files", "fine", "the study is simulated: the workflow makes its files")
        return
    absent = missing(plan.rows, project.study_folder)
    size = human_bytes(sum(row.size_bytes for row in absent))
    here = f"{len(plan.rows) - len(absent)} of {len(plan.rows)} files are here"
    told = f"{here}; {size} will be fetched" if absent else here
    yield Finding("files", "note" if absent else "fine", told)
    false = sorted(
        {
            unit_of(row)
            for row in absent
            if receipt_path(project.study_folder, unit_of(row)).exists()
        }
    )
    if false:
        told = f"files of {', '.join(false[:5])} are gone since they were fetched"
        yield Finding("receipts", "note", told, "nothing to do: the next run fetches them again")


def _disk(plan: Plan) -> Iterator[Finding]:
    """Look whether what is to be fetched and made has room."""
    folder = plan.project.study_folder
    absent = set(missing(plan.rows, folder))
    here = sum(row.size_bytes for row in plan.rows if row not in absent)
    needed = max(peak_bytes(plan) - here, 0)
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(place).free
    told = f"{human_bytes(free)} free, {human_bytes(needed)} needed"
    fix = f"make room, or link {folder} to a larger disk" if needed > free else ""
    yield Finding("disk", "wrong" if fix else "fine", told, fix)


def _preparation(plan: Plan) -> Iterator[Finding]:
    """Look whether atlas, template and ANTs are here, where they are needed."""
    project = plan.project
    if project.study.images.source == "raw":
        if find_spec("ants") is None:
            fix = "install what is pinned: make setup (antspyx has no wheel for musl systems)"
            yield Finding("ANTs", "wrong", "antspyx is not installed", fix)
        else:
            yield Finding("ANTs", "fine", f"antspyx {_version('antspyx')}")
        yield from _template(project)
    if project.atlas is not None:
        ready = is_ready(project.atlas, project.root)
        told = f"{project.atlas.atlas} in {project.atlas.template}"
        said = "is here" if ready else "will be fetched by the workflow; needs the network once"
        yield Finding("atlas", "fine" if ready else "note", f"{told} {said}")


def _template(project: Project) -> Iterator[Finding]:
    template: TemplateSource | None = project.template
    if template is None:
        return
    ready = (project.root / "data" / "templates" / f"{template.template}.json").is_file()
    said = "is here" if ready else "will be made ready by the workflow; may need the network once"
    yield Finding("template", "fine" if ready else "note", f"{template.template} {said}")
