"""A BOLD image is found on the boundary of white matter; another head's is not believed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from brainchange.imaging.nifti import Image
from brainchange.imaging.prepare.boundary import GREY, WHITE, BoundaryFit, boundary_of
from brainchange.imaging.prepare.coregistration import _from_itk, _to_itk
from brainchange.imaging.prepare.rigid import inverse, mean_distance, moved, rigid_transform
from brainchange.imaging.prepare.run_files import write_itk

SHAPE = (60, 66, 56)
AFFINE = np.array([[1.5, 0, 0, -45], [0, 1.5, 0, -50], [0, 0, 1.5, -42], [0, 0, 0, 1.0]])
MOVE = rigid_transform(np.array([2.0, -3.0, 1.5, 0.03, -0.02, 0.04]), np.zeros(3))
"""World of the T1w image → of the BOLD image: 4 mm and 3 degrees."""
CHANCE = 0.8
"""The search makes the best of chance, and more of it where the lump is smaller than a brain."""


def folded(seed):
    """A lump in which grey and white matter are folded into one another at random."""
    random = np.random.default_rng(seed)
    places = (np.indices(SHAPE) - np.reshape(SHAPE, (3, 1, 1, 1)) / 2) * 1.5
    inside = np.linalg.norm(places, axis=0) < 34
    folds = ndimage.gaussian_filter(random.normal(size=SHAPE), 2.7) > 0
    return Image(np.where(inside, np.where(folds, WHITE, GREY), 0).astype(np.uint8), AFFINE)


def bold_of(tissue, transform):
    """BOLD image at 3 mm of a head, grey matter brighter than white, where it has moved to."""
    contrast = np.array([1000.0, 1000.0, 800.0], dtype=np.float32)[tissue.values]
    smooth = ndimage.gaussian_filter(contrast, 1.0)
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -45
    there = inverse(tissue.affine) @ inverse(transform) @ affine
    values = ndimage.affine_transform(
        smooth, there[:3, :3], there[:3, 3], output_shape=(31, 31, 31), order=1
    )
    return Image(values, affine)


@pytest.fixture(scope="module")
def head():
    return folded(1)


@pytest.fixture(scope="module")
def boundary(head):
    return boundary_of(head)


def test_the_boundary_lies_between_white_and_grey_matter_and_points_outward(head, boundary):
    def label(points):
        voxels = np.rint(moved(inverse(AFFINE), points)).astype(int)
        return head.values[tuple(voxels.T)]

    assert 1000 < len(boundary.points) <= 10_000
    assert (label(boundary.points - 2 * boundary.outward) == WHITE).all()
    assert (label(boundary.points + 2 * boundary.outward) == GREY).all()
    np.testing.assert_allclose(np.linalg.norm(boundary.outward, axis=1), 1, atol=1e-9)


def test_a_moved_image_is_found_where_it_is(head, boundary):
    fitting = BoundaryFit(bold_of(head, MOVE), boundary)
    nudge = rigid_transform(np.array([1.5, 1.0, -1.5, 0.02, 0.02, -0.02]), np.zeros(3))
    found = fitting.refine(MOVE @ nudge)
    assert mean_distance(MOVE @ nudge, MOVE, boundary.points) > 2
    assert mean_distance(found.transform, MOVE, boundary.points) < 0.3
    assert found.agreement > 0.95
    assert found.cost < fitting.judge(MOVE @ nudge).cost


def test_another_head_agrees_less(boundary):
    fitting = BoundaryFit(bold_of(folded(2), MOVE), boundary)
    assert fitting.refine(MOVE).agreement < CHANCE


def test_a_mirrored_head_agrees_less(head, boundary):
    mirrored = Image(head.values[::-1], AFFINE)
    assert BoundaryFit(bold_of(mirrored, MOVE), boundary).refine(MOVE).agreement < CHANCE


def test_outside_the_image_there_is_no_contrast(head, boundary):
    far = rigid_transform(np.array([500.0, 0, 0, 0, 0, 0]), np.zeros(3))
    fitting = BoundaryFit(bold_of(head, MOVE), boundary)
    assert np.isnan(fitting.contrast(far)).all()
    assert fitting.judge(far).agreement == 0


def test_transforms_go_to_itk_and_back():
    np.testing.assert_allclose(_from_itk(_to_itk(MOVE)), MOVE, atol=1e-6)


def test_a_written_transform_takes_points_of_the_target_to_the_moving_image(tmp_path):
    """ITK keeps the way back, with x to the left and y to the back."""
    import ants

    write_itk(tmp_path / "xfm.txt", MOVE)
    transform = ants.read_transform(str(tmp_path / "xfm.txt"))
    flip = np.array([-1, -1, 1])
    point = np.array([10.0, -20.0, 30.0])
    there = moved(MOVE, point[np.newaxis])[0]
    back = np.array(transform.apply_to_point(tuple(there * flip))) * flip
    np.testing.assert_allclose(back, point, atol=1e-5)
