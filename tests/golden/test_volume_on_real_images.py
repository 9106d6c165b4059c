"""Growth that is planted in a real T1w image is found: where it is, as large as it is.

A cut-out of the T1w image beside the project around the left temporal lobe; hippocampus, amygdala
and two other places are ellipsoids that were put on it by hand. The whole head, with its own
regions and registration, is `benchmarks/volume.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from brainchange.imaging.nifti import Image, read_image
from brainchange.imaging.volume.change import region_volumes
from brainchange.imaging.volume.halfway import halfway_space
from brainchange.imaging.volume.percent import symmetric_percent_change
from brainchange.simulate.growth import grow, labels_on, scan

pytestmark = [pytest.mark.shared, pytest.mark.slow]

CENTRE = np.array([-28.0, 8.0, -14.0])
HALF = np.array([30, 42, 28])
GRID = np.eye(4)
GRID[:3, 3] = CENTRE - HALF
SHAPE = tuple(2 * HALF)
ALONG = np.array([[-0.10, 0.95, -0.29], [0.98, 0.15, 0.15], [-0.18, 0.27, 0.95]])
"""Axes of the hippocampus: along it, to its side, upwards."""
EDGE = 6
"""Voxels at the edge of the cut-out that are not compared: a scan has no values beyond it."""
PLACES = {
    "hippocampus": ((-26.5, -1.0, -14.8), (19.0, 8.0, 6.0)),
    "amygdala": ((-24.6, 25.0, -12.0), (7.0, 6.5, 6.5)),
    "lateral": ((-46.0, 5.0, -12.0), (10.0, 7.0, 7.0)),
    "above": ((-18.0, 0.0, 4.0), (9.0, 7.0, 7.0)),
}
"""Centre and half axes in mm, in the world of the T1w image."""
NOISE = 0.006
"""Noise of each scan, as much as the image itself has at this resolution (both as a share of its
98th percentile)."""
FINE = np.array([[0.5, 0, 0, -0.25], [0, 0.5, 0, -0.25], [0, 0, 0.5, -0.25], [0, 0, 0, 1]])
"""Labels of the head that has grown are told on half the voxels, or their rim would be lost."""


def ellipsoid(name: str) -> np.ndarray:
    centre, axes = PLACES[name]
    points = np.indices(SHAPE).reshape(3, -1) + GRID[:3, 3:] - np.array(centre)[:, None]
    within = ((ALONG @ points / np.array(axes)[:, None]) ** 2).sum(axis=0) <= 1
    return within.reshape(SHAPE)


def moved(degrees: float, shift: tuple[float, float, float]) -> np.ndarray:
    """Rigid movement about the centre of the cut-out."""
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = CENTRE - turn[:3, :3] @ CENTRE + shift
    return turn


@dataclass(frozen=True)
class Pair:
    """Two scans of one head, and the labels and what is compared of the first."""

    first: Image
    second: Image
    labels: Image
    inner: Image
    between: np.ndarray

    def percent(self) -> dict[str, float]:
        halfway = halfway_space(self.first, self.second, self.inner, self.between)
        regions = [
            Image((self.labels.values == number).astype(np.uint8), self.labels.affine)
            for number in range(1, len(PLACES) + 1)
        ]
        change = symmetric_percent_change(*region_volumes(halfway, regions))
        return dict(zip(PLACES, change.tolist(), strict=True))


@pytest.fixture(scope="module")
def labels() -> Image:
    values = np.zeros(SHAPE, dtype=np.int32)
    for number, name in enumerate(PLACES, start=1):
        values[ellipsoid(name)] = number
    return Image(values, GRID)


@pytest.fixture(scope="module")
def pair(shared: Path, labels: Image):
    """Maker of pairs in which the hippocampus grows."""
    head = read_image(
        shared / "real" / "splithalf" / "sub-01" / "ses-pre" / "anat" / "sub-01_ses-pre_T1w.nii.gz"
    )
    between = moved(2.0, (0.7, -0.4, 0.5))
    inner = Image(np.pad(np.ones(np.array(SHAPE) - 2 * EDGE, dtype=np.uint8), EDGE), GRID)

    def made(percent: float, *, swapped: bool = False) -> Pair:
        growth = grow(labels.values == 1, GRID, percent) if percent else None
        grid = (GRID, SHAPE)
        rng = np.random.default_rng(20)
        first = scan(head, grid, position=np.eye(4), noise=NOISE, rng=rng)
        second = scan(head, grid, position=between, growth=growth, noise=NOISE, rng=rng)
        if not swapped:
            return Pair(first, second, labels, inner, between)
        fine = (GRID @ FINE, tuple(2 * n for n in SHAPE))
        there = labels_on(labels, fine, position=between, growth=growth)
        also_inner = labels_on(inner, grid, position=between)
        return Pair(second, first, there, also_inner, np.linalg.inv(between))

    return made


def test_nothing_but_the_region_grows(labels: Image) -> None:
    growth = grow(labels.values == 1, GRID, 5)
    found = {name: growth.percent(labels.values == n + 1) for n, name in enumerate(PLACES)}
    assert found.pop("hippocampus") == pytest.approx(5, abs=0.05)
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=0.06)


@pytest.mark.parametrize("percent", [0, 2])
def test_planted_growth_is_recovered_and_nothing_else_changes(pair, percent: float) -> None:
    found = pair(percent).percent()
    assert found.pop("hippocampus") == pytest.approx(percent, abs=0.5)
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=0.5)


def test_growth_of_five_percent_turns_its_sign_when_the_sessions_are_swapped(pair) -> None:
    there, back = pair(5).percent(), pair(5, swapped=True).percent()
    assert there["hippocampus"] == pytest.approx(5, abs=0.5)
    for name in ("amygdala", "lateral", "above"):
        assert there[name] == pytest.approx(0, abs=0.5), name
    assert back == pytest.approx({name: -value for name, value in there.items()}, abs=0.1)
