"""One file from one of its addresses: resumed, tried again, verified, never longer than locked."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import requests
import urllib3.exceptions

from brainchange.sources.addresses import Address
from brainchange.sources.lock import LockRow
from brainchange.sources.meter import Meter
from brainchange.sources.part_file import PartFile, Stopped, is_complete, owned_part

CHUNK_BYTES = 1 << 18
LONGEST_CONNECT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
ATTEMPTS_AT_FIRST_CONTACT = 2
FILES_BEFORE_GIVING_UP = 8
BETWEEN_REASONS = "; "

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_TRY_AGAIN = frozenset({408, 416, 425, 429})


class NotFetched(Exception):  # noqa: N818  (an attempt, not yet an error)
    """One attempt has failed.

    Attributes
    ----------
    reason : str
        Why, without the name of file or host, so that equal reasons can be counted.
    again : bool
        Whether another attempt may succeed.
    drop : bool
        Whether what has arrived so far is of no use.
    no_contact : bool
        Whether the host could not be reached at all.
    wait : float
        Seconds the host asks to wait.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = True,
        drop: bool = False,
        no_contact: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.drop = drop
        self.no_contact = no_contact
        self.wait = wait


class Hosts:
    """Which hosts are worth asking, so that 300 files do not each wait for a dead network.

    A host that has never delivered is given up when one file could not reach it twice; any host is
    given up when several files in a row have used up all their attempts.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._delivered: set[str] = set()
        self._failed_in_a_row: dict[str, int] = {}
        self._given_up: dict[str, str] = {}

    def delivered(self, host: str) -> None:
        """Note that a host has sent a whole file."""
        with self._lock:
            self._delivered.add(host)
            self._failed_in_a_row[host] = 0
            self._given_up.pop(host, None)

    def no_contact(self, host: str, reason: str, attempt: int, *, last: bool) -> None:
        """Note that a host could not be reached in an attempt (counted from 1)."""
        with self._lock:
            if host not in self._delivered and (last or attempt >= ATTEMPTS_AT_FIRST_CONTACT):
                self._given_up[host] = reason

    def failed(self, host: str, reason: str) -> None:
        """Note that a file has used up all its attempts."""
        with self._lock:
            self._failed_in_a_row[host] = self._failed_in_a_row.get(host, 0) + 1
            if self._failed_in_a_row[host] >= FILES_BEFORE_GIVING_UP:
                self._given_up[host] = reason

    def given_up(self, host: str) -> str:
        """Say why a host is no longer asked; empty if it is."""
        with self._lock:
            return self._given_up.get(host, "")


@dataclass(frozen=True)
class Line:
    """What the transfers of one fetch share.

    Attributes
    ----------
    session : requests.Session
        Connections.
    meter : Meter
        Where progress is told.
    timeout : float
        Seconds without a byte after which a connection is given up.
    retries : int
        How often a failed attempt is repeated.
    first_wait : float
        Seconds before the first repetition; doubled each time.
    stop : threading.Event
        Set to stop every transfer.
    hosts : Hosts
        Which hosts are worth asking.
    """

    session: requests.Session
    meter: Meter
    timeout: float
    retries: int
    first_wait: float
    stop: Event = field(default_factory=Event)
    hosts: Hosts = field(default_factory=Hosts)


def obtain(row: LockRow, target: Path, addresses: Sequence[Address], line: Line) -> str:
    """Fetch one file, trying its addresses in order.

    Parameters
    ----------
    row : LockRow
        The file.
    target : Path
        Its place; checked to lie in the study folder.
    addresses : sequence of Address
        Where it can be had, best first.
    line : Line
        What all transfers share.

    Returns
    -------
    str
        Empty if the file is there, verified, under its name; else why not.

    Raises
    ------
    Stopped
        The fetch was asked to stop; what has arrived is kept.
    OSError
        The file cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    reasons: dict[str, None] = {}
    with owned_part(target, row, line.stop) as part:
        if is_complete(target, row):
            part.remove()
            return ""
        for address in addresses:
            reason = _from_address(row, part, address, line)
            if not reason:
                part.finish()
                return ""
            reasons[f"{address.host}: {reason}"] = None
    return BETWEEN_REASONS.join(reasons)


def _from_address(row: LockRow, part: PartFile, address: Address, line: Line) -> str:
    """Fetch a file from one address, with all its attempts; say why it failed, if it did."""
    reason = ""
    for attempt in range(1, line.retries + 2):
        given_up = line.hosts.given_up(address.host)
        if given_up:
            return given_up
        try:
            _attempt(row, part, address, line)
        except NotFetched as failure:
            reason, last = failure.reason, attempt > line.retries
            if failure.drop:
                part.drop()
                line.meter.at(row.path, 0)
            if failure.no_contact:
                line.hosts.no_contact(address.host, reason, attempt, last=last)
            if not failure.again:
                return reason
            if not last and not line.hosts.given_up(address.host):
                _wait(seconds_to_wait(attempt, failure.wait, line.first_wait), line)
        else:
            line.hosts.delivered(address.host)
            return ""
    line.hosts.failed(address.host, reason)
    return reason


