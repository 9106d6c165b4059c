"""The table ``config/atlases.tsv``: named atlases, what they are put together from, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.study.model import Images
from brainchange.tables import Column, TableSchema

Kind = Literal["file", "mask", "nilearn", "spheres"]

ATLASES = "config/atlases.tsv"
ANY_TEMPLATE = "any"
"""Template of an atlas that is nothing but spheres: they are drawn in that of the images."""

NILEARN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "aal": ("version",),
    "destrieux_2009": ("lateralized",),
    "harvard_oxford": ("atlas_name", "symmetric_split"),
    "juelich": ("atlas_name", "symmetric_split"),
    "schaefer_2018": ("n_rois", "yeo_networks", "resolution_mm"),
}
"""Fetchers of nilearn (``fetch_atlas_…``) that can be named, and their arguments."""
_NEEDED = {"harvard_oxford": ("atlas_name",), "juelich": ("atlas_name",)}

ATLASES_TABLE = TableSchema(
    "atlases",
    "One component of an atlas in one template; the rows of an atlas are put on top of each other, "
    "later rows above.",
    (
        Column("atlas", "string", "Name: letters and digits, the `desc-` of files", required=True),
        Column(
            "template",
            "string",
            "Template the atlas is in; `any` for spheres. One atlas may have rows in several "
            "templates: those of the template of the images are used",
            required=True,
        ),
        Column("component", "string", "Name of the component", required=True),
        Column(
            "kind",
            "string",
            "file: an image of labels; mask: voxels above 0 are one label; nilearn: a fetcher of "
            "nilearn; spheres: a table with name, x, y, z and radius in mm",
            required=True,
            levels=("file", "mask", "nilearn", "spheres"),
        ),
        Column(
            "image",
            "string",
            "Address (https://…, file:///…, or a path in the project) of the image or of the table "
            "of spheres; for nilearn the fetcher, without `fetch_atlas_`",
            required=True,
        ),
        Column(
            "labels",
            "string",
            "file: address of a .tsv with index and name, or of a .txt with one name a line; "
            "mask: name of the label",
        ),
        Column("options", "string", "nilearn: arguments of the fetcher, `name=value`, joined by ;"),
        Column("without", "string", "Labels that are left out, joined by ;"),
        Column("size_bytes", "integer", "Size of the image, where it is known", unit="byte"),
        Column("checksum", "string", "md5:… or sha256:… of the image, where it is known"),
        Column("citation", "string", "How to cite the atlas"),
    ),
    key=("atlas", "template", "component"),
)

_ADDRESS = re.compile(r"https?://[^/\s]+/\S+|file:///\S+|(?!/)(?!(.*/)?\.\.(/|$))[^:\\]+")
_LABEL = re.compile(r"[A-Za-z0-9]+")
_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Component:
    """One part of an atlas.

    Attributes
    ----------
    name : str
        What it is called in messages.
    kind : {'file', 'mask', 'nilearn', 'spheres'}
        What it is made from.
    image : str
        Address of the image or of the table of spheres, or the fetcher of nilearn.
    labels : str
        Address of the labels, or the name of the one label of a mask; empty where none is needed.
    options : tuple of (str, str)
        Arguments of the fetcher of nilearn.
    without : tuple of str
        Labels that are left out.
    size_bytes : int or None
        Size of the image.
    checksum : str or None
        ``md5:…`` or ``sha256:…`` of the image.
    """

    name: str
    kind: Kind
    image: str
    labels: str = ""
    options: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    size_bytes: int | None = None
    checksum: str | None = None


@dataclass(frozen=True)
class AtlasSource:
    """An atlas in one template, and what it is put together from.

    Attributes
    ----------
    atlas : str
        Its name: the ``desc-`` label of files, the atlas in ``regions.tsv``.
    template : str
        Template it is in; ``any`` where it is nothing but spheres.
    components : tuple of Component
        Later ones lie above earlier ones.
    citation : str
        How to cite it.
    """

    atlas: str
    template: str
    components: tuple[Component, ...]
    citation: str = ""


def read_atlases(path: Path) -> tuple[AtlasSource, ...]:
    """Read ``atlases.tsv``.

    Returns
    -------
    tuple of AtlasSource
        In the order of the table; an atlas in two templates is two of them. None where there is
        no table.

    Raises
    ------
    ConfigError
        Every problem of the table at once.
    """
    if not path.exists():
        return ()
    try:
        table = ATLASES_TABLE.read(path)
    except TableError as error:
        raise ConfigError.from_problems(error.problems) from None
    rows = [_filled(row) for row in table.to_dict("records")]
    problems = [problem for row in rows for problem in _problems(row, str(path))]
    if problems:
        raise ConfigError.from_problems(problems)
    grouped: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        grouped.setdefault((row["atlas"], row["template"]), []).append(row)
    return tuple(_source(*key, of_one) for key, of_one in grouped.items())


def atlas_names(known: Sequence[AtlasSource]) -> tuple[str, ...]:
    """Names of atlases, each once."""
    return tuple(dict.fromkeys(source.atlas for source in known))


def choose_atlas(known: Sequence[AtlasSource], images: Images, where: str) -> AtlasSource:
    """Choose the atlas a study names, in the template of its images.

    Parameters
    ----------
    known : sequence of AtlasSource
        All of ``atlases.tsv``.
    images : Images
        Names the atlas, and the template the images are in or are registered to.
    where : str
        The study file, for the message.

    Raises
    ------
    ConfigError
        There is no such atlas, or none in the template of the images although no other is allowed.
    """
    named, template = images.atlas or "", images.template_of_data
    versions = [source for source in known if source.atlas == named]
    if not versions:
        raise ConfigError(
            f"there is no atlas '{named}'",
            where=f"{where}: images.atlas",
            fix=did_you_mean(named, atlas_names(known)) + f" Or add it to {ATLASES}.",
        )
    fitting = [one for one in versions if one.template in (template, ANY_TEMPLATE)]
    if fitting or images.allow_other_template:
        return (fitting or versions)[0]
    others = " and ".join(one.template for one in versions)
    raise ConfigError(
        f"the atlas '{named}' is in {others}, the images are in {template}",
        where=f"{where}: images.atlas",
        cause="templates of one brain differ by several millimetres in places",
        fix=f"use an atlas in {template}, or bring the images to {others}; or say "
        "'images.allow_other_template: true', and the report will tell it as a caveat",
    )


def is_address(text: str) -> bool:
    """Whether a text is empty, or an address a file can be had from."""
    return not text or _ADDRESS.fullmatch(text) is not None


def address_problem(text: str, place: str) -> Problem:
    """Tell that a text is no address."""
    return Problem(
        f"'{text}' is no address",
        place,
        fix="write https://…, file:///…, or a path in the project folder",
    )


def _filled(row: Mapping[str, object]) -> dict[str, str]:
    """Cells as text, empty where missing."""
    return {name: "" if pd.isna(value) else str(value) for name, value in row.items()}


def _problems(row: Mapping[str, str], where: str) -> list[Problem]:
    place = f"{where}: atlas {row['atlas']}, component {row['component']}"
    problems = [
        Problem(f"the {what} '{row[what]}' is more than letters and digits", place, fix="rename it")
        for what in ("atlas", "template")
        if not _LABEL.fullmatch(row[what])
    ]
    if row["template"] == ANY_TEMPLATE and row["kind"] != "spheres":
        problems.append(
            Problem(
                f"its template is '{ANY_TEMPLATE}', which only spheres can be",
                place,
                fix="write the template the image is in (MNI152NLin2009cAsym, …)",
            )
        )
    if row["kind"] in ("file", "mask") and not row["labels"]:
        needs = "the address of its labels" if row["kind"] == "file" else "the name of its label"
        problems.append(Problem(f"'labels' is missing: a {row['kind']} needs {needs}", place))
    if row["kind"] == "nilearn":
        problems += _nilearn_problems(row, place)
    else:
        addresses = [row["image"], row["labels"] if row["kind"] == "file" else ""]
        problems += [address_problem(text, place) for text in addresses if not is_address(text)]
    return problems + _pin_problems(row, place)


def _nilearn_problems(row: Mapping[str, str], place: str) -> list[Problem]:
    fetcher = row["image"]
    if fetcher not in NILEARN_OPTIONS:
        hint = did_you_mean(fetcher, NILEARN_OPTIONS)
        return [Problem(f"there is no fetcher '{fetcher}' of nilearn here", place, fix=hint)]
    known, given = NILEARN_OPTIONS[fetcher], dict(_options(row["options"]))
    return [
        Problem(f"the fetcher has no argument '{name}'", place, fix=did_you_mean(name, known))
        for name in given
        if name not in known
    ] + [
        Problem(f"the fetcher needs the argument '{name}'", place, fix=f"write '{name}=…'")
        for name in _NEEDED.get(fetcher, ())
        if not given.get(name)
    ]


def _pin_problems(row: Mapping[str, str], place: str) -> list[Problem]:
    """Problems of size and checksum, which are given together or not at all."""
    checksum = row["checksum"]
    if bool(checksum) != bool(row["size_bytes"]):
        return [Problem("size_bytes and checksum are needed together", place, fix="give both")]
    if checksum and not _CHECKSUM.fullmatch(checksum):
        kinds = "md5: and 32, or sha256: and 64 hexadecimal digits (lower case)"
        return [Problem(f"checksum '{checksum}' is of no known kind", place, fix=f"write {kinds}")]
    return []


def _source(atlas: str, template: str, rows: Sequence[Mapping[str, str]]) -> AtlasSource:
    citations = dict.fromkeys(row["citation"] for row in rows if row["citation"])
    components = tuple(_component(row) for row in rows)
    return AtlasSource(atlas, template, components, "; ".join(citations))


def _component(row: Mapping[str, str]) -> Component:
    return Component(
        name=row["component"],
        kind=cast("Kind", row["kind"]),
        image=row["image"],
        labels=row["labels"],
        options=_options(row["options"]),
        without=_parts(row["without"]),
        size_bytes=int(row["size_bytes"]) if row["size_bytes"] else None,
        checksum=row["checksum"] or None,
    )


def _options(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in _parts(text))
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())
