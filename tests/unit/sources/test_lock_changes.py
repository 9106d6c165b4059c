"""A lock made anew tells what a newer snapshot dropped or exchanged."""

from __future__ import annotations

from brainchange.sources.lock import LockRow
from brainchange.sources.lock_changes import lock_changes


def row(path: str, digit: str = "a") -> LockRow:
    return LockRow(path, 1, "md5:" + digit * 32, f"https://example.org/{path}")


OLD = (row("participants.tsv"), row("sub-1/x.nii.gz"), row("sub-2/x.nii.gz"))


def test_participants_that_a_newer_snapshot_drops_are_named_once() -> None:
    assert lock_changes(OLD, OLD[:2]) == ("1 participant is no longer in the dataset: sub-2",)


def test_another_checksum_under_the_same_path_is_told() -> None:
    changed = (OLD[0], row("sub-1/x.nii.gz", "b"), OLD[2])
    assert lock_changes(OLD, changed) == (
        "1 file has other content under the same path: sub-1/x.nii.gz",
    )


def test_new_participants_and_files_of_known_ones() -> None:
    more = (*OLD[:2], row("sub-1/y.nii.gz"), row("sub-2/z.nii.gz"), row("sub-3/x.nii.gz"))
    assert lock_changes(OLD, more) == (
        "1 participant is new: sub-3",
        "1 file is no longer there: sub-2/x.nii.gz",
        "2 files are new: sub-1/y.nii.gz, sub-2/z.nii.gz",
    )


def test_the_same_lock_tells_nothing_and_long_lists_are_cut() -> None:
    assert lock_changes(OLD, OLD) == ()
    many = tuple(row(f"sub-{n:02d}/x.nii.gz") for n in range(12))
    (told,) = lock_changes(many, OLD[:1] + many[:1])[:1]
    assert told.startswith("11 participants are no longer in the dataset: sub-01, sub-02")
    assert told.endswith("… and 1 more")
