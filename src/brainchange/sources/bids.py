"""BIDS names ↔ entities, and the table of prepared runs that exist.

The data model is the list of files that exist, not a product of participants, sessions and runs:
a participant without a second session is no error, and a run that lacks a file becomes a decision.
Written by hand rather than with pybids, which needs the files on disk, while here the list comes
from the lock before anything is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from brainchange.errors import BrainchangeError, did_you_mean
from brainchange.study.decisions import Decision
from brainchange.study.model import Images

Role = Literal["bold", "brain_mask", "parcellation", "confounds", "sidecar"]

ENTITIES = (
    "sub", "ses", "sample", "task", "tracksys", "acq", "nuc", "voi", "ce", "trc", "stain", "rec",
    "dir", "run", "mod", "echo", "flip", "inv", "mt", "part", "proc", "hemi", "space", "split",
    "recording", "chunk", "atlas", "seg", "scale", "res", "den", "label", "desc",
)  # fmt: skip
"""Entities in the order BIDS 1.10 gives them in a file name."""

PARCELLATIONS = "derivatives/brainchange-regions"
"""Folder in the study folder where atlases are brought to the grid of each run."""

MADE_BY_PREPARATION = frozenset(
    {"hemi", "space", "cohort", "atlas", "seg", "scale", "res", "den", "label", "desc"}
)
"""Entities that tell apart what was made from one run; the others name the run."""

_ENTITY = re.compile(r"([a-z]+)-([A-Za-z0-9+]+)")
_SUFFIX = re.compile(r"([A-Za-z0-9]+)((?:\.[A-Za-z0-9]+)+)")
_LABEL = re.compile(r"[A-Za-z0-9+]+")
_WHAT = {
    "bold": "prepared BOLD image",
    "brain_mask": "brain mask",
    "parcellation": "parcellation",
    "confounds": "confounds table",
    "sidecar": "sidecar of the prepared BOLD image",
}


@dataclass(frozen=True)
class BidsName:
    """The parts of a BIDS file name.

    Attributes
    ----------
    entities : dict of str to str
        Entities in the order of the name (``{"sub": "01", "ses": "pre", "task": "rest"}``).
    suffix : str
        ``bold``, ``timeseries``, …
    extension : str
        With the dot: ``.nii.gz``.
    """

    entities: Mapping[str, str]
    suffix: str
    extension: str


@dataclass(frozen=True, order=True)
class Run:
    """One BOLD run.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    session : str or None
        ``ses-pre``; None where the dataset has no sessions.
    task : str
        ``rest``.
    entities : tuple of (str, str)
        What else tells runs apart (acq, dir, run, …), in the order of the name.
    """

    participant: str
    session: str | None
    task: str
    entities: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """The common part of the names of its files: ``sub-01_ses-pre_task-rest_run-1``."""
        return "_".join(f"{name}-{label}" for name, label in self.named)

    @property
    def folder(self) -> str:
        """The folder BIDS puts its files in: ``sub-01/ses-pre/func``."""
        return "/".join(part for part in (self.participant, self.session, "func") if part)

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """All its entities, in the order of the name."""
        named = {"sub": self.participant.removeprefix("sub-"), "task": self.task}
        if self.session:
            named["ses"] = self.session.removeprefix("ses-")
        return tuple(_ordered({**named, **dict(self.entities)}).items())


@dataclass(frozen=True)
class PreparedFiles:
    """The files of one prepared run; paths are in the study folder.

    Attributes
    ----------
    run : Run
        Which run.
    bold, brain_mask, parcellation : str
        Images on one grid.
    confounds : str
        Table of confounds.
    sidecar : str
        JSON sidecar of the BOLD image.
    events : str, optional
        Table of the events of a task; None where there is none.
    """

    run: Run
    bold: str
    brain_mask: str
    parcellation: str
    confounds: str
    sidecar: str
    events: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All its files."""
        own = (self.bold, self.brain_mask, self.parcellation, self.confounds, self.sidecar)
        return (*own, self.events) if self.events else own

    @property
    def space(self) -> str:
        """The ``space-`` label of its BOLD image; empty where the name has none."""
        name = parse_name(PurePosixPath(self.bold).name)
        return name.entities.get("space", "") if name else ""


def parse_name(name: str) -> BidsName | None:
    """Take a BIDS file name apart.

    Parameters
    ----------
    name : str
        File name without folders.

    Returns
    -------
    BidsName or None
        None if the name does not follow BIDS (an entity twice, no suffix, …).
    """
    *pairs, last = name.split("_")
    matched = [_ENTITY.fullmatch(pair) for pair in pairs]
    suffix = _SUFFIX.fullmatch(last)
    if suffix is None or not matched:
        return None
    entities = {found[1]: found[2] for found in matched if found}
    if len(entities) < len(pairs):
        return None
    return BidsName(entities, suffix[1], suffix[2])


