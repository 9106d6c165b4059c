"""Steady state, slice timing, interpolation: exact on courses and images known by formula."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.imaging.prepare.realigned import apply_realignment
from brainchange.imaging.prepare.realignment import Realignment
from brainchange.imaging.prepare.resampling import resampled
from brainchange.imaging.prepare.series import Series
from brainchange.imaging.prepare.slice_timing import (
    correct_slice_timing,
    reference_time,
    shifted,
)
from brainchange.imaging.prepare.steady_state import non_steady_state_volumes

REPETITION_TIME = 2.0


def test_leading_outliers_of_the_global_signal_are_not_in_steady_state():
    # Median 100, median absolute deviation 1: scores 0.6745 · |x − 100|, so 6 away is above 3.5.
    settled = [99, 100, 101] * 7
    assert non_steady_state_volumes(np.array([130, 106, *settled], dtype=float)) == 2
    assert non_steady_state_volumes(np.array([105, *settled], dtype=float)) == 0
    assert non_steady_state_volumes(np.array([99, 130, *settled], dtype=float)) == 0


def test_a_constant_global_signal_is_in_steady_state():
    assert non_steady_state_volumes(np.full(20, 7.0)) == 0


def test_a_sine_is_shifted_exactly_away_from_the_ends():
    time = np.arange(120)[:, np.newaxis]
    frequency = np.array([0.02, 0.1, 0.31])
    course = np.sin(2 * np.pi * frequency * time + 0.3)
    later = np.sin(2 * np.pi * frequency * (time + 0.4) + 0.3)
    error = np.abs(shifted(course, 0.4) - later)[12:-12]
    assert error.max() < 0.02


def test_a_line_is_shifted_exactly_everywhere():
    time = np.arange(30.0)[:, np.newaxis]
    np.testing.assert_allclose(shifted(5 + 2 * time, 0.25), 5 + 2 * (time + 0.25), atol=1e-9)


@pytest.mark.parametrize("axis", [0, 2])
def test_slices_taken_at_different_times_come_to_one_time(axis):
    shape, n_volumes = (4, 3, 4), 100
    times = np.array([0.0, 1.5, 0.5, 1.0])
    slices = np.indices(shape)[axis].ravel(order="F")
    acquired = np.arange(n_volumes)[:, np.newaxis] * REPETITION_TIME + times[slices]
    stored = 100 + np.sin(2 * np.pi * 0.04 * acquired)
    series = Series(stored.astype(np.float32), shape, np.eye(4))
    corrected = correct_slice_timing(series, times, REPETITION_TIME, axis=axis)
    assert reference_time(times) == 0.75
    wanted = np.sin(2 * np.pi * 0.04 * (np.arange(n_volumes) * REPETITION_TIME + 0.75))
    error = np.abs(corrected.stored - 100 - wanted[:, np.newaxis])[10:-10]
    assert error.max() < 0.01


def test_volumes_before_the_steady_state_are_left_alone():
    stored = np.random.default_rng(0).normal(100, 1, (20, 8)).astype(np.float32)
    series = Series(stored, (2, 2, 2), np.eye(4))
    corrected = correct_slice_timing(series, np.array([0.0, 1.0]), 2.0, n_unsettled=3)
    np.testing.assert_array_equal(corrected.stored[:3], stored[:3])
    assert np.abs(corrected.stored[3:] - stored[3:]).max() > 0


def test_no_movement_changes_nothing():
    volume = np.random.default_rng(1).normal(size=(7, 8, 9)).astype(np.float32)
    np.testing.assert_allclose(resampled(volume, np.eye(4), np.eye(4)), volume, atol=1e-5)


def test_a_shift_by_voxels_moves_them_and_leaves_zero_where_nothing_was_seen():
    volume = np.random.default_rng(1).normal(5, 1, size=(7, 8, 9)).astype(np.float32)
    affine, shift = np.diag([2.0, 2.0, 3.0, 1.0]), np.eye(4)
    shift[2, 3] = 6.0
    found = resampled(volume, affine, shift)
    np.testing.assert_allclose(found[..., :7], volume[..., 2:], atol=1e-4)
    assert not found[..., 7:].any()


def test_less_than_half_a_voxel_beyond_the_edge_still_lies_in_the_voxel():
    volume = np.full((6, 6, 6), 4.0, dtype=np.float32)
    shift = np.eye(4)
    shift[2, 3] = 0.4
    assert (resampled(volume, np.eye(4), shift) > 3.9).all()


def test_a_smooth_image_is_interpolated_to_a_thousandth():
    grid = np.indices((20, 20, 20)).astype(float)
    shift = np.array([0.3, -0.45, 0.2])

    def image(places):
        return 10 + np.cos(0.3 * places[0]) * np.sin(0.25 * places[1] + 0.2 * places[2])

    transform = np.eye(4)
    transform[:3, 3] = shift
    found = resampled(image(grid).astype(np.float32), np.eye(4), transform)
    inner = (slice(4, -4),) * 3
    wanted = image(grid + shift[:, np.newaxis, np.newaxis, np.newaxis])
    assert np.abs(found - wanted)[inner].max() < 1e-3


def test_storing_16_bits_loses_nothing_that_counts():
    random = np.random.default_rng(2)
    stored = random.uniform(0, 60000, (3, 6 * 5 * 4)).astype(np.float32)
    series = Series(stored, (6, 5, 4), np.eye(4))
    still = Realignment(np.repeat(np.eye(4)[np.newaxis], 3, axis=0), np.zeros(3), ())
    kept = apply_realignment(series, still)
    np.testing.assert_allclose(kept.stored * kept.slope, stored, atol=60000 / 25000)
    mask = np.zeros((6, 5, 4), dtype=bool)
    mask[1, 2, 3] = True
    np.testing.assert_allclose(
        kept.courses(mask)[:, 0], [series.volume(v)[1, 2, 3] for v in range(3)], atol=2.4
    )
    assert kept.in_file_order().shape == (3, 4, 5, 6)
    np.testing.assert_allclose(
        kept.in_file_order()[0, 3, 2, 1] * kept.slope, series.volume(0)[1, 2, 3], atol=2.4
    )
