"""The table ``config/regions.tsv``: named regions with their labels per atlas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from brainchange.errors import ConfigError, Problem, TableError, did_you_mean
from brainchange.tables import Column, TableSchema

Hemisphere = Literal["L", "R", "B"]
Role = Literal["target", "negative_control"]

LARGEST_COORDINATE = 120.0
"""No point of a brain is further from the origin of MNI space along any axis, in mm."""

REGIONS_TABLE = TableSchema(
    "regions",
    "One region in one atlas.",
    (
        Column("region", "string", "Name of the region", required=True),
        Column("group", "string", "Regions that are averaged together (both sides)", required=True),
        Column(
            "hemisphere", "string", "L, R, or B for both", required=True, levels=("L", "R", "B")
        ),
        Column("atlas", "string", "Atlas the labels belong to", required=True),
        Column("labels", "string", "Labels of the atlas, joined by ';'", required=True),
        Column(
            "midline_distance",
            "number",
            "Keep only voxels up to this distance from the midline plane; n/a keeps all",
            unit="mm",
        ),
        Column(
            "role",
            "string",
            "target, or negative_control for a region no claim is about",
            required=True,
            levels=("target", "negative_control"),
        ),
        Column(
            "x", "number", "Expected centre in MNI space, to the right; n/a: anywhere", unit="mm"
        ),
        Column("y", "number", "Expected centre in MNI space, to the front", unit="mm"),
        Column("z", "number", "Expected centre in MNI space, upwards", unit="mm"),
        Column(
            "volume",
            "number",
            "Expected volume in the template of the atlas; n/a: any",
            unit="mm3",
        ),
    ),
    key=("region", "atlas"),
)


@dataclass(frozen=True)
class Region:
    """A named region with its labels in one atlas.

    Attributes
    ----------
    region, group : str
        Its name, and the name it shares with its other side.
    hemisphere : {'L', 'R', 'B'}
        Side.
    labels : tuple of str
        Label names of the atlas; the region is their union.
    midline_distance : float or None
        Only voxels up to this distance from the midline plane belong to it, in mm.
    role : {'target', 'negative_control'}
        Whether a claim may be about it.
    centre : tuple of float, or None
        Where its centre is expected in MNI space, (x, y, z) in mm.
    volume : float or None
        Volume that is expected in the template of the atlas, in mm³.
    networks : tuple of str
        Networks it is part of (:func:`with_networks`).
    """

    region: str
    group: str
    hemisphere: Hemisphere
    atlas: str
    labels: tuple[str, ...]
    midline_distance: float | None = None
    role: Role = "target"
    centre: tuple[float, float, float] | None = None
    volume: float | None = None
    networks: tuple[str, ...] = ()


def read_regions(path: Path) -> tuple[Region, ...]:
    """Read ``regions.tsv``.

    Returns
    -------
    tuple of Region
        In the order of the table.

    Raises
    ------
    ConfigError
        Every problem of the table at once.
    """
    try:
        table = REGIONS_TABLE.read(path)
    except TableError as error:
        raise ConfigError.from_problems(error.problems) from None
    regions = tuple(_region(row) for row in table.to_dict("records"))
    problems = [problem for region in regions for problem in _problems(region, str(path))]
    problems += _problems_between(regions, str(path))
    if not regions:
        problems.append(Problem("the table names no region", str(path), fix="add a line a region"))
    if problems:
        raise ConfigError.from_problems(problems)
    return regions


def regions_of_atlas(
    regions: tuple[Region, ...], atlas: str, chosen: tuple[str, ...], where: str
) -> tuple[Region, ...]:
    """Choose regions of one atlas, in the order asked for.

    Parameters
    ----------
    regions : tuple of Region
        All of ``regions.tsv``.
    atlas : str
        Atlas of the study's parcellation.
    chosen : tuple of str
        Names; empty for all.
    where : str
        File and key that chose them, for the message.

    Raises
    ------
    ConfigError
        A chosen region does not exist in this atlas, is chosen twice, or shares a label with
        another one.
    """
    known = {region.region: region for region in regions if region.atlas == atlas}
    problems = [
        Problem(
            f"region '{name}' has no row for the atlas '{atlas}' in config/regions.tsv",
            where,
            fix=did_you_mean(name, known),
        )
        for name in chosen
        if name not in known
    ]
    twice = sorted({name for name in chosen if chosen.count(name) > 1})
    problems += [Problem(f"region '{name}' is chosen twice", where) for name in twice]
    if not known:
        atlases = sorted({region.atlas for region in regions})
        problems = [
            Problem(
                f"no region has labels in the atlas '{atlas}'",
                where,
                fix=did_you_mean(atlas, atlases),
            )
        ]
    used = tuple(known[name] for name in chosen if name in known) or tuple(known.values())
    problems += _overlaps(used, where)
    if problems:
        raise ConfigError.from_problems(problems)
    return used


def with_networks(
    regions: tuple[Region, ...], networks: Mapping[str, Sequence[str]]
) -> tuple[Region, ...]:
    """Say of every region which networks it is part of.

    Parameters
    ----------
    regions : tuple of Region
        The configured regions, in order.
    networks : mapping of str to sequence of str
        Groups of regions of each network.

    Returns
    -------
    tuple of Region
        A network one of whose groups has no region here has none at all: its mean would be that
        of another network.
    """
    present = {region.group for region in regions}
    whole = {name: groups for name, groups in networks.items() if present.issuperset(groups)}
    return tuple(
        replace(
            region,
            networks=tuple(name for name, groups in whole.items() if region.group in groups),
        )
        for region in regions
    )


def groups_and_networks(regions: Sequence[Region]) -> frozenset[str]:
    """Names of groups and of networks that have a region."""
    return frozenset(name for region in regions for name in (region.group, *region.networks))


def edges_between(
    regions: Sequence[Region], firsts: Sequence[str], seconds: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """List the edges between two sets of regions, or within one that is given twice.

    Parameters
    ----------
    regions : sequence of Region
        The configured regions, in order.
    firsts, seconds : sequence of str
        Names of regions.

    Returns
    -------
    tuple of (str, str)
        Each edge once, the region that is configured first before the other, in that order.
    """
    order = {region.region: place for place, region in enumerate(regions)}
    ranked = {
        tuple(sorted((order[one], order[other])))
        for one, other in product(firsts, seconds)
        if one != other
    }
    names = [region.region for region in regions]
    return tuple((names[first], names[second]) for first, second in sorted(ranked))


def network_edges(regions: Sequence[Region], one: str, other: str) -> tuple[tuple[str, str], ...]:
    """List the edges between two networks, or within one that is given twice.

    Parameters
    ----------
    regions : sequence of Region
        The configured regions, in order, with their networks.
    one, other : str
        Networks; a region that is in both has no edge with itself.

    Returns
    -------
    tuple of (str, str)
        As :func:`edges_between`; none where a network has no region.
    """
    members = [[r.region for r in regions if name in r.networks] for name in (one, other)]
    return edges_between(regions, *members)


def _overlaps(regions: Sequence[Region], where: str) -> list[Problem]:
    """Regions that share a label: what they share would be correlated with itself."""
    owner: dict[str, str] = {}
    return [
        Problem(
            f"regions '{first}' and '{region.region}' share the label '{label}'",
            where,
            "their signals are partly the same, and their connectivity means nothing",
            "analyse one of them (regions in config/config.yaml), or give the label to one",
        )
        for region in regions
        for label in dict.fromkeys(region.labels)
        if (first := owner.setdefault(label, region.region)) != region.region
    ]


def _region(row: dict[str, object]) -> Region:
    distance, volume = (cast("float", row[name]) for name in ("midline_distance", "volume"))
    x, y, z = (cast("float", row[name]) for name in ("x", "y", "z"))
    labels = tuple(label.strip() for label in str(row["labels"]).split(";"))
    return Region(
        region=str(row["region"]),
        group=str(row["group"]),
        hemisphere=cast("Hemisphere", row["hemisphere"]),
        atlas=str(row["atlas"]),
        labels=labels,
        midline_distance=None if pd.isna(distance) else float(distance),
        role=cast("Role", row["role"]),
        centre=None if pd.isna([x, y, z]).all() else (float(x), float(y), float(z)),
        volume=None if pd.isna(volume) else float(volume),
    )


def _problems(region: Region, where: str) -> list[Problem]:
    place = f"{where}: region {region.region}"
    problems = [
        Problem(f"the {what} holds more than letters, digits, '_' and '-'", place, fix="rename it")
        for what, name in (("name", region.region), ("group", region.group))
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name)
    ]
    if "" in region.labels:
        problems.append(
            Problem("a label is empty", place, "a ';' too many", "join labels by one ';'")
        )
    if any('"' in label for label in region.labels):
        problems.append(
            Problem("a label is in quotes", place, "the table was saved by Excel", "delete them")
        )
    distance = region.midline_distance
    if distance is not None and not 0 < distance < math.inf:
        problems.append(Problem("midline_distance must be above 0 mm", place))
    if region.volume is not None and not 0 < region.volume < math.inf:
        problems.append(Problem("volume must be above 0 mm³", place))
    return problems + _place_problems(region, place)


def _place_problems(region: Region, place: str) -> list[Problem]:
    """Problems of the expected centre: outside of any head, or on the other side."""
    if region.centre is None:
        return []
    if any(math.isnan(value) for value in region.centre):
        return [Problem("x, y and z are needed together", place, fix="give all three, or n/a")]
    if not all(abs(value) < LARGEST_COORDINATE for value in region.centre):
        told = ", ".join(f"{value:g}" for value in region.centre)
        return [Problem(f"x, y, z are {told} mm, which is outside of the head", place)]
    if region.centre[0] * {"L": -1, "R": 1, "B": 0}[region.hemisphere] < 0:
        return [
            Problem(
                f"its hemisphere is {region.hemisphere}, and x is {region.centre[0]:g} mm",
                place,
                "left is at x < 0",
                "correct the sign of x, or the hemisphere",
            )
        ]
    return []


def _problems_between(regions: Sequence[Region], where: str) -> list[Problem]:
    """Regions that are the same voxels under two names, and groups with two roles."""
    problems = []
    same: dict[object, str] = {}
    roles: dict[tuple[str, str], Role] = {}
    for region in regions:
        place = f"{where}: region {region.region}"
        voxels = (region.atlas, frozenset(region.labels), region.midline_distance)
        first = same.setdefault(voxels, region.region)
        if first != region.region:
            problems.append(
                Problem(
                    f"it has the same labels as the region {first}",
                    place,
                    "a line was copied and not changed",
                    "correct the labels, or delete the line",
                )
            )
        role = roles.setdefault((region.atlas, region.group), region.role)
        if role != region.role:
            problems.append(
                Problem(
                    f"its role is {region.role}, that of its group {region.group} is {role}",
                    place,
                    fix="give all regions of a group one role",
                )
            )
    return problems
