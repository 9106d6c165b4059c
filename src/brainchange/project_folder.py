"""The folder of the project a command works in: where its files are, and which studies."""

from __future__ import annotations

from pathlib import Path

from brainchange.errors import ConfigError, did_you_mean

CONFIG = "config/config.yaml"
REGIONS = "config/regions.tsv"
CLAIMS = "config/claims.yaml"


def study_file(name: str) -> str:
    """Say where a study is described, from the folder of the project."""
    return f"config/studies/{name}.yaml"


def study_names(root: Path) -> list[str]:
    """Names of the studies that have a file in ``config/studies/``."""
    return sorted(path.stem for path in (root / "config" / "studies").glob("*.yaml"))


def project_folder() -> Path:
    """Find the project folder: the working folder or the nearest one above with a config.

    Raises
    ------
    ConfigError
        There is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            return folder
    raise ConfigError(
        f"there is no {CONFIG} here or in a folder above",
        where=str(here),
        cause="the command was started outside the project",
        fix="change into the folder that holds config/ and data/",
    )


def known_studies() -> list[str]:
    """List the studies of the project folder, for completion; none outside of one."""
    try:
        return study_names(project_folder())
    except ConfigError:
        return []


def require_study(folder: Path, name: str) -> None:
    """Make sure that a study has a file.

    Raises
    ------
    ConfigError
        There is no such study; the likely name is told.
    """
    names = study_names(folder)
    if name not in names:
        raise ConfigError(
            f"there is no study '{name}'", where="config/studies/", fix=did_you_mean(name, names)
        )
