"""The folder of the project a command works in, and the studies that lie there."""

from __future__ import annotations

from pathlib import Path

from brainchange.errors import ConfigError, did_you_mean


def project_folder() -> Path:
    """Find the project folder: the working folder or the nearest one above with a config.

    Raises
    ------
    ConfigError
        There is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "config" / "config.yaml").is_file():
            return folder
    raise ConfigError(
        "there is no config/config.yaml here or in a folder above",
        where=str(here),
        cause="the command was started outside the project",
        fix="change into the folder that holds config/ and data/",
    )


def known_studies() -> list[str]:
    """List the studies of the project folder, for completion; none outside of one."""
    try:
        folder = project_folder()
    except ConfigError:
        return []
    return sorted(path.stem for path in (folder / "config" / "studies").glob("*.yaml"))


def require_study(folder: Path, name: str) -> None:
    """Make sure that a study has a file.

    Raises
    ------
    ConfigError
        There is no such study; the likely name is told.
    """
    names = sorted(path.stem for path in (folder / "config" / "studies").glob("*.yaml"))
    if name not in names:
        raise ConfigError(
            f"there is no study '{name}'", where="config/studies/", fix=did_you_mean(name, names)
        )
