"""A known rigid displacement is found, halved and inverted by swapping."""

from __future__ import annotations

import numpy as np
import pytest
from nilearn import datasets
from scipy.spatial.transform import Rotation

from brainchange.imaging.nifti import Image
from brainchange.imaging.volume.halfway import halfway_space, resampled, rigid_between


@pytest.fixture(scope="module")
def scans():
    """A head, and the same head in another position with fresh noise."""
    template = datasets.load_mni152_template(resolution=4)
    brain = datasets.load_mni152_brain_mask(resolution=4)
    first = Image(template.get_fdata(dtype=np.float32), template.affine)
    moved = np.eye(4)
    moved[:3, :3] = Rotation.from_euler("xyz", [3, -2, 4], degrees=True).as_matrix()
    moved[:3, 3] = [3, -2, 4]
    values = resampled(first, first.affine, first.values.shape, np.linalg.inv(moved), order=3)
    noise = 0.01 * np.random.default_rng(0).standard_normal(values.shape)
    second = Image((values + noise).astype(np.float32), first.affine)
    return first, second, Image(brain.get_fdata(dtype=np.float32), brain.affine), moved


def test_the_displacement_of_the_head_is_found(scans):
    first, second, _, moved = scans
    found = rigid_between(first, second, seed=1)
    corners = np.array([[x, y, z, 1] for x in (-60, 60) for y in (-90, 60) for z in (-40, 70)]).T
    distance = np.linalg.norm(((found - moved) @ corners)[:3], axis=0)
    assert distance.max() < 0.3


def test_swapping_the_images_inverts_it(scans):
    first, second, _, _ = scans
    there, back = rigid_between(first, second, seed=1), rigid_between(second, first, seed=1)
    assert there @ back == pytest.approx(np.eye(4), abs=1e-9)


def test_halfway_is_half_of_the_way_for_both_and_they_match_there(scans):
    first, second, brain, moved = scans
    found = halfway_space(first, second, brain, moved, size=4.0)
    assert np.linalg.inv(found.to_first) @ found.to_first == pytest.approx(np.eye(4))
    assert found.to_second @ np.linalg.inv(found.to_first) == pytest.approx(moved, abs=1e-9)
    inside = found.mask > 0.5
    assert np.corrcoef(found.first[inside], found.second[inside])[0, 1] > 0.97
    assert inside.sum() * 4**3 == pytest.approx((brain.values > 0.5).sum() * 4**3, rel=0.02)
