import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.errors import BrainchangeError
from brainchange.files import checksum, complete_or_absent, human_bytes, inside, write_text


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "folder" / "table.tsv"

    def broken_off():
        with complete_or_absent(path) as temporary:
            temporary.write_text("half")
            assert not path.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert list(path.parent.iterdir()) == []


def test_an_older_version_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "table.tsv"
    write_text(path, "old\n")
    with complete_or_absent(path) as temporary:
        temporary.write_text("new\n")
        assert path.read_text() == "old\n"
    assert path.read_text() == "new\n"


def test_checksums_are_those_of_git_and_hashlib(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"pinned\n" * 1000)
    of_git = subprocess.run(
        ["git", "hash-object", str(path)], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert checksum(path, "git-sha1") == f"git-sha1:{of_git}"
    assert checksum(path, "md5") == f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}"
    assert checksum(path, "sha256") == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    with pytest.raises(BrainchangeError, match="checksum kind 'crc' is unknown"):
        checksum(path, "crc")


@pytest.mark.parametrize(
    "hostile", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "a\nb", "a//b", "./a", "a/"]
)
def test_hostile_paths_are_refused(tmp_path, hostile):
    with pytest.raises(BrainchangeError, match="would leave the folder"):
        inside(tmp_path, hostile)


def test_a_link_that_leads_out_is_refused(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "sub-01").symlink_to(tmp_path)
    with pytest.raises(BrainchangeError, match="would leave the folder"):
        inside(tmp_path / "study", "sub-01/secret")


@given(st.text(max_size=40))
def test_no_text_leads_out_of_the_folder(text):
    folder = Path("/nonexistent/study")
    try:
        joined = inside(folder, text)
    except (BrainchangeError, ValueError):
        return
    assert joined.resolve().is_relative_to(folder)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (58_700_000_000, "58.7 GB"),
        (3_150_000, "3.15 MB"),
        (2e12, "2 TB"),
    ],
)
def test_bytes_are_written_for_people(size, text):
    assert human_bytes(size) == text