def _wait(seconds: float, line: Line) -> None:
    if line.stop.wait(seconds):
        raise Stopped


def seconds_to_wait(attempt: int, asked: float, first_wait: float) -> float:
    """Say how long to wait before a server is asked again.

    Parameters
    ----------
    attempt : int
        How often it was asked, from 1.
    asked : float
        What the server asks for (``Retry-After``), in s; 0 where it does not.
    first_wait : float
        After the first attempt, in s.

    Returns
    -------
    float
        Twice as long after every attempt, at least what was asked for, never more than 30 s.
    """
    doubled: float = first_wait * 2 ** (attempt - 1)
    return min(max(doubled, asked), LONGEST_WAIT_SECONDS)


def _attempt(row: LockRow, part: PartFile, address: Address, line: Line) -> None:
    offset = part.resume()
    line.meter.at(row.path, offset)
    if offset < row.size_bytes:
        with _opened(address, offset, row, line) as (start, chunks):
            if start < offset:
                part.drop()
                line.meter.at(row.path, 0)
            _receive(row, part, chunks, line)
    if part.size_bytes < row.size_bytes:
        raise NotFetched("the transfer broke off")
    if not part.is_right():
        raise NotFetched("what was sent has another checksum than the lock names", drop=True)


def _receive(row: LockRow, part: PartFile, chunks: Iterator[bytes], line: Line) -> None:
    for chunk in chunks:
        if line.stop.is_set():
            raise Stopped
        added = part.append(chunk)
        line.meter.at(row.path, part.size_bytes, received=added)
        if part.size_bytes == row.size_bytes:
            return


@contextmanager
def _opened(
    address: Address, offset: int, row: LockRow, line: Line
) -> Iterator[tuple[int, Iterator[bytes]]]:
    """Open an address at an offset: where the bytes really start, and the bytes."""
    if address.local is not None:
        yield offset, _chunks_of_file(address.local, offset, row)
        return
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout = (min(line.timeout, LONGEST_CONNECT_SECONDS), line.timeout)
    try:
        with line.session.get(
            address.text, headers=headers, stream=True, timeout=timeout
        ) as response:
            yield _start(response, offset, row.size_bytes), chunks_of_web(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise failure_of(error, line.timeout) from None


def _start(response: requests.Response, offset: int, size_bytes: int) -> int:
    """Say at which byte an answer starts; refuse one that cannot be the file."""
    status = response.status_code
    if status == requests.codes.partial_content:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found and int(found[1]) == offset and found[2] in ("*", str(size_bytes)):
            return offset
        raise NotFetched("another part of the file was sent than was asked for", drop=True)
    if status == requests.codes.ok:
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) != size_bytes:
            raise NotFetched("what is sent has another size than the lock names")
        return 0
    raise refusal(response)


def refusal(response: requests.Response) -> NotFetched:
    """Say why an answer brings no file, whether to ask again, and when."""
    status, asked = response.status_code, response.headers.get("Retry-After", "")
    return NotFetched(
        f"answered {status} {response.reason}".strip(),
        again=status >= requests.codes.server_error or status in _TRY_AGAIN,
        drop=status == requests.codes.requested_range_not_satisfiable,
        wait=float(asked) if re.fullmatch(r"\d{1,6}", asked) else 0.0,
    )


def chunks_of_web(response: requests.Response) -> Iterator[bytes]:
    """Read the body of an answer piece by piece, as it is sent."""
    # The bytes as they are on the wire: some servers call a .nii.gz "Content-Encoding: gzip".
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
        yield chunk


def _chunks_of_file(path: Path, offset: int, row: LockRow) -> Iterator[bytes]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NotFetched("is no regular file", again=False)
        if found.st_size != row.size_bytes:
            raise NotFetched("the file has another size than the lock names", again=False)
        with path.open("rb") as stream:
            stream.seek(offset)
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise NotFetched((error.strerror or "cannot be read").lower(), again=False) from None


def failure_of(error: Exception, timeout: float) -> NotFetched:
    """Say in words of the user what requests or urllib3 ran into."""
    unreachable = _why_unreachable(error)
    if unreachable:
        return NotFetched(unreachable, no_contact=True)
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return NotFetched(f"sent nothing for {timeout:g} s")
    if isinstance(error, (requests.ConnectionError, urllib3.exceptions.HTTPError)):
        return NotFetched("the transfer broke off")
    return NotFetched(f"cannot be asked ({type(error).__name__})", again=False)


def _why_unreachable(error: Exception) -> str:
    """Say why no connection came about; empty if one did."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy cannot be reached or refuses"
    if isinstance(error, requests.exceptions.SSLError):
        return "the secure connection fails (is its certificate accepted here?)"
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "cannot be reached (its name is not found)"
    if isinstance(error, requests.ConnectTimeout):
        return "cannot be reached (no answer)"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "cannot be reached (no connection)"
    return ""
