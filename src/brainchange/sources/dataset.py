"""What a published dataset says about itself, before any image is fetched.

Its list of files, and the text of its small tables, sidecars and README: from a git mirror at one
snapshot, or from a folder. Files whose content is annexed elsewhere are known by name and size.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainchange.errors import LockError, did_you_mean
from brainchange.sources import git_annex
from brainchange.sources.git_mirror import (
    SYMLINK_MODE,
    TreeEntry,
    head_commit,
    opened_mirror,
    read_objects,
    tags,
    tree,
)
from brainchange.study.model import Repository

LARGEST_TEXT_BYTES = 5_000_000
_TOLD = re.compile(r"(?:[^/]+|phenotype/[^/]+|sub-.*_(?:sessions|events)\.tsv|sub-.*_bold\.json)")
_TEXT = re.compile(r".*\.(?:tsv|json|md|txt|rst)|(?:.*/)?(?:README|CHANGES)")
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_DOI_VERSION = re.compile(r"\.v(\d+(?:\.\d+)*)$")


@dataclass(frozen=True)
class Table:
    """A small table of text cells.

    Attributes
    ----------
    names : tuple of str
        Names of its columns.
    rows : tuple of dict
        Column → cell, for every row; cells a row lacks are ``n/a``.
    """

    names: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Dataset:
    """The files of a dataset, and the text of those that describe it.

    Attributes
    ----------
    name : str
        Accession number, or name of the folder.
    version : str
        Snapshot; empty where the dataset does not say it.
    sizes : mapping of str to int
        Path → size in bytes, sorted; derivatives and hidden files included.
    texts : mapping of str to bytes
        Path → content of the small text files that are here.
    annexed : frozenset of str
        Paths whose content is not here but where the dataset is published.
    repository : Repository or None
        What pins the snapshot; None for a folder.
    """

    name: str
    version: str
    sizes: Mapping[str, int]
    texts: Mapping[str, bytes]
    annexed: frozenset[str]
    repository: Repository | None = None

    def text(self, path: str) -> str:
        """Text of a file; empty where it is not here."""
        return self.texts.get(path, b"").decode("utf-8-sig", errors="replace")

    def json(self, path: str) -> dict[str, Any]:
        """Object in a JSON file; empty where it is not here, or no object."""
        try:
            loaded = json.loads(self.text(path))
        except ValueError:
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def table(self, path: str) -> Table | None:
        """Read a table; None where it is not here.

        By hand rather than through pandas: the text comes from git, and a ragged row must survive.
        """
        if path not in self.texts:
            return None
        lines = csv.reader(io.StringIO(self.text(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
        header, *cells = [line for line in lines if line] or [[]]
        names = tuple(name.strip().strip('"') for name in header)
        rows = tuple(
            {name: _cell(cell) for name, cell in zip(names, line, strict=False)} for line in cells
        )
        return Table(names, tuple({**dict.fromkeys(names, "n/a"), **row} for row in rows))


def _cell(text: str) -> str:
    return text.strip().strip('"') or "n/a"


def dataset_of_mirror(
    name: str, snapshot: str | None, mirror: Path | None, workdir: Path
) -> Dataset:
    """Read a snapshot of a dataset of OpenNeuro from its git mirror.

    Parameters
    ----------
    name : str
        Accession number (``ds003007``).
    snapshot : str or None
        Tag or commit; None for the newest version, or the newest commit where none is tagged.
    mirror : Path or None
        Folder with local clones or bundles; None to clone from GitHub.
    workdir : Path
        Folder for a temporary clone.

    Raises
    ------
    LockError
        The mirror cannot be read, or has no such snapshot.
    """
    url = f"https://github.com/OpenNeuroDatasets/{name}.git"
    return _dataset(name, url, snapshot, mirror, workdir)


def derivatives_of_mirror(name: str, mirror: Path | None, workdir: Path) -> Dataset | None:
    """Read the public fMRIPrep derivatives of a dataset; None where there are none to be read."""
    url = f"https://github.com/OpenNeuroDerivatives/{name}-fmriprep.git"
    try:
        return _dataset(f"{name}-fmriprep", url, None, mirror, workdir)
    except LockError:
        return None


def dataset_of_folder(folder: Path) -> Dataset:
    """Read a BIDS dataset in a folder; links to content that is not here count as annexed.

    Raises
    ------
    LockError
        The folder does not exist, or holds no participant.
    """
    if not folder.is_dir():
        raise LockError(
            "the folder does not exist", where=str(folder), fix="correct the path after --folder"
        )
    if not any(path.is_dir() for path in folder.glob("sub-*")):
        raise LockError(
            "the folder holds no participant: nothing in it is called sub-…",
            where=str(folder),
            cause="it is no BIDS dataset, or the dataset is the folder above or in it",
            fix="name the folder that holds dataset_description.json and sub-01",
        )
    found = sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    named = {name: path for name, path in named.items() if "/." not in f"/{name}"}
    annexed = frozenset(name for name, path in named.items() if not path.is_file())
    sizes = {name: 0 if name in annexed else path.stat().st_size for name, path in named.items()}
    texts = {
        name: named[name].read_bytes()
        for name, size in sizes.items()
        if _is_told(name, size) and name not in annexed
    }
    dataset = Dataset(folder.resolve().name, "", sizes, texts, annexed)
    return _with_version(dataset)


def _dataset(
    name: str, url: str, snapshot: str | None, mirror: Path | None, workdir: Path
) -> Dataset:
    asked = Repository(name=name, url=url, ref="HEAD", commit="0" * 40, files=("**",))
    with opened_mirror(asked, mirror, workdir) as git_dir:
        ref, commit = _snapshot(git_dir, name, snapshot)
        entries = [e for e in tree(git_dir, commit) if "/." not in f"/{e.path}"]
        read = _contents(git_dir, entries)
    keys = {path: key for path, content in read.items() if (key := _key(content))}
    links = {entry.path for entry in entries if entry.mode == SYMLINK_MODE}
    sizes = {e.path: keys.get(e.path, e.size_bytes) for e in entries}
    texts = {
        path: content
        for path, content in read.items()
        if path not in keys and path not in links and _is_told(path, sizes[path])
    }
    pinned = asked.model_copy(update={"ref": ref, "commit": commit})
    tagged = ref if _VERSION.fullmatch(ref) else ""
    annexed = frozenset(keys) | links
    return _with_version(Dataset(name, tagged, sizes, texts, annexed, pinned))


def _snapshot(git_dir: Path, name: str, asked: str | None) -> tuple[str, str]:
    """Name and commit of the snapshot that is asked for, or of the newest one."""
    known = tags(git_dir)
    versions = [tag for tag in known if _VERSION.fullmatch(tag)]
    newest = max(versions, key=lambda tag: [int(part) for part in tag.split(".")], default=None)
    ref = asked or newest or "HEAD"
    commit = head_commit(git_dir, ref)
    if commit is None:
        raise LockError(
            f"the dataset has no snapshot '{ref}'", where=name, fix=did_you_mean(ref, known)
        )
    return (ref if ref != "HEAD" else commit), commit


def _contents(git_dir: Path, entries: Sequence[TreeEntry]) -> dict[str, bytes]:
    """Read links, pointers and the text files that describe the dataset, in one go."""
    wanted = [
        entry
        for entry in entries
        if entry.mode == SYMLINK_MODE
        or (
            entry.size_bytes <= LARGEST_TEXT_BYTES
            and (_is_told(entry.path, entry.size_bytes) or entry.size_bytes < 300)
        )
    ]
    contents = read_objects(git_dir, [entry.sha for entry in wanted])
    return {entry.path: text or b"" for entry, text in zip(wanted, contents, strict=True)}


def _key(content: bytes) -> int | None:
    """Size that an annexed link or pointer promises; None for content of its own."""
    text = git_annex.key_of_pointer(content)
    if text is None and b"annex/objects/" in content[:1000] and len(content) < 1000:
        text = git_annex.key_of_link(content.decode("utf-8", errors="replace"))
    if text is None:
        return None
    try:
        return git_annex.parse_key(text).size_bytes
    except LockError:
        return 0


def _is_told(path: str, size_bytes: int) -> bool:
    told = _TOLD.fullmatch(path) and _TEXT.fullmatch(path)
    return bool(told) and size_bytes <= LARGEST_TEXT_BYTES


def _with_version(dataset: Dataset) -> Dataset:
    """Take the version from the DOI of the dataset where no tag says it."""
    doi = str(dataset.json("dataset_description.json").get("DatasetDOI", ""))
    found = _DOI_VERSION.search(doi)
    version = dataset.version or (found[1] if found else "")
    return Dataset(
        dataset.name,
        version,
        dataset.sizes,
        dataset.texts,
        dataset.annexed,
        dataset.repository,
    )
