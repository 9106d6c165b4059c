"""A lock says what it says, and nothing in it can lead out of the study folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.errors import LockError
from brainchange.sources.lock import (
    LOCK_TABLE,
    LockRow,
    problem_of_path,
    read_lock,
    select,
    write_lock,
)

MD5 = "md5:" + "0123456789abcdef" * 2
HEADER = "path\tsize_bytes\tchecksum\turl\tfallback_url\n"
GOOD = f"a.tsv\t3\t{MD5}\thttps://example.org/a.tsv\tn/a\n"


def row(path: str = "a.tsv", **changes: object) -> LockRow:
    values = {"size_bytes": 3, "checksum": MD5, "url": "https://example.org/a", **changes}
    return LockRow(path=path, **values)  # type: ignore[arg-type]


def lock_file(folder: Path, text: str) -> Path:
    path = folder / "demo.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_written_lock_is_read_back_sorted_and_equal(tmp_path: Path) -> None:
    rows = [
        row("sub-02/b.nii.gz", fallback_url="https://example.org/b"),
        row("participants.tsv", url="data/published/demo/participants.tsv"),
        row("sub-01/with  two spaces.tsv", checksum="git-sha1:" + "a" * 40, size_bytes=0),
        row("sub-01/ä%#.tsv", checksum="sha256:" + "b" * 64, url="file:///data/x%20y"),
    ]
    path = tmp_path / "locks" / "demo.tsv"
    write_lock(rows, path)
    assert read_lock(path) == tuple(sorted(rows, key=lambda r: r.path))
    assert path.read_text(encoding="utf-8").startswith(HEADER)


def test_the_file_is_a_table_of_the_declared_columns(tmp_path: Path) -> None:
    write_lock([row()], tmp_path / "demo.tsv")
    frame = LOCK_TABLE.read(tmp_path / "demo.tsv")
    assert list(frame.columns) == LOCK_TABLE.names
    assert frame["size_bytes"].tolist() == [3]


def test_twenty_thousand_rows_are_read(tmp_path: Path) -> None:
    folder = "derivatives/fmriprep"
    rows = [
        row(f"{folder}/sub-{n:05d}/ses-pre/func/sub-{n:05d}_ses-pre_task-rest_bold.nii.gz")
        for n in range(20_000)
    ]
    path = tmp_path / "demo.tsv"
    write_lock(rows, path)
    assert len(read_lock(path)) == 20_000


@pytest.mark.parametrize(
    ("path", "participant", "session"),
    [
        ("participants.tsv", None, None),
        ("derivatives/fmriprep/desc-aparcaseg_dseg.tsv", None, None),
        ("sub-01/ses-pre/func/sub-01_ses-pre_bold.nii.gz", "sub-01", "ses-pre"),
        ("derivatives/fmriprep/sub-01/anat/sub-01_T1w.nii.gz", "sub-01", None),
        ("sub-01/sub-01_ses-post_scans.tsv", "sub-01", "ses-post"),
        ("derivatives/fmriprep/sub-01.html", "sub-01", None),
        ("notsub-01/x.tsv", None, None),
    ],
)
def test_participant_and_session_come_from_the_path(
    path: str, participant: str | None, session: str | None
) -> None:
    assert (row(path).participant, row(path).session) == (participant, session)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../a", "climbs with '..'"),
        ("sub-01/../../a", "climbs with '..'"),
        ("/etc/passwd", "is absolute"),
        ("a\\..\\b", "a control character or a backslash"),
        ("a\x07b", "a control character or a backslash"),
        ("", "is empty or has an empty part"),
        ("a//b", "is empty or has an empty part"),
        ("./a", "is empty or has an empty part"),
        ("a/", "is empty or has an empty part"),
    ],
)
def test_a_path_that_could_leave_the_study_folder_is_refused(
    tmp_path: Path, path: str, why: str
) -> None:
    text = HEADER + GOOD + f"{path}\t3\t{MD5}\thttps://example.org/a\tn/a\n"
    with pytest.raises(LockError, match="would leave the study folder") as caught:
        read_lock(lock_file(tmp_path, text))
    assert why in str(caught.value)
    assert "demo.tsv, row 3" in str(caught.value)
    assert "do not use this lock" in str(caught.value)


@given(st.text())
def test_a_path_without_problem_stays_in_the_folder(path: str) -> None:
    if not problem_of_path(path):
        folder = Path("/somewhere/study")
        joined = Path(f"{folder}/{path}")
        assert joined != folder
        assert joined.parts[:3] == folder.parts
        assert ".." not in joined.parts


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = (
        HEADER
        + f"a.tsv\t-3\t{MD5}\thttps://example.org/a.tsv\tn/a\n"
        + "b.tsv\t3\tmd5:12\thttps://example.org/b.tsv\tn/a\n"
        + f"c.tsv\t3\t{MD5}\tftp://example.org/c.tsv\t../d\n"
        + f"d.tsv\t3\t{MD5}\n"
        + GOOD
        + GOOD
        + GOOD.replace("a.tsv\t", "a.tsv/x\t", 1)
    )
    with pytest.raises(LockError) as caught:
        read_lock(lock_file(tmp_path, text))
    told = str(caught.value)
    assert told.startswith("7 problems:")
    assert "row 2: size_bytes '-3' is not a number of bytes" in told
    assert "row 3: checksum 'md5:12' is of no known kind" in told
    assert "row 4: url 'ftp://example.org/c.tsv' cannot be fetched from" in told
    assert "row 4: fallback_url '../d' cannot be fetched from" in told
    assert "row 5: 3 cells where the header has 5" in told
    assert "path 'a.tsv' occurs twice" in told
    assert "path 'a.tsv' is a file and a folder" in told


def test_a_flood_of_problems_is_cut_short(tmp_path: Path) -> None:
    text = HEADER + "".join(f"../{n}\t3\t{MD5}\thttps://x.org/a\tn/a\n" for n in range(1000))
    with pytest.raises(LockError, match=r"… and 950 more problems"):
        read_lock(lock_file(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the lock is empty"),
        (HEADER, "the lock names no file"),
        ("path\tsize_byte\tchecksum\turl\tfallback_url\n", "Did you mean 'size_bytes'?"),
        (HEADER.replace("\turl", "\tpath"), "a column occurs twice"),
    ],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(LockError) as caught:
        read_lock(lock_file(tmp_path, text))
    assert told in str(caught.value)


def test_a_missing_lock_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="the lock does not exist") as caught:
        read_lock(tmp_path / "ds000001.tsv")
    assert "brainchange lock ds000001" in str(caught.value)


def test_a_lock_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo.tsv").write_bytes(b"path\xff\n")
    with pytest.raises(LockError, match="not UTF-8 text"):
        read_lock(tmp_path / "demo.tsv")


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="would leave the study folder"):
        write_lock([row("../a")], tmp_path / "demo.tsv")
    with pytest.raises(LockError, match="occurs twice"):
        write_lock([row(), row()], tmp_path / "demo.tsv")
    assert not (tmp_path / "demo.tsv").exists()


def test_files_shared_by_all_are_kept_with_any_participant_or_session() -> None:
    rows = [
        row("participants.tsv"),
        row("sub-01/ses-pre/a.tsv"),
        row("sub-01/ses-post/a.tsv"),
        row("sub-01/sub-01.html"),
        row("sub-02/ses-pre/a.tsv"),
    ]
    kept = [r.path for r in select(rows, participants=["01"], sessions=["ses-pre"])]
    assert kept == ["participants.tsv", "sub-01/ses-pre/a.tsv", "sub-01/sub-01.html"]
    assert select(rows) == tuple(rows)


def test_an_unknown_participant_is_told_with_a_suggestion() -> None:
    with pytest.raises(LockError, match="no file of 'sub-1'") as caught:
        select([row("sub-01/a.tsv")], participants=["1"])
    assert "Did you mean 'sub-01'?" in str(caught.value)
