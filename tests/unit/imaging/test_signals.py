"""Region means: hand-computed, whatever the order, overlap and emptiness of regions."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.imaging.signals import region_means


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_means_of_regions_that_overlap_or_are_empty(dtype):
    volumes = np.array([[1, 2, 3, 10], [5, 5, 7, 30_000]], dtype=dtype)
    members = [np.array(m, dtype=np.intp) for m in ([], [0, 1], [3, 2, 1], [], [3])]
    means = region_means(volumes, members)
    np.testing.assert_array_equal(means[:, [0, 3]], np.nan)
    np.testing.assert_array_equal(means[:, [1, 2, 4]], [[1.5, 5, 10], [5, 30_012 / 3, 30_000]])


def test_sums_of_many_whole_numbers_do_not_overflow():
    volumes = np.full((2, 5000), 32_000, dtype=np.int16)
    np.testing.assert_array_equal(region_means(volumes, [np.arange(5000)]), [[32_000.0]] * 2)


def test_a_value_that_is_no_number_spoils_its_region_and_volume_alone():
    volumes = np.ones((2, 4), dtype=np.float32)
    volumes[1, 0] = np.nan
    means = region_means(volumes, [np.array([0, 1]), np.array([2, 3])])
    np.testing.assert_array_equal(means, [[1, 1], [np.nan, 1]])


def test_without_any_region_there_is_no_mean():
    assert region_means(np.ones((3, 2)), []).shape == (3, 0)
    assert np.isnan(region_means(np.ones((3, 2)), [np.array([], dtype=np.intp)])).all()
