"""Task-dependent connectivity: a planted change of coupling is found, constant coupling is none."""

from __future__ import annotations

import numpy as np
import pytest
import threadpoolctl
from scipy.signal import fftconvolve
from scipy.stats import gamma

from brainchange.errors import ImageError
from brainchange.imaging.denoise import cosine_basis
from brainchange.imaging.events import Events
from brainchange.imaging.interaction import Haemodynamics
from brainchange.imaging.task_design import FrameTimes
from brainchange.metrics.gppi import gppi
from brainchange.metrics.layout import ContrastOfTask
from brainchange.metrics.task_signals import TaskSignals

N, TR, STEP = 240, 2.0, 0.1
SEED, COUPLED, STEADY, APART = range(4)
CONTRASTS = (
    ContrastOfTask("regulate - look", "t", (("regulate", 1.0), ("look", -1.0))),
    ContrastOfTask("look", "t", (("look", 1.0),)),
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As a job of the workflow has: small matrices lose more to threads than they gain."""
    with threadpoolctl.threadpool_limits(1):
        yield


def convolved(activity):
    time = np.arange(0, 32, STEP)
    hrf = gamma.pdf(time, 6) - gamma.pdf(time, 16) / 6
    whole = fftconvolve(activity, (hrf / hrf.sum())[:, np.newaxis], axes=0)[: len(activity)]
    volumes = ((np.arange(N) * TR + 40 + TR / 2) / STEP).astype(int)
    return whole[volumes]


def run(seed=0, change=0.5, noise=0.5, length=6.0, steady=0.8, **changes):
    """Percent signals from neural activity: a change of coupling while the task asks to regulate.

    All regions respond to both conditions, one follows the seed all the time, one never does.
    """
    rng = np.random.default_rng(seed)
    onsets = 6 + np.cumsum(rng.uniform(length + 5, length + 9, 60))
    onsets = onsets[onsets < N * TR - length]
    which = rng.permutation(np.arange(len(onsets)) % 2)
    events = Events(
        ("regulate", "look"), which, onsets, np.full(len(onsets), length), np.arange(len(onsets))
    )
    steps = int((N * TR + 40) / STEP)
    time = np.arange(steps) * STEP - 40
    present = np.zeros((steps, 2))
    for onset, condition in zip(onsets, which, strict=True):
        present[(time >= onset) & (time < onset + length), condition] = 1
    free = np.convolve(rng.normal(size=steps), np.ones(10), "same")
    free *= 4 / free.std()
    coupling = np.column_stack(
        [np.ones(steps), 0.3 + change * present[:, 0], np.full(steps, steady), np.zeros(steps)]
    )
    activity = free[:, np.newaxis] * coupling + present.sum(axis=1)[:, np.newaxis]
    percent = convolved(activity) + noise * rng.normal(size=(N, 4))
    given = {
        "raw": 1000 * (1 + percent / 100),
        "nuisance": np.hstack([np.ones((N, 1)), cosine_basis(N, TR, 128.0)]),
        "kept": np.ones(N, dtype=bool),
        "events": events,
        "times": FrameTimes(N, TR, TR / 2),
        "contrasts": CONTRASTS,
        "seeds": (SEED,),
    }
    return TaskSignals(**given | changes)


@pytest.mark.parametrize(("length", "change"), [(2.0, 0.5), (6.0, -0.5), (20.0, 0.5)])
def test_a_planted_change_of_coupling_is_found_with_its_sign_and_size(length, change):
    runs = [gppi(run(seed, change=change, length=length)).numbers[0] for seed in range(8)]
    found = np.array([values[SEED, COUPLED] for values in runs])
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert np.sign(found.mean()) == np.sign(change)
    assert abs(found.mean()) == pytest.approx(0.5, abs=0.1 + 3 * error)
    assert abs(found.mean()) > 4 * error


def test_constant_coupling_and_common_responses_are_no_interaction():
    runs = [gppi(run(seed, change=0.0)).numbers for seed in range(10)]
    for target in (COUPLED, STEADY, APART):
        found = np.array([values[0, SEED, target] for values in runs])
        assert abs(found.mean()) < 3.5 * found.std(ddof=1) / np.sqrt(len(found)), target
        assert abs(found.mean()) < 0.1, target


def test_values_are_symmetric_and_only_of_pairs_with_a_seed():
    numbers = gppi(run()).numbers
    assert numbers.shape == (2, 4, 4)
    np.testing.assert_array_equal(numbers, numbers.transpose(0, 2, 1))
    known = np.isfinite(numbers[0])
    expected = np.zeros((4, 4), dtype=bool)
    expected[SEED, 1:] = expected[1:, SEED] = True
    np.testing.assert_array_equal(known, expected)


def test_a_pair_of_seeds_is_the_mean_of_both_directions():
    one = gppi(run(seeds=(SEED,))).numbers
    other = gppi(run(seeds=(COUPLED,))).numbers
    both = gppi(run(seeds=(SEED, COUPLED))).numbers
    expected = (one[:, SEED, COUPLED] + other[:, SEED, COUPLED]) / 2
    assert both[:, SEED, COUPLED] == pytest.approx(expected)
    assert both[:, SEED, STEADY] == pytest.approx(one[:, SEED, STEADY])


def test_the_scale_of_the_image_changes_nothing():
    plain = gppi(run()).numbers
    scaled = gppi(run(raw=run().raw * [3.0, 0.2, 7.0, 1.0])).numbers
    np.testing.assert_allclose(scaled, plain, rtol=1e-6)


def test_what_is_in_a_censored_volume_changes_nothing():
    kept = ~np.isin(np.arange(N), [50, 51, 130])
    plain = run(kept=kept)
    spoiled = plain.raw.copy()
    spoiled[~kept] *= 1.5
    np.testing.assert_allclose(
        gppi(run(kept=kept, raw=spoiled)).numbers, gppi(plain).numbers, rtol=1e-6
    )


def test_a_seed_that_is_missing_or_only_noise_has_no_values():
    raw = run().raw
    raw[:, APART] = 1000 + np.random.default_rng(1).normal(size=N)
    lost = raw.copy()
    lost[:, SEED] = np.nan
    numbers = gppi(run(raw=lost, seeds=(SEED, COUPLED))).numbers
    assert np.isnan(numbers[0, SEED]).all()
    assert np.isfinite(numbers[0, COUPLED, STEADY])
    with pytest.raises(ImageError, match="the signal of the seed is missing"):
        gppi(run(raw=lost))
    with pytest.raises(ImageError, match="of the fluctuations of the seed look like responses"):
        gppi(run(raw=raw, seeds=(APART,)))
    with pytest.raises(ImageError, match="no region is a seed"):
        gppi(run(seeds=()))


def test_activity_is_deconvolved():
    """A burst of neural activity is found where it was, not seconds later."""
    haemodynamics = Haemodynamics(FrameTimes(N, TR, TR / 2))
    bursts = np.zeros(haemodynamics.seconds.size)
    at = np.array([60.0, 150.0, 153.0, 300.0])
    bursts[np.searchsorted(haemodynamics.seconds, at)] = 200.0
    signal = haemodynamics.matrix @ bursts + 0.02 * np.random.default_rng(0).normal(size=N)
    deconvolution = haemodynamics.deconvolution(np.empty((N, 0)), np.ones(N, dtype=bool))
    activity = deconvolution.activity(signal)
    for burst in (60.0, 300.0):
        near = np.abs(haemodynamics.seconds - burst) < 20
        peak = haemodynamics.seconds[near][activity[near].argmax()]
        assert peak == pytest.approx(burst, abs=1.0)
    assert np.corrcoef(haemodynamics.matrix @ activity, signal)[0, 1] > 0.99


def test_the_response_in_small_steps_is_that_of_the_regressors():
    """Two ways to the same curve: the matrix of this file, and nilearn's regressor."""
    signals = run(length=4.0)
    haemodynamics = Haemodynamics(signals.times)
    curves = haemodynamics.matrix @ haemodynamics.conditions(signals.events)
    np.testing.assert_allclose(curves, signals.regressors[:, :2], atol=0.02)
