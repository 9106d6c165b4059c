"""The table ``config/templates.tsv``: templates that images are registered to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.study.atlases import address_problem, is_address
from brainchange.tables import Column, TableSchema

Part = Literal["T1w", "brain_mask"]
PARTS: tuple[Part, ...] = ("T1w", "brain_mask")

TEMPLATES = "config/templates.tsv"
BUNDLED = "nilearn:"
"""Start of the address of a template that comes with nilearn; voxel size in mm follows."""

TEMPLATES_TABLE = TableSchema(
    "templates",
    "One image of one template.",
    (
        Column("template", "string", "Name, as TemplateFlow gives it", required=True),
        Column(
            "part", "string", "T1w, or brain_mask on the same grid", required=True, levels=PARTS
        ),
        Column(
            "image",
            "string",
            "Address (https://…, file:///…, or a path in the project); `nilearn:2` for the one "
            "that comes with nilearn, with voxels of 2 mm",
            required=True,
        ),
        Column("size_bytes", "integer", "Size of the file, where it is known", unit="byte"),
        Column("checksum", "string", "md5:… or sha256:… of the file, where it is known"),
    ),
    key=("template", "part"),
)


@dataclass(frozen=True)
class TemplateImage:
    """One image of a template, and where it is from.

    Attributes
    ----------
    template : str
        Name of the template.
    part : {'T1w', 'brain_mask'}
        What it shows.
    image : str
        Its address.
    size_bytes : int or None
        Its size.
    checksum : str or None
        ``md5:…`` or ``sha256:…``.
    """

    template: str
    part: Part
    image: str
    size_bytes: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class TemplateSource:
    """The images of a template, and where they are from."""

    template: str
    t1w: TemplateImage
    brain_mask: TemplateImage


def read_templates(path: Path) -> tuple[TemplateSource, ...]:
    """Read ``templates.tsv``; none where there is no table.

    Raises
    ------
    ConfigError
        Every problem of the table at once.
    """
    if not path.exists():
        return ()
    try:
        table = TEMPLATES_TABLE.read(path)
    except TableError as error:
        raise ConfigError.from_problems(error.problems) from None
    found: dict[str, dict[Part, TemplateImage]] = {}
    rows: list[dict[str, Any]] = table.to_dict("records")
    for row in rows:
        found.setdefault(str(row["template"]), {})[row["part"]] = _image(row)
    problems = [
        Problem(f"template '{name}' has no {part}", str(path), fix="add a row")
        for name, images in found.items()
        for part in PARTS
        if part not in images
    ]
    problems += [
        address_problem(image.image, f"{path}: template {name}, {image.part}")
        for name, images in found.items()
        for image in images.values()
        if not (image.image.startswith(BUNDLED) or is_address(image.image))
    ]
    if problems:
        raise ConfigError.from_problems(problems)
    return tuple(TemplateSource(name, *(of[part] for part in PARTS)) for name, of in found.items())


def choose_template(known: tuple[TemplateSource, ...], name: str, where: str) -> TemplateSource:
    """Choose a template by its name.

    Raises
    ------
    ConfigError
        There is no such template.
    """
    for source in known:
        if source.template == name:
            return source
    names = [source.template for source in known]
    raise ConfigError(
        f"there is no template '{name}'",
        where=where,
        fix=did_you_mean(name, names) + f" Or add it to {TEMPLATES}.",
    )


def _image(row: dict[str, Any]) -> TemplateImage:
    size, checksum = row["size_bytes"], row["checksum"]
    return TemplateImage(
        template=row["template"],
        part=row["part"],
        image=row["image"],
        size_bytes=None if pd.isna(size) else int(size),
        checksum=None if pd.isna(checksum) else checksum,
    )
