"""What git-annex writes into a repository: keys, public remotes, S3 versions.

Read by hand because git-annex itself is a 100 MB program that a user of a lock should not need.

References
----------
git-annex documentation: "internals" (layout of the git-annex branch), "key format", and the
``*.log.rmet`` files (per-remote metadata), https://git-annex.branchable.com/internals/.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from brainchange.errors import LockError

BRANCH = "git-annex"
LARGEST_POINTER_BYTES = 32_768
"""git-annex reads no larger file as a pointer."""

_POINTER = re.compile(r"/annex/objects/([^/\s]+)")
_LINK = re.compile(r"(?:.*/)?annex/objects/(?:.+/)?([^/]+)")
_KEY = re.compile(r"(?P<backend>[A-Z0-9_]+)(?P<fields>(?:-[a-zA-Z][0-9]+)*)--(?P<name>.+)")
_DIGEST = {"MD5": (32, "md5"), "SHA256": (64, "sha256")}
_ESCAPED = re.compile(r"&(\d{1,5});")


@dataclass(frozen=True)
class AnnexKey:
    """Size and checksum of an annexed file, as its key says them.

    Attributes
    ----------
    text : str
        The key: ``MD5E-s29029497--f93c…ea08.nii.gz``.
    size_bytes : int
        Size of the content.
    checksum : str
        ``md5:…`` or ``sha256:…``.
    """

    text: str
    size_bytes: int
    checksum: str


@dataclass(frozen=True)
class PublicRemote:
    """A place from which annexed files can be fetched by anyone.

    Attributes
    ----------
    uuid : str
        Identifier of the remote in the logs.
    public_url : str
        Start of the address of every file.
    file_prefix : str
        What stands between that and the path of a file in the repository.
    """

    uuid: str
    public_url: str
    file_prefix: str

    def address(self, stored_path: str, version: str = "") -> str:
        """Address of a stored path, of one version of it if given."""
        plain = f"{self.public_url.rstrip('/')}/{quote(stored_path, safe='/')}"
        return f"{plain}?versionId={quote(version, safe='')}" if version else plain


@dataclass(frozen=True)
class StoredVersion:
    """One version of a file in a remote that keeps versions (S3).

    Attributes
    ----------
    uuid : str
        The remote.
    version : str
        ``versionId`` of the store.
    stored_path : str
        Path in the store, the remote's prefix included.
    timestamp : float
        When it was written down, in seconds since 1970.
    """

    uuid: str
    version: str
    stored_path: str
    timestamp: float


def key_of_link(target: str) -> str | None:
    """Key that an annexed symbolic link points to; None for any other link."""
    found = _LINK.fullmatch(target)
    return found[1] if found else None


def key_of_pointer(content: bytes) -> str | None:
    """Key in a pointer file (an unlocked annexed file); None for any other content."""
    if not content.startswith(b"/annex/objects/"):
        return None
    found = _POINTER.match(content.decode("utf-8", errors="replace"))
    return found[1] if found else None


def parse_key(text: str) -> AnnexKey:
    """Read size and checksum from a key of the backends MD5, MD5E, SHA256 and SHA256E.

    Raises
    ------
    LockError
        The key is of another backend, or lacks the size.
    """
    found = _KEY.fullmatch(text)
    length, kind = _DIGEST.get(found["backend"].removesuffix("E"), (0, "")) if found else (0, "")
    size = re.search(r"-s([0-9]+)", found["fields"]) if found else None
    digest = (
        re.match(rf"[0-9a-f]{{{length}}}(?![0-9a-f])", found["name"]) if found and kind else None
    )
    if size is None or digest is None:
        raise LockError(
            f"the annex key '{text}' does not tell size and checksum",
            cause="it is not of the kind MD5, MD5E, SHA256 or SHA256E",
            fix="leave the file out of 'files', or ask the publisher to migrate the key",
        )
    return AnnexKey(text, int(size[1]), f"{kind}:{digest[0]}")


def metadata_path(key: str) -> str:
    """Path of the per-remote metadata of a key in the git-annex branch.

    The two folders are the first six hexadecimal digits of the MD5 of the key ("hashdirlower").
    """
    digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:3]}/{digest[3:6]}/{key}.log.rmet"


def public_remotes(remote_log: str) -> tuple[PublicRemote, ...]:
    """Read the remotes with a public address from ``remote.log``, newest entry of each.

    Parameters
    ----------
    remote_log : str
        Lines ``<uuid> key=value … timestamp=<seconds>s``.
    """
    newest: dict[str, tuple[float, dict[str, str]]] = {}
    for line in remote_log.splitlines():
        uuid, *pairs = line.split()
        values = {k: _unescaped(v) for k, _, v in (pair.partition("=") for pair in pairs)}
        stamp = _seconds(values.get("timestamp", "0s"))
        if uuid not in newest or stamp >= newest[uuid][0]:
            newest[uuid] = (stamp, values)
    return tuple(
        PublicRemote(uuid, values["publicurl"], values.get("fileprefix", ""))
        for uuid, (_, values) in sorted(newest.items())
        if values.get("publicurl", "").startswith(("https://", "http://"))
    )


def stored_versions(metadata_log: str) -> tuple[StoredVersion, ...]:
    """Read which versions of a key are stored where, oldest first.

    Parameters
    ----------
    metadata_log : str
        Lines ``<seconds>s <uuid>:V +<versionId>#<stored path> -<…>`` of a ``*.log.rmet``; a value
        that starts with ``!`` is base64; ``-`` withdraws a value.
    """
    stored: dict[tuple[str, str], float] = {}
    stamped = [(_seconds(words[0]), words[1:]) for line in metadata_log.splitlines()
               if len(words := line.split()) > 2]  # fmt: skip
    for stamp, words in sorted(stamped, key=lambda item: item[0]):
        field = ""
        for word in words:
            if word[0] not in "+-":
                field = word
            elif field.endswith(":V"):
                place = (field.removesuffix(":V"), _value(word[1:]))
                stored.pop(place, None)
                if word[0] == "+":
                    stored[place] = stamp
    return tuple(
        StoredVersion(uuid, version, path, stamp)
        for (uuid, value), stamp in stored.items()
        for version, separator, path in [value.partition("#")]
        if version and separator
    )


def addresses(
    path: str, metadata_logs: Sequence[str], remotes: Sequence[PublicRemote]
) -> tuple[str, ...]:
    """List the addresses of a file, best first.

    Parameters
    ----------
    path : str
        Path in the repository.
    metadata_logs : sequence of str
        ``*.log.rmet`` of its key; none where no version was written down.
    remotes : sequence of PublicRemote
        From :func:`public_remotes`.

    Returns
    -------
    tuple of str
        The newest version stored under exactly this path, then the address without version; without
        such a version only the latter. Empty if no remote is public.
    """
    by_uuid: Mapping[str, PublicRemote] = {remote.uuid: remote for remote in remotes}
    versions = [
        version
        for log in metadata_logs
        for version in stored_versions(log)
        if version.uuid in by_uuid
        and version.stored_path == by_uuid[version.uuid].file_prefix + path
    ]
    if not versions:
        return tuple(remote.address(remote.file_prefix + path) for remote in remotes[:1])
    newest = max(versions, key=lambda version: version.timestamp)
    remote = by_uuid[newest.uuid]
    return (
        remote.address(newest.stored_path, newest.version),
        remote.address(newest.stored_path),
    )


def _value(text: str) -> str:
    if not text.startswith("!"):
        return text
    try:
        return base64.b64decode(text[1:], validate=True).decode("utf-8", errors="replace")
    except binascii.Error:
        return ""


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1])), text)


def _seconds(stamp: str) -> float:
    try:
        return float(stamp.removesuffix("s"))
    except ValueError:
        return 0.0
