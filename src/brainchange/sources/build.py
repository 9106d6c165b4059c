"""Make the lock of a study from the public git mirrors of its dataset."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from brainchange.errors import LockError, Problem
from brainchange.files import human_bytes
from brainchange.sources import git_annex
from brainchange.sources.git_mirror import (
    SYMLINK_MODE,
    TreeEntry,
    branch_refs,
    opened_mirror,
    read_objects,
    resolve,
    tree,
)
from brainchange.sources.lock import LockRow
from brainchange.sources.overlap import is_scanner_image
from brainchange.sources.patterns import matching, why_nothing_matches
from brainchange.study.model import Repository, Study

_GITHUB = re.compile(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class _Wanted:
    """A file of a repository, and its annex key if its content is annexed."""

    entry: TreeEntry
    key: git_annex.AnnexKey | None

    @property
    def log_keys(self) -> tuple[str, ...]:
        """Keys its versions may be logged under.

        A file kept in git is exported as ``GIT--<blob>``; older versions of git-annex wrote
        ``SHA1--<blob>``.
        """
        if self.key:
            return (self.key.text,)
        return (f"GIT--{self.entry.sha}", f"SHA1--{self.entry.sha}")


def build_lock(
    study: Study,
    mirror: Path | None,
    workdir: Path,
    progress: Callable[[str], None] | None = None,
) -> tuple[LockRow, ...]:
    """Make the lock of a study: one row for each file its repositories' patterns name.

    Parameters
    ----------
    study : Study
        The study; its ``repositories`` say what is pinned and which files are needed.
    mirror : Path or None
        Folder with local clones or bundles (``<name>``, ``<name>.git``, ``<name>.bundle``); None to
        clone from the repositories' addresses.
    workdir : Path
        Folder for temporary clones.
    progress : callable, optional
        Told in a line what has been done.

    Returns
    -------
    tuple of LockRow
        Rows sorted by path. Annexed files have size and checksum from their key, the address of
        their version and the plain address as fallback; files kept in git have the name of their
        blob as checksum, the address at the commit, and that of the export as fallback.

    Raises
    ------
    LockError
        A repository cannot be read, its ref is not the pinned commit, a pattern matches nothing, or
        a file has no size, checksum or public address. Problems of all files are told at once.
    """
    rows: list[LockRow] = []
    problems: list[Problem] = []
    for repository in study.repositories:
        try:
            with opened_mirror(repository, mirror, workdir) as git_dir:
                found = _rows_of(repository, git_dir)
                later = _for_later(repository, git_dir)
        except LockError as error:
            problems.extend(error.problems)
        else:
            rows.extend(found)
            if progress:
                progress(f"{repository.name}: {len(found)} files at {repository.commit[:12]}")
            if progress and later:
                progress(f"{repository.name}: {later}")
    if problems:
        raise LockError.from_problems(problems)
    return tuple(sorted(rows, key=lambda row: row.path))


def scanner_images(study: Study, mirror: Path | None, workdir: Path) -> dict[str, str]:
    """List the images of the dataset itself, whether the lock names them or not.

    Parameters
    ----------
    study : Study
        The study; repositories with a folder of their own hold what was made from its images.
    mirror : Path or None
        Folder with local clones or bundles; None to clone from the repositories' addresses.
    workdir : Path
        Folder for temporary clones.

    Returns
    -------
    dict of str to str
        Path → checksum, sorted.

    Raises
    ------
    LockError
        A repository cannot be read, or its ref is not the pinned commit.
    """
    found: dict[str, str] = {}
    for repository in study.repositories:
        if repository.folder:
            continue
        with opened_mirror(repository, mirror, workdir) as git_dir:
            listed = tree(git_dir, resolve(git_dir, repository))
            images = [entry for entry in listed if is_scanner_image(entry.path)]
            for item in _with_keys(images, git_dir, repository):
                found[item.entry.path] = _checksum(item)
    return dict(sorted(found.items()))


def _rows_of(repository: Repository, git_dir: Path) -> list[LockRow]:
    commit = resolve(git_dir, repository)
    wanted = _with_keys(_chosen(repository, tree(git_dir, commit)), git_dir, repository)
    refs = branch_refs(git_dir, git_annex.BRANCH)
    remotes = _remotes(git_dir, refs)
    logs = _logs(git_dir, refs, wanted)
    raw_url = _raw_url(repository, commit)
    rows: list[LockRow] = []
    problems: list[Problem] = []
    for item, log in zip(wanted, logs, strict=True):
        annexed = git_annex.addresses(item.entry.path, log, remotes)
        kept = (raw_url + quote(item.entry.path),) if raw_url and not item.key else ()
        urls = (*kept, *annexed)
        if urls:
            rows.append(_row(repository, item, urls))
        else:
            problems.append(_nowhere(repository, item.entry.path, bool(refs)))
    if problems:
        raise LockError.from_problems(problems)
    return rows


def _for_later(repository: Repository, git_dir: Path) -> str:
    """Count the files that nothing reads yet, and their bytes; empty where none are named."""
    if not repository.later:
        return ""
    listed = _chosen(repository, tree(git_dir, resolve(git_dir, repository)), later=True)
    wanted = _with_keys(listed, git_dir, repository)
    sizes = (item.key.size_bytes if item.key else item.entry.size_bytes for item in wanted)
    return f"{len(wanted)} files for later use, not locked ({human_bytes(sum(sizes))})"


def _chosen(
    repository: Repository, entries: Sequence[TreeEntry], *, later: bool = False
) -> list[TreeEntry]:
    """Keep the files that a pattern names; every pattern must name one."""
    paths = [entry.path for entry in entries]
    chosen: set[str] = set()
    problems = []
    for pattern in repository.later if later else repository.files:
        matched = matching(pattern, paths)
        chosen.update(matched)
        if not matched:
            cause, fix = why_nothing_matches(pattern, paths)
            what = f"the pattern '{pattern}' matches no file"
            problems.append(Problem(what, f"repository {repository.name}: files", cause, fix))
    if problems:
        raise LockError.from_problems(problems)
    return [entry for entry in entries if entry.path in chosen]


def _with_keys(
    entries: Sequence[TreeEntry], git_dir: Path, repository: Repository
) -> list[_Wanted]:
    small = [
        entry
        for entry in entries
        if entry.mode == SYMLINK_MODE or entry.size_bytes <= git_annex.LARGEST_POINTER_BYTES
    ]
    read = read_objects(git_dir, [entry.sha for entry in small])
    contents = {entry.path: content for entry, content in zip(small, read, strict=True)}
    wanted, problems = [], []
    for entry in entries:
        try:
            wanted.append(_Wanted(entry, _key(entry, contents.get(entry.path) or b"")))
        except LockError as error:
            where = f"repository {repository.name}: {entry.path}"
            problems += [Problem(p.what, where, p.cause, p.fix) for p in error.problems]
    if problems:
        raise LockError.from_problems(problems)
    return wanted


def _key(entry: TreeEntry, content: bytes) -> git_annex.AnnexKey | None:
    if entry.mode != SYMLINK_MODE:
        key = git_annex.key_of_pointer(content)
        return git_annex.parse_key(key) if key else None
    target = content.decode("utf-8", errors="replace")
    key = git_annex.key_of_link(target)
    if key is None:
        raise LockError(
            f"it is a link to '{target}', not a file", fix="name the file it leads to in 'files'"
        )
    return git_annex.parse_key(key)


def _remotes(git_dir: Path, refs: Sequence[str]) -> tuple[git_annex.PublicRemote, ...]:
    logs = read_objects(git_dir, [f"{ref}:remote.log" for ref in refs])
    return git_annex.public_remotes("\n".join(log.decode(errors="replace") for log in logs if log))


def _logs(git_dir: Path, refs: Sequence[str], wanted: Sequence[_Wanted]) -> list[list[str]]:
    """Read the version logs of each file, from every ref the git-annex branch goes by."""
    asked = [
        [f"{ref}:{git_annex.metadata_path(key)}" for key in item.log_keys for ref in refs]
        for item in wanted
    ]
    answers = iter(read_objects(git_dir, [name for names in asked for name in names]))
    return [
        [log.decode(errors="replace") for _ in names if (log := next(answers)) is not None]
        for names in asked
    ]


def _row(repository: Repository, item: _Wanted, urls: Sequence[str]) -> LockRow:
    folder = repository.folder.strip("/")
    return LockRow(
        path=f"{folder}/{item.entry.path}" if folder else item.entry.path,
        size_bytes=item.key.size_bytes if item.key else item.entry.size_bytes,
        checksum=_checksum(item),
        url=urls[0],
        fallback_url=urls[1] if len(urls) > 1 else None,
    )


def _checksum(item: _Wanted) -> str:
    return item.key.checksum if item.key else f"git-sha1:{item.entry.sha}"


def _raw_url(repository: Repository, commit: str) -> str:
    """Start of the address of a file kept in git; empty where the host is not GitHub."""
    found = _GITHUB.fullmatch(repository.url)
    return f"https://raw.githubusercontent.com/{found[1]}/{found[2]}/{commit}/" if found else ""


def _nowhere(repository: Repository, path: str, has_branch: bool) -> Problem:
    cause = (
        "no remote in the git-annex branch has a public address"
        if has_branch
        else "the mirror has no git-annex branch: it was cloned with --single-branch"
    )
    return Problem(
        "the file has no public address",
        f"repository {repository.name}: {path}",
        cause,
        f"clone {repository.url} anew, all branches, or leave the file out of 'files'",
    )
