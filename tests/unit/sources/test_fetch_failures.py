"""Whatever the server, the network or the machine does, files are complete or absent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from urllib3.util import connection

from brainchange.errors import FetchError
from brainchange.sources import transfer
from brainchange.sources.fetch import Progress, missing, verify
from brainchange.sources.lock import write_lock
from brainchange.sources.part_file import part_path
from fetching import CONTENT, fetched, free_port, left, published, reasons, row

if TYPE_CHECKING:
    from file_server import FileServer


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


def test_a_network_that_is_not_there_is_told_once_and_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (f"127.0.0.1:{free_port()}" for _ in range(2))
    rows = [
        row(f"sub-{n:03d}/a.nii.gz", f"http://{first}/{n}", fallback_url=f"http://{second}/{n}")
        for n in range(300)
    ]
    reached, connect = [], connection.create_connection

    def counted(address: tuple[str, int], *more: Any, **named: Any) -> Any:
        reached.append(address)
        return connect(address, *more, **named)

    monkeypatch.setattr(connection, "create_connection", counted)
    result = fetched(rows, tmp_path, retries=4)
    assert 2 <= len(reached) < 60, "two hosts of 300 files are tried a few times each"
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


def test_a_busy_server_is_given_the_time_it_asks_for(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(transfer, "seconds_to_wait", lambda _, wait, __: asked.append(wait) or 0.0)
    (wanted,) = published(server, "a.tsv")
    server.faults["a.tsv"] = ["busy:7", "503", ""]
    assert fetched([wanted], tmp_path).fetched == (wanted,)
    assert asked == [7.0, 0.0]


def test_waiting_doubles_to_what_was_asked_for_and_ends() -> None:
    assert [transfer.seconds_to_wait(n, 0.0, 0.5) for n in (1, 2, 3, 9)] == [0.5, 1.0, 2.0, 30.0]
    assert transfer.seconds_to_wait(1, 7.0, 0.5) == 7.0
    assert transfer.seconds_to_wait(1, 86_400.0, 0.5) == 30.0


def test_a_host_that_fails_for_many_files_in_a_row_is_given_up(
    server: FileServer, tmp_path: Path
) -> None:
    rows = published(server, *(f"sub-{n:02d}/a.nii.gz" for n in range(40)))
    server.faults = {r.path: ["503"] for r in rows}
    result = fetched(rows, tmp_path, retries=1)
    assert len(result.missing) == 40
    assert len(set(reasons(result))) == 1
    assert len(server.requests) < 40


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
