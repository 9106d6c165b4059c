"""Confounds equal what other implementations compute, and what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.stattools import acf

from brainchange.errors import ImageError
from brainchange.imaging.confounds import MOTION
from brainchange.imaging.prepare.components import noise_components
from brainchange.imaging.prepare.confounds_table import BrainCourses, confounds_table
from brainchange.imaging.prepare.realignment import Realignment
from brainchange.imaging.prepare.rigid import rigid_transform
from brainchange.imaging.prepare.run import _purest
from brainchange.imaging.prepare.variation import dvars, root_mean_square_displacement

N_VOLUMES, N_VOXELS = 90, 400
RANDOM = np.random.default_rng(8)


def noisy(n_voxels=N_VOXELS):
    return (RANDOM.normal(0, 10, (N_VOLUMES, n_voxels)) + 800).astype(np.float32)


def still():
    transforms = np.repeat(np.eye(4)[np.newaxis], N_VOLUMES, axis=0)
    return Realignment(transforms, np.zeros(3), ())


def test_dvars_equal_a_plain_voxel_by_voxel_computation():
    courses = noisy(60)
    courses[:, 0] = 800
    scaled = courses.astype(float) * 1000 / np.median(courses)
    expected = []
    for voxel in scaled.T[1:]:
        lower, upper = np.percentile(voxel, (25, 75), method="lower")
        autocorrelation = acf(voxel, nlags=1, fft=False)[1]
        expected.append(np.sqrt(2 * (1 - autocorrelation)) * (upper - lower) / 1.349)
    change = np.sqrt((np.diff(scaled[:, 1:], axis=0) ** 2).mean(axis=1))
    raw, standardised = dvars(courses)
    np.testing.assert_allclose(raw[1:], change, rtol=1e-4)
    np.testing.assert_allclose(standardised[1:], change / np.mean(expected), rtol=1e-3)
    assert np.isnan(raw[0])
    assert np.isnan(standardised[0])


def test_white_noise_has_standardised_dvars_of_one():
    assert dvars(noisy(4000))[1][1:].mean() == pytest.approx(1, abs=0.03)


def test_the_displacement_of_a_sphere_is_its_mean_over_points():
    centre = np.array([4.0, -10.0, 7.0])
    after = rigid_transform(np.array([0.5, -0.2, 0.3, 0.01, -0.02, 0.015]), centre)
    points = RANDOM.normal(size=(200_000, 3))
    radius = 80 * RANDOM.uniform(size=(200_000, 1)) ** (1 / 3)
    points = centre + radius * points / np.linalg.norm(points, axis=1, keepdims=True)
    moved = points @ after[:3, :3].T + after[:3, 3] - points
    found = root_mean_square_displacement(np.array([np.eye(4), after]), centre)
    assert found[1] == pytest.approx(np.sqrt((moved**2).sum(axis=1).mean()), rel=5e-3)


def test_components_are_those_of_a_singular_value_decomposition():
    courses = noisy(50)
    found = noise_components(courses, np.zeros((N_VOLUMES, 0)), 0)
    standard = (courses - courses.mean(axis=0)) / courses.std(axis=0)
    left, singular, _ = np.linalg.svd(standard.astype(float), full_matrices=False)
    number = found.singular_values.size
    share = singular**2 / (singular**2).sum()
    np.testing.assert_allclose(found.singular_values, singular[:number], rtol=1e-4)
    np.testing.assert_allclose(found.explained, share[:number], rtol=1e-4)
    assert share[:number].sum() >= 0.5 > share[: number - 1].sum()
    same = np.abs((left[:, :3] * found.courses[:, :3]).sum(axis=0))
    np.testing.assert_allclose(same, 1, atol=1e-3)


def test_a_planted_noise_is_the_first_component_and_slow_courses_are_not():
    planted = RANDOM.normal(size=N_VOLUMES)
    slow = np.cos(np.pi * (np.arange(N_VOLUMES) + 0.5) / N_VOLUMES)[:, np.newaxis]
    weights = RANDOM.uniform(20, 40, N_VOXELS)
    courses = noisy() + planted[:, np.newaxis] * weights + 300 * slow
    found = noise_components(courses, slow, 4)
    assert not found.courses[:4].any()
    assert np.corrcoef(found.courses[4:, 0], planted[4:])[0, 1] ** 2 > 0.95
    assert abs(np.corrcoef(found.courses[4:, 0], slow[4:, 0])[0, 1]) < 0.1


def brain(n_unsettled=0):
    tissue = {
        "csf": np.arange(N_VOXELS) < 60,
        "white_matter": np.arange(N_VOXELS) >= 250,
    }
    return BrainCourses(noisy(), tissue, 2.5, n_unsettled)


def test_the_table_has_the_columns_of_fmriprep():
    table, sidecar = confounds_table(brain(n_unsettled=2), still())
    series = ("csf", "white_matter", "global_signal", *MOTION)
    kinds = ("", "_derivative1", "_power2", "_derivative1_power2")
    wanted = {name + kind for name in series for kind in kinds}
    wanted |= {"std_dvars", "dvars", "framewise_displacement", "rmsd"}
    # 88 volumes in steady state of 2.5 s: three cosines have a period of 128 s or more.
    wanted |= {"cosine00", "cosine01", "cosine02"}
    wanted |= {"non_steady_state_outlier00", "non_steady_state_outlier01"}
    rest = set(table.columns) - wanted
    assert wanted <= set(table.columns)
    assert {name[:11] for name in rest} == {"a_comp_cor_", "c_comp_cor_", "w_comp_cor_"}
    assert set(sidecar) == rest | {"csf", "white_matter", "global_signal"}
    first = table.iloc[0]
    missing = {name for name in table if np.isnan(first[name])}
    assert missing == {n for n in wanted if "derivative1" in n} | {
        "std_dvars", "dvars", "framewise_displacement", "rmsd",
    }  # fmt: skip
    assert not table.iloc[1:].isna().any().any()


def test_signals_are_means_over_their_voxels():
    given = brain()
    table, _ = confounds_table(given, still())
    np.testing.assert_allclose(table["csf"], given.courses[:, :60].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        table["white_matter"], given.courses[:, 250:].mean(axis=1), rtol=1e-6
    )
    np.testing.assert_allclose(table["global_signal"], given.courses.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(table["csf_derivative1"][1:], np.diff(table["csf"]), atol=1e-9)


def test_a_jump_is_a_motion_outlier_of_its_power_displacement():
    transforms = still().transforms.copy()
    jump = rigid_transform(np.array([0.3, 0.0, 0.0, 0.0, 0.01, 0.0]), np.zeros(3))
    transforms[40:] = jump
    table, _ = confounds_table(brain(), Realignment(transforms, np.zeros(3), ()))
    # 0.3 mm, seen along axes turned by 0.01 rad, and an arc of 0.01 rad on a sphere of 50 mm.
    assert table["framewise_displacement"][40] == pytest.approx(0.3 + 0.5, abs=0.01)
    marks = table.filter(like="motion_outlier")
    assert marks.shape[1] == 1
    assert list(np.flatnonzero(marks.iloc[:, 0])) == [40]


def test_cosines_are_those_of_nilearn_over_the_volumes_in_steady_state():
    from nilearn.glm.first_level.design_matrix import create_cosine_drift

    table, _ = confounds_table(brain(n_unsettled=2), still())
    expected = create_cosine_drift(1 / 128, np.arange(N_VOLUMES - 2) * 2.5)[:, :-1]
    found = table.filter(like="cosine").to_numpy()
    assert not found[:2].any()
    scale = np.linalg.norm(found[2:], axis=0) / np.linalg.norm(expected, axis=0)
    np.testing.assert_allclose(found[2:], expected * scale, atol=1e-9)


def test_framewise_displacement_by_hand():
    """Shifts of 0.3 mm and back, then 0.02 rad about z: an arc of 1 mm on a head of 50 mm."""
    transforms = np.repeat(np.eye(4)[np.newaxis], N_VOLUMES, axis=0)
    centre = np.array([5.0, -20.0, 30.0])
    transforms[1] = rigid_transform(np.array([0.3, 0, 0, 0, 0, 0]), centre)
    transforms[3:] = rigid_transform(np.array([0, 0, 0, 0, 0, 0.02]), centre)
    table, _ = confounds_table(brain(), Realignment(transforms, centre, ()))
    displacement = table["framewise_displacement"]
    np.testing.assert_allclose(displacement[1:5], [0.3, 0.3, 1.0, 0], atol=1e-9)


def test_standardised_dvars_of_a_jump_by_hand():
    """All voxels have unit noise around 1000, and jump by 10 units once: 10 / sqrt(2)."""
    random = np.random.default_rng(4)
    courses = 1000 + random.normal(0, 1, (400, 3000))
    courses[200] += 10
    raw, standardised = dvars(courses.astype(np.float32))
    assert raw[200] == pytest.approx(np.sqrt(2 + 100), rel=0.02)
    assert standardised[200] == pytest.approx(np.sqrt(102) / np.sqrt(2), rel=0.03)
    assert standardised[100] == pytest.approx(1, rel=0.06)


def test_the_purest_voxels_stand_for_a_tissue_as_long_as_there_are_enough():
    share = np.concatenate([np.full(19, 1.0), np.full(5, 0.96), np.full(40, 0.85)])
    assert _purest(share, "csf").sum() == 24
    assert _purest(np.append(share, 0.995), "csf").sum() == 20
    assert _purest(share[24:], "csf").sum() == 40
    with pytest.raises(ImageError, match="19 voxels of the run hold only csf; its signal needs 20"):
        _purest(share[:19], "csf")
