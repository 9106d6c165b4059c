"""Movement displaces images as an independent implementation does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from brainchange.simulate.head import rotation_matrix
from brainchange.simulate.model import Motion
from brainchange.simulate.motion import displace, draw_movement, framewise_displacement


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((20, 24, 22))
    return ndimage.gaussian_filter(noise, 2).astype(np.float32)


def reference(image: np.ndarray, parameters: np.ndarray, voxel_size: float) -> np.ndarray:
    matrix = rotation_matrix(parameters[3:])
    middle = (np.array(image.shape) - 1) / 2
    offset = middle - matrix @ middle + parameters[:3] / voxel_size
    return ndimage.affine_transform(image, matrix, offset, order=1, mode="nearest")


def test_translation_equals_trilinear_interpolation(image: np.ndarray) -> None:
    parameters = np.array([1.0, -0.6, 0.3, 0, 0, 0])
    np.testing.assert_allclose(
        displace(image, parameters, 4.0), reference(image, parameters, 4.0), atol=1e-6
    )


def test_small_rotation_nearly_equals_trilinear_interpolation(image: np.ndarray) -> None:
    parameters = np.array([0.2, 0.1, -0.4, 0.01, -0.008, 0.006])
    expected = reference(image, parameters, 4.0)
    difference = displace(image, parameters, 4.0) - expected
    moved = image - expected
    inner = (slice(1, -1),) * 3
    assert np.abs(difference[inner]).max() < 0.02 * np.abs(moved[inner]).max()


def test_moving_by_one_voxel_is_shifting(image: np.ndarray) -> None:
    moved = displace(image, np.array([4.0, 0, 0, 0, 0, 0]), 4.0)
    np.testing.assert_allclose(moved[:-1], image[1:], atol=1e-6)


def test_no_movement_changes_nothing(image: np.ndarray) -> None:
    np.testing.assert_array_equal(displace(image, np.zeros(6), 4.0), image)


def test_framewise_displacement_by_hand() -> None:
    """0.1 + 0.2 + 0.3 mm and 50 mm · (0.001 + 0.002 + 0.003) rad = 0.9 mm; back again: the same."""
    moved = np.array([0.1, -0.2, 0.3, 0.001, -0.002, 0.003])
    displacement = framewise_displacement(np.array([np.zeros(6), moved, np.zeros(6)]))
    np.testing.assert_allclose(displacement, [np.nan, 0.9, 0.9])


def test_movement_starts_at_rest_and_is_estimated_with_error() -> None:
    movement = draw_movement(Motion(), 200, 1.0, np.random.default_rng(0))
    assert (movement.true[0] == 0).all()
    assert (movement.estimated[0] == 0).all()
    error = movement.estimated - movement.true
    assert error[:, :3].std() == pytest.approx(Motion().estimate_translation, rel=0.4)


def test_a_factor_makes_heads_move_more() -> None:
    displacement = [
        np.nanmean(
            framewise_displacement(
                draw_movement(Motion(spikes=0), 500, factor, np.random.default_rng(0)).true
            )
        )
        for factor in (1.0, 3.0)
    ]
    assert displacement[1] == pytest.approx(3 * displacement[0])
