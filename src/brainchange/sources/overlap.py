"""Participants that two studies share, from what their locks say: no image is opened.

Open datasets are published again under another number, with other labels. Images of the same bytes
are the same scan of the same person; a long identifier that occurs twice is most likely the same
person. Studies that share participants must not be taken together as if they were independent.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from brainchange.errors import Problem, TableError
from brainchange.sources.lock import participant_of, read_lock
from brainchange.tables import Column, TableSchema

Evidence = Literal["bytes", "voxels", "identifier"]
VOXELS = "voxels:"
"""Begins the digest of the voxels of an image, in place of the checksum of its bytes."""
FEWEST_SIGNS = 5
"""Length of an identifier, without leading zeros, from which it is no running number."""
MOST_PROBLEMS = 20

_IMAGE = re.compile(r"_(?:bold|T1w|T2w|FLAIR|dwi|sbref)\.nii(?:\.gz)?$")
_CHECKSUM = re.compile(r"[a-z0-9-]+:[0-9a-f]{32,128}")

IMAGES_TABLE = TableSchema(
    "images",
    "One image as it came from the scanner, of a study whose lock may name only what was made from "
    "it: tells the same scans in two studies.",
    (
        Column("path", "string", "Path in the dataset", required=True),
        Column("checksum", "string", "Checksum of its bytes", required=True),
    ),
    key=("path",),
)

OVERLAPS_TABLE = TableSchema(
    "overlaps",
    "One participant of one study who is also in another.",
    (
        Column("study", "string", "Study", required=True),
        Column("participant_id", "string", "Participant in it", required=True),
        Column("other_study", "string", "The other study", required=True),
        Column("other_participant_id", "string", "The same participant there", required=True),
        Column(
            "evidence",
            "string",
            "bytes: images of the same checksum; voxels: fetched images whose bytes differ and "
            "whose voxels do not; identifier: the same label, too long for a running number",
            required=True,
            levels=("bytes", "voxels", "identifier"),
        ),
        Column("n_images", "integer", "Images of the same bytes, or voxels", required=True),
    ),
    key=("study", "participant_id", "other_study", "other_participant_id"),
)


@dataclass(frozen=True)
class Image:
    """An image of one participant.

    Attributes
    ----------
    participant : str
        Label (``sub-01``).
    checksum : str
        Kind and digest (``md5:…``); ``voxels:…`` of its voxels.
    """

    participant: str
    checksum: str


@dataclass(frozen=True)
class Shared:
    """One participant in two studies.

    Attributes
    ----------
    study, participant : str
        Study and label.
    other_study, other_participant : str
        The other study and label.
    evidence : {'bytes', 'voxels', 'identifier'}
        Why they are the same.
    n_images : int
        Images of the same bytes, or voxels.
    """

    study: str
    participant: str
    other_study: str
    other_participant: str
    evidence: Evidence
    n_images: int


def is_scanner_image(path: str) -> bool:
    """Tell whether a path is that of a participant's BOLD, anatomical or diffusion image.

    Masks and label images are none: they can be the same in two people.
    """
    return bool(_IMAGE.search(path) and participant_of(path))


def images_of(files: Iterable[tuple[str, str]]) -> tuple[Image, ...]:
    """Keep the images of participants.

    Parameters
    ----------
    files : iterable of (str, str)
        Path and checksum of files of a study.

    Returns
    -------
    tuple of Image
        Those that :func:`is_scanner_image` keeps.
    """
    return tuple(
        Image(participant_of(path) or "", checksum)
        for path, checksum in files
        if is_scanner_image(path)
    )


def study_images(locks: Path, study: str) -> tuple[Image, ...]:
    """Read the images of a study from its lock and from its table of scanner images.

    Parameters
    ----------
    locks : Path
        ``data/locks``.
    study : str
        Name of the study.

    Returns
    -------
    tuple of Image
        Empty where it has neither ``<study>.tsv`` nor ``<study>.images.tsv``.

    Raises
    ------
    LockError, TableError
        One of them is not to be trusted.
    """
    files: dict[str, str] = {}
    if (lock := locks / f"{study}.tsv").exists():
        files |= {row.path: row.checksum for row in read_lock(lock)}
    if (table := images_path(locks, study)).exists():
        files |= _read_images(table)
    return images_of(files.items())


def images_path(locks: Path, study: str) -> Path:
    """Give the place of the table of scanner images of a study."""
    return locks / f"{study}.images.tsv"


def write_images(images: Mapping[str, str], path: Path) -> None:
    """Write the table of scanner images.

    Parameters
    ----------
    images : mapping of str to str
        Path → checksum.
    path : Path
        Where to (:func:`images_path`).
    """
    rows = ({"path": name, "checksum": checksum} for name, checksum in images.items())
    IMAGES_TABLE.write(IMAGES_TABLE.frame(rows), path)


def shared_participants(studies: Mapping[str, Sequence[Image]]) -> tuple[Shared, ...]:
    """Find participants who are in two studies.

    Parameters
    ----------
    studies : mapping of str to sequence of Image
        Images of each study.

    Returns
    -------
    tuple of Shared
        Every pair once, studies and labels sorted. A label that occurs in both studies is evidence
        if it is too long for a running number; leading zeros do not count (``sub-020131`` is
        ``sub-20131``).
    """
    found = [
        one
        for first, second in combinations(sorted(studies), 2)
        for one in _between(first, studies[first], second, studies[second])
    ]
    return tuple(sorted(found, key=lambda one: (one.study, one.other_study, one.participant)))


def shared_with(study: str, studies: Mapping[str, Sequence[Image]]) -> dict[str, tuple[str, ...]]:
    """Find participants of one study who are also in others.

    Parameters
    ----------
    study : str
        The study.
    studies : mapping of str to sequence of Image
        Images of it and of the others.

    Returns
    -------
    dict of str to tuple of str
        Other study → labels in this one, sorted; only studies that share anybody.
    """
    found: dict[str, set[str]] = {}
    for one in shared_participants(studies):
        if one.study == study:
            found.setdefault(one.other_study, set()).add(one.participant)
        elif one.other_study == study:
            found.setdefault(one.study, set()).add(one.other_participant)
    return {name: tuple(sorted(names)) for name, names in sorted(found.items())}


def count_people(studies: Mapping[str, Collection[str]], shared: Iterable[Shared]) -> int:
    """Count people who are in any of some studies, each once.

    Parameters
    ----------
    studies : mapping of str to collection of str
        Participants of each study.
    shared : iterable of Shared
        Who is the same (:func:`shared_participants`).
    """
    same = {(name, who): (name, who) for name, people in studies.items() for who in people}

    def first(one: tuple[str, str]) -> tuple[str, str]:
        while same[one] != one:
            one = same[one]
        return one

    for pair in shared:
        ends = (pair.study, pair.participant), (pair.other_study, pair.other_participant)
        if ends[0] in same and ends[1] in same:
            same[first(ends[1])] = first(ends[0])
    return sum(name == own for name, own in same.items())


def shared_notes(shared: Sequence[Shared], what_counts: str) -> list[str]:
    """Say of each two studies how many participants they share.

    Parameters
    ----------
    shared : sequence of Shared
        Who is the same (:func:`shared_participants`).
    what_counts : str
        What follows from it, for the end of each sentence.
    """
    counted = Counter((one.study, one.other_study) for one in shared)
    return [
        f"{first} and {second} share {count} participants: {what_counts}"
        for (first, second), count in counted.items()
    ]


def cannot_compare(studies: Mapping[str, Sequence[Image]]) -> tuple[tuple[str, str], ...]:
    """Find pairs of studies whose images cannot be compared by their bytes.

    Parameters
    ----------
    studies : mapping of str to sequence of Image
        Images of each study.

    Returns
    -------
    tuple of (str, str)
        Pairs in which one has no image, or their checksums are of different kinds.
    """
    kinds = {
        name: {image.checksum.partition(":")[0] for image in images}
        for name, images in studies.items()
    }
    pairs = combinations(sorted(studies), 2)
    return tuple((one, other) for one, other in pairs if not kinds[one] & kinds[other])


def _between(
    first: str, images: Sequence[Image], second: str, others: Sequence[Image]
) -> Iterator[Shared]:
    same = _same_images(_of_bytes(images), _of_bytes(others))
    for (one, other), count in sorted(same.items()):
        yield Shared(first, one, second, other, "bytes", count)
    alike = _same_images(_of_voxels(images), _of_voxels(others))
    for (one, other), count in sorted(alike.items()):
        if (one, other) not in same:
            yield Shared(first, one, second, other, "voxels", count)
    known_pairs = {*same, *alike}
    told = {one for one, _ in known_pairs}, {other for _, other in known_pairs}
    known = {_bare(image.participant): image.participant for image in others}
    for name in sorted({image.participant for image in images}):
        other_name = known.get(_bare(name))
        if other_name is None or len(_bare(name)) < FEWEST_SIGNS:
            continue
        if name not in told[0] and other_name not in told[1]:
            yield Shared(first, name, second, other_name, "identifier", 0)


def _of_voxels(images: Iterable[Image]) -> list[Image]:
    return [image for image in images if image.checksum.startswith(VOXELS)]


def _of_bytes(images: Iterable[Image]) -> list[Image]:
    return [image for image in images if not image.checksum.startswith(VOXELS)]


def _same_images(images: Sequence[Image], others: Sequence[Image]) -> dict[tuple[str, str], int]:
    """Count images of the same checksum by pair of participants."""
    owners: dict[str, set[str]] = defaultdict(set)
    for image in others:
        owners[image.checksum].add(image.participant)
    count: dict[tuple[str, str], int] = defaultdict(int)
    for image in set(images):
        for other in owners.get(image.checksum, ()):
            count[image.participant, other] += 1
    return count


def _bare(participant: str) -> str:
    return participant.removeprefix("sub-").lstrip("0")


def _read_images(path: Path) -> dict[str, str]:
    table = IMAGES_TABLE.read(path)
    files = dict(zip(table["path"], table["checksum"], strict=True))
    problems = [
        Problem(f"checksum {checksum!r} of {name} is of no known kind", str(path))
        for name, checksum in files.items()
        if not _CHECKSUM.fullmatch(checksum)
    ]
    if problems:
        raise TableError.from_problems(problems[:MOST_PROBLEMS])
    return files
