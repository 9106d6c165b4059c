"""Validity of voxels, by hand, and its intersection over grids."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.errors import ImageError
from brainchange.imaging.coverage import (
    Grid,
    drift_projection,
    require_volumes,
    temporal_snr,
    valid_in_every_run,
    valid_voxels,
)
from brainchange.study.settings import Coverage

RNG = np.random.default_rng(2)


def test_temporal_snr_ignores_a_quadratic_drift_and_nothing_else():
    time = np.arange(80.0)
    noise = drift_projection(80).residuals(RNG.normal(size=(80, 1)))
    noise *= 10 / np.sqrt((noise**2).mean())
    drifting = 500 + 3 * (time - 39.5)[:, None] - 0.02 * ((time - 39.5) ** 2)[:, None] + noise
    np.testing.assert_allclose(
        temporal_snr(drifting, drift_projection(80)), drifting.mean() / 10, rtol=1e-9
    )


def test_a_voxel_that_does_not_vary_has_no_snr():
    values = temporal_snr(np.full((50, 3), [0.0, 7.0, 1e6]), drift_projection(50))
    assert np.isnan(values).all()


def test_a_voxel_with_one_missing_value_is_not_valid():
    volumes = RNG.normal(100, 1, (50, 3))
    volumes[7, 1] = np.nan
    volumes[9, 2] = np.inf
    tsnr = temporal_snr(volumes, drift_projection(50))
    with np.errstate(invalid="ignore"):
        valid = valid_voxels(volumes.mean(axis=0), tsnr, Coverage())
    np.testing.assert_array_equal(valid, [True, False, False])


def test_thresholds_by_hand():
    mean = np.array([1000.0, 1000, 1000, 201, 199, 1000, -50, 0, np.nan])
    tsnr = np.array([50.0, 50, 50, 50, 50, 20, 50, np.nan, np.nan])
    np.testing.assert_array_equal(valid_voxels(mean, tsnr, Coverage()), [1, 1, 1, 1, 0, 0, 0, 0, 0])
    assert not valid_voxels(np.zeros(4), np.full(4, 50.0), Coverage()).any()


def test_a_lost_volume_is_named():
    volumes = RNG.normal(100, 1, (10, 20)).astype("float32")
    volumes[6, :15] = np.nan
    with pytest.raises(ImageError, match="volume 7 of 10 holds no numbers") as caught:
        require_volumes(volumes, 4, "sub-01_bold.nii.gz")
    assert "sub-01_bold.nii.gz" in str(caught.value)
    require_volumes(volumes, 7, "x")
    volumes[8] = 0
    with pytest.raises(ImageError, match="volume 9 of 10 is all zero"):
        require_volumes(volumes, 7, "x")
    require_volumes(np.ones((3, 4), np.int16), 0, "x")


def grid(valid, affine=None, shape=(4, 3, 2)):
    affine = np.diag([2.0, 2, 2, 1]) if affine is None else affine
    return Grid(shape, affine, np.asarray(valid, dtype=bool))


def test_the_intersection_on_one_grid_is_voxel_by_voxel():
    first, second = grid(RNG.random(24) > 0.3), grid(RNG.random(24) > 0.3)
    voxels = np.arange(24)
    both = first.valid & second.valid
    np.testing.assert_array_equal(valid_in_every_run(voxels, first, [first, second]), both)
    np.testing.assert_array_equal(valid_in_every_run(voxels[3:9], second, [first]), both[3:9])
    np.testing.assert_array_equal(valid_in_every_run(voxels, first, [first]), first.valid)


def test_the_intersection_over_grids_goes_through_world_coordinates():
    moved = np.diag([2.0, 2, 2, 1])
    moved[0, 3] = 2.0
    valid = np.ones((4, 3, 2), bool)
    valid[1, 2, 0] = False
    first = grid(np.ones(24))
    other = grid(valid.ravel(order="F"), moved)
    seen = valid_in_every_run(np.arange(24), first, [first, other]).reshape((4, 3, 2), order="F")
    expected = np.ones((4, 3, 2), bool)
    expected[0] = False
    expected[2, 2, 0] = False
    np.testing.assert_array_equal(seen, expected)


def test_a_finer_grid_is_looked_up_at_the_nearest_voxel():
    fine_affine = np.diag([1.0, 1, 1, 1])
    fine = np.ones((8, 6, 4), bool)
    fine[4, 2, 2] = False
    coarse = grid(np.ones(24))
    other = Grid((8, 6, 4), fine_affine, fine.ravel(order="F"))
    seen = valid_in_every_run(np.arange(24), coarse, [other]).reshape((4, 3, 2), order="F")
    assert not seen[2, 1, 1]
    assert seen.sum() == 23
