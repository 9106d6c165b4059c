"""What git-annex writes is read as its documentation says."""

from __future__ import annotations

import base64

import pytest

from brainchange.errors import LockError
from brainchange.sources.git_annex import (
    PublicRemote,
    StoredVersion,
    addresses,
    key_of_link,
    key_of_pointer,
    metadata_path,
    parse_key,
    public_remotes,
    stored_versions,
)

MD5, SHA256 = "f93c3125ba1a1d741e07fef5d15d06c8", "0a" * 32
UUID = "10328cb7-5e48-4e13-a23e-0636d53b149b"
REMOTE = PublicRemote(UUID, "https://s3.amazonaws.com/openneuro.org", "ds003007/")


@pytest.mark.parametrize(
    ("key", "size_bytes", "checksum"),
    [
        (f"MD5E-s29029497--{MD5}.nii.gz", 29029497, f"md5:{MD5}"),
        (f"MD5-s0--{MD5}", 0, f"md5:{MD5}"),
        (f"SHA256E-s12--{SHA256}.tsv", 12, f"sha256:{SHA256}"),
        (f"SHA256-s12-m1589--{SHA256}", 12, f"sha256:{SHA256}"),
    ],
)
def test_size_and_checksum_are_in_the_key(key: str, size_bytes: int, checksum: str) -> None:
    parsed = parse_key(key)
    assert (parsed.text, parsed.size_bytes, parsed.checksum) == (key, size_bytes, checksum)


@pytest.mark.parametrize(
    "key",
    [
        f"MD5E--{MD5}.nii.gz",
        f"SHA1E-s3--{'a' * 40}",
        "WORM-s3-m12--name",
        "URL--http&c%%example.org%a",
        f"MD5E-s3--{MD5}0.nii",
        f"MD5E-s3--{MD5[:-1]}.nii",
        f"MD5E-s3--{MD5}\n.nii",
        "",
    ],
)
def test_a_key_that_does_not_tell_size_and_checksum_is_refused(key: str) -> None:
    with pytest.raises(LockError, match="does not tell size and checksum") as caught:
        parse_key(key)
    assert "MD5, MD5E, SHA256 or SHA256E" in str(caught.value)


def test_links_and_pointer_files_lead_to_the_key() -> None:
    key = f"MD5E-s3--{MD5}.nii.gz"
    assert key_of_link(f"../../.git/annex/objects/K2/x3/{key}/{key}") == key
    assert key_of_link("lh.white.preaparc.H") is None
    assert key_of_pointer(f"/annex/objects/{key}\n".encode()) == key
    assert key_of_pointer(b'{"RepetitionTime": 2.5}\n') is None
    assert key_of_pointer(b"") is None


def test_the_metadata_lies_where_the_documented_example_says() -> None:
    key = f"MD5E-s29029497--{MD5}.nii.gz"
    assert metadata_path(key) == f"392/5f6/{key}.log.rmet"


def test_only_remotes_with_a_public_address_count_and_the_newest_entry_of_each() -> None:
    log = (
        f"{UUID} fileprefix=old/ publicurl=https://old.example timestamp=1597696720s\n"
        f"{UUID} fileprefix=ds003007/ name=s3-PUBLIC "
        "publicurl=https://s3.amazonaws.com/openneuro.org timestamp=1597696726.38s\n"
        "e066dc50-a52a-42ae-b55d-b25cb91bb233 fileprefix=ds003007/ name=s3-PRIVATE "
        "timestamp=1594398913s\n"
        "aaaa fileprefix=a&32;b/ publicurl=https://example.org/ timestamp=5s\n"
        "\n"
    )
    assert public_remotes(log.replace("\n\n", "\n")) == (
        REMOTE,
        PublicRemote("aaaa", "https://example.org/", "a b/"),
    )


def test_versions_are_read_in_plain_and_in_base64_and_may_be_withdrawn() -> None:
    spaced = base64.b64encode(b"v2#ds003007/a b.tsv").decode()
    log = (
        f"1594404762.5s {UUID}:V -v1#ds003007/a.tsv +v3#ds003007/a.tsv\n"
        f"1594404760.6s {UUID}:V +v1#ds003007/a.tsv +!{spaced}\n"
        f"1594404761s other:field +not#a/version\n"
        f"1594404761s {UUID}:V +!not-base64\n"
    )
    assert stored_versions(log) == (
        StoredVersion(UUID, "v2", "ds003007/a b.tsv", 1594404760.6),
        StoredVersion(UUID, "v3", "ds003007/a.tsv", 1594404762.5),
    )


def test_the_newest_version_under_exactly_the_path_comes_first() -> None:
    log = (
        f"3s {UUID}:V +twin#ds003007/sub-02/a+b.tsv\n"
        f"1s {UUID}:V +old#ds003007/sub-01/a+b.tsv\n"
        f"2s {UUID}:V +ne/w#ds003007/sub-01/a+b.tsv\n"
    )
    plain = "https://s3.amazonaws.com/openneuro.org/ds003007/sub-01/a%2Bb.tsv"
    assert addresses("sub-01/a+b.tsv", [log], [REMOTE]) == (f"{plain}?versionId=ne%2Fw", plain)


def test_without_a_version_there_is_only_the_plain_address() -> None:
    plain = "https://s3.amazonaws.com/openneuro.org/ds003007/a.tsv"
    assert addresses("a.tsv", [], [REMOTE]) == (plain,)
    assert addresses("a.tsv", [f"1s {UUID}:V +v#ds003007/b.tsv\n"], [REMOTE]) == (plain,)
    assert addresses("a.tsv", [f"1s {UUID}:V +v#ds003007/a.tsv\n"], []) == ()
