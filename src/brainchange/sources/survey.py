"""What images a dataset holds: participants, sessions, tasks, anatomy; from its names alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from brainchange.sources.bids import BidsName, parse_name
from brainchange.sources.dataset import Dataset
from brainchange.sources.raw import DERIVATIVES, IMAGES

_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Task:
    """A task (or rest) that was scanned.

    Attributes
    ----------
    label : str
        Without ``task-``.
    sessions : mapping of str to frozenset of str
        Session label → participants with a run of it.
    echoes : tuple of str
        Labels of echoes, where runs have several.
    repetition_times : mapping of float to int
        Repetition time (s) → sidecars that say it.
    conditions : mapping of str to int
        Condition (``trial_type``) → tables of events with it, of those that are here.
    has_events : bool
        Whether runs have tables of events.
    """

    label: str
    sessions: Mapping[str, frozenset[str]]
    echoes: tuple[str, ...] = ()
    repetition_times: Mapping[float, int] = frozenset()  # type: ignore[assignment]
    conditions: Mapping[str, int] = frozenset()  # type: ignore[assignment]
    has_events: bool = False


@dataclass(frozen=True)
class Survey:
    """The images of a dataset.

    Attributes
    ----------
    dataset : Dataset
        The dataset.
    images : tuple of (str, BidsName)
        Path and name of every raw image of a participant.
    """

    dataset: Dataset
    images: tuple[tuple[str, BidsName], ...]

    @cached_property
    def participants(self) -> frozenset[str]:
        """Labels (``sub-01``) of those with a folder."""
        folders = (path.split("/", 1)[0] for path in self.dataset.sizes if "/" in path)
        return frozenset(folder for folder in folders if folder.startswith("sub-"))

    @cached_property
    def sessions(self) -> Mapping[str, frozenset[str]]:
        """Session label (without ``ses-``) → participants with an image of it, in order."""
        return _by_session(name for _, name in self.images)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks, rest first."""
        labels = {name.entities["task"] for _, name in self.images if "task" in name.entities}
        ordered = sorted(labels, key=lambda label: (not label.startswith("rest"), natural(label)))
        return tuple(self._task(label) for label in ordered)

    @cached_property
    def anatomy(self) -> Mapping[str, frozenset[str]]:
        """Session label → participants with a T1w image."""
        return _by_session(name for _, name in self.images if name.suffix == "T1w")

    @cached_property
    def diffusion(self) -> Mapping[str, frozenset[str]]:
        """Session label → participants with a diffusion image."""
        return _by_session(name for _, name in self.images if name.suffix == "dwi")

    @property
    def size_bytes(self) -> int:
        """Size of all raw images in bytes."""
        return sum(self.dataset.sizes[path] for path, _ in self.images)

    def _task(self, label: str) -> Task:
        bold = [
            name
            for _, name in self.images
            if name.suffix == "bold" and name.entities.get("task") == label
        ]
        told = f"task-{label}_"
        paths = [path for path in self.dataset.sizes if told in path]
        sidecars = [path for path in paths if path.endswith("_bold.json")]
        events = [path for path in paths if path.endswith("_events.tsv")]
        times = (self.dataset.json(path).get("RepetitionTime") for path in sidecars)
        return Task(
            label,
            _by_session(bold),
            tuple(sorted({n.entities["echo"] for n in bold if "echo" in n.entities}, key=natural)),
            Counter(float(t) for t in times if isinstance(t, int | float)),
            Counter(one for path in events for one in sorted(self._conditions(path))),
            bool(events),
        )

    def _conditions(self, path: str) -> set[str]:
        table = self.dataset.table(path)
        rows = table.rows if table else ()
        return {row["trial_type"] for row in rows if "trial_type" in row} - {"n/a"}


def survey(dataset: Dataset) -> Survey:
    """Find the raw images of a dataset among its files."""
    images = []
    for path in dataset.sizes:
        if path.startswith(DERIVATIVES) or not path.endswith(IMAGES):
            continue
        name = parse_name(PurePosixPath(path).name)
        if name and "sub" in name.entities:
            images.append((path, name))
    return Survey(dataset, tuple(images))


def natural(label: str) -> tuple[tuple[int, str], ...]:
    """Key that sorts numbers in labels by value: d2 before d10."""
    return tuple((int(p), "") if p.isdigit() else (0, p) for p in _NUMBER.split(label) if p)


def _by_session(names: Iterable[BidsName]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        label = name.entities.get("ses", "")
        found.setdefault(label, set()).add(f"sub-{name.entities['sub']}")
    return {label: frozenset(found[label]) for label in sorted(found, key=natural)}
