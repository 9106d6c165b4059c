"""A real HTTP server on this machine that misbehaves in the ways servers do."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class FileServer:
    """Serves ``files``; each request for a path takes the next of its ``faults``.

    Faults: ``truncate`` (breaks off after a half), ``short`` (says and sends a half), ``corrupt``
    (one byte differs), ``long`` (never ends), ``busy:<s>`` (503, asks to wait, 1 s unless said),
    ``503``, ``404``,
    ``416``, ``ignore-range``, ``other-range``, ``hang`` (half, then nothing), ``silent`` (nothing
    at all), ``drip`` (slowly), ``redirect:<path>``, ``chunked`` (length not told).
    """

    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def ranges(self, path: str) -> list[str]:
        """The Range headers of the requests for a path, in order; empty where none was sent."""
        return [sent for asked, sent in self.requests if asked == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].lstrip("/")
        asked = self.headers.get("Range", "")
        self.files.requests.append((path, asked))
        faults = self.files.faults.get(path, [])
        fault = faults.pop(0) if len(faults) > 1 else (faults[0] if faults else "")
        content = self.files.files.get(path)
        if fault.startswith("busy"):
            self._status(503, **{"Retry-After": fault.partition(":")[2] or "1"})
        elif fault.isdecimal() or content is None:
            self._status(int(fault or 404))
        elif fault.startswith("redirect:"):
            self._status(302, Location=f"{self.files.url}/{fault.removeprefix('redirect:')}")
        elif fault == "silent":
            self.files.released.wait(30)
            self.close_connection = True
        else:
            self._content(content, fault, asked)

    def _status(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _content(self, content: bytes, fault: str, asked: str) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", asked)
        start = int(found[1]) if found and fault != "ignore-range" else 0
        body, total = content[start:], len(content)
        if fault == "corrupt":
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "short":
            body = body[: len(body) // 2]
        self.send_response(206 if start else 200)
        if start:
            first = start + 1 if fault == "other-range" else start
            self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        if fault in ("chunked", "long"):
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(body, fault)

    def _send(self, body: bytes, fault: str) -> None:
        self.close_connection = fault in ("truncate", "hang", "long", "drip")
        if fault in ("truncate", "hang"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if fault == "hang":
                self.files.released.wait(30)
        elif fault == "drip":
            for position in range(0, len(body), 4096):
                self.wfile.write(body[position : position + 4096])
                if self.files.released.wait(0.02):
                    return
        elif fault in ("chunked", "long"):
            for _ in range(10_000 if fault == "long" else 1):
                self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server on 127.0.0.1 with a port of its own."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    files = FileServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"files": files}))
    http.daemon_threads = True
    files.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield files
    files.released.set()
    http.shutdown()
    thread.join()
    http.server_close()
