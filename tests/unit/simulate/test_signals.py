"""Signals have the variance and the correlation that their parameters say."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.simulate.model import Simulation
from brainchange.simulate.signals import Visit, parameters_of, slow_noise, structure_signals

LEFT_AMYGDALA, RIGHT_AMYGDALA, LEFT_CALCARINE = 18, 54, 1021
LEFT_MEDIAL_ORBITOFRONTAL = 1014


@pytest.fixture(scope="module")
def long(demo: Simulation) -> Simulation:
    """No spread between participants, and runs long enough for the law of large numbers."""
    still = dict.fromkeys(
        ("participant_loading", "session_loading", "participant_amplitude", "session_amplitude"),
        0.0,
    )
    return demo.model_copy(
        update={
            "neural": demo.neural.model_copy(update=still),
            "acquisition": demo.acquisition.model_copy(update={"n_volumes": 40_000}),
        }
    )


def visit(arm: str, timepoint: str) -> Visit:
    return Visit("demo", "sub-01", arm, f"ses-{timepoint}", timepoint, seed=1)


def series(simulation: Simulation, arm: str, timepoint: str) -> dict[int, np.ndarray]:
    signals = structure_signals(simulation, visit(arm, timepoint), "rest")
    return dict(zip(signals.labels.tolist(), signals.series.T, strict=True))


def test_both_sides_share_sources_and_what_is_bilateral(long: Simulation) -> None:
    """By hand: r = 0.25² (prefrontal) + 0.5² (limbic) + 0.45² (both sides) = 0.515."""
    signals = series(long, "therapy", "pre")
    r = np.corrcoef(signals[LEFT_AMYGDALA], signals[RIGHT_AMYGDALA])[0, 1]
    assert r == pytest.approx(0.515, abs=0.03)
    assert signals[LEFT_AMYGDALA].std() == pytest.approx(0.9, rel=0.03)


def test_coupling_is_the_product_of_loadings(long: Simulation) -> None:
    """By hand: 0.25 · 0.5 before; (0.25 + 0.45) · 0.5 after therapy; nothing else shares."""
    for timepoint, expected in (("pre", 0.125), ("post", 0.35)):
        signals = series(long, "therapy", timepoint)
        r = np.corrcoef(signals[LEFT_AMYGDALA], signals[LEFT_MEDIAL_ORBITOFRONTAL])[0, 1]
        assert r == pytest.approx(expected, abs=0.03)
        r = np.corrcoef(signals[LEFT_AMYGDALA], signals[LEFT_CALCARINE])[0, 1]
        assert r == pytest.approx(0, abs=0.03)


def test_amplitude_of_the_amygdala_falls_in_therapy_alone(long: Simulation) -> None:
    assert series(long, "therapy", "post")[LEFT_AMYGDALA].std() == pytest.approx(0.63, rel=0.03)
    assert series(long, "exercise", "post")[LEFT_AMYGDALA].std() == pytest.approx(0.9, rel=0.03)


@pytest.mark.parametrize("arm", ["exercise", "untreated"])
def test_arms_without_effects_keep_their_parameters(long: Simulation, arm: str) -> None:
    assert parameters_of(long, visit(arm, "pre")) == parameters_of(long, visit(arm, "post"))


def test_therapy_changes_what_was_planted_and_nothing_else(long: Simulation) -> None:
    before, after = (parameters_of(long, visit("therapy", t)) for t in ("pre", "post"))
    loadings = {k: v for k, v in after.loadings.items() if v != before.loadings[k]}
    amplitudes = {k: v for k, v in after.amplitudes.items() if v != before.amplitudes[k]}
    assert loadings == {
        ("prefrontal", "Amygdala"): pytest.approx(0.7),
        ("prefrontal", "Hippocampus"): pytest.approx(0.7),
    }
    assert amplitudes == {"Amygdala": pytest.approx(0.63)}


def test_power_lies_below_the_corner(demo: Simulation) -> None:
    noise = slow_noise(20_000, 4, 2.5, demo.neural, np.random.default_rng(0))
    power = (np.abs(np.fft.rfft(noise, axis=0)) ** 2).mean(axis=1)
    frequencies = np.fft.rfftfreq(20_000, 2.5)
    corner = demo.neural.corner_frequency
    assert noise.var() == pytest.approx(1, rel=0.05)
    low, high = frequencies < 0.7 * corner, frequencies > 2 * corner
    assert power[low].mean() > 100 * power[high].mean()


def test_signals_depend_on_names_not_on_order(demo: Simulation) -> None:
    first = structure_signals(demo, visit("therapy", "pre"), "rest").series
    structure_signals(demo, visit("therapy", "post"), "rest")
    np.testing.assert_array_equal(
        first, structure_signals(demo, visit("therapy", "pre"), "rest").series
    )
