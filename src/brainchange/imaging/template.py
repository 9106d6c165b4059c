"""Templates on this machine: the T1w image and the brain mask that images are registered to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brainchange.errors import ConfigError
from brainchange.imaging.nifti import read_image
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.parcellation import require_same_grid
from brainchange.sources.published import Published, on_this_machine
from brainchange.study.settings import Sources
from brainchange.study.templates import BUNDLED, TEMPLATES, TemplateImage, TemplateSource

CACHE = "data/templates"
"""Folder of templates in the project folder."""


@dataclass(frozen=True)
class Template:
    """The images of a template.

    Attributes
    ----------
    name : str
        Its name, as TemplateFlow gives it.
    t1w, brain_mask : Path
        On one grid.
    """

    name: str
    t1w: Path
    brain_mask: Path


def have_template(source: TemplateSource, root: Path, sources: Sources) -> Template:
    """Have a template on this machine; fetch it where it is not there yet.

    Parameters
    ----------
    source : TemplateSource
        Rows of ``config/templates.tsv``.
    root : Path
        Folder of the project.
    sources : Sources
        Mirrors, time-out and retries.

    Raises
    ------
    FetchError
        A file cannot be fetched, or is another one than the table names.
    ImageError
        An image cannot be read, or the two are on different grids.
    """
    t1w, mask = (_image(one, root, sources) for one in (source.t1w, source.brain_mask))
    first, second = read_image(t1w), read_image(mask)
    names = (str(t1w), str(mask))
    require_same_grid(first.values.shape, first.affine, second.values.shape, second.affine, names)
    return Template(source.template, t1w, mask)


def _image(image: TemplateImage, root: Path, sources: Sources) -> Path:
    folder = root / CACHE / image.template
    if image.image.startswith(BUNDLED):
        return _bundled(image, folder)
    what = f"the template {image.template}"
    wanted = Published(image.image, what, image.size_bytes, image.checksum)
    return on_this_machine(wanted, folder, root=root, sources=sources)


def _bundled(image: TemplateImage, folder: Path) -> Path:
    """Write an image of the ICBM 152 2009a template that comes with nilearn (brain only)."""
    size = image.image.removeprefix(BUNDLED)
    if size not in ("1", "2", "3", "4"):
        raise ConfigError(
            f"'{image.image}' is no template of nilearn",
            where=f"{TEMPLATES}: template {image.template}",
            fix=f"write {BUNDLED}1 or {BUNDLED}2",
        )
    suffix = "T1w" if image.part == "T1w" else "desc-brain_mask"
    path = folder / f"tpl-{image.template}_res-0{size}_{suffix}.nii.gz"
    if path.is_file():
        return path
    from nilearn import datasets  # noqa: PLC0415

    load = datasets.load_mni152_template if image.part == "T1w" else datasets.load_mni152_brain_mask
    loaded = load(resolution=int(size))
    stored = np.float32 if image.part == "T1w" else np.uint8
    write_image(path, np.asarray(loaded.dataobj).astype(stored).T, np.asarray(loaded.affine))
    return path
