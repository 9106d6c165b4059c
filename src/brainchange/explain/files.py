"""The files behind a verdict, each with its checksum, and the version of the dataset."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.files import checksum
from brainchange.metrics.given import given_files
from brainchange.project import Project
from brainchange.sources.lock import LockRow, read_lock

Record = dict[str, Any]


def files_of(project: Project, people: Sequence[Record], kind: str) -> list[Record]:
    """List the files the values came from, each with size and checksum.

    Parameters
    ----------
    project : Project
        The configuration, with the study.
    people : sequence of mapping
        Participants with ``participant_id`` and ``change``; those without change have no part.
    kind : {'claim', 'outcome'}
        Images, or the table of participants.

    Returns
    -------
    list of dict
        ``path``, ``participant_id``, ``session_id``, ``size_bytes`` and ``checksum``.
    """
    if project.study.observations is not None:
        return [_hashed(path, project) for path in given_files(project.study, project.root)]
    if not project.lock_path.exists():
        return []
    rows = read_lock(project.lock_path)
    if kind == "outcome":
        table = project.study.participants.table
        return [_locked(row) for row in rows if row.path == table]
    who = {one["participant_id"] for one in people if not is_missing(one["change"])}
    timepoints = project.study.timepoint_of_session
    return [
        _locked(row)
        for row in rows
        if row.participant in who
        and (row.session is None or row.session.removeprefix("ses-") in timepoints)
    ]


def _locked(row: LockRow) -> Record:
    return {
        "path": row.path,
        "participant_id": row.participant,
        "session_id": row.session,
        "size_bytes": row.size_bytes,
        "checksum": row.checksum,
    }


def _hashed(path: Path, project: Project) -> Record:
    inside = path.is_relative_to(project.root)
    return {
        "path": path.relative_to(project.root).as_posix() if inside else path.as_posix(),
        "participant_id": None,
        "session_id": None,
        "size_bytes": path.stat().st_size if path.is_file() else None,
        "checksum": checksum(path, "sha256") if path.is_file() else None,
    }


def sources_of(project: Project) -> Record:
    """Say which version of the dataset and which lock the files are of.

    Parameters
    ----------
    project : Project
        The configuration, with the study.
    """
    lock, root = project.lock_path, project.root
    present = lock.is_file() and project.study.observations is None
    return {
        "repositories": [
            {"url": one.url, "ref": one.ref, "commit": one.commit}
            for one in project.study.repositories
        ],
        "lock": lock.relative_to(root).as_posix() if present else None,
        "lock_checksum": checksum(lock, "sha256") if present else None,
    }


def files_by_kind(files: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, int]]:
    """Count files by the end of their name.

    Parameters
    ----------
    files : sequence of mapping
        ``files`` of a record.

    Returns
    -------
    list of (str, int, int)
        What stands after the last underscore (``bold.nii.gz``), how many, and their bytes.
    """
    ends = [str(file["path"]).rpartition("/")[2].rpartition("_")[2] for file in files]
    counts = Counter(ends)
    sizes: Counter[str] = Counter()
    for end, file in zip(ends, files, strict=True):
        sizes[end] += int(file["size_bytes"] or 0)
    return [(end, count, sizes[end]) for end, count in counts.most_common()]


def is_missing(value: object) -> bool:
    """Whether a cell of a table is missing."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
