"""What is read from a git mirror: a pinned commit, its tree, and the content of small objects.

Only plumbing commands are used, and objects are read in one batch: a tree of 15,000 files takes a
second. Nothing is checked out, no hook runs, and git-annex need not be installed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from brainchange.errors import LockError, did_you_mean
from brainchange.study.model import Repository

SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"

_OF_ANOTHER_REPOSITORY = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
)
_OPTIONS = (
    "-c", "safe.directory=*",
    "-c", "core.quotePath=false",
    "-c", "http.lowSpeedLimit=1000",
    "-c", "http.lowSpeedTime=60",
)  # fmt: skip


@dataclass(frozen=True)
class TreeEntry:
    """One file of a commit.

    Attributes
    ----------
    path : str
        POSIX path in the repository.
    mode : str
        Mode as git writes it (``120000`` for a symbolic link).
    sha : str
        Name of the blob.
    size_bytes : int
        Size of the blob (of the link or pointer, where the content is annexed).
    """

    path: str
    mode: str
    sha: str
    size_bytes: int


@contextmanager
def opened_mirror(repository: Repository, mirror: Path | None, workdir: Path) -> Iterator[Path]:
    """Give a local git folder of a repository for a while.

    Parameters
    ----------
    repository : Repository
        Name and address.
    mirror : Path or None
        Folder with clones or bundles called ``<name>``, ``<name>.git`` or ``<name>.bundle``;
        None to clone from the repository's address.
    workdir : Path
        Where a temporary clone is put; it is removed at the end.

    Raises
    ------
    LockError
        The mirror folder lacks the repository, or git cannot clone it.
    """
    source = repository.url if mirror is None else _find(repository.name, mirror)
    if isinstance(source, Path) and source.is_dir():
        yield source
        return
    workdir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{repository.name}-", dir=workdir) as folder:
        clone = Path(folder) / "clone.git"
        _git(["clone", "--quiet", "--bare", "--", str(source), str(clone)], doing=f"clone {source}")
        yield clone


def resolve(git_dir: Path, repository: Repository) -> str:
    """Find the commit of a repository's ``ref`` and hold it against the pinned one.

    Returns
    -------
    str
        The commit, 40 hexadecimal digits.

    Raises
    ------
    LockError
        The ref does not exist, or it is not the commit the study pins.
    """
    where = f"repository {repository.name}"
    commit = _commit(git_dir, repository.ref)
    if commit is None:
        names = _git(["for-each-ref", "--format=%(refname:short)"], git_dir).decode().split()
        raise LockError(
            f"ref '{repository.ref}' does not exist",
            where=where,
            cause="a typing error, or the mirror is older than the snapshot",
            fix=did_you_mean(repository.ref, names),
        )
    if commit != repository.commit:
        raise LockError(
            f"ref '{repository.ref}' is commit {commit}, but the study pins {repository.commit}",
            where=where,
            cause="the publisher has moved the tag, or one of the two is mistyped",
            fix="see what has changed between the two, then pin the one you mean",
        )
    return commit


def branch_refs(git_dir: Path, branch: str) -> list[str]:
    """List the refs a branch goes by: the local one, and that of each remote of a clone."""
    refs = _git(["for-each-ref", "--format=%(refname)"], git_dir).decode().split()
    remote = [ref for ref in refs if ref.startswith("refs/remotes/")]
    return [ref for ref in refs if ref == f"refs/heads/{branch}"] + [
        ref for ref in remote if ref.split("/", 3)[3:] == [branch]
    ]


def tags(git_dir: Path) -> list[str]:
    """List the tags of a repository."""
    return (
        _git(["for-each-ref", "--format=%(refname:short)", "refs/tags"], git_dir).decode().split()
    )


def head_commit(git_dir: Path, ref: str) -> str | None:
    """Find the commit of a ref (``HEAD`` for the newest one); None where there is no such ref."""
    return _commit(git_dir, ref)


def tree(git_dir: Path, commit: str) -> list[TreeEntry]:
    """List every file of a commit, submodules left out; sorted by path.

    A name that is not UTF-8 is written with backslashes, which no lock accepts.
    """
    listed = _git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], git_dir)
    entries = []
    for line in listed.decode("utf-8", errors="backslashreplace").split("\0"):
        if line:
            described, path = line.split("\t", 1)
            mode, _, sha, size = described.split()
            if mode != SUBMODULE_MODE:
                entries.append(TreeEntry(path, mode, sha, int(size)))
    return sorted(entries, key=lambda entry: entry.path)


def read_objects(git_dir: Path, names: Sequence[str]) -> list[bytes | None]:
    """Read the content of many objects with one call of git.

    Parameters
    ----------
    git_dir : Path
        The repository.
    names : sequence of str
        Blob names or ``<commit>:<path>``.

    Returns
    -------
    list of bytes or None
        Content in the order asked for; None where there is no such object.
    """
    if not names:
        return []
    answer = _git(["cat-file", "--batch"], git_dir, asked="".join(f"{n}\n" for n in names))
    contents: list[bytes | None] = []
    position = 0
    for _ in names:
        end = answer.index(b"\n", position)
        header = answer[position:end].split(b" ")
        position = end + 1
        if header[-1] == b"missing":
            contents.append(None)
            continue
        size = int(header[-1])
        contents.append(answer[position : position + size])
        position += size + 1
    return contents


def _find(name: str, mirror: Path) -> Path:
    for candidate in (mirror / name, mirror / f"{name}.git", mirror / f"{name}.bundle"):
        if candidate.exists():
            return candidate
    present = sorted(p.name for p in mirror.glob("*") if p.is_dir() or p.suffix == ".bundle")
    raise LockError(
        f"no clone or bundle of '{name}' in the folder of mirrors",
        where=str(mirror),
        cause=f"{name}, {name}.git and {name}.bundle were looked for",
        fix=did_you_mean(f"{name}.bundle", present),
    )


def _commit(git_dir: Path, ref: str) -> str | None:
    arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    ran = _run(arguments, git_dir)
    return ran.stdout.decode().strip() if ran.returncode == 0 else None


def _git(
    arguments: Sequence[str], git_dir: Path | None = None, *, asked: str = "", doing: str = ""
) -> bytes:
    ran = _run(arguments, git_dir, asked)
    if ran.returncode != 0:
        told = [line for line in ran.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise LockError(
            f"git could not {doing or arguments[0]}: {told[-1] if told else 'no reason given'}",
            where=str(git_dir or ""),
            cause="no network, a wrong address, or a folder that is no complete git repository",
            fix="check the address, or give a folder of local clones with --mirror",
        )
    return ran.stdout


def _run(
    arguments: Sequence[str], git_dir: Path | None = None, asked: str = ""
) -> subprocess.CompletedProcess[bytes]:
    place = ["-C", str(git_dir)] if git_dir else []
    environment = {k: v for k, v in os.environ.items() if k not in _OF_ANOTHER_REPOSITORY}
    try:
        return subprocess.run(
            ["git", *place, *_OPTIONS, *arguments],
            input=asked.encode(),
            capture_output=True,
            check=False,
            env={**environment, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise LockError("git is not installed", fix="install git; only a lock needs it") from None
