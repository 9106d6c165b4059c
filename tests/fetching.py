"""Files to fetch, and what a fetch left behind, for the tests of fetching."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brainchange.sources.fetch import FetchResult, fetch
from brainchange.sources.lock import LockRow
from brainchange.study.settings import Sources

if TYPE_CHECKING:
    from file_server import FileServer

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
