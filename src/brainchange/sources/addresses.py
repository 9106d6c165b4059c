"""Where a file of a lock can be had: mirrors in place of the published addresses, local or web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from brainchange.errors import FetchError
from brainchange.sources.lock import LockRow, problem_of_path

WEB = ("http://", "https://")
FILE = "file://"


@dataclass(frozen=True)
class Address:
    """One place a file can be had from.

    Attributes
    ----------
    text : str
        The address as it is asked for.
    host : str
        Who is asked: host and port, or the folder for a local file.
    local : Path or None
        The local file; None for an address in the web.
    """

    text: str
    host: str
    local: Path | None = None


def addresses_of(row: LockRow, mirrors: Mapping[str, str], root: Path) -> tuple[Address, ...]:
    """List where a file can be had, best first.

    Parameters
    ----------
    row : LockRow
        The file.
    mirrors : mapping of str to str
        Start of an address → what replaces it; the longest start that fits wins.
    root : Path
        Folder of the project, for addresses and mirrors without a scheme.

    Raises
    ------
    FetchError
        A mirror leads to an address that cannot be fetched from.
    """
    texts = [row.url] if row.fallback_url is None else [row.url, row.fallback_url]
    return tuple(dict.fromkeys(address_of(text, mirrors, root) for text in texts))


def address_of(text: str, mirrors: Mapping[str, str], root: Path) -> Address:
    """Say where one published address can be had; arguments and errors as :func:`addresses_of`."""
    return _address(_replaced(text, mirrors, root), root)


def _replaced(text: str, mirrors: Mapping[str, str], root: Path) -> str | Path:
    """Put a mirror in place of the start of an address; a Path is a file in a mirrored folder."""
    fitting = [start for start in mirrors if text.startswith(start)]
    if not fitting:
        return text
    start = max(fitting, key=len)
    mirror, rest = mirrors[start], text[len(start) :]
    if mirror.startswith(WEB):
        return _joined(mirror, rest)
    local = unquote(urlsplit(mirror).path) if mirror.startswith(FILE) else mirror
    inner = unquote(rest.partition("?")[0]).strip("/")
    problem = problem_of_path(inner)
    if problem:
        raise FetchError(
            f"'{text}' would leave the mirror '{mirror}': what follows '{start}' {problem}",
            where="config/config.yaml: sources.mirrors",
            fix="replace the start of the address up to the folder of the study, and no more",
        )
    return root / local / inner


def _joined(mirror: str, rest: str) -> str:
    return f"{mirror.rstrip('/')}/{rest}" if rest and rest[0] not in "/?" else mirror + rest


def _address(place: str | Path, root: Path) -> Address:
    if isinstance(place, str) and place.startswith(WEB):
        return Address(place, urlsplit(place).netloc.rpartition("@")[2])
    if isinstance(place, str):
        local = unquote(urlsplit(place).path) if place.startswith(FILE) else place
        place = root / local
    return Address(str(place), f"folder {place.parent}", place)
