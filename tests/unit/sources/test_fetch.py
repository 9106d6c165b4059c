"""Files arrive complete and verified or not at all, and are not fetched twice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainchange.errors import FetchError
from brainchange.sources.fetch import Progress, missing, verify
from fetching import CONTENT, fetched, left, published, reasons, row

if TYPE_CHECKING:
    from file_server import FileServer


def test_files_arrive_as_the_lock_names_them_and_are_not_fetched_twice(
    server: FileServer, tmp_path: Path
) -> None:
    paths = ["participants.tsv", *(f"sub-0{n}/ses-pre/a.nii.gz" for n in range(1, 6))]
    rows = published(server, *paths)
    result = fetched(rows, tmp_path)
    assert [r.path for r in result.fetched] == paths
    assert (result.complete, result.missing) == ((), ())
    assert all((tmp_path / "study" / path).read_bytes() == CONTENT for path in paths)
    assert left(tmp_path) == sorted(paths)
    assert verify(rows, tmp_path / "study") == []
    server.requests.clear()
    again = fetched(rows, tmp_path)
    assert (again.fetched, len(again.complete), server.requests) == ((), 6, [])


@pytest.mark.parametrize("kind", ["md5", "sha256", "git-sha1"])
def test_each_kind_of_checksum_is_verified(server: FileServer, tmp_path: Path, kind: str) -> None:
    (good,) = published(server, "a.tsv", content=b"abc")
    digest = {
        "md5": "900150983cd24fb0d6963f7d28e17f72",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "git-sha1": "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f",
    }[kind]
    right = row("a.tsv", good.url, b"abc", checksum=f"{kind}:{digest}")
    wrong = row("b.tsv", good.url, b"abc", checksum=f"{kind}:{digest[::-1]}")
    result = fetched([right, wrong], tmp_path, retries=1)
    assert result.fetched == (right,)
    assert "what was sent has another checksum than the lock names" in reasons(result)[0]
    assert left(tmp_path) == ["a.tsv"]


def test_an_empty_file_needs_no_request(server: FileServer, tmp_path: Path) -> None:
    wanted = row("empty.tsv", f"{server.url}/empty.tsv", b"")
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    assert (tmp_path / "study/empty.tsv").read_bytes() == b""
    assert server.requests == []


def test_complete_participants_are_usable_while_others_are_missing(
    server: FileServer, tmp_path: Path
) -> None:
    rows = published(server, "participants.tsv", "sub-01/a.nii", "sub-02/a.nii", "sub-02/b.nii")
    server.faults["sub-02/b.nii"] = ["404"]
    result = fetched(rows, tmp_path)
    assert result.complete_participants == ("sub-01",)
    with pytest.raises(FetchError, match="1 participant is complete and can be analysed"):
        result.raise_for_missing(tmp_path / "study")
    server.faults = {"participants.tsv": ["404"]}
    (tmp_path / "study/participants.tsv").unlink()
    assert fetched(rows, tmp_path).complete_participants == ()


def test_nothing_missing_is_no_error(server: FileServer, tmp_path: Path) -> None:
    fetched(published(server, "a.tsv"), tmp_path).raise_for_missing(tmp_path)


def test_progress_counts_bytes_and_files_and_ends_at_all(
    server: FileServer, tmp_path: Path
) -> None:
    rows = published(server, "a.nii", "b.nii", "c.nii")
    server.faults["b.nii"] = ["truncate", "corrupt", ""]
    (tmp_path / "study").mkdir()
    (tmp_path / "study/a.nii").write_bytes(CONTENT)
    told: list[Progress] = []
    fetched(rows, tmp_path, progress=told.append)
    last = told[-1]
    assert (last.files, last.files_total) == (3, 3)
    assert (last.size_bytes, last.size_bytes_total) == (900_000, 900_000)
    assert last.received_bytes >= 750_000
    assert last.seconds_left == 0
    assert all(0 <= p.size_bytes <= p.size_bytes_total for p in told)


def test_time_left_is_bytes_left_at_the_speed_so_far() -> None:
    assert Progress(1, 4, 250, 1000, 100, 2.0).seconds_left == 15.0
    assert Progress(1, 4, 250, 1000, 0, 2.0).seconds_left is None


@pytest.mark.parametrize("form", ["folder", "relative", "file", "web", "longest"])
def test_a_mirror_replaces_the_start_of_an_address(
    server: FileServer, tmp_path: Path, form: str
) -> None:
    copy = tmp_path / "my mirror" / "ds1" / "sub-01" / "a+b.nii.gz"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(CONTENT)
    server.files["copies/sub-01/a%2Bb.nii.gz"] = CONTENT
    start = "https://s3.example.invalid/openneuro.org"
    mirrors = {
        "folder": {start: str(tmp_path / "my mirror")},
        "relative": {start + "/": "my mirror"},
        "file": {start: f"file://{tmp_path}/my%20mirror/"},
        "web": {f"{start}/ds1/": f"{server.url}/copies"},
        "longest": {start: "/nowhere", f"{start}/ds1": str(copy.parents[1])},
    }[form]
    url = f"{start}/ds1/sub-01/a%2Bb.nii.gz"
    wanted = row("sub-01/a+b.nii.gz", f"{url}?versionId=x", fallback_url=url)
    result = fetched([wanted], tmp_path, mirrors=mirrors)
    assert result.fetched == (wanted,)
    assert (tmp_path / "study/sub-01/a+b.nii.gz").read_bytes() == CONTENT


def test_an_address_without_a_scheme_is_a_path_in_the_project(tmp_path: Path) -> None:
    source = tmp_path / "data/published/demo/sub-01/a.nii.gz"
    source.parent.mkdir(parents=True)
    source.write_bytes(CONTENT)
    rows = [
        row("sub-01/a.nii.gz", "data/published/demo/sub-01/a.nii.gz"),
        row("sub-01/b.nii.gz", "data/published/demo/sub-01/b.nii.gz"),
        row("sub-01/c.nii.gz", "data/published/demo/sub-01"),
        row("sub-01/d.nii.gz", "data/published/demo/sub-01/a.nii.gz", size_bytes=7),
        row("sub-01/e.nii.gz", f"file://{source}"),
    ]
    result = fetched(rows, tmp_path)
    assert result.fetched == (rows[0], rows[4])
    folder = f"folder {source.parent}"
    assert reasons(result) == [
        f"{folder}: no such file or directory",
        f"folder {source.parent.parent}: is no regular file",
        f"{folder}: the file has another size than the lock names",
    ]
    assert left(tmp_path) == ["sub-01/a.nii.gz", "sub-01/e.nii.gz"]


def test_verify_tells_what_is_wrong_with_each_file(tmp_path: Path) -> None:
    contents = {"good": b"abc", "short": b"ab", "other": b"abd"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to(tmp_path / "good")
    rows = [row(name, "https://x.org/a", b"abc") for name in [*contents, "absent", "link"]]
    assert [(wrong.row.path, wrong.reason) for wrong in verify(rows, tmp_path)] == [
        ("short", "has another size than the lock names"),
        ("other", "has another checksum than the lock names"),
        ("absent", "is not there"),
        ("link", "is a link, not a file"),
    ]


def test_what_is_missing_of_a_large_lock_is_known_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(f"sub-{n:05d}/func/a.nii.gz", "https://x.org/a", b"abc") for n in range(12_000)]
    looked, look = [], os.stat
    monkeypatch.setattr(os, "stat", lambda *path, **how: looked.append(path) or look(*path, **how))
    assert len(missing(rows, tmp_path)) == 12_000
    assert len(looked) <= 12_000 + 1, "one look at each file"
