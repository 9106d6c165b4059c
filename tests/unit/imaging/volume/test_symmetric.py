"""A planted expansion is found where it is, and nowhere else; swapping turns the sign."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft, ndimage

from brainchange.imaging.nifti import Image
from brainchange.imaging.volume.change import region_volumes
from brainchange.imaging.volume.halfway import Halfway
from brainchange.imaging.volume.percent import symmetric_percent_change
from brainchange.imaging.volume.symmetric import relative_volumes, symmetric_displacement

SHAPE = (56, 48, 44)
BALL = (34, 26, 24)
ELSEWHERE = (10, 10, 10)
RADIUS = 8


def ball(centre, radius):
    grid = np.indices(SHAPE, dtype=float)
    distance = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)))
    return 1 / (1 + np.exp(distance - radius))


def texture(seed=3):
    """Folds of intensity some voxels wide, as between grey and white matter."""
    random = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(random.standard_normal(SHAPE), 1.5)
    return (np.tanh(2 * rough / rough.std()) * 0.45 + 0.5).astype(np.float32)


def expansion(percent):
    """Displacement whose divergence is ``percent`` in the ball and zero outside: Poisson."""
    wanted = np.pad(ball(BALL, RADIUS) * percent / 100, [(0, size) for size in SHAPE])
    waves = np.meshgrid(*[2 * np.pi * np.fft.fftfreq(n) for n in wanted.shape], indexing="ij")
    squared = sum(wave**2 for wave in waves)
    squared[0, 0, 0] = 1
    potential = -fft.fftn(wanted) / squared
    potential[0, 0, 0] = 0
    inside = tuple(slice(0, size) for size in SHAPE)
    return np.array([np.real(fft.ifftn(1j * wave * potential))[inside] for wave in waves])


def moved(image, displacement):
    """The image after each point x went to x + displacement(x)."""
    grid = np.indices(SHAPE, dtype=float)
    back = np.zeros_like(displacement)
    for _ in range(30):
        back = -np.array([ndimage.map_coordinates(u, grid + back, order=1) for u in displacement])
    return ndimage.map_coordinates(image, grid + back, order=3, mode="nearest").astype(np.float32)


def pair(percent, noise=0.01):
    random = np.random.default_rng(7)
    first = texture()
    second = moved(first, expansion(percent))
    return tuple(
        image + noise * random.standard_normal(SHAPE).astype(np.float32)
        for image in (first, second)
    )


def halfway(first, second):
    ones = np.ones(SHAPE, dtype=np.float32)
    return Halfway(np.diag([1.0, 1, 1, 1]), first, second, ones, np.eye(4), np.eye(4))


REGIONS = [
    Image((ball(centre, RADIUS) > 0.5).astype(np.uint8), np.eye(4)) for centre in (BALL, ELSEWHERE)
]


def truth(percent):
    slopes = [np.gradient(u, axis=axis) for axis, u in enumerate(expansion(percent))]
    return 100 * float(sum(slopes)[REGIONS[0].values > 0].mean())


@pytest.mark.parametrize("percent", [0, 2, 5])
def test_a_planted_expansion_is_recovered_and_its_surroundings_stay(percent):
    first, second = pair(percent)
    change = symmetric_percent_change(*region_volumes(halfway(first, second), REGIONS))
    assert change[0] == pytest.approx(truth(percent), abs=0.5)
    assert change[1] == pytest.approx(0, abs=0.3)


def test_swapping_the_images_turns_the_sign_exactly():
    first, second = pair(5)
    ones = np.ones(SHAPE, dtype=np.float32)
    there = symmetric_displacement(first, second, ones)
    back = symmetric_displacement(second, first, ones)
    assert there == pytest.approx(-back, abs=1e-4)


def test_a_region_follows_its_growth_to_the_halfway_space():
    first, second = pair(5)
    before, after = region_volumes(halfway(first, second), REGIONS)
    assert before == pytest.approx([region.values.sum() for region in REGIONS], rel=0.01)
    assert 200 * (after[0] - before[0]) / (after[0] + before[0]) == pytest.approx(truth(5), abs=0.5)


def test_the_same_image_twice_does_not_change():
    first, _ = pair(0)
    found = symmetric_displacement(first, first, np.ones(SHAPE, dtype=np.float32))
    assert np.abs(found).max() == 0
    one, two = region_volumes(halfway(first, first), REGIONS)
    assert one == pytest.approx([region.values.sum() for region in REGIONS])
    assert two == pytest.approx(one)


def test_a_smooth_ratio_of_intensities_is_no_change_of_volume():
    first, second = pair(0)
    coil = np.linspace(0.9, 1.1, SHAPE[0], dtype=np.float32)[:, None, None]
    change = symmetric_percent_change(*region_volumes(halfway(first, second * coil), REGIONS))
    assert np.abs(change).max() < 0.4


def test_jacobians_of_a_uniform_expansion_are_its_volume_ratio():
    grid = np.indices(SHAPE, dtype=np.float32)
    first, second = relative_volumes(0.02 * grid)
    assert first == pytest.approx(0.99**3, rel=1e-4)
    assert second == pytest.approx(1.01**3, rel=1e-4)


def test_a_region_without_voxels_is_missing_and_not_zero():
    first, second = pair(0)
    volumes = region_volumes(
        halfway(first, second), [Image(np.zeros(SHAPE, dtype=np.uint8), np.eye(4))]
    )
    assert np.isnan(volumes).all()


def test_the_symmetric_change_is_relative_to_the_mean():
    assert symmetric_percent_change(np.array([95.0]), np.array([105.0])) == pytest.approx(10)
