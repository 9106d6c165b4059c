"""Design, censoring and regression: by hand, by least squares, and as invariants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.errors import ImageError
from brainchange.imaging.components import component_names
from brainchange.imaging.confounds import Confounds
from brainchange.imaging.denoise import (
    cosine_basis,
    kept_volumes,
    motion_regressors,
    nuisance,
    projection,
    signal_names,
)
from brainchange.imaging.signals import region_means, region_signals
from brainchange.study.settings import Censoring, Denoising, Settings
from brainchange.study.specifications import denoising_alternatives

RNG = np.random.default_rng(5)


def confounds(n=100, n_non_steady_state=0):
    return Confounds(
        motion=RNG.normal(size=(n, 6)) * 0.01,
        framewise_displacement=np.r_[np.nan, np.full(n - 1, 0.1)],
        standardised_dvars=np.r_[np.nan, np.ones(n - 1)],
        signals={"white_matter": RNG.normal(500, 1, n), "csf": RNG.normal(600, 1, n)},
        n_non_steady_state=n_non_steady_state,
    )


def test_the_primary_design_has_the_degrees_of_freedom_of_the_protocol():
    """99 volumes: 12 motion, WM, CSF and 3 cosines leave 82 of 99 with the intercept removed."""
    made = nuisance(confounds(99), 2.5, Denoising(dummy_volumes=0), Censoring())
    assert made.design.shape == (99, 1 + 12 + 2 + 3)
    assert projection(made.design).rank == 18
    assert projection(made.design).residual_degrees_of_freedom == 81


@pytest.mark.parametrize(("number", "columns"), [(6, 6), (12, 12), (24, 24)])
def test_motion_regressors(number, columns):
    motion = RNG.normal(size=(10, 6))
    made = motion_regressors(motion, number)
    assert made.shape == (10, columns)
    np.testing.assert_array_equal(made[:, :6], motion)
    if number >= 12:
        np.testing.assert_array_equal(made[0, 6:12], 0)
        np.testing.assert_allclose(made[1:, 6:12], np.diff(motion, axis=0))
    if number == 24:
        np.testing.assert_allclose(made[:, 12:], made[:, :12] ** 2)


def test_dummies_are_the_larger_of_plan_and_non_steady_state():
    assert nuisance(confounds(), 2.5, Denoising(), Censoring()).n_dummies == 4
    made = nuisance(confounds(n_non_steady_state=6), 2.5, Denoising(), Censoring())
    assert (made.n_dummies, made.design.shape[0]) == (6, 94)
    with pytest.raises(ImageError, match="4 volumes, of which 4 are dropped"):
        nuisance(confounds(4), 2.5, Denoising(), Censoring())


def test_signals_follow_the_settings():
    assert signal_names(Denoising()) == ("white_matter", "csf")
    assert signal_names(Denoising(csf=False, global_signal=True)) == (
        "white_matter",
        "global_signal",
    )


def test_censoring_by_hand():
    displacement = np.array([np.nan, 0.1, 0.1, 0.1, 0.1, 0.6, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1])
    dvars = np.ones(12)
    kept = kept_volumes(displacement, dvars, Censoring(shortest_segment=5))
    np.testing.assert_array_equal(kept, [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])
    kept = kept_volumes(displacement, dvars, Censoring(shortest_segment=6))
    np.testing.assert_array_equal(kept, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    dvars[8] = 1.51
    kept = kept_volumes(displacement, dvars, Censoring())
    np.testing.assert_array_equal(kept, [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 8))
def test_every_kept_stretch_is_long_enough_and_below_the_threshold(displacement, shortest):
    values = np.array(displacement)
    kept = kept_volumes(values, np.ones(values.size), Censoring(shortest_segment=shortest))
    assert (values[kept] <= 0.5).all()
    stretches = "".join("x" if k else " " for k in kept).split()
    assert all(len(stretch) >= shortest for stretch in stretches)


def test_residuals_equal_those_of_least_squares_even_of_a_degenerate_design():
    design = RNG.normal(size=(60, 7)) * [1e-6, 1, 1e4, 1, 1, 1, 1]
    design[:, 4] = 3.0
    design[:, 5] = design[:, 1] - 2 * design[:, 2]
    signals = RNG.normal(size=(60, 5)) + 1000
    full = np.column_stack([np.ones(60), design])
    independent = full[:, [0, 1, 2, 3, 4, 7]] / [1, 1e-6, 1, 1e4, 1, 1]
    expected = signals - independent @ np.linalg.lstsq(independent, signals, rcond=None)[0]
    made = projection(full)
    assert made.rank == 6
    np.testing.assert_allclose(made.residuals(signals), expected, atol=1e-8)


def test_what_is_in_the_design_is_removed_and_what_is_orthogonal_stays():
    made = nuisance(confounds(100), 2.5, Denoising(), Censoring())
    fitted = projection(made.design)
    np.testing.assert_allclose(fitted.residuals(made.design), 0, atol=1e-9)
    orthogonal = fitted.residuals(RNG.normal(size=(96, 3)))
    np.testing.assert_allclose(fitted.residuals(orthogonal), orthogonal, atol=1e-12)


def test_cosines_are_orthonormal_and_slower_than_the_period():
    basis = cosine_basis(96, 2.5, 128.0)
    assert basis.shape == (96, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    assert cosine_basis(20, 2.0, 128.0).shape == (20, 0)


def test_regression_commutes_with_averaging_and_sees_only_kept_volumes():
    source = confounds(100)
    source.framewise_displacement[40:43] = 2.0
    made = nuisance(source, 2.5, Denoising(), Censoring())
    voxels = RNG.normal(size=(96, 30)) + 500
    members = [np.arange(10), np.arange(10, 30), np.array([], dtype=np.intp)]
    signals = region_signals(region_means(voxels, members), made)
    of_voxels = projection(made.design[made.kept]).residuals(voxels[made.kept])
    np.testing.assert_allclose(signals.denoised[:, 0], of_voxels[:, :10].mean(axis=1), atol=1e-9)
    np.testing.assert_allclose(signals.denoised[:, 1], of_voxels[:, 10:].mean(axis=1), atol=1e-9)
    assert np.isnan(signals.denoised[:, 2]).all()
    assert signals.residual_degrees_of_freedom == 93 - 18
    rows = signals.denoised_rows
    assert rows.shape == (96, 3)
    np.testing.assert_array_equal(np.isnan(rows[:, 0]), ~made.kept)
    spoiled = voxels.copy()
    spoiled[~made.kept] += 1e4
    again = region_signals(region_means(spoiled, members), made)
    np.testing.assert_array_equal(again.denoised, signals.denoised)


def test_too_few_volumes_for_the_regressors():
    made = nuisance(confounds(18), 2.5, Denoising(), Censoring())
    with pytest.raises(ImageError, match="14 kept volumes cannot carry 14 nuisance") as caught:
        region_signals(np.ones((14, 1)), made)
    assert "fewer regressors" in str(caught.value)


ALTERNATIVES = {one.name: one for one in denoising_alternatives(Settings())}


@pytest.mark.parametrize(
    ("name", "left"),
    [("motion24-wm-csf", 70), ("motion24-wm-csf-gs", 60), ("acompcor5-motion24", 67)],
)
def test_other_designs_have_the_degrees_of_freedom_of_the_protocol(name, left):
    """Of 99 volumes with 3 cosines; the constant, which the protocol does not count, takes one."""
    source = confounds(99)
    names = ("global_signal", *component_names(5))
    signals = source.signals | {name: RNG.normal(size=99) for name in names}
    chosen = ALTERNATIVES[name].denoising.model_copy(update={"dummy_volumes": 0})
    made = nuisance(replace(source, signals=signals), 2.5, chosen, Censoring())
    assert made.residual_degrees_of_freedom == left - 1
    assert made.design.shape[1] == made.of_kept.rank


def test_expanded_mean_signals_remove_what_the_columns_of_fmriprep_remove():
    """Least squares on the columns as fMRIPrep writes them: squares of the signals as they are."""
    source = confounds(100)
    chosen = Denoising(motion_parameters=6, mean_signal_parameters=4, dummy_volumes=0)
    made = nuisance(source, 2.5, chosen, Censoring())
    columns = [np.ones((100, 1)), source.motion, cosine_basis(100, 2.5, 128.0)]
    for values in source.signals.values():
        change = np.diff(values, prepend=values[0])
        columns += [c[:, np.newaxis] for c in (values, change, values**2, change**2)]
    design = np.hstack(columns)
    design = design / np.linalg.norm(design, axis=0)
    signals = RNG.normal(size=(100, 3))
    expected = signals - design @ np.linalg.lstsq(design, signals, rcond=1e-13)[0]
    np.testing.assert_allclose(made.of_kept.residuals(signals), expected, atol=1e-6)


def test_without_thresholds_no_volume_is_left_out():
    displacement, dvars = np.array([np.nan, 9.0, 0.1, 9.0]), np.array([np.nan, 9.0, 9.0, 1.0])
    none = Censoring(framewise_displacement=None, standardised_dvars=None, shortest_segment=1)
    assert kept_volumes(displacement, dvars, none).all()
    one = Censoring(framewise_displacement=None, shortest_segment=1)
    np.testing.assert_array_equal(
        kept_volumes(displacement, dvars, one), [True, False, False, True]
    )


def test_nothing_is_left_where_every_volume_is_censored():
    source = confounds(40)
    source.framewise_displacement[:] = 9.0
    made = nuisance(source, 2.5, Denoising(), Censoring())
    assert (made.n_kept, made.residual_degrees_of_freedom) == (0, 0)
