"""Whether an atlas is what its names say: sides, places and sizes of its labels and regions.

An atlas fails silently: with hemispheres swapped, or numbers one off, every region still has a
signal. So each atlas is held against what is known of the brain before it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.errors import ImageError, Problem
from brainchange.imaging.atlas import Atlas
from brainchange.imaging.laterality import side_of
from brainchange.imaging.midline import known_midline
from brainchange.imaging.parcellation import label_numbers, region_voxels, world_coordinates
from brainchange.study.regions import Region
from brainchange.tables import Column, TableSchema

FloatArray = npt.NDArray[np.float64]

LARGEST_DISTANCE = 12.0
"""Distance of the centre of a region from where it is expected, in mm, that is still plausible.

Versions and thresholds of one atlas move centres by less than 5 mm, and MNI templates differ by
less than that; neighbouring gyri lie 15 mm and more apart."""
LARGEST_RATIO = 3.0
"""Ratio of the volume of a region to the expected one, either way, that is still plausible.

Thresholds of one atlas change volumes up to two-fold; a wrong size of voxels changes them
eight-fold."""
MOST_TOLD = 4


REGION_PLACES_TABLE = TableSchema(
    "region_places",
    "Where a region of an atlas lies, and where it is expected.",
    (
        Column("region", "string", "Region", required=True),
        Column("x", "number", "Centre in the template, left to right", unit="mm"),
        Column("y", "number", "Centre in the template, back to front", unit="mm"),
        Column("z", "number", "Centre in the template, bottom to top", unit="mm"),
        Column("distance", "number", "From where its centre is expected", unit="mm"),
        Column("volume", "number", "Volume in the template", unit="mm3"),
        Column("expected_volume", "number", "Volume that is expected", unit="mm3"),
    ),
    key=("region",),
)


@dataclass(frozen=True)
class RegionPlace:
    """Where a region of an atlas lies.

    Attributes
    ----------
    region : Region
        The region.
    centre : numpy.ndarray
        Mean of the coordinates of its voxels in mm, (3,); NaN without voxels.
    volume : float
        In mm³.
    """

    region: Region
    centre: FloatArray
    volume: float


def check_atlas(atlas: Atlas, regions: Sequence[Region]) -> tuple[RegionPlace, ...]:
    """Check an atlas, and say where its regions lie.

    Parameters
    ----------
    atlas : Atlas
        In the space of its template, where x = 0 is the midline.
    regions : sequence of Region
        The regions that use it; those of other atlases are passed over.

    Returns
    -------
    tuple of RegionPlace
        In the order of the regions.

    Raises
    ------
    ConfigError
        A region names a label the atlas does not have.
    ImageError
        Labels or regions lie on the wrong side, further than 12 mm from where they are expected,
        have no voxel, or are three times larger or smaller than expected; all at once.
    """
    own = [region for region in regions if region.atlas == atlas.name]
    label_numbers(own, atlas.labels, f"the atlas {atlas.name}")
    problems = _side_problems(atlas)
    places = region_places(atlas, own)
    wrong = [problem for place in places for problem in _problems(place)]
    if problems or wrong:
        raise ImageError.from_problems([*problems, *wrong])
    return places


def region_places(atlas: Atlas, regions: Sequence[Region]) -> tuple[RegionPlace, ...]:
    """Find centre and volume of regions of an atlas, without judging them.

    Raises
    ------
    ConfigError
        A region names a label the atlas does not have.
    """
    image = atlas.image
    found = region_voxels(
        image.values,
        image.affine,
        regions,
        image.labels,
        atlas.name,
        midline=known_midline("MNI"),
    )
    return tuple(
        RegionPlace(
            region,
            _centre(world_coordinates(one.voxels, image.values.shape, image.affine)),  # noqa: PD011
            one.voxels.size * image.voxel_volume,
        )
        for region, one in zip(regions, found, strict=True)
    )


def places_table(places: Sequence[RegionPlace]) -> pd.DataFrame:
    """Make ``REGION_PLACES_TABLE`` of where regions lie."""
    return REGION_PLACES_TABLE.frame(
        [
            {
                "region": place.region.region,
                **dict(zip("xyz", place.centre.tolist(), strict=True)),
                "distance": _distance(place),
                "volume": place.volume,
                "expected_volume": place.region.volume,
            }
            for place in places
        ]
    )


def _centre(coordinates: FloatArray) -> FloatArray:
    return coordinates.mean(axis=0) if len(coordinates) else np.full(3, np.nan)


def _side_problems(atlas: Atlas) -> list[Problem]:
    """Labels whose name tells another side than their place."""
    labels = {name: side for name in atlas.labels if (side := side_of(name))}
    as_regions = [Region(name, name, side, atlas.name, (name,)) for name, side in labels.items()]
    places = [place for place in region_places(atlas, as_regions) if place.volume]
    wrong = [place for place in places if _on_wrong_side(place)]
    if not wrong:
        return []
    told = ", ".join(
        f"{one.region.region} at x = {one.centre[0]:.0f} mm" for one in wrong[:MOST_TOLD]
    )
    all_wrong = len(wrong) > 0.9 * len(places)
    return [
        Problem(
            f"{len(wrong)} of {len(places)} labels lie on the other side than their name tells: "
            f"{told}{', …' if len(wrong) > MOST_TOLD else ''}",
            f"atlas {atlas.name}",
            "hemispheres are swapped (the affine is flipped, or left is named right), or numbers "
            "are one off"
            if all_wrong
            else "names are out of step with numbers (one row too many or too few in the table?)",
            "use the image and the table of labels as they were published",
        )
    ]


def _problems(place: RegionPlace) -> list[Problem]:
    region = place.region
    where = f"atlas {region.atlas}, region {region.region}"
    if not place.volume:
        return [
            Problem(
                "no voxel of the atlas has its labels",
                where,
                "names are out of step with numbers, or the label is empty in this version",
            )
        ]
    problems = []
    if _on_wrong_side(place):
        side = "left" if region.hemisphere == "L" else "right"
        problems.append(
            Problem(
                f"it is a region of the {side} side and lies at x = {place.centre[0]:.1f} mm",
                where,
                "labels of the other side are listed, or hemispheres are swapped",
            )
        )
    return problems + _distance_problems(place, where) + _volume_problems(place, where)


def _on_wrong_side(place: RegionPlace) -> bool:
    sign = {"L": -1, "R": 1, "B": 0}[place.region.hemisphere]
    return bool(sign and place.centre[0] * sign <= 0)


def _distance(place: RegionPlace) -> float | None:
    expected = place.region.centre
    return None if expected is None else float(np.linalg.norm(place.centre - np.array(expected)))


def _distance_problems(place: RegionPlace, where: str) -> list[Problem]:
    expected = place.region.centre
    if expected is None:
        return []
    distance = _distance(place)
    if distance is None or distance <= LARGEST_DISTANCE:
        return []
    return [
        Problem(
            f"its centre is at {_point(place.centre)}, {distance:.0f} mm from {_point(expected)} "
            f"where it is expected (at most {LARGEST_DISTANCE:g} mm)",
            where,
            "labels are out of step, the affine of the atlas is wrong, or x, y, z are mistyped",
            "correct the atlas; or labels or x, y, z in config/regions.tsv",
        )
    ]


def _volume_problems(place: RegionPlace, where: str) -> list[Problem]:
    expected = place.region.volume
    if expected is None or 1 / LARGEST_RATIO <= place.volume / expected <= LARGEST_RATIO:
        return []
    return [
        Problem(
            f"its volume is {place.volume:.0f} mm³, {place.volume / expected:.2g} times the "
            f"{expected:.0f} mm³ expected (between 1/3 and 3 times)",
            where,
            "the size of voxels in the header is wrong, or labels are missing or too many",
            "correct the atlas; or labels or volume in config/regions.tsv",
        )
    ]


def _point(coordinates: Sequence[float] | FloatArray) -> str:
    return "(" + ", ".join(f"{value:.0f}" for value in coordinates) + ")"
