"""A lock made from git repositories with known content."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from brainchange.errors import LockError
from brainchange.files import checksum
from brainchange.sources.build import build_lock
from brainchange.sources.git_annex import metadata_path
from brainchange.sources.lock import LockRow
from brainchange.study.model import Study

UUID = "10328cb7-5e48-4e13-a23e-0636d53b149b"
REMOTE_LOG = f"{UUID} fileprefix=ds1/ publicurl=https://s3.example.org timestamp=1s\n"
IMAGE = f"MD5E-s1000--{'ab' * 16}.nii.gz"
TABLE = f"SHA256E-s77--{'cd' * 32}.tsv"
TEXT = "participant_id\tgroup\nsub-01\ta\n"


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    ran = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
    )
    return ran.stdout.strip()


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def link(folder: Path, path: str, target: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).symlink_to(target)


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    """A folder with one repository, ``ds1``, as OpenNeuro publishes it, tagged 1.0.0."""
    folder = tmp_path / "mirrors"
    repository = folder / "ds1"
    repository.mkdir(parents=True)
    git(repository, "init", "-q", "-b", "main")
    write(repository, "participants.tsv", TEXT)
    write(repository, "sub-01/a+b_events.tsv", "onset\n")
    image = "sub-01/func/sub-01_task-rest_bold.nii.gz"
    link(repository, image, f"../../.git/annex/objects/aa/bb/{IMAGE}/{IMAGE}")
    write(repository, "sub-01/func/sub-01_pointer.tsv", f"/annex/objects/{TABLE}\n")
    link(repository, "sub-01/plain_link.tsv", "a+b_events.tsv")
    link(repository, "sub-01/worm.nii", "../.git/annex/objects/aa/bb/WORM-s1-m1--x/WORM-s1-m1--x")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Add data")
    git(repository, "tag", "1.0.0")
    git(repository, "checkout", "-q", "--orphan", "git-annex")
    git(repository, "rm", "-q", "-r", "-f", ".")
    write(repository, "remote.log", REMOTE_LOG)
    write(repository, metadata_path(IMAGE), f"1s {UUID}:V +v1#ds1/{image}\n")
    blob = hashlib.sha1(f"blob {len(TEXT)}\0{TEXT}".encode()).hexdigest()
    write(repository, metadata_path(f"GIT--{blob}"), f"1s {UUID}:V +v9#ds1/participants.tsv\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Update")
    git(repository, "checkout", "-q", "main")
    return folder


def commit_of(mirrors: Path) -> str:
    return git(mirrors / "ds1", "rev-parse", "1.0.0^{commit}")


def study(commit: str, *files: str, ref: str = "1.0.0", url: str = "", folder: str = "") -> Study:
    repository = {
        "name": "ds1",
        "url": url or "https://github.com/Datasets/ds1.git",
        "ref": ref,
        "commit": commit,
        "folder": folder,
        "files": files,
    }
    arm = {"label": "A", "role": "therapy"}
    return Study.model_validate(
        {
            "id": "ds1",
            "title": "t",
            "version": "1",
            "license": "CC0",
            "citation": "c",
            "repositories": (repository,),
            "participants": {"arm_column": "group"},
            "arms": {"a": arm, "b": {**arm, "role": "untreated"}},
            "allocation": {"randomised": True, "description": "d"},
            "timepoints": {"pre": ("pre",), "post": ("post",)},
            "tasks": ("rest",),
            "contrasts": {
                "c": {"label": "l", "treated": ("a",), "control": ("b",), "primary": True}
            },
        }
    )


def test_each_kind_of_file_gets_its_size_checksum_and_addresses(
    mirrors: Path, tmp_path: Path
) -> None:
    commit = commit_of(mirrors)
    wanted = study(commit, "participants.tsv", "sub-*/*events.tsv", "sub-*/func/*", folder="raw")
    told: list[str] = []
    rows = build_lock(wanted, mirrors, tmp_path / "work", told.append)
    raw, s3 = (
        f"https://raw.githubusercontent.com/Datasets/ds1/{commit}",
        "https://s3.example.org/ds1",
    )
    text_sum = checksum(mirrors / "ds1/participants.tsv", "git-sha1")
    events_sum = checksum(mirrors / "ds1/sub-01/a+b_events.tsv", "git-sha1")
    image, table = "sub-01/func/sub-01_task-rest_bold.nii.gz", "sub-01/func/sub-01_pointer.tsv"
    assert rows == (
        LockRow("raw/participants.tsv", len(TEXT), text_sum, f"{raw}/participants.tsv",
                f"{s3}/participants.tsv?versionId=v9"),
        LockRow("raw/sub-01/a+b_events.tsv", 6, events_sum, f"{raw}/sub-01/a%2Bb_events.tsv",
                f"{s3}/sub-01/a%2Bb_events.tsv"),
        LockRow(f"raw/{table}", 77, f"sha256:{'cd' * 32}", f"{s3}/{table}", None),
        LockRow(f"raw/{image}", 1000, f"md5:{'ab' * 16}", f"{s3}/{image}?versionId=v1",
                f"{s3}/{image}"),
    )  # fmt: skip
    assert told == [f"ds1: 4 files at {commit[:12]}"]


@pytest.mark.parametrize("form", ["bare", "bundle", "clone", "address"])
def test_bundles_bare_clones_and_addresses_give_the_same_lock(
    mirrors: Path, tmp_path: Path, form: str
) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv", "**/*.nii.gz")
    expected = build_lock(wanted, mirrors, tmp_path / "work")
    other = tmp_path / "other"
    other.mkdir()
    source: Path | None = other
    if form == "bare":
        git(other, "clone", "-q", "--bare", str(mirrors / "ds1"), "ds1.git")
    elif form == "bundle":
        git(mirrors / "ds1", "bundle", "create", "-q", str(other / "ds1.bundle"), "--all")
    elif form == "clone":
        git(other, "clone", "-q", str(mirrors / "ds1"), "ds1")
    else:
        address = str(mirrors / "ds1")
        wanted = study(wanted.repositories[0].commit, "**/*.nii.gz", url=address)
        source, expected = None, expected[1:]
    assert build_lock(wanted, source, tmp_path / "work") == expected
    assert not list((tmp_path / "work").glob("*"))


def test_a_file_kept_in_git_elsewhere_than_on_github_is_fetched_from_the_export(
    mirrors: Path, tmp_path: Path
) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv", url="https://example.org/ds1.git")
    (row,) = build_lock(wanted, mirrors, tmp_path)
    assert row.url == "https://s3.example.org/ds1/participants.tsv?versionId=v9"


def test_the_environment_of_a_git_hook_changes_nothing(
    mirrors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert len(build_lock(wanted, mirrors, tmp_path)) == 1


def test_every_pattern_that_matches_nothing_is_told(mirrors: Path, tmp_path: Path) -> None:
    wanted = study(commit_of(mirrors), "participant.tsv", "sub-*/fnc/*", "sub-01/**")
    with pytest.raises(LockError) as caught:
        build_lock(wanted, mirrors, tmp_path)
    told = str(caught.value)
    assert told.startswith("2 problems:")
    assert "repository ds1: files: the pattern 'participant.tsv' matches no file" in told
    assert "Did you mean 'participants.tsv'?" in told
    assert "'sub-*/' exists, but nothing in it is called 'fnc'" in told


def test_links_and_keys_that_cannot_be_locked_are_told_together(
    mirrors: Path, tmp_path: Path
) -> None:
    with pytest.raises(LockError) as caught:
        build_lock(study(commit_of(mirrors), "sub-01/*"), mirrors, tmp_path)
    told = str(caught.value)
    assert "sub-01/plain_link.tsv: it is a link to 'a+b_events.tsv', not a file" in told
    assert "sub-01/worm.nii: the annex key 'WORM-s1-m1--x' does not tell size" in told


def test_a_moved_tag_is_noticed(mirrors: Path, tmp_path: Path) -> None:
    with pytest.raises(LockError, match="but the study pins " + "0" * 40) as caught:
        build_lock(study("0" * 40, "participants.tsv"), mirrors, tmp_path)
    assert "the publisher has moved the tag" in str(caught.value)


def test_an_unknown_tag_is_told_with_a_suggestion(mirrors: Path, tmp_path: Path) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv", ref="1.0.1")
    with pytest.raises(LockError, match=r"ref '1\.0\.1' does not exist") as caught:
        build_lock(wanted, mirrors, tmp_path)
    assert "Did you mean '1.0.0'?" in str(caught.value)


def test_a_missing_mirror_is_told_with_what_was_looked_for(mirrors: Path, tmp_path: Path) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv")
    (mirrors / "ds1").rename(mirrors / "ds11.git")
    with pytest.raises(LockError, match="no clone or bundle of 'ds1'") as caught:
        build_lock(wanted, mirrors, tmp_path)
    assert "ds1, ds1.git and ds1.bundle were looked for" in str(caught.value)
    with pytest.raises(LockError, match="no clone or bundle of 'ds1'"):
        build_lock(wanted, tmp_path / "absent", tmp_path)


def test_an_address_that_cannot_be_cloned_is_told(mirrors: Path, tmp_path: Path) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv", url=str(tmp_path / "absent.git"))
    with pytest.raises(LockError, match="git could not clone") as caught:
        build_lock(wanted, None, tmp_path / "work")
    assert "does not exist" in str(caught.value)
    assert "--mirror" in str(caught.value)


def test_a_clone_without_the_annex_branch_has_no_addresses(mirrors: Path, tmp_path: Path) -> None:
    wanted = study(commit_of(mirrors), "**/*.nii.gz")
    git(mirrors / "ds1", "branch", "-q", "-D", "git-annex")
    with pytest.raises(LockError, match="the file has no public address") as caught:
        build_lock(wanted, mirrors, tmp_path)
    assert "cloned with --single-branch" in str(caught.value)


def test_a_machine_without_git_is_told(
    mirrors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = study(commit_of(mirrors), "participants.tsv")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LockError, match="git is not installed"):
        build_lock(wanted, mirrors, tmp_path)
