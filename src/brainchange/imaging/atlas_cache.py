"""Atlases on this machine: fetched and put together once, then read with their checksums.

``data/atlases/<atlas>/`` holds what was fetched and, for each template, the finished atlas:
``tpl-<template>_desc-<atlas>_dseg.nii.gz`` with its ``.tsv`` of labels and a ``.json`` receipt. The
receipt names every file the atlas was made from with its SHA-256, and no date, so that it is the
same on every machine that has the same files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from brainchange.errors import FetchError, Problem
from brainchange.files import checksum, write_text
from brainchange.imaging.atlas import (
    Atlas,
    LabelledImage,
    composed,
    labelled_image,
    write_label_table,
)
from brainchange.imaging.atlas_parts import Part, component_part
from brainchange.imaging.nifti import read_label_image
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.parcellation import label_rows, read_labels
from brainchange.study.atlases import AtlasSource
from brainchange.study.settings import Sources

CACHE = "data/atlases"
"""Folder of fetched and finished atlases in the project folder."""
OUTSIDE = "outside:"
"""Begins the name of a file that is not in the project folder (a mirror, ``file://``)."""


def atlas_files(source: AtlasSource, root: Path) -> tuple[Path, Path, Path]:
    """Where a finished atlas is: image, labels, receipt.

    Parameters
    ----------
    source : AtlasSource
        The atlas in one template.
    root : Path
        Folder of the project.
    """
    stem = f"tpl-{source.template}_desc-{source.atlas}_dseg"
    folder = root / CACHE / source.atlas
    return folder / f"{stem}.nii.gz", folder / f"{stem}.tsv", folder / f"{stem}.json"


def have_atlas(source: AtlasSource, root: Path, sources: Sources) -> Atlas:
    """Read an atlas; fetch it and put it together where it is not there yet.

    Parameters
    ----------
    source : AtlasSource
        The atlas in one template.
    root : Path
        Folder of the project.
    sources : Sources
        Mirrors, time-out and retries.

    Returns
    -------
    Atlas
        Not checked against regions yet (:func:`brainchange.imaging.atlas_check.check_atlas`).

    Raises
    ------
    FetchError
        A file cannot be fetched, or is another one than when the atlas was first made.
    ImageError, TableError
        A file cannot be read, or image and labels do not fit each other.
    """
    if is_ready(source, root):
        return read_atlas(source, root)
    parts = _parts(source, root, sources)
    _require_unchanged(source, parts, root)
    named = [(one.name, part.image) for one, part in zip(source.components, parts, strict=True)]
    image = composed(named)
    _write(image, source, parts, root)
    return Atlas(source.atlas, source.template, image)


def is_ready(source: AtlasSource, root: Path) -> bool:
    """Whether an atlas is finished, and made from what is configured now."""
    receipt = _receipt(source, root)
    if receipt.get("components") != _described(source):
        return False
    configured = {
        name: old for name, old in receipt.get("sources", {}).items() if _is_configured(name)
    }
    files = [*atlas_files(source, root), *(root / name for name in configured)]
    return all(file.is_file() for file in files) and all(
        checksum(root / name, "sha256") == old for name, old in configured.items()
    )


def ready_labels(source: AtlasSource, root: Path) -> Mapping[str, int]:
    """Labels of a finished atlas; none where it is not finished."""
    return read_labels(atlas_files(source, root)[1]) if is_ready(source, root) else {}


def read_atlas(source: AtlasSource, root: Path) -> Atlas:
    """Read a finished atlas.

    Raises
    ------
    FetchError
        It is not there, or a file of it is not the one that was written.
    """
    image_path, table_path, _ = atlas_files(source, root)
    receipt = _receipt(source, root)
    for path in (image_path, table_path):
        if not path.is_file() or not receipt:
            raise FetchError(
                f"the atlas {source.atlas} is not there yet",
                where=str(path),
                fix="run the workflow",
            )
        if checksum(path, "sha256") != receipt.get("written", {}).get(path.name):
            raise FetchError(
                f"{path.name} is not the file that was written: its checksum differs",
                where=str(path),
                cause="it was changed or cut off",
                fix="delete it, and it is made again",
            )
    read = read_label_image(image_path)
    values = read.values.astype(np.int32)
    image = labelled_image(values, read.affine, label_rows(table_path), str(image_path))
    return Atlas(source.atlas, source.template, image)


def _parts(source: AtlasSource, root: Path, sources: Sources) -> list[Part]:
    """Components from their sources; all files that are missing are told at once."""
    parts: list[Part] = []
    missing: list[Problem] = []
    for component in source.components:
        folder = root / CACHE / source.atlas
        try:
            parts.append(component_part(component, source, folder, root=root, sources=sources))
        except FetchError as error:
            missing += error.problems
    if missing:
        raise FetchError.from_problems(missing)
    return parts


def _write(image: LabelledImage, source: AtlasSource, parts: list[Part], root: Path) -> None:
    image_path, table_path, receipt_path = atlas_files(source, root)
    largest = max(image.labels.values(), default=0)
    stored = image.values.astype("<i2" if largest < 1 << 15 else "<i4")
    write_image(image_path, stored.T, image.affine)
    write_label_table(image.labels, table_path)
    receipt = {
        "atlas": source.atlas,
        "template": source.template,
        "components": _described(source),
        "sources": _checksums(parts, root),
        "written": {path.name: checksum(path, "sha256") for path in (image_path, table_path)},
    }
    write_text(receipt_path, json.dumps(receipt, indent=2, ensure_ascii=False) + "\n")


def _require_unchanged(source: AtlasSource, parts: list[Part], root: Path) -> None:
    """Compare the files an atlas is made from with those it was made from before."""
    before = _receipt(source, root).get("sources", {})
    changed = [
        name
        for name, now in _checksums(parts, root).items()
        if before.get(name, now) != now and not _is_configured(name)
    ]
    if changed:
        raise FetchError(
            f"the atlas {source.atlas} is made from other files than before: {', '.join(changed)}",
            where=str(atlas_files(source, root)[2]),
            cause="it was published anew, or a file was changed",
            fix="put the files of before there; or, if the change is wanted, delete the receipt",
        )


def _checksums(parts: list[Part], root: Path) -> dict[str, str]:
    files = dict.fromkeys(file for part in parts for file in part.files)
    return {_told(file, root): checksum(file, "sha256") for file in files}


def _told(file: Path, root: Path) -> str:
    """Name a file by its place in the project; one outside by its name, the same everywhere."""
    place, home = file.resolve(), root.resolve()
    return place.relative_to(home).as_posix() if place.is_relative_to(home) else OUTSIDE + file.name


def _is_configured(name: str) -> bool:
    """Whether a source is a file of the project that may be edited, and was not fetched."""
    return not name.startswith((f"{CACHE}/", OUTSIDE))


def _described(source: AtlasSource) -> list[dict[str, Any]]:
    described: list[dict[str, Any]] = json.loads(json.dumps([asdict(c) for c in source.components]))
    return described


def _receipt(source: AtlasSource, root: Path) -> dict[str, Any]:
    path = atlas_files(source, root)[2]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise FetchError(
            "the receipt cannot be read", where=str(path), fix="delete it, and it is made again"
        ) from None
    return found if isinstance(found, dict) else {}
