"""One published file on this machine: an atlas, its labels, a template.

Where size and checksum are known it is fetched as the files of a lock are. Where they are not, it
is taken as it is sent, complete or not at all; whoever uses it keeps its checksum from then on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import requests
import urllib3.exceptions

from brainchange.errors import FetchError
from brainchange.files import checksum, complete_or_absent, human_bytes
from brainchange.sources.addresses import Address, address_of
from brainchange.sources.fetch import fetch, new_session
from brainchange.sources.lock import LockRow
from brainchange.sources.transfer import (
    LONGEST_CONNECT_SECONDS,
    NotFetched,
    chunks_of_web,
    failure_of,
    refusal,
    seconds_to_wait,
)
from brainchange.study.settings import Sources

LARGEST_BYTES = 1 << 30
"""No atlas and no template is larger; a stream that is longer is broken off."""


@dataclass(frozen=True)
class Published:
    """A published file.

    Attributes
    ----------
    url : str
        Its address; without a scheme, a path in the project folder.
    what : str
        What it is, for messages (``the atlas AAL3``).
    size_bytes : int or None
        Its size, where it is known.
    checksum : str or None
        ``md5:…`` or ``sha256:…``, where it is known.
    """

    url: str
    what: str
    size_bytes: int | None = None
    checksum: str | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return PurePosixPath(unquote(urlsplit(self.url).path)).name


def on_this_machine(
    wanted: Published, folder: Path, *, root: Path, sources: Sources, first_wait: float = 0.5
) -> Path:
    """Have a published file here: in its own place, put there by hand, or fetched.

    Parameters
    ----------
    wanted : Published
        The file.
    folder : Path
        Where a file from the web is kept, under its own name.
    root : Path
        Folder of the project, for addresses without a scheme.
    sources : Sources
        Mirrors, time-out (s) and retries.
    first_wait : float
        Seconds before the first retry; doubled each time.

    Returns
    -------
    Path
        The file; in the project or in a mirrored folder it stays where it is.

    Raises
    ------
    FetchError
        It is not there and cannot be fetched, or has another checksum than is known of it.
    """
    address = address_of(wanted.url, sources.mirrors, root)
    kept = folder / wanted.name
    if address.local is not None and address.local.is_file():
        return _right(address.local, wanted)
    if kept.is_file():
        return _right(kept, wanted)
    if address.local is not None and not _is_web(wanted.url):
        raise FetchError(
            f"{wanted.what} needs the file {address.local.name}, which does not exist",
            where=str(address.local),
            fix="put it there, or correct its address",
        )
    reason = _fetched(wanted, address, kept, root=root, sources=sources, first_wait=first_wait)
    if reason:
        raise FetchError(
            f"{wanted.what} needs the file {wanted.name}, which could not be fetched",
            where=wanted.url,
            cause=reason,
            fix=f"fetch it on a machine with network and put it to {kept}; or name a mirror under "
            "'sources.mirrors' in config/config.yaml (a folder, file://…, https://…)",
        )
    return kept


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _right(path: Path, wanted: Published) -> Path:
    """Check a file that was there already against what is known of it."""
    known = wanted.checksum
    if known and checksum(path, known.partition(":")[0]) != known:
        raise FetchError(
            f"{path.name} is another file than {wanted.what} needs: its checksum differs",
            where=str(path),
            cause="it was changed, cut off or is another version",
            fix="delete it, and it is fetched again",
        )
    return path


def _fetched(
    wanted: Published,
    address: Address,
    kept: Path,
    *,
    root: Path,
    sources: Sources,
    first_wait: float,
) -> str:
    """Fetch a file; the reason why not, empty where it is there."""
    if wanted.checksum and wanted.size_bytes:
        row = LockRow(wanted.name, wanted.size_bytes, wanted.checksum, wanted.url)
        done = fetch([row], kept.parent, root=root, sources=sources, first_wait=first_wait)
        return "; ".join(file.reason for file in done.missing)
    if address.local is not None:
        return f"{address.host}: there is no {address.local.name}"
    reason = ""
    with closing(new_session(1)) as session:
        for attempt in range(sources.retries + 1):
            try:
                _take(address, kept, session, sources.timeout)
            except NotFetched as failure:
                reason = f"{address.host}: {failure.reason}"
                if not failure.again or failure.no_contact:
                    return reason
                if attempt < sources.retries:
                    time.sleep(seconds_to_wait(attempt + 1, failure.wait, first_wait))
            else:
                return ""
    return reason


def _take(address: Address, kept: Path, session: requests.Session, timeout: float) -> None:
    """Take a file of unknown checksum as it is sent."""
    with complete_or_absent(kept) as temporary, _stream(address, session, timeout) as (size, parts):
        with temporary.open("wb") as out:
            for part in parts:
                out.write(part)
                if out.tell() > LARGEST_BYTES:
                    told = human_bytes(LARGEST_BYTES)
                    raise NotFetched(f"sent more than {told}", again=False)
        if size is not None and temporary.stat().st_size != size:
            raise NotFetched("the transfer broke off")


@contextmanager
def _stream(
    address: Address, session: requests.Session, timeout: float
) -> Iterator[tuple[int | None, Iterator[bytes]]]:
    """Open an address: the size it tells, and the bytes."""
    times = (min(timeout, LONGEST_CONNECT_SECONDS), timeout)
    headers = {"Accept-Encoding": "identity"}
    try:
        with session.get(address.text, headers=headers, stream=True, timeout=times) as response:
            if response.status_code != requests.codes.ok:
                raise refusal(response)
            length = response.headers.get("Content-Length", "")
            yield int(length) if length.isdecimal() else None, chunks_of_web(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise failure_of(error, timeout) from None
