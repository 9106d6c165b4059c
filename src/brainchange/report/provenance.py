"""Where the numbers of a report come from: versions, checksums, configuration, inputs."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml

from brainchange.files import checksum
from brainchange.sources.lock import LockRow
from brainchange.study.settings import Settings

PACKAGES = (
    "brainchange",
    "antspyx",
    "isal",
    "jinja2",
    "matplotlib",
    "nibabel",
    "nilearn",
    "numpy",
    "pandas",
    "pydantic",
    "pymare",
    "scikit-learn",
    "scipy",
    "snakemake",
    "statsmodels",
)
"""Packages whose version can change a number or a picture."""


@dataclass(frozen=True)
class InputFile:
    """One file of the study that was analysed.

    Attributes
    ----------
    path : str
        Path in the study folder.
    size_bytes : int
        Its size.
    checksum : str
        ``md5:…``, ``sha256:…`` or ``git-sha1:…``, verified when it was fetched.
    """

    path: str
    size_bytes: int
    checksum: str


@dataclass(frozen=True)
class Provenance:
    """What is needed to make the report again.

    Attributes
    ----------
    versions : tuple of (str, str)
        Program and version.
    checksums : tuple of (str, str)
        Configuration file or lock, and its SHA-256.
    inputs : tuple of InputFile
        Files of the lock.
    settings : str
        The settings as used, as YAML.
    """

    versions: tuple[tuple[str, str], ...]
    checksums: tuple[tuple[str, str], ...]
    inputs: tuple[InputFile, ...]
    settings: str


def provenance(
    root: Path, settings: Settings, files: Sequence[Path], lock: Sequence[LockRow]
) -> Provenance:
    """Collect where the numbers come from.

    Parameters
    ----------
    root : Path
        Folder of the project; paths are told from there.
    settings : Settings
        Settings as used.
    files : sequence of Path
        Configuration files and the lock; one that does not exist is said to be absent.
    lock : sequence of LockRow
        Files of the study that are needed.
    """
    return Provenance(
        versions=versions(),
        checksums=tuple((_named(path, root), _sha256(path)) for path in files),
        inputs=tuple(InputFile(row.path, row.size_bytes, row.checksum) for row in lock),
        settings=yaml.safe_dump(
            settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=88
        ),
    )


def versions() -> tuple[tuple[str, str], ...]:
    """List the versions of this program, of Python and of the packages that matter."""
    found = [("Python", platform.python_version())]
    for package in PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append((package, "not installed"))
    return tuple(found)


def _named(path: Path, root: Path) -> str:
    inside = path.is_absolute() and path.is_relative_to(root)
    return (path.relative_to(root) if inside else path).as_posix()


def _sha256(path: Path) -> str:
    return checksum(path, "sha256").removeprefix("sha256:") if path.is_file() else "absent"
