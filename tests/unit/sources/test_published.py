"""One published file: pinned or not, in place, put there by hand, fetched, or told as missing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from brainchange.errors import FetchError
from brainchange.sources import published
from brainchange.sources.published import Published, on_this_machine
from brainchange.study.settings import Sources
from fetching import CONTENT, free_port

if TYPE_CHECKING:
    from file_server import FileServer

SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
PINNED = {"size_bytes": len(CONTENT), "checksum": SHA256}


def have(url, folder, **changes):
    settings = {"timeout": 1.0, "retries": 2} | {
        key: changes.pop(key) for key in ("retries", "mirrors") if key in changes
    }
    wanted = Published(url, "the atlas X", **changes)
    return on_this_machine(
        wanted, folder / "kept", root=folder, sources=Sources(**settings), first_wait=0.01
    )


def told(url, folder, **changes):
    with pytest.raises(FetchError) as caught:
        have(url, folder, **changes)
    assert not list((folder / "kept").glob("*.nii.gz"))
    return str(caught.value)


@pytest.mark.parametrize("known", [PINNED, {}], ids=["pinned", "unpinned"])
def test_a_file_is_fetched_once(server: FileServer, tmp_path, known):
    server.files["a/x.nii.gz"] = CONTENT
    path = have(f"{server.url}/a/x.nii.gz", tmp_path, **known)
    assert path == tmp_path / "kept" / "x.nii.gz"
    assert path.read_bytes() == CONTENT
    assert have(f"{server.url}/a/x.nii.gz", tmp_path, **known) == path
    assert len(server.requests) == 1


@pytest.mark.parametrize("known", [PINNED, {}], ids=["pinned", "unpinned"])
@pytest.mark.parametrize("fault", ["truncate", "busy", "503", "hang"])
def test_a_passing_fault_is_overcome(server: FileServer, tmp_path, known, fault):
    server.files["x.nii.gz"] = CONTENT
    server.faults["x.nii.gz"] = [fault, ""]
    assert have(f"{server.url}/x.nii.gz", tmp_path, **known).read_bytes() == CONTENT


def test_a_server_that_asks_for_a_day_is_asked_again_sooner(
    server: FileServer, tmp_path, monkeypatch
):
    waited: list[float] = []
    monkeypatch.setattr("brainchange.sources.published.time.sleep", waited.append)
    server.files["x.nii.gz"] = CONTENT
    server.faults["x.nii.gz"] = ["busy:86400", ""]
    assert have(f"{server.url}/x.nii.gz", tmp_path).read_bytes() == CONTENT
    assert waited == [30.0]


@pytest.mark.parametrize(
    ("fault", "known", "expected"),
    [
        ("404", PINNED, "answered 404"),
        ("404", {}, "answered 404"),
        ("truncate", PINNED, "the transfer broke off"),
        ("truncate", {}, "the transfer broke off"),
        ("corrupt", PINNED, "another checksum"),
        ("short", PINNED, "another size"),
        ("silent", {}, "sent nothing for 1 s"),
    ],
)
def test_a_lasting_fault_is_told_with_what_to_put_where(
    server: FileServer, tmp_path, fault, known, expected
):
    server.files["x.nii.gz"] = CONTENT
    server.faults["x.nii.gz"] = [fault]
    text = told(f"{server.url}/x.nii.gz", tmp_path, retries=1, **known)
    assert "the atlas X needs the file x.nii.gz, which could not be fetched" in text
    assert expected in text
    assert f"put it to {tmp_path}/kept/x.nii.gz" in text
    assert "sources.mirrors" in text


def test_a_stream_without_end_is_broken_off(server: FileServer, tmp_path, monkeypatch):
    monkeypatch.setattr(published, "LARGEST_BYTES", 1_000_000)
    server.files["x.nii.gz"] = CONTENT
    server.faults["x.nii.gz"] = ["long"]
    assert "sent more than 1 MB" in told(f"{server.url}/x.nii.gz", tmp_path)


@pytest.mark.parametrize("known", [PINNED, {}], ids=["pinned", "unpinned"])
def test_without_network_the_message_says_what_to_put_where(tmp_path, known):
    text = told(f"http://127.0.0.1:{free_port()}/x.nii.gz", tmp_path, **known)
    assert "cannot be reached (no connection)" in text
    assert f"put it to {tmp_path}/kept/x.nii.gz" in text


def test_a_file_put_there_by_hand_is_taken_if_it_is_the_right_one(tmp_path):
    url = f"http://127.0.0.1:{free_port()}/x.nii.gz"
    kept = tmp_path / "kept" / "x.nii.gz"
    kept.parent.mkdir()
    kept.write_bytes(CONTENT)
    assert have(url, tmp_path, **PINNED) == kept
    kept.write_bytes(CONTENT[:-1])
    with pytest.raises(FetchError, match="is another file than the atlas X needs") as caught:
        have(url, tmp_path, **PINNED)
    assert "delete it, and it is fetched again" in str(caught.value)


def test_a_mirror_and_a_file_of_the_project_are_read_in_their_place(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "x.nii.gz").write_bytes(CONTENT)
    assert have("own/x.nii.gz", tmp_path) == tmp_path / "own" / "x.nii.gz"
    mirrored = have(
        "https://a.invalid/b/x.nii.gz", tmp_path, mirrors={"https://a.invalid/b": "own"}
    )
    assert mirrored == tmp_path / "own" / "x.nii.gz"
    text = told("own/y.nii.gz", tmp_path)
    assert "the atlas X needs the file y.nii.gz, which does not exist" in text
    text = told("https://a.invalid/b/y.nii.gz", tmp_path, mirrors={"https://a.invalid/b": "own"})
    assert "there is no y.nii.gz" in text
