"""The general linear model against statsmodels, and what a design cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.signal import lfilter

from brainchange.errors import ImageError
from brainchange.imaging.events import Events
from brainchange.imaging.glm import fit, task_design, variance_inflation
from brainchange.imaging.task_design import FrameTimes, condition_regressors

N = 150
TIMES = FrameTimes(N, 2.0, 1.0)
KEPT = np.ones(N, dtype=bool)
CENSORED = np.isin(np.arange(N), [7, 40, 41, 42, 99], invert=True)
CONTRAST = np.array([1.0, -1.0])


def events(n: int = 24) -> Events:
    onset = 3.3 + 12.0 * np.arange(n)
    which = np.arange(n) % 2
    return Events(("a", "b"), which, onset, np.full(n, 3.7), np.arange(n) + 2)


@pytest.fixture(scope="module")
def case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Regressors, nuisance without a constant in very different units, and five signals."""
    rng = np.random.default_rng(1)
    regressors = condition_regressors(events(), TIMES)
    nuisance = rng.normal(size=(N, 12)) * np.logspace(-4, 3, 12)
    signals = regressors[:, :2] @ rng.normal(size=(2, 5)) + rng.normal(size=(N, 5))
    return regressors, nuisance, signals


def test_a_spike_for_a_volume_is_the_same_as_to_leave_it_out(case) -> None:
    regressors, nuisance, signals = case
    effect, t = fit(task_design(regressors, nuisance, CENSORED), signals, "ols").contrast(CONTRAST)
    design = np.column_stack([regressors, nuisance, np.ones(N)])[CENSORED]
    weights = np.r_[CONTRAST, np.zeros(design.shape[1] - 2)]
    for column in range(5):
        expected = sm.OLS(signals[CENSORED, column], design).fit().t_test(weights)
        assert effect[column] == pytest.approx(expected.effect.item(), abs=1e-9)
        assert t[column] == pytest.approx(expected.tvalue.item(), abs=1e-8)


def test_autoregressive_noise_is_weighed_as_generalised_least_squares_does(case) -> None:
    """Covariance of the kept volumes only, with the coefficient that was estimated."""
    regressors, nuisance, signals = case
    noise = np.random.default_rng(2).normal(size=(N, 5))
    noisy = signals + 3 * lfilter([1.0], [1.0, -0.7], noise, axis=0)
    done = fit(task_design(regressors, nuisance, CENSORED), noisy, "ar1")
    effect, t = done.contrast(CONTRAST)
    design = np.column_stack([regressors, nuisance, np.ones(N)])[CENSORED]
    weights = np.r_[CONTRAST, np.zeros(design.shape[1] - 2)]
    assert (np.array(done.labels, dtype=float) > 0.2).all()
    for column, coefficient in enumerate(np.array(done.labels, dtype=float)):
        whiten = np.eye(N) - coefficient * np.eye(N, k=-1)
        covariance = np.linalg.inv(whiten.T @ whiten)[np.ix_(CENSORED, CENSORED)]
        expected = sm.GLS(noisy[CENSORED, column], design, sigma=covariance).fit().t_test(weights)
        assert effect[column] == pytest.approx(expected.effect.item(), abs=1e-8)
        assert t[column] == pytest.approx(expected.tvalue.item(), rel=1e-6)


def test_columns_that_depend_on_others_change_nothing(case) -> None:
    regressors, nuisance, signals = case
    plain = fit(task_design(regressors, nuisance, KEPT), signals, "ols").contrast(CONTRAST)
    doubled = np.hstack([nuisance, nuisance[:, :3] * 5, np.ones((N, 1)), np.zeros((N, 1))])
    other = fit(task_design(regressors, doubled, KEPT), signals, "ols").contrast(CONTRAST)
    np.testing.assert_allclose(other, plain, rtol=1e-8)


def test_a_contrast_that_the_design_does_not_determine_is_refused(case) -> None:
    regressors, nuisance, signals = case
    twice = np.hstack([regressors[:, :1], regressors[:, :1]])
    done = fit(task_design(twice, nuisance, KEPT), signals, "ols")
    alone = fit(task_design(regressors[:, :1], nuisance, KEPT), signals, "ols")
    both = done.contrast(np.array([0.5, 0.5]))[0]
    np.testing.assert_allclose(both, alone.contrast(np.array([1.0]))[0] / 2, rtol=1e-8)
    for weights in ([1.0, 0.0], [1.0, -1.0]):
        with pytest.raises(ImageError, match="do not tell its conditions from each other"):
            done.contrast(np.array(weights))


@pytest.mark.parametrize("regressor", [np.zeros(N), np.ones(N), 1.0 - CENSORED])
def test_nothing_constant_or_only_censored_is_determined(case, regressor) -> None:
    _, nuisance, signals = case
    done = fit(task_design(regressor[:, np.newaxis], nuisance, CENSORED), signals)
    with pytest.raises(ImageError, match="from the baseline or from the nuisance"):
        done.contrast(np.array([1.0]))


def test_signals_that_are_missing_or_do_not_vary_are_missing(case) -> None:
    regressors, nuisance, signals = case
    changed = signals.copy()
    changed[3, 0] = np.nan
    changed[:, 1] = 5.0
    design = task_design(regressors, nuisance, KEPT)
    effect, t = fit(design, changed).contrast(CONTRAST)
    assert np.isnan(effect).tolist() == np.isnan(t).tolist() == [True, True, False, False, False]
    assert effect[2:] == pytest.approx(fit(design, signals).contrast(CONTRAST)[0][2:], abs=1e-12)
    nothing = fit(design, np.full((N, 2), np.nan)).contrast(CONTRAST)
    assert np.isnan(nothing).all()


def test_too_many_regressors_are_told(case) -> None:
    regressors, _, signals = case
    rng = np.random.default_rng(0)
    with pytest.raises(ImageError, match="150 volumes cannot carry 150 regressors"):
        fit(task_design(regressors, rng.normal(size=(N, 160)), KEPT), signals)


def test_censoring_inflates_variance_as_fewer_volumes_do(case) -> None:
    """One regressor without nuisance: variance goes with 1 over the squares that are left."""
    square = np.tile([1.0, -1.0], N // 2)[:, np.newaxis]
    half = np.arange(N) < N // 2
    designs = [task_design(square, np.empty((N, 0)), kept) for kept in (half, KEPT)]
    expected = N / (np.sum((square[half] - square[half].mean()) ** 2))
    assert variance_inflation(*designs, np.array([1.0])) == pytest.approx(expected)


def test_responses_are_those_of_spm() -> None:
    """Under lasting stimulation the response is 1, and the derivative is orthogonal to it."""
    lasting = Events(("a",), np.zeros(1, int), np.array([0.0]), np.array([500.0]), np.array([2]))
    regressors = condition_regressors(lasting, TIMES)
    assert regressors[20:, 0] == pytest.approx(1.0, abs=1e-3)
    assert regressors[:, 0] @ regressors[:, 1] == pytest.approx(0.0, abs=1e-9)
    impulse = Events(("a",), np.zeros(1, int), np.array([9.0]), np.array([0.0]), np.array([2]))
    seen = condition_regressors(impulse, TIMES)[:, 0]
    # SPM's canonical response peaks 5 s after an impulse, with an undershoot at about 15 s.
    assert 4 <= TIMES.seconds[seen.argmax()] - 9 <= 6
    assert seen.sum() * 2.0 == pytest.approx(1.0, abs=0.01)
    assert 12 <= TIMES.seconds[seen.argmin()] - 9 <= 18
