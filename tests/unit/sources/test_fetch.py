"""Files arrive complete and verified or not at all, whatever the server does."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from brainchange.errors import FetchError
from brainchange.sources.fetch import FetchResult, Progress, fetch, missing, verify
from brainchange.sources.lock import LockRow, write_lock
from brainchange.sources.part_file import part_path
from brainchange.study.settings import Sources

if TYPE_CHECKING:
    from conftest import FileServer

CONTENT = np.random.default_rng(1).bytes(300_000)


def row(path: str, url: str, content: bytes = CONTENT, **changes: Any) -> LockRow:
    facts = {
        "size_bytes": len(content),
        "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
        "url": url,
    }
    return LockRow(path=path, **{**facts, **changes})


def published(server: FileServer, *paths: str, content: bytes = CONTENT) -> list[LockRow]:
    for path in paths:
        server.files[path] = content
    return [row(path, f"{server.url}/{path}", content) for path in paths]


def fetched(rows: Sequence[LockRow], folder: Path, **changes: Any) -> FetchResult:
    sources = {"timeout": 1.0, "retries": 3, "connections": 2, **changes}
    root = sources.pop("root", folder)
    progress = sources.pop("progress", None)
    return fetch(
        rows,
        folder / "study",
        root=root,
        sources=Sources(**sources),
        progress=progress,
        first_wait=0.01,
    )


def reasons(result: FetchResult) -> list[str]:
    return [file.reason for file in result.missing]


def left(folder: Path) -> list[str]:
    study = folder / "study"
    return sorted(str(p.relative_to(study)) for p in study.rglob("*") if p.is_file())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


@pytest.mark.parametrize(
    ("faults", "n_requests"),
    [
        (["truncate", ""], 2),
        (["short", ""], 2),
        (["corrupt", ""], 2),
        (["503", "503", ""], 3),
        (["hang", ""], 2),
        (["silent", ""], 2),
        (["truncate", "truncate", "truncate", ""], 4),
        (["truncate", "ignore-range"], 2),
        (["truncate", "other-range", ""], 3),
        (["truncate", "416", ""], 3),
        (["chunked"], 1),
        (["long"], 1),
        (["redirect:elsewhere"], 1),
    ],
)
def test_a_server_that_misbehaves_for_a_while_delivers_in_the_end(
    server: FileServer, tmp_path: Path, faults: list[str], n_requests: int
) -> None:
    (wanted,) = published(server, "sub-01/a.nii.gz")
    server.files["elsewhere"] = CONTENT
    server.faults["sub-01/a.nii.gz"] = faults
    result = fetched([wanted], tmp_path)
    assert result.fetched == (wanted,)
    assert (tmp_path / "study/sub-01/a.nii.gz").read_bytes() == CONTENT
    assert left(tmp_path) == ["sub-01/a.nii.gz"]
    assert len(server.ranges("sub-01/a.nii.gz")) == n_requests


def test_what_has_arrived_is_not_sent_again(server: FileServer, tmp_path: Path) -> None:
    (wanted,) = published(server, "a.nii.gz")
    server.faults["a.nii.gz"] = ["truncate", "hang", ""]
    assert fetched([wanted], tmp_path).fetched
    assert server.ranges("a.nii.gz") == ["", "bytes=150000-", "bytes=225000-"]


@pytest.mark.parametrize(
    ("fault", "reason", "n_requests"),
    [
        ("404", "answered 404 Not Found", 1),
        ("503", "answered 503 Service Unavailable", 4),
        ("corrupt", "what was sent has another checksum than the lock names", 4),
        ("short", "what is sent has another size than the lock names", 4),
        ("silent", "sent nothing for 0.2 s", 4),
    ],
)
def test_a_server_that_never_delivers_leaves_no_file_and_a_reason(
    server: FileServer, tmp_path: Path, fault: str, reason: str, n_requests: int
) -> None:
    bad, good = published(server, "a.nii.gz", "b.nii.gz")
    server.faults["a.nii.gz"] = [fault]
    result = fetched([bad, good], tmp_path, timeout=0.2)
    assert (result.fetched, result.missing_bytes) == ((good,), len(CONTENT))
    assert reasons(result) == [f"{server.url.removeprefix('http://')}: {reason}"]
    assert len(server.ranges("a.nii.gz")) == n_requests
    assert left(tmp_path) == ["b.nii.gz"]


def test_a_longer_file_is_never_written_beyond_its_size(server: FileServer, tmp_path: Path) -> None:
    (full,) = published(server, "a.nii.gz")
    server.faults["a.nii.gz"] = ["long"]
    short = row("a.nii.gz", full.url, size_bytes=1000)
    result = fetched([short], tmp_path, retries=0)
    assert "another checksum" in reasons(result)[0]
    assert left(tmp_path) == []


def test_the_fallback_is_asked_when_the_first_address_fails(
    server: FileServer, tmp_path: Path
) -> None:
    server.files["plain"] = CONTENT
    wanted = row("a.nii.gz", f"{server.url}/gone?versionId=x", fallback_url=f"{server.url}/plain")
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    broken = row("b.nii.gz", f"{server.url}/gone", fallback_url=f"{server.url}/gone2")
    (reason,) = reasons(fetched([broken], tmp_path))
    assert reason.endswith(": answered 404 Not Found")


def test_a_fetch_that_is_killed_goes_on_where_it_was(server: FileServer, tmp_path: Path) -> None:
    rows = published(server, "sub-01/a.nii.gz", "sub-02/a.nii.gz")
    write_lock(rows, tmp_path / "lock.tsv")
    server.faults = {r.path: ["drip", ""] for r in rows}
    script = (
        "import sys; from pathlib import Path;"
        "from brainchange.sources.fetch import fetch;"
        "from brainchange.sources.lock import read_lock;"
        "from brainchange.study.settings import Sources;"
        "folder = Path(sys.argv[1]);"
        "fetch(read_lock(folder / 'lock.tsv'), folder / 'study', root=folder, sources=Sources())"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    parts = [part_path(tmp_path / "study" / r.path, r) for r in rows]
    deadline = time.monotonic() + 30
    while not all(p.exists() and p.stat().st_size > 20_000 for p in parts):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert missing(rows, tmp_path / "study") == rows
    sizes = [part.stat().st_size for part in parts]
    assert all(20_000 < size < len(CONTENT) for size in sizes)
    server.released.set()
    server.requests.clear()
    assert len(fetched(rows, tmp_path).fetched) == 2
    assert sorted(server.requests) == [
        (r.path, f"bytes={size}-") for r, size in zip(rows, sizes, strict=True)
    ]
    assert verify(rows, tmp_path / "study") == []
    assert left(tmp_path) == [r.path for r in rows]


@pytest.mark.parametrize("rest", [CONTENT[:1000], b"x" * 1000, CONTENT + b"x", CONTENT, b""])
def test_any_rest_of_an_earlier_fetch_ends_in_the_right_file(
    server: FileServer, tmp_path: Path, rest: bytes
) -> None:
    (wanted,) = published(server, "a.nii.gz")
    part = part_path(tmp_path / "study/a.nii.gz", wanted)
    part.parent.mkdir()
    part.write_bytes(rest)
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    assert (tmp_path / "study/a.nii.gz").read_bytes() == CONTENT
    assert left(tmp_path) == ["a.nii.gz"]


def test_two_processes_that_fetch_the_same_files_do_not_harm_each_other(
    server: FileServer, tmp_path: Path
) -> None:
    rows = published(server, *(f"sub-0{n}/a.nii.gz" for n in range(1, 5)))
    server.faults = {r.path: ["drip"] for r in rows}
    write_lock(rows, tmp_path / "lock.tsv")
    script = (
        "import sys; from pathlib import Path;"
        "from brainchange.sources.fetch import fetch;"
        "from brainchange.sources.lock import read_lock;"
        "from brainchange.study.settings import Sources;"
        "folder = Path(sys.argv[1]);"
        "done = fetch(read_lock(folder / 'lock.tsv'), folder / 'study', root=folder, "
        "sources=Sources());"
        "sys.exit(len(done.missing))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert verify(rows, tmp_path / "study") == []
    assert sorted(path for path, _ in server.requests) == [r.path for r in rows]
    assert left(tmp_path) == [r.path for r in rows]


def test_an_empty_file_needs_no_request(server: FileServer, tmp_path: Path) -> None:
    wanted = row("empty.tsv", f"{server.url}/empty.tsv", b"")
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    assert (tmp_path / "study/empty.tsv").read_bytes() == b""
    assert server.requests == []


def test_a_network_that_is_not_there_is_told_once_and_soon(tmp_path: Path) -> None:
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    rows = [
        row(f"sub-{n:03d}/a.nii.gz", f"http://{first}/{n}", fallback_url=f"http://{second}/{n}")
        for n in range(300)
    ]
    began = time.monotonic()
    result = fetched(rows, tmp_path, retries=4)
    assert time.monotonic() - began < 5
    assert (len(result.missing), result.missing_bytes) == (300, 300 * len(CONTENT))
    with pytest.raises(FetchError) as caught:
        result.raise_for_missing(tmp_path / "study")
    told = str(caught.value)
    assert "300 of 300 files (90 MB) could not be fetched." in told
    assert f"{first}: cannot be reached (no connection) (300 files)" in told
    assert f"{second}: cannot be reached (no connection) (300 files)" in told
    assert "check the network and fetch again (what has arrived is kept)" in told
    assert "'sources.mirrors' in config/config.yaml" in told
    assert f"copy the files into {tmp_path / 'study'}/" in told
    assert len(caught.value.problems) == 1


def test_a_host_whose_name_is_not_found_is_told_so(tmp_path: Path) -> None:
    result = fetched([row("a.tsv", "http://no-such-host.invalid/a.tsv")], tmp_path)
    assert reasons(result) == ["no-such-host.invalid: cannot be reached (its name is not found)"]


def test_a_proxy_and_a_secure_connection_that_fail_are_told_so(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    rows = [
        row("a.tsv", "http://example.invalid/a.tsv"),
        row("b.tsv", server.url.replace("http:", "https:") + "/b.tsv"),
    ]
    told = reasons(fetched(rows, tmp_path))
    assert told[0] == "example.invalid: the proxy cannot be reached or refuses"
    assert told[1].endswith("the secure connection fails (is its certificate accepted here?)")


def test_a_busy_server_is_given_the_time_it_asks_for(server: FileServer, tmp_path: Path) -> None:
    (wanted,) = published(server, "a.tsv")
    server.faults["a.tsv"] = ["busy", ""]
    began = time.monotonic()
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    assert 1.0 <= time.monotonic() - began < 3.0


def test_a_host_that_fails_for_many_files_in_a_row_is_given_up(
    server: FileServer, tmp_path: Path
) -> None:
    rows = published(server, *(f"sub-{n:02d}/a.nii.gz" for n in range(40)))
    server.faults = {r.path: ["503"] for r in rows}
    result = fetched(rows, tmp_path, retries=1)
    assert len(result.missing) == 40
    assert len(set(reasons(result))) == 1
    assert len(server.requests) < 40


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


def test_an_address_that_climbs_out_of_its_mirror_is_refused(tmp_path: Path) -> None:
    wanted = row("a.tsv", "https://example.org/%2e%2e/secret")
    with pytest.raises(FetchError, match="would leave the mirror") as caught:
        fetched([wanted], tmp_path, mirrors={"https://example.org": str(tmp_path / "m")})
    assert "sources.mirrors" in str(caught.value)


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


def test_what_is_missing_of_a_large_lock_is_known_at_once(tmp_path: Path) -> None:
    rows = [row(f"sub-{n:05d}/func/a.nii.gz", "https://x.org/a", b"abc") for n in range(12_000)]
    began = time.perf_counter()
    assert len(missing(rows, tmp_path)) == 12_000
    assert time.perf_counter() - began < 1


def test_an_interrupted_fetch_keeps_what_has_arrived(server: FileServer, tmp_path: Path) -> None:
    (wanted,) = published(server, "a.nii.gz")
    server.faults["a.nii.gz"] = ["drip"]

    def interrupt(told: Progress) -> None:
        if told.size_bytes > 50_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetched([wanted], tmp_path, progress=interrupt)
    part = part_path(tmp_path / "study/a.nii.gz", wanted)
    assert CONTENT.startswith(part.read_bytes())
    assert part.stat().st_size > 50_000
    assert not os.path.lexists(tmp_path / "study/a.nii.gz")
