"""Participants of two studies are found by the bytes of their images and by long identifiers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from brainchange.errors import TableError
from brainchange.sources.overlap import (
    Image,
    Shared,
    cannot_compare,
    count_people,
    images_of,
    images_path,
    is_scanner_image,
    shared_participants,
    shared_with,
    study_images,
    write_images,
)


def md5(number: int) -> str:
    return f"md5:{number:032x}"


def study(**images: int) -> tuple[Image, ...]:
    return tuple(Image(f"sub-{name.strip('_')}", md5(number)) for name, number in images.items())


def test_the_same_scan_under_another_label_is_found() -> None:
    found = shared_participants({"b": study(_01=1, _02=2), "a": study(_18=1, _19=3)})
    assert found == (Shared("a", "sub-18", "b", "sub-01", "bytes", 1),)


def test_several_scans_of_one_participant_are_counted() -> None:
    images = (Image("sub-01", md5(1)), Image("sub-01", md5(2)), Image("sub-02", md5(9)))
    (found,) = shared_participants({"a": images, "b": images[:2]})
    assert found.n_images == 2


def test_running_numbers_are_no_evidence_and_long_identifiers_are() -> None:
    found = shared_participants(
        {
            "a": study(_01=1, _7002=2, _20131=3),
            "b": (*study(_01=4, _7002=5), Image("sub-020131", md5(6))),
        }
    )
    assert found == (Shared("a", "sub-20131", "b", "sub-020131", "identifier", 0),)


def test_somebody_in_three_studies_is_one_person() -> None:
    names = {"a": ["sub-1", "sub-2"], "b": ["sub-3"], "c": ["sub-4", "sub-5"]}
    pairs = (
        ("a", "sub-1", "b", "sub-3"),
        ("a", "sub-1", "c", "sub-4"),
        ("b", "sub-3", "c", "sub-4"),
    )
    shared = [Shared(*pair, "bytes", 1) for pair in pairs]
    assert count_people(names, shared) == 3
    assert count_people(names, [*shared, Shared("a", "sub-9", "b", "sub-3", "bytes", 1)]) == 3
    assert count_people(names, ()) == 5


def test_what_is_shown_by_bytes_is_not_told_twice() -> None:
    images = study(_20131=3)
    (found,) = shared_participants({"a": images, "b": images})
    assert found.evidence == "bytes"


def test_a_study_published_again_shares_everybody() -> None:
    images = study(_01=1, _02=2, _03=3)
    assert len(shared_participants({"ds1": images, "ds2": images})) == 3
    assert shared_with("ds2", {"ds1": images, "ds2": images}) == {
        "ds1": ("sub-01", "sub-02", "sub-03")
    }
    assert shared_with("ds2", {"ds2": images}) == {}


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("sub-01/func/sub-01_task-rest_bold.nii.gz", True),
        ("sub-01/ses-1/anat/sub-01_ses-1_T1w.nii", True),
        ("sub-01/func/sub-01_task-rest_bold.json", False),
        ("derivatives/x/sub-01/func/sub-01_desc-brain_mask.nii.gz", False),
        ("derivatives/x/sub-01/func/sub-01_desc-aparcaseg_dseg.nii.gz", False),
        ("task-rest_bold.nii.gz", False),
    ],
)
def test_masks_and_tables_are_no_scans(path: str, counts: bool) -> None:
    assert is_scanner_image(path) is counts
    assert len(images_of([(path, md5(1))])) == counts


def test_studies_whose_images_cannot_be_compared_are_told() -> None:
    sha = (Image("sub-01", "sha256:" + 64 * "a"),)
    assert cannot_compare({"a": study(_01=1), "b": sha, "c": ()}) == (
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    )
    assert cannot_compare({"a": study(_01=1), "b": study(_01=2)}) == ()


def test_images_beside_a_lock_are_read_and_checked(tmp_path: Path) -> None:
    path = images_path(tmp_path, "ds1")
    write_images({"sub-01/anat/sub-01_T1w.nii.gz": md5(5)}, path)
    assert study_images(tmp_path, "ds1") == (Image("sub-01", md5(5)),)
    assert study_images(tmp_path, "ds2") == ()
    path.write_text("path\tchecksum\nsub-01/anat/sub-01_T1w.nii.gz\tsomething\n")
    with pytest.raises(TableError, match="is of no known kind"):
        study_images(tmp_path, "ds1")


def manifest(shared: Path, name: str) -> tuple[Image, ...]:
    with (shared / "openneuro" / name / "manifest.tsv").open(encoding="utf-8") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return images_of([(row["path"], row["checksum"]) for row in rows])


def known_pairs(shared: Path, name: str, first: str, second: str) -> set[tuple[str, str]]:
    with (shared / "openneuro" / "overlaps" / name).open(encoding="utf-8") as stream:
        return {
            (row[f"{first}_path"].split("/")[0], row[f"{second}_path"].split("/")[0])
            for row in csv.DictReader(stream, delimiter="\t")
        }


@pytest.mark.shared
@pytest.mark.parametrize(
    ("first", "second", "identifiers"),
    [("ds002748", "ds003007", 0), ("ds006303", "ds006577", None)],
)
def test_the_known_overlaps_of_open_studies_are_found(
    shared: Path, first: str, second: str, identifiers: int | None
) -> None:
    found = shared_participants({name: manifest(shared, name) for name in (first, second)})
    by_bytes = {
        (one.other_participant, one.participant) for one in found if one.evidence == "bytes"
    }
    assert by_bytes == known_pairs(shared, f"{second}_vs_{first}.tsv", second, first)
    told = [one for one in found if one.evidence == "identifier"]
    assert len(told) == (40 - len(by_bytes) if identifiers is None else identifiers)


@pytest.mark.shared
def test_studies_that_share_nobody_share_nobody(shared: Path) -> None:
    names = ("ds002748", "ds003357", "ds003823", "ds005016", "ds005917", "ds006577")
    assert shared_participants({name: manifest(shared, name) for name in names}) == ()


@pytest.mark.shared
def test_the_table_of_images_of_ds003007_is_that_of_its_dataset(root: Path, shared: Path) -> None:
    mine = study_images(root / "data" / "locks", "ds003007")
    assert set(manifest(shared, "ds003007")) <= set(mine)
    found = shared_participants({"ds003007": mine, "ds002748": manifest(shared, "ds002748")})
    assert len(found) == 28
