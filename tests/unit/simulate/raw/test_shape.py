"""Heads differ smoothly, and the map to the template is known both ways."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.simulate.model import Simulation
from brainchange.simulate.raw.model import Shape
from brainchange.simulate.raw.shape import HeadShape, draw_shape


@pytest.fixture(scope="module")
def shape(demo: Simulation) -> HeadShape:
    return draw_shape(demo.anatomy, Shape(), np.random.default_rng(3))


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(-75, 75, (3, 2000))


def test_there_and_back(shape: HeadShape, points: np.ndarray) -> None:
    np.testing.assert_allclose(shape.from_template(shape.to_template(points)), points, atol=1e-6)
    np.testing.assert_allclose(shape.to_template(shape.from_template(points)), points, atol=1e-6)


def test_grids_are_mapped_as_points_are(shape: HeadShape) -> None:
    affine = np.diag([3.0, 4.0, 5.0, 1.0])
    affine[:3, 3] = [-40, -50, -30]
    grid = shape.grid_to_template(affine, (9, 8, 7))
    indices = np.indices((9, 8, 7)).reshape(3, -1)
    expected = shape.to_template(affine[:3, :3] @ indices + affine[:3, 3:])
    np.testing.assert_allclose(grid, expected, atol=1e-9)


def test_deformation_has_the_configured_size_and_no_folds(
    demo: Simulation, points: np.ndarray
) -> None:
    sizes, volumes = [], []
    for seed in range(5):
        shape = draw_shape(demo.anatomy, Shape(deformation=2.0), np.random.default_rng(seed))
        linear = shape.linear @ points + shape.offset[:, None]
        sizes.append(np.linalg.inv(shape.linear) @ (shape.to_template(points) - linear))
        steps = np.stack(
            [
                shape.to_template(points + 0.5 * axis[:, None])
                - shape.to_template(points - 0.5 * axis[:, None])
                for axis in np.eye(3)
            ]
        )
        volumes.append(np.linalg.det(steps.transpose(2, 1, 0)))
    assert np.std(sizes) == pytest.approx(2.0, rel=0.15)
    assert 0.3 < np.min(volumes) < 0.9
    assert 1.1 < np.max(volumes) < 2.5
