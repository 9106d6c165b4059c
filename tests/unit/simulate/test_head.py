"""Simulated heads are about as large as heads, and labelled as FreeSurfer labels them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainchange.imaging.parcellation import packaged_labels
from brainchange.simulate.head import Head, Template, lowest_slice, make_head
from brainchange.simulate.model import Simulation
from brainchange.simulate.seeds import generator
from brainchange.study.regions import read_regions


@pytest.fixture(scope="module")
def head(template: Template, demo: Simulation) -> Head:
    return make_head(template, demo.anatomy, demo.acquisition, generator(1, "head"))


def millimetres(head: Head, number: int) -> tuple[float, np.ndarray]:
    """Volume in mm³ and centre in mm of a label."""
    voxels = np.argwhere(head.labels == number)
    size = abs(np.linalg.det(head.affine[:3, :3]))
    return len(voxels) * size, head.affine[:3, :3] @ voxels.mean(axis=0) + head.affine[:3, 3]


def test_label_numbers_are_those_of_freesurfer(demo: Simulation) -> None:
    numbers = packaged_labels("aparcaseg")
    for number, name in demo.anatomy.labels.items():
        assert numbers[name] == number


def test_every_region_has_voxels_on_its_side(head: Head, root: Path) -> None:
    numbers = packaged_labels("aparcaseg")
    own = [r for r in read_regions(root / "config/regions.tsv") if r.atlas == "aparcaseg"]
    assert len(own) == 28
    for region in own:
        for label in region.labels:
            volume, centre = millimetres(head, numbers[label])
            assert volume >= 300, label
            assert (centre[0] < 0) == (region.hemisphere == "L"), label


@pytest.mark.parametrize(
    ("numbers", "least", "most"),
    [((18, 54), 1100, 2400), ((17, 53), 3000, 5000), ((26, 58), 300, 900), ((10, 49), 3000, 9000)],
)
def test_structures_have_the_size_of_structures(
    head: Head, numbers: tuple[int, int], least: float, most: float
) -> None:
    """Amygdala, hippocampus, accumbens and thalamus within the range of FreeSurfer volumes, mm³."""
    for number in numbers:
        assert least <= millimetres(head, number)[0] <= most


def test_brain_has_the_size_of_a_brain(head: Head) -> None:
    litres = head.brain.sum() * 64 / 1e6
    assert 1.1 < litres < 2.2
    cortex = (head.labels > 1000).sum() * 64 / 1e6
    assert 0.4 < cortex < 0.8


def test_tissue_shares_add_up(head: Head) -> None:
    np.testing.assert_allclose(head.grey + head.white + head.fluid, 1, atol=1e-6)
    assert head.grey.min() >= 0
    assert head.fluid.min() >= -1e-6
    assert head.intensity.min() > 0


def test_lowest_slice_loses_about_half_of_the_amygdala(head: Head) -> None:
    amygdala = np.isin(head.labels, (18, 54))
    kept = amygdala[:, :, lowest_slice(head, (18, 54), 0.5) :].sum() / amygdala.sum()
    assert 0.3 < kept < 0.7
    assert lowest_slice(head, (18, 54), 0.0) <= np.argwhere(amygdala)[:, 2].min()


def test_heads_differ_between_participants_and_not_between_calls(
    template: Template, demo: Simulation
) -> None:
    first, again, other = (
        make_head(template, demo.anatomy, demo.acquisition, generator(1, name)) for name in "aab"
    )
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.labels.shape != other.labels.shape or (first.labels != other.labels).any()