def prepared_runs(
    paths: Iterable[str], images: Images, tasks: Collection[str]
) -> tuple[list[PreparedFiles], list[Decision]]:
    """Find the prepared runs among the files that exist.

    Parameters
    ----------
    paths : iterable of str
        Paths in the study folder (those of the lock).
    images : Images
        Folder of the derivatives, space and parcellation to use.
    tasks : collection of str
        Task labels to use.

    Returns
    -------
    runs : list of PreparedFiles
        Runs with all their files, sorted by participant, session, task and name.
    decisions : list of dict
        One row (columns of ``brainchange.study.decisions.DECISIONS_TABLE``) for each run that
        lacks a file or has two of a kind, and each file that lies in another participant's folder.
    """
    known = sorted(paths)
    found: dict[Run, dict[Role, list[str]]] = {}
    decisions: list[Decision] = []
    for path in _under(known, images.derivatives):
        name = parse_name(PurePosixPath(path).name)
        role = _role(name, images) if name else None
        if name is None or role is None or name.entities.get("task") not in tasks:
            continue
        run = run_of(name)
        if _lies_elsewhere(path, run):
            decisions.append(excluded_run(run, f"{path} lies in the folder of another participant"))
        else:
            found.setdefault(run, {}).setdefault(role, []).append(path)
    complete: list[PreparedFiles] = []
    folders = ByFolder.of(known)
    for run in sorted(found, key=sort_key):
        if images.atlas:
            found[run]["parcellation"] = [parcellation_path(run, images)]
        files, reason = _one_of_each(found[run], images)
        if reason:
            decisions.append(excluded_run(run, reason))
        else:
            events = events_of(run, folders.about(run))
            complete.append(PreparedFiles(run=run, **files, events=events))
    return complete, decisions


def parcellation_path(run: Run, images: Images) -> str:
    """Name the file that holds an atlas on the grid of a run, in the study folder."""
    named = {"space": images.space, "desc": images.segmentation}
    if images.resolution:
        named["res"] = images.resolution
    name = derivative_name(run, suffix="dseg", extension=".nii.gz", **named)
    return f"{PARCELLATIONS}/{run.folder}/{name}"


@dataclass(frozen=True)
class ByFolder:
    """Paths by the folder they are in: of a large dataset few concern a run.

    Attributes
    ----------
    folders : dict of str to list of str
        Folder (empty for the top) → paths in it, sorted.
    """

    folders: Mapping[str, list[str]]

    @classmethod
    def of(cls, paths: Iterable[str]) -> ByFolder:
        """Sort paths into their folders."""
        folders: dict[str, list[str]] = {}
        for path in sorted(paths):
            folders.setdefault(path.rpartition("/")[0], []).append(path)
        return cls(folders)

    def about(self, run: Run) -> list[str]:
        """Paths in the folder of a run and in those above it."""
        parts = run.folder.split("/")
        above = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
        return [path for folder in above for path in self.folders.get(folder, ())]


def inherited(run: Run, paths: Iterable[str], *, suffix: str, extension: str) -> tuple[str, ...]:
    """Find the files that hold for a run by the inheritance principle of BIDS.

    Parameters
    ----------
    run : Run
        The run.
    paths : iterable of str
        Paths in the study folder.
    suffix, extension : str
        ``bold`` and ``.json``, ``events`` and ``.tsv``.

    Returns
    -------
    tuple of str
        Those of the raw dataset in a folder above or beside the run whose entities the run has,
        the most general first; what a later one says replaces what an earlier one says.
    """
    ending = f"{suffix}{extension}"
    own, folder = dict(run.named), PurePosixPath(run.folder)
    holding: list[tuple[int, int, str]] = []
    for path in paths:
        if not path.endswith(ending):
            continue
        place = PurePosixPath(path)
        entities = _entities_of(place.name, ending)
        beside = place.parent == folder or place.parent in folder.parents
        if beside and entities is not None and entities.items() <= own.items():
            holding.append((len(place.parts), len(entities), path))
    return tuple(path for _, _, path in sorted(holding))


def events_of(run: Run, paths: Iterable[str]) -> str | None:
    """Find the table of events of a run: the most specific one that holds for it."""
    found = inherited(run, paths, suffix="events", extension=".tsv")
    return found[-1] if found else None


def _entities_of(name: str, ending: str) -> Mapping[str, str] | None:
    """Entities of a file name; a file at the top of a dataset may have none."""
    if name == ending:
        return {}
    parsed = parse_name(name)
    return parsed.entities if parsed and parsed.suffix + parsed.extension == ending else None


