"""The results as a Workflow Run Crate: what ran, on what, what came out, each with a checksum.

Profiles: Process Run Crate 0.5, Workflow Run Crate 0.5 and Workflow RO-Crate 1.0 (Leo et al. 2024,
PLoS One 19:e0309210). The metadata are written by the library `rocrate`; what was run (workflow,
configuration, lock) is copied into ``code/``, as BIDS has it, so that the crate is whole.

The base is RO-Crate 1.1, on which these profiles stand. Who ran it (``agent``), and author and
publisher of the crate, are recommended and not written: the program does not know them; whoever
archives the crate adds them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.data_entity import DataEntity
from rocrate.model.softwareapplication import SoftwareApplication
from rocrate.rocrate import ROCrate

from brainchange.files import checksum
from brainchange.report.crate_terms import address_of, kind_of, licence_address
from brainchange.report.provenance import versions
from brainchange.sources.lock import LockRow
from brainchange.study.model import Study

METADATA = "ro-crate-metadata.json"
README = "README.md"
CODE = "code"
MAIN = f"{CODE}/workflow/Snakefile"
VERSION = "1.1"
WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    (WORKFLOW_PROFILE, "Workflow RO-Crate", "1.0"),
)
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
MOST_INPUTS = 2000
"""Files of a lock that are described one by one; the lock itself holds all of them."""


@dataclass(frozen=True)
class Run:
    """One run of the workflow.

    Attributes
    ----------
    study : Study
        What was analysed.
    results : Path
        ``results/<study>``; the crate is this folder.
    root : Path
        Folder of the project; files are told from there.
    workflow : Path
        Folder of the workflow.
    files : tuple of Path
        Configuration and lock (or tables of values) in the project.
    lock : tuple of LockRow
        Files of the study that were needed.
    """

    study: Study
    results: Path
    root: Path
    workflow: Path
    files: tuple[Path, ...]
    lock: tuple[LockRow, ...] = ()


def write_crate(run: Run) -> Path:
    """Describe a run beside its results.

    Parameters
    ----------
    run : Run
        Study, folders and files.

    Returns
    -------
    Path
        ``ro-crate-metadata.json`` in the folder of results.

    Notes
    -----
    The time of the run is that of its newest result, so that describing it again changes nothing.
    """
    copied = _copy(run)
    outcome = [path for path in _results(run.results) if path not in copied]
    ended = max((path.stat().st_mtime for path in outcome), default=0.0)
    crate = ROCrate(gen_preview=False, version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    workflow = crate.add_workflow(
        run.results / MAIN, MAIN, main=True, lang="snakemake", properties=_file(run.results / MAIN)
    )
    workflow["name"] = "brainchange"
    workflow["version"] = version("brainchange")
    workflow["conformsTo"] = _named(crate, BIOSCHEMAS, "ComputationalWorkflow", "1.0-RELEASE")
    crate.metadata["conformsTo"] = [
        {"@id": f"https://w3id.org/ro/crate/{VERSION}"},
        {"@id": WORKFLOW_PROFILE},
    ]
    inputs = [_added(crate, run.results, path) for path in copied if path.name != "Snakefile"]
    inputs += [_dataset(crate, run.study), *_fetched(crate, run.lock)]
    outputs = [_added(crate, run.results, path) for path in outcome]
    moment = datetime.fromtimestamp(int(ended), UTC)
    _root(crate, run.study, moment)
    _action(crate, run, moment, workflow=workflow, inputs=inputs, outputs=outputs)
    crate.metadata.write(run.results)
    return run.results / METADATA


def _copy(run: Run) -> list[Path]:
    """Copy what was run into the crate."""
    folder = run.results / CODE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        run.workflow, folder / "workflow", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    for path in run.files:
        inside = path.resolve().is_relative_to(run.root.resolve())
        name = path.resolve().relative_to(run.root.resolve()) if inside else Path(path.name)
        if path.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _results(folder: Path) -> Iterator[Path]:
    """List what came out, hidden files and what only the workflow needs left out."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and parts[0] not in ("measured", CODE, METADATA):
            yield path


