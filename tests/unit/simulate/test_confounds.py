"""Confounds equal what other programs compute."""

from __future__ import annotations

import numpy as np
import pytest
from nilearn.glm.first_level.design_matrix import create_cosine_drift

from brainchange.simulate.confounds import (
    component_series,
    cosine_basis,
    dvars_of,
    root_mean_square_displacement,
)


def test_cosines_span_what_nilearn_spans() -> None:
    cosines = cosine_basis(100, 2.5)
    theirs = create_cosine_drift(1 / 128, 2.5 * np.arange(100))[:, :-1]
    assert cosines.shape == (100, 3)
    both = np.linalg.svd(np.hstack([cosines, theirs / np.linalg.norm(theirs, axis=0)]))[1]
    assert (both > 1e-6).sum() == 3
    np.testing.assert_allclose(cosines.T @ cosines, np.eye(3), atol=1e-12)


def test_dvars_of_white_noise_is_expected_to_be_one() -> None:
    series = (1000 + 5 * np.random.default_rng(0).standard_normal((400, 2000))).astype(np.float32)
    dvars, standardised = dvars_of(series)
    assert np.isnan(dvars[0])
    assert np.isnan(standardised[0])
    assert np.nanmean(standardised) == pytest.approx(1, abs=0.02)
    assert np.nanmean(dvars) == pytest.approx(5 * np.sqrt(2), rel=0.02)


def test_dvars_by_hand() -> None:
    """Two voxels with median 1000 that change by 3 and 4: √((9 + 16) / 2)."""
    series = np.array([[1000, 1000], [1003, 1004], [1000, 1000], [997, 996]], dtype=np.float32)
    np.testing.assert_allclose(dvars_of(series)[0][1:], np.sqrt(12.5), rtol=1e-6)


def test_displacement_of_a_sphere_by_hand() -> None:
    """A shift is its length; a turn by a about z moves by √(R²/5 · 4(1 − cos a))."""
    shift = np.array([[0, 0, 0, 0, 0, 0], [0.3, 0.4, 0, 0, 0, 0]], dtype=float)
    np.testing.assert_allclose(root_mean_square_displacement(shift), [np.nan, 0.5])
    turn = np.array([[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0.02]], dtype=float)
    expected = np.sqrt(80**2 / 5 * 4 * (1 - np.cos(0.02)))
    np.testing.assert_allclose(root_mean_square_displacement(turn), [np.nan, expected])


def test_components_find_a_shared_course() -> None:
    random = np.random.default_rng(0)
    course = random.standard_normal(100)
    noise = random.standard_normal((100, 300))
    series = (1000 + 3 * np.outer(course, np.ones(300)) + noise).astype(np.float32)
    components = component_series(series, cosine_basis(100, 2.5), unsettled=2)
    assert components.shape == (100, 5)
    assert (components[:2] == 0).all()
    assert abs(np.corrcoef(components[2:, 0], course[2:])[0, 1]) > 0.95
