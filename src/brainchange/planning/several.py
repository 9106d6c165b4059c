"""Which studies are analysed in one run, where it is more than one."""

from __future__ import annotations

from pathlib import Path

from brainchange.project import read_study
from brainchange.project_folder import study_names

ALL = "all"
"""Stands for every study that is not simulated."""


def several_studies(root: Path, asked: object) -> tuple[str, ...]:
    """Name the studies of a run of several.

    Parameters
    ----------
    root : Path
        Folder of the project.
    asked : object
        What the command line says of `study`: a name, ``all``, or a list of names.

    Returns
    -------
    tuple of str
        Each once; empty where one study is analysed, or that of ``config/config.yaml``.

    Raises
    ------
    ConfigError
        A study file cannot be read.
    """
    if asked == ALL:
        return tuple(name for name in study_names(root) if not read_study(root, name).simulated)
    if isinstance(asked, list):
        return tuple(dict.fromkeys(map(str, asked)))
    return ()