def run_of(name: BidsName) -> Run:
    """Say which run a file belongs to; its name must have the entities ``sub`` and ``task``."""
    named = {"sub", "ses", "task"} | MADE_BY_PREPARATION
    session = name.entities.get("ses")
    return Run(
        participant=f"sub-{name.entities['sub']}",
        session=f"ses-{session}" if session else None,
        task=name.entities["task"],
        entities=tuple((k, v) for k, v in _ordered(name.entities).items() if k not in named),
    )


def derivative_name(run: Run, /, *, suffix: str, extension: str, **entities: str) -> str:
    """Name a file that is derived from a run, as BIDS does.

    Parameters
    ----------
    run : Run
        The run it is derived from.
    suffix : str
        ``timeseries``, ``relmat``, …
    extension : str
        With the dot: ``.tsv``.
    **entities : str
        What is added: ``seg="aparcaseg", desc="denoised"``.

    Returns
    -------
    str
        ``sub-01_ses-pre_task-rest_seg-aparcaseg_desc-denoised_timeseries.tsv``.

    Raises
    ------
    BrainchangeError
        An entity is unknown to BIDS or belongs to the run already, or a label is not made of
        letters and digits.
    """
    taken = dict(run.named)
    for name, label in entities.items():
        if name not in ENTITIES:
            raise BrainchangeError(
                f"'{name}' is no BIDS entity", where=run.key, fix=did_you_mean(name, ENTITIES)
            )
        if name in taken:
            raise BrainchangeError(f"the run already has '{name}-{taken[name]}'", where=run.key)
        if not _LABEL.fullmatch(label):
            raise BrainchangeError(
                f"label {label!r} of '{name}' is not BIDS",
                where=run.key,
                fix="use letters and digits only",
            )
    pairs = [f"{name}-{label}" for name, label in _ordered({**taken, **entities}).items()]
    return "_".join([*pairs, suffix + extension])


def _ordered(entities: Mapping[str, str]) -> dict[str, str]:
    """Entities in the order of BIDS; those it does not know come before space and desc."""
    known = {name: position for position, name in enumerate(ENTITIES)}
    unknown = known["space"] - 0.5
    return dict(sorted(entities.items(), key=lambda item: known.get(item[0], unknown)))


def _under(paths: Iterable[str], folder: str) -> list[str]:
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    return [path for path in paths if path.startswith(prefix)]


def _role(name: BidsName, images: Images) -> Role | None:
    """Say which of the files of a prepared run this is, by fMRIPrep's names (1.2 and newer)."""
    if "sub" not in name.entities or "task" not in name.entities:
        return None
    described = (name.entities.get("desc"), name.suffix)
    if described in (("confounds", "timeseries"), ("confounds", "regressors")):
        return "confounds" if name.extension == ".tsv" else None
    if (name.entities.get("space"), name.entities.get("res")) != (images.space, images.resolution):
        return None
    if described == ("preproc", "bold") and name.extension == ".json":
        return "sidecar"
    if name.extension not in (".nii.gz", ".nii"):
        return None
    roles: dict[tuple[str | None, str], Role] = {
        ("preproc", "bold"): "bold",
        ("brain", "mask"): "brain_mask",
        (images.segmentation, "dseg"): "parcellation",
    }
    return roles.get(described)


def _lies_elsewhere(path: str, run: Run) -> bool:
    folders = PurePosixPath(path).parent.parts
    participants = {part for part in folders if part.startswith("sub-")}
    sessions = {part for part in folders if part.startswith("ses-")}
    return not (participants <= {run.participant} and sessions <= {run.session})


def _one_of_each(files: Mapping[Role, list[str]], images: Images) -> tuple[dict[Role, str], str]:
    """One path of each kind, or the reason why that cannot be."""
    several = [
        f"{len(found)} files could be its {_WHAT[role]}: {', '.join(found)}"
        for role, found in files.items()
        if len(found) > 1
    ]
    lacking = [
        f"it has no {what} in space {images.space}" if role != "confounds" else f"it has no {what}"
        for role, what in _WHAT.items()
        if role not in files
    ]
    return {role: found[0] for role, found in files.items()}, "; ".join(lacking + several)


def sort_key(run: Run) -> tuple[str, str, str, str]:
    """Order runs by participant, session, task and name."""
    return (run.participant, run.session or "", run.task, run.key)


def excluded_run(run: Run, reason: str, config_key: str = "images") -> Decision:
    """Make the decision that a run is not used, as a row of ``DECISIONS_TABLE``."""
    return {
        "scope": "run",
        "participant_id": run.participant,
        "session_id": run.session,
        "run": run.key,
        "action": "excluded",
        "reason": reason,
        "config_key": config_key,
    }
