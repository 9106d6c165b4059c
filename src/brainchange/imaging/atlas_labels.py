"""Which labels an atlas has, as far as that is known before it is fetched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from brainchange.errors import BrainchangeError, Problem, did_you_mean
from brainchange.imaging.atlas import plain_name
from brainchange.imaging.atlas_cache import ready_labels
from brainchange.imaging.atlas_parts import SPHERES_TABLE
from brainchange.imaging.parcellation import atlases, known_labels, label_rows
from brainchange.study.atlases import AtlasSource, Component, atlas_names
from brainchange.study.regions import Region


def labels_known(atlas: str, sources: Sequence[AtlasSource], root: Path) -> Collection[str]:
    """List the labels of an atlas: those that come with the program, are here, or are configured.

    Parameters
    ----------
    atlas : str
        Its name.
    sources : sequence of AtlasSource
        All of ``config/atlases.tsv``.
    root : Path
        Folder of the project.

    Returns
    -------
    collection of str
        None where they are not known before the atlas is fetched.
    """
    if atlas in atlases():
        return known_labels(atlas)
    versions = [source for source in sources if source.atlas == atlas]
    return {name for one in versions for name in _of_version(one, root)}


def label_problems(
    regions: Sequence[Region], sources: Sequence[AtlasSource], root: Path, where: str
) -> list[Problem]:
    """Tell regions whose atlas does not exist, or whose labels their atlas does not have.

    Parameters
    ----------
    regions : sequence of Region
        All of ``config/regions.tsv``.
    sources : sequence of AtlasSource
        All of ``config/atlases.tsv``.
    root : Path
        Folder of the project.
    where : str
        The table of regions, for messages.
    """
    used = dict.fromkeys(region.atlas for region in regions)
    names = (*atlases(), *atlas_names(sources))
    labels = {atlas: labels_known(atlas, sources, root) for atlas in used}
    return [
        Problem(f"the atlas '{atlas}' is unknown", where, fix=did_you_mean(atlas, names))
        for atlas in used
        if atlas not in names
    ] + [
        Problem(
            f"the atlas '{region.atlas}' has no label '{label}'",
            f"{where}: region {region.region}",
            fix=did_you_mean(label, labels[region.atlas]),
        )
        for region in regions
        for label in region.labels
        if label and labels[region.atlas] and label not in labels[region.atlas]
    ]


def missing_files(sources: Sequence[AtlasSource], root: Path, where: str) -> list[Problem]:
    """Tell files of the project that ``config/atlases.tsv`` names and that do not exist."""
    named = {
        (source.atlas, text)
        for source in sources
        for one in source.components
        if one.kind != "nilearn"
        for text in (one.image, one.labels if one.kind == "file" else "")
        if text and "://" not in text
    }
    return [
        Problem(f"the file {text} does not exist", f"{where}: atlas {atlas}", fix="put it there")
        for atlas, text in sorted(named)
        if not (root / text).is_file()
    ]


def _of_version(source: AtlasSource, root: Path) -> Collection[str]:
    """Labels of an atlas in one template; none where they are not known."""
    try:
        ready = ready_labels(source, root)
        if ready:
            return ready
        listed = [_configured(component, root) for component in source.components]
    except BrainchangeError:
        return ()  # told when the atlas is read
    return {name for names in listed for name in names} if all(listed) else ()


def _configured(component: Component, root: Path) -> Collection[str]:
    """Labels of a component, where their table is in the project."""
    if component.kind == "mask":
        return {plain_name(component.labels)}
    table = component.image if component.kind == "spheres" else component.labels
    path = root / table
    if component.kind == "nilearn" or "://" in table or not path.is_file():
        return ()
    if component.kind == "spheres":
        return {plain_name(name) for name in SPHERES_TABLE.read(path)["name"]}
    left_out = {plain_name(name) for name in component.without}
    return {plain_name(name) for number, name in label_rows(path) if number} - left_out
