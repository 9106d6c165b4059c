"""The raw BIDS images of a study: the runs of each participant, and the T1w image for all of them.

One T1w image serves every session of a participant, so that what anatomy adds to a measurement is
the same before and after therapy; it is that of the first timepoint where there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from brainchange.sources.bids import (
    PARCELLATIONS,
    ByFolder,
    PreparedFiles,
    Run,
    derivative_name,
    events_of,
    excluded_run,
    inherited,
    parcellation_path,
    parse_name,
    run_of,
    sort_key,
)
from brainchange.study.decisions import Decision
from brainchange.study.model import Images

IMAGES = (".nii.gz", ".nii")
Timepoints = Sequence[tuple[str, Sequence[str]]]
"""Session labels (without ``ses-``) of each timepoint, the first first."""
DERIVATIVES = ("derivatives/", "sourcedata/", "code/", "stimuli/")
"""Folders of a BIDS dataset that hold no raw images."""


@dataclass(frozen=True)
class Echo:
    """One of several echoes of a run; paths are in the study folder.

    Attributes
    ----------
    bold : str
        Its image.
    sidecars : tuple of str
        JSON files that hold for it, the most general first.
    """

    bold: str
    sidecars: tuple[str, ...]


@dataclass(frozen=True)
class RawRun:
    """The files of one raw BOLD run; paths are in the study folder.

    Attributes
    ----------
    run : Run
        Which run.
    bold : str
        Its image; of several echoes the first.
    sidecars : tuple of str
        JSON files that hold for it, the most general first.
    events : str or None
        Its table of events.
    echoes : tuple of Echo
        Echoes to combine, in their order; empty where there is one image.
    """

    run: Run
    bold: str
    sidecars: tuple[str, ...]
    events: str | None = None
    echoes: tuple[Echo, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All files its preparation reads."""
        others = (path for echo in self.echoes for path in (echo.bold, *echo.sidecars))
        return tuple(dict.fromkeys((self.bold, *self.sidecars, *others)))


