"""What a lock that is made anew changes: a newer snapshot may drop people or exchange files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brainchange.sources.lock import LockRow

MOST_NAMED = 10


def lock_changes(before: Sequence[LockRow], after: Sequence[LockRow]) -> tuple[str, ...]:
    """Say in lines what differs between two locks of a study.

    Parameters
    ----------
    before, after : sequence of LockRow
        The lock there was, and the one that takes its place.

    Returns
    -------
    tuple of str
        Participants that are gone or new, files with other content under the same path, and files
        that are gone or new of participants in both; empty where nothing differs. Results made with
        the lock before are made again where a file of theirs is told here.
    """
    old = {row.path: row for row in before}
    new = {row.path: row for row in after}
    gone, come = _people(before) - _people(after), _people(after) - _people(before)
    other = [path for path in old.keys() & new.keys() if old[path].checksum != new[path].checksum]
    lost = [path for path in old.keys() - new.keys() if old[path].participant not in gone]
    added = [path for path in new.keys() - old.keys() if new[path].participant not in come]
    told = (
        ("participant", "is", "are", "no longer in the dataset", gone),
        ("participant", "is", "are", "new", come),
        ("file", "has", "have", "other content under the same path", other),
        ("file", "is", "are", "no longer there", lost),
        ("file", "is", "are", "new", added),
    )
    return tuple(
        f"1 {what} {one} {rest}: {_named(names)}"
        if len(names) == 1
        else f"{len(names)} {what}s {several} {rest}: {_named(names)}"
        for what, one, several, rest, names in told
        if names
    )


def _people(rows: Iterable[LockRow]) -> set[str]:
    return {row.participant for row in rows if row.participant}


def _named(names: Iterable[str]) -> str:
    every = sorted(names)
    more = f" … and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
