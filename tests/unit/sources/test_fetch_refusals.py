"""Nothing is read or written outside of the folders that are meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainchange.errors import FetchError
from brainchange.sources.part_file import part_path
from fetching import CONTENT, fetched, published, reasons, row

if TYPE_CHECKING:
    from file_server import FileServer


def test_an_address_that_climbs_out_of_its_mirror_is_refused(tmp_path: Path) -> None:
    wanted = row("a.tsv", "https://example.org/%2e%2e/secret")
    with pytest.raises(FetchError, match="would leave the mirror") as caught:
        fetched([wanted], tmp_path, mirrors={"https://example.org": str(tmp_path / "m")})
    assert "sources.mirrors" in str(caught.value)


@pytest.mark.parametrize("path", ["../a.tsv", "/tmp/a.tsv", "sub-01/../../a.tsv", "a\\b", "a//b"])
def test_a_row_that_leaves_the_study_folder_is_refused_before_any_request(
    server: FileServer, tmp_path: Path, path: str
) -> None:
    (good,) = published(server, "a.tsv")
    with pytest.raises(FetchError, match="would leave the study folder"):
        fetched([good, row(path, good.url)], tmp_path)
    assert server.requests == []


@pytest.mark.parametrize("leads", ["out", "inside"])
@pytest.mark.parametrize("path", ["link", "link/a.tsv"])
def test_nothing_is_written_through_a_link(
    server: FileServer, tmp_path: Path, path: str, leads: str
) -> None:
    goal = tmp_path / ("outside" if leads == "out" else "study/real")
    (tmp_path / "study").mkdir()
    goal.mkdir()
    (tmp_path / "study/link").symlink_to(goal)
    (good,) = published(server, "a.tsv")
    told = "passes through a link" if leads == "out" else "passes through the link"
    with pytest.raises(FetchError, match=told):
        fetched([row(path, good.url)], tmp_path)
    assert list(goal.iterdir()) == []
    assert server.requests == []


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(
    server: FileServer, tmp_path: Path
) -> None:
    (wanted,) = published(server, "a.tsv")
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "study").mkdir()
    part_path(tmp_path / "study/a.tsv", wanted).symlink_to(victim)
    result = fetched([wanted], tmp_path)
    assert "cannot be written" in reasons(result)[0]
    assert victim.read_bytes() == b"precious"


def test_the_study_folder_itself_may_be_a_link(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "large disk").mkdir()
    (tmp_path / "study").symlink_to(tmp_path / "large disk")
    assert fetched(published(server, "a.tsv"), tmp_path).fetched
    assert (tmp_path / "large disk/a.tsv").read_bytes() == CONTENT


def test_a_folder_in_the_place_of_a_file_is_told(server: FileServer, tmp_path: Path) -> None:
    rows = published(server, "a.tsv", "b.tsv")
    (tmp_path / "study/a.tsv/x").mkdir(parents=True)
    result = fetched(rows, tmp_path)
    assert result.fetched == (rows[1],)
    assert reasons(result)[0].endswith("cannot be written (is a directory)")


def test_more_than_the_disk_can_hold_is_refused_before_any_request(
    server: FileServer, tmp_path: Path
) -> None:
    (good,) = published(server, "a.tsv")
    with pytest.raises(FetchError, match=r"500 TB are needed and only .* are free"):
        fetched([row("huge.nii", good.url, size_bytes=5 * 10**14)], tmp_path)
    assert server.requests == []