@dataclass(frozen=True)
class RawParticipant:
    """The raw images of one participant.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    runs : tuple of RawRun
        Its BOLD runs, sorted.
    t1w : str or None
        The T1w image that is used for all of them; None where there is none.
    t1w_session : str or None
        The session it is from (``ses-pre``); None in a dataset without sessions.
    t1w_of_timepoint : tuple of (str, str)
        For each timepoint that has a T1w image: the timepoint and the image.
    t1w_of_session : tuple of (str or None, str)
        Session label (without ``ses-``) and path of every T1w image.
    """

    participant: str
    runs: tuple[RawRun, ...]
    t1w: str | None = None
    t1w_session: str | None = None
    t1w_of_timepoint: tuple[tuple[str, str], ...] = ()
    t1w_of_session: tuple[tuple[str | None, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """All files its preparation reads."""
        found = [path for run in self.runs for path in run.paths]
        found += [path for _, path in self.t1w_of_timepoint]
        return tuple(dict.fromkeys([*found, self.t1w] if self.t1w else found))

    def t1w_at(self, timepoints: Timepoints) -> tuple[tuple[str, str], ...]:
        """Choose the T1w image of each timepoint: that of the first of its sessions with one."""
        images = {label or "": path for label, path in reversed(self.t1w_of_session)}
        found = (
            (name, next((images[label] for label in labels if label in images), None))
            for name, labels in timepoints
        )
        return tuple((name, path) for name, path in found if path)


def raw_participants(
    paths: Iterable[str],
    tasks: Collection[str],
    timepoints: Timepoints,
    echoes: Literal["combine"] | int = "combine",
) -> tuple[list[RawParticipant], list[Decision]]:
    """Find the raw runs, and the T1w image of each participant, among the files that exist.

    Parameters
    ----------
    paths : iterable of str
        Paths in the study folder (those of the lock).
    tasks : collection of str
        Task labels to use.
    timepoints : sequence of (str, sequence of str)
        Session labels (without ``ses-``) of each timepoint, the first first.
    echoes : {'combine'} or int
        Whether several echoes are combined, or the number of the one that is used.

    Returns
    -------
    participants : list of RawParticipant
        Those with a run, sorted.
    decisions : list of dict
        One row of ``DECISIONS_TABLE`` for each run that is not used (it lacks an echo), each
        choice among several T1w images, and each session without a T1w image of its own.
    """
    known = sorted(path for path in paths if not path.startswith(DERIVATIVES))
    grouped: dict[str, list[RawRun]] = {}
    decisions: list[Decision] = []
    raws, told = _joined_echoes(_bold_runs(known, tasks), known, echoes)
    decisions += told
    for raw in raws:
        if reason := _unusable(raw.run):
            decisions.append(excluded_run(raw.run, reason))
        else:
            grouped.setdefault(raw.run.participant, []).append(raw)
    anatomies = _anatomies(known)
    participants = []
    for name, runs in sorted(grouped.items()):
        participant, told = _with_t1w(name, tuple(runs), anatomies.get(name, []), timepoints)
        participants.append(participant)
        decisions += told
    return participants, decisions


def prepared_files(raw: RawRun, images: Images) -> PreparedFiles:
    """Name the files that preparation makes of a raw run, as fMRIPrep does.

    Parameters
    ----------
    raw : RawRun
        The run.
    images : Images
        Folder of the derivatives and the atlas.

    Returns
    -------
    PreparedFiles
        Paths in the study folder.
    """
    run, folder = raw.run, f"{images.derivatives}/{raw.run.folder}"

    def named(suffix: str, extension: str, **entities: str) -> str:
        return f"{folder}/{derivative_name(run, suffix=suffix, extension=extension, **entities)}"

    return PreparedFiles(
        run=run,
        bold=named("bold", ".nii.gz", space=images.space, desc="preproc"),
        brain_mask=named("mask", ".nii.gz", space=images.space, desc="brain"),
        parcellation=parcellation_path(run, images),
        confounds=named("timeseries", ".tsv", desc="confounds"),
        sidecar=named("bold", ".json", space=images.space, desc="preproc"),
        events=raw.events,
    )


@dataclass(frozen=True)
class AnatomyPaths:
    """Files that preparation makes of the T1w image of a participant; in the study folder.

    Attributes
    ----------
    t1w, brain_mask : str
        The image without the bias of the coil, and its brain mask.
    from_template : str
        Transform that resamples images of the template into the space of the T1w image.
    parcellation : str
        The atlas on the grid of the T1w image.
    """

    t1w: str
    brain_mask: str
    from_template: str
    parcellation: str


def anatomy_paths(raw: RawParticipant, images: Images) -> AnatomyPaths | None:
    """Name the files that preparation makes of a T1w image, as fMRIPrep does.

    Parameters
    ----------
    raw : RawParticipant
        The participant.
    images : Images
        Folder of the derivatives, template and atlas.

    Returns
    -------
    AnatomyPaths or None
        None for a participant without T1w image.
    """
    if raw.t1w is None:
        return None
    path = PurePosixPath(raw.t1w)
    stem = f"{path.parent}/{path.name.split('_T1w')[0]}"
    here = f"{images.derivatives}/{stem}"
    return AnatomyPaths(
        t1w=f"{here}_desc-preproc_T1w.nii.gz",
        brain_mask=f"{here}_desc-brain_mask.nii.gz",
        from_template=f"{here}_from-{images.template}_to-T1w_mode-image_xfm.h5",
        parcellation=f"{PARCELLATIONS}/{stem}_desc-{images.segmentation}_dseg.nii.gz",
    )


def _bold_runs(paths: Sequence[str], tasks: Collection[str]) -> list[tuple[Run, str]]:
    """BOLD images of the tasks; a compressed image wins over its uncompressed copy."""
    found: dict[Run, str] = {}
    for path in paths:
        name = parse_name(PurePosixPath(path).name)
        if name is None or name.suffix != "bold" or name.extension not in IMAGES:
            continue
        if "sub" not in name.entities or name.entities.get("task") not in tasks:
            continue
        run = run_of(name)
        if str(PurePosixPath(path).parent) == run.folder:
            found[run] = min(found.get(run, path), path, key=lambda p: not p.endswith(".gz"))
    return sorted(found.items(), key=lambda item: sort_key(item[0]))


def _joined_echoes(
    found: Sequence[tuple[Run, str]], paths: Sequence[str], echoes: Literal["combine"] | int
) -> tuple[list[RawRun], list[Decision]]:
    """Make one run of its echoes: all of them to combine, or the one that is chosen."""
    folders = ByFolder.of(paths)
    single = [_raw_run(run, run, bold, folders) for run, bold in found if not _echo(run)]
    several: dict[Run, dict[int, tuple[Run, str]]] = {}
    for run, bold in found:
        if number := _echo(run):
            several.setdefault(_without_echo(run), {})[number] = (run, bold)
    decisions: list[Decision] = []
    for run, by_number in several.items():
        if reason := _lacking_echo(by_number, echoes):
            decisions.append(excluded_run(run, reason, "images.echoes"))
            continue
        chosen = sorted(by_number) if echoes == "combine" else [echoes]
        raws = [_raw_run(run, *by_number[number], folders) for number in chosen]
        parts = tuple(Echo(raw.bold, raw.sidecars) for raw in raws)
        single.append(replace(raws[0], echoes=parts if len(parts) > 1 else ()))
    return sorted(single, key=lambda raw: sort_key(raw.run)), decisions


def _raw_run(run: Run, named: Run, bold: str, folders: ByFolder) -> RawRun:
    """Gather what holds for an image; ``named`` has the entities of its own name."""
    paths = folders.about(run)
    sidecars = inherited(named, paths, suffix="bold", extension=".json")
    return RawRun(run, bold, sidecars, events_of(run, paths))


def _echo(run: Run) -> int | None:
    label = dict(run.entities).get("echo", "")
    return int(label) if label.isdigit() and int(label) else None


def _without_echo(run: Run) -> Run:
    return replace(run, entities=tuple(pair for pair in run.entities if pair[0] != "echo"))


def _lacking_echo(found: Mapping[int, object], echoes: Literal["combine"] | int) -> str:
    """Say which echo is missing; empty where all that are needed are there."""
    needed = range(1, max(found) + 1) if echoes == "combine" else [echoes]
    lacking = [str(number) for number in needed if number not in found]
    return f"echo {', '.join(lacking)} of the run is missing" if lacking else ""


def _unusable(run: Run) -> str:
    entities = dict(run.entities)
    if entities.get("part", "mag") != "mag":
        return "it holds no magnitudes"
    return ""


def _anatomies(paths: Sequence[str]) -> dict[str, list[tuple[str | None, str]]]:
    """Session label and path of every T1w image of each participant, sorted by path."""
    found: dict[str, list[tuple[str | None, str]]] = {}
    for path in paths:
        name = parse_name(PurePosixPath(path).name)
        if name and name.suffix == "T1w" and name.extension in IMAGES and "sub" in name.entities:
            participant = f"sub-{name.entities['sub']}"
            found.setdefault(participant, []).append((name.entities.get("ses"), path))
    return found


def _with_t1w(
    name: str,
    runs: tuple[RawRun, ...],
    anatomies: Sequence[tuple[str | None, str]],
    timepoints: Timepoints,
) -> tuple[RawParticipant, list[Decision]]:
    if not anatomies:
        return RawParticipant(name, runs), []
    every = RawParticipant(name, runs, t1w_of_session=tuple(anatomies))
    of_timepoint = every.t1w_at(timepoints)
    used = next((path for _, path in of_timepoint), anatomies[0][1])
    session = next(label for label, path in anatomies if path == used)
    decisions = [*_several(name, used, anatomies, session), *_borrowed(name, runs, session)]
    chosen = replace(
        every, t1w=used, t1w_session=f"ses-{session}" if session else None,
        t1w_of_timepoint=of_timepoint,
    )  # fmt: skip
    return chosen, decisions


def _several(
    name: str, used: str, anatomies: Sequence[tuple[str | None, str]], session: str | None
) -> list[Decision]:
    others = [path for label, path in anatomies if label == session and path != used]
    if not others:
        return []
    reason = f"of several T1w images of the session {used} is used, not {', '.join(others)}"
    return [_about_session(name, session, "caution", reason)]


def _borrowed(name: str, runs: Sequence[RawRun], session: str | None) -> list[Decision]:
    """Say which sessions use the T1w image of another one."""
    own = f"ses-{session}" if session else None
    sessions = dict.fromkeys(raw.run.session for raw in runs if raw.run.session != own)
    reason = f"prepared with the T1w image of {own or 'no session'}, as every session is"
    return [
        _about_session(name, (other or "").removeprefix("ses-") or None, "caution", reason)
        for other in sessions
    ]


def _about_session(participant: str, label: str | None, action: str, reason: str) -> Decision:
    return {
        "scope": "session",
        "participant_id": participant,
        "session_id": f"ses-{label}" if label else None,
        "action": action,
        "reason": reason,
        "config_key": "images",
    }
