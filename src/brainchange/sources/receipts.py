"""Fetching unit by unit: the files of one participant, or those of the study, and their receipt.

The workflow does not declare fetched files as its outputs, because it would delete them before it
fetches again. What it declares is a receipt: the rows of the lock that were verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from brainchange.errors import FetchError
from brainchange.files import human_bytes, inside
from brainchange.sources.fetch import Callback, fetch, missing, verify
from brainchange.sources.lock import LockRow
from brainchange.study.settings import Sources

STUDY_FILES = "study"
"""Name under which the files that belong to no participant are fetched."""


def unit_of(row: LockRow) -> str:
    """Say with what a file is fetched: its participant, or :data:`STUDY_FILES`."""
    return row.participant or STUDY_FILES


def receipt_path(folder: Path, unit: str) -> Path:
    """Where it is written down that the files of a unit are there and verified."""
    return folder / ".receipts" / f"{unit}.tsv"


def fetch_unit(
    unit: str,
    rows: Iterable[LockRow],
    folder: Path,
    *,
    root: Path,
    sources: Sources,
    progress: Callback | None = None,
) -> tuple[LockRow, ...]:
    """Fetch the files of one unit; those that are there already are verified first.

    Parameters
    ----------
    unit : str
        A participant (``sub-01``) or :data:`STUDY_FILES`.
    rows : iterable of LockRow
        The whole lock.
    folder, root, sources, progress
        See :func:`brainchange.sources.fetch.fetch`.

    Returns
    -------
    tuple of LockRow
        The files, all of them verified.

    Raises
    ------
    FetchError
        A file is still missing. For the files of the study, which come first, the message says
        what is missing of the whole study, so that a person without network is told once.
    """
    lock = tuple(rows)
    wanted = tuple(row for row in lock if unit_of(row) == unit)
    _drop_wrong(wanted, folder)
    result = fetch(wanted, folder, root=root, sources=sources, progress=progress)
    try:
        result.raise_for_missing(folder)
    except FetchError as error:
        if unit == STUDY_FILES:
            raise _about_all(error, lock, folder) from None
        raise
    return wanted


def _drop_wrong(rows: Sequence[LockRow], folder: Path) -> None:
    """Delete files that came by another way, or by an older lock, and are not those it names."""
    absent = set(missing(rows, folder))
    for wrong in verify([row for row in rows if row not in absent], folder):
        inside(folder, wrong.row.path).unlink()


def _about_all(error: FetchError, lock: Sequence[LockRow], folder: Path) -> FetchError:
    absent = missing(lock, folder)
    size = human_bytes(sum(row.size_bytes for row in absent))
    first, *others = error.problems
    what = (
        f"{len(absent)} of {len(lock)} files of the study ({size}) are missing, and the first of "
        "them could not be fetched"
    )
    return FetchError.from_problems([replace(first, what=what), *others])