def _file(path: Path) -> dict[str, Any]:
    return {
        "name": path.name,
        "contentSize": str(path.stat().st_size),
        "sha256": checksum(path, "sha256").removeprefix("sha256:"),
        "encodingFormat": kind_of(path),
    }


def _added(crate: ROCrate, folder: Path, path: Path) -> Any:  # noqa: ANN401 (entities of the library)
    name = path.relative_to(folder).as_posix()
    about = {"about": {"@id": "./"}} if name == README else {}
    return crate.add_file(path, name, properties=_file(path) | about)


def _dataset(crate: ROCrate, study: Study) -> Any:  # noqa: ANN401
    """Describe the dataset that was analysed."""
    described = {
        "name": study.title,
        "identifier": study.id,
        "version": study.version,
        "license": study.license,
        "citation": study.citation,
    }
    if study.doi:
        described["@type"] = "Dataset"
        return crate.add(DataEntity(crate, f"https://doi.org/{study.doi}", properties=described))
    described["@type"] = "CreativeWork"
    return crate.add(ContextEntity(crate, f"#{study.id}", properties=described))


def _fetched(crate: ROCrate, lock: Sequence[LockRow]) -> Iterator[Any]:
    """Describe the files that were fetched from an address."""
    for row in lock[:MOST_INPUTS]:
        if not row.url.startswith(("https://", "http://")):
            continue
        kind, _, digest = row.checksum.partition(":")
        described = {"name": row.path, "contentSize": str(row.size_bytes)}
        described["encodingFormat"] = kind_of(Path(row.path))
        described |= {"sha256": digest} if kind == "sha256" else {"identifier": row.checksum}
        yield crate.add_file(row.url, properties=described)


def _root(crate: ROCrate, study: Study, moment: datetime) -> None:
    """Describe the whole: name, licence, profiles."""
    crate.name = f"brainchange: {study.title}"
    simulated = " Simulated data: no real participant." if study.simulated else ""
    crate.description = (
        f"What open data of {study.id} (version {study.version}) say about the claim that talk "
        f"therapy changes the brain: numbers, effects, verdicts, figures, report.{simulated}"
    )
    place = licence_address(study.license)
    crate.license = _named(crate, place, study.license) if place else study.license
    crate.datePublished = moment
    crate.root_dataset["conformsTo"] = [_named(crate, *profile) for profile in PROFILES]


def _named(crate: ROCrate, address: str, name: str, number: str = "") -> Any:  # noqa: ANN401
    """Describe something that lies elsewhere: a profile, a licence."""
    described = {"@type": "CreativeWork", "name": name}
    described |= {"version": number} if number else {}
    return crate.add(ContextEntity(crate, address, properties=described))


def _action(
    crate: ROCrate,
    run: Run,
    moment: datetime,
    *,
    workflow: Any,  # noqa: ANN401
    inputs: Iterable[Any],
    outputs: Iterable[Any],
) -> None:
    """Tie inputs, workflow, programs and results of a run together."""
    programs = [_program(crate, name, number) for name, number in versions()]
    workflow["softwareRequirements"] = programs
    described = {
        "@type": "CreateAction",
        "name": f"snakemake --config study={run.study.id}",
        "description": f"Analysis of {run.study.id}, version {run.study.version}: from its files "
        "to measures of regions, effects, verdicts, figures and the report.",
        "endTime": moment.isoformat(),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    action = crate.add(ContextEntity(crate, f"#run-{run.study.id}", properties=described))
    action["instrument"] = workflow
    action["object"] = list(inputs)
    action["result"] = list(outputs)
    crate.root_dataset["mentions"] = action


def _program(crate: ROCrate, name: str, number: str) -> Any:  # noqa: ANN401
    """Describe a program that took part, under the address where it is at home."""
    home = address_of(name)
    described = {"name": name, "version": number} | ({"url": home} if home else {})
    place = f"{home}#{name.lower()}-{number}"
    return crate.add(SoftwareApplication(crate, place, properties=described))
