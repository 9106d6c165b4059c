"""Movement is told as FSL and fMRIPrep tell it."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.simulate.raw.rigid import parameters_of_poses, pose_of, poses_of

CENTRE = np.array([3.0, -20.0, 12.0])


def fsl_parameters(pose: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Go FSL's way: the map from volume to reference, with x to the left, taken apart."""
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    back = mirror @ np.linalg.inv(pose) @ mirror
    middle = mirror[:3, :3] @ centre
    r = back[:3, :3]
    cos_y = np.hypot(r[0, 0], r[0, 1])
    angles = [
        np.arctan2(r[1, 2] / cos_y, r[2, 2] / cos_y),
        np.arctan2(-r[0, 2], cos_y),
        np.arctan2(r[0, 1] / cos_y, r[0, 0] / cos_y),
    ]
    return np.concatenate([r @ middle + back[:3, 3] - middle, angles])


def test_parameters_are_those_of_fsl() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        pose = pose_of(0.2 * random.standard_normal(3), 5 * random.standard_normal(3), CENTRE)
        np.testing.assert_allclose(
            parameters_of_poses(pose[None], CENTRE)[0], fsl_parameters(pose, CENTRE), atol=1e-12
        )


def test_poses_and_parameters_are_inverse() -> None:
    parameters = np.random.default_rng(1).standard_normal((10, 6)) * ([2.0] * 3 + [0.1] * 3)
    np.testing.assert_allclose(
        parameters_of_poses(poses_of(parameters, CENTRE), CENTRE), parameters, atol=1e-12
    )


@pytest.mark.parametrize(
    ("parameters", "point", "expected"),
    [
        # A head that moves 1 mm to the right, to the back or down has positive translations.
        ([1, 0, 0, 0, 0, 0], [10, 20, 30], [11, 20, 30]),
        ([0, 1, 0, 0, 0, 0], [10, 20, 30], [10, 19, 30]),
        ([0, 0, 1, 0, 0, 0], [10, 20, 30], [10, 20, 29]),
        # A nod by 90° about x through the centre takes what is in front of it above it.
        ([0, 0, 0, np.pi / 2, 0, 0], [3, -10, 12], [3, -20, 22]),
    ],
)
def test_signs_by_hand(parameters: list[float], point: list[float], expected: list[float]) -> None:
    pose = poses_of(np.array([parameters], dtype=float), CENTRE)[0]
    np.testing.assert_allclose(pose @ [*point, 1], [*expected, 1], atol=1e-12)
