"""The components of an atlas, each from its source: images, masks, spheres, fetchers of nilearn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from brainchange.errors import TableError
from brainchange.imaging.atlas import LabelledImage, labelled_image
from brainchange.imaging.nifti import read_image, read_label_image
from brainchange.imaging.parcellation import label_rows
from brainchange.sources.published import Published, on_this_machine
from brainchange.study.atlases import AtlasSource, Component
from brainchange.study.settings import Sources
from brainchange.tables import Column, TableSchema

FloatArray = npt.NDArray[np.float64]

SPHERE_VOXEL = 1.0
"""Edge of the voxels that spheres are drawn with, in mm."""

SPHERES_TABLE = TableSchema(
    "spheres",
    "One sphere of an atlas, at coordinates of MNI space.",
    (
        Column("name", "string", "Name of the label", required=True),
        Column("x", "number", "Centre, to the right", unit="mm", required=True),
        Column("y", "number", "Centre, to the front", unit="mm", required=True),
        Column("z", "number", "Centre, upwards", unit="mm", required=True),
        Column("radius", "number", "Radius", unit="mm", required=True),
    ),
    key=("name",),
)


@dataclass(frozen=True)
class Part:
    """What a component was made from.

    Attributes
    ----------
    image : LabelledImage
        Its labels.
    files : tuple of Path
        The files it was made from.
    """

    image: LabelledImage
    files: tuple[Path, ...]


def component_part(
    component: Component, atlas: AtlasSource, folder: Path, *, root: Path, sources: Sources
) -> Part:
    """Get a component of an atlas from its source.

    Parameters
    ----------
    component : Component
        A row of ``config/atlases.tsv``.
    atlas : AtlasSource
        The atlas it belongs to.
    folder : Path
        Where fetched files of this atlas are kept.
    root : Path
        Folder of the project.
    sources : Sources
        Mirrors, time-out and retries.

    Raises
    ------
    FetchError
        A file is not there and cannot be fetched.
    ConfigError
        nilearn says that the atlas is in another template.
    ImageError, TableError
        The image or its labels cannot be read, or do not fit each other.
    """
    what = f"the atlas {atlas.atlas} ({component.name})"
    if component.kind == "nilearn":
        from brainchange.imaging.atlas_nilearn import nilearn_part  # noqa: PLC0415

        return nilearn_part(component, atlas.template, what, folder)
    pinned = Published(component.image, what, component.size_bytes, component.checksum)
    image = on_this_machine(pinned, folder, root=root, sources=sources)
    if component.kind == "spheres":
        return Part(_spheres(image, component), (image,))
    if component.kind == "mask":
        return Part(_mask(image, component), (image,))
    table = on_this_machine(Published(component.labels, what), folder, root=root, sources=sources)
    read = read_label_image(image)
    named = label_rows(table)
    labelled = labelled_image(read.values, read.affine, named, str(image), component.without)
    return Part(labelled, (image, table))


def _mask(path: Path, component: Component) -> LabelledImage:
    read = read_image(path)
    inside = np.nan_to_num(read.values.astype(np.float64)) > 0
    return labelled_image(inside, read.affine, [(1, component.labels)], str(path))


def _spheres(path: Path, component: Component) -> LabelledImage:
    """Draw spheres on a grid that just holds them; a later one covers an earlier one."""
    table = SPHERES_TABLE.read(path)
    centres = table[["x", "y", "z"]].to_numpy(dtype=float)
    radii = table["radius"].to_numpy(dtype=float)
    if not len(table) or not (np.isfinite(centres).all() and (radii > 0).all()):
        raise TableError("a sphere needs a centre and a radius above 0 mm", where=str(path))
    low = np.floor((centres - radii[:, np.newaxis]).min(axis=0)) - 1
    high = np.ceil((centres + radii[:, np.newaxis]).max(axis=0)) + 1
    affine = np.diag([SPHERE_VOXEL] * 3 + [1.0])
    affine[:3, 3] = low
    shape = ((high - low) / SPHERE_VOXEL).astype(int) + 1
    grid = np.moveaxis(np.indices(tuple(shape)), 0, -1) * SPHERE_VOXEL + low
    values = np.zeros(tuple(shape), dtype=np.int32)
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
        values[((grid - centre) ** 2).sum(axis=-1) <= radius**2] = number
    named = list(enumerate(table["name"].tolist(), start=1))
    return labelled_image(values, affine, named, str(path), component.without)
