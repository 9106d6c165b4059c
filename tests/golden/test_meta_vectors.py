"""Random effects equal metafor (published) and statsmodels."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from brainchange.inference.random_effects import random_effects

VECTORS = json.loads((Path(__file__).parent / "reliability_and_meta_vectors.json").read_text())
BCG = VECTORS["meta_bcg"]
REL = 1e-4


def arrays(vector: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(vector["inputs"]["yi"]), np.array(vector["inputs"]["vi"])


@pytest.mark.parametrize("method", ["REML", "DL", "PM"])
def test_vaccine_trials_with_hartung_and_knapp(method: Any) -> None:
    expected, found = BCG["expected"][f"{method}_HK"], random_effects(*arrays(BCG), method)
    assert found.mean.value == pytest.approx(expected["est"], rel=REL)
    assert found.mean.standard_error == pytest.approx(expected["se"], rel=REL)
    assert (found.mean.low, found.mean.high) == pytest.approx(expected["ci"], rel=REL)
    assert found.p == pytest.approx(expected["p"], rel=1e-3)
    assert found.tau2 == pytest.approx(expected["tau2"], rel=REL)
    assert found.q == pytest.approx(expected["Q"], rel=1e-9)
    assert found.q_p == pytest.approx(expected["Qp"], rel=1e-6)
    assert found.i2 == pytest.approx(expected["I2"], rel=REL)


def test_published_numbers_of_the_vaccine_trials() -> None:
    """Viechtbauer 2010, Journal of Statistical Software 36(3); τ² interval of its section 3.3."""
    found = random_effects(*arrays(BCG))
    assert found.tau2 == pytest.approx(0.3132, abs=5e-5)
    assert found.mean.value == pytest.approx(-0.7145, abs=5e-5)
    assert (found.tau2_low, found.tau2_high) == pytest.approx((0.1197, 1.1115), abs=5e-5)
    fixed = BCG["expected"]["FE"]
    assert found.fixed.value == pytest.approx(fixed["est"], rel=1e-9)
    assert found.fixed.standard_error == pytest.approx(fixed["se"], rel=1e-9)
    assert (found.fixed.low, found.fixed.high) == pytest.approx(fixed["ci"], rel=1e-6)


def test_prediction_interval_has_two_degrees_of_freedom_less() -> None:
    """The interval of metafor with t(k − 1), brought to t(k − 2) of Higgins 2009."""
    found, expected = random_effects(*arrays(BCG)), BCG["expected"]["REML_HK"]
    half = (expected["pi"][1] - expected["pi"][0]) / 2
    half *= stats.t.ppf(0.975, 11) / stats.t.ppf(0.975, 12)
    ends = expected["est"] - half, expected["est"] + half
    assert (found.prediction_low, found.prediction_high) == pytest.approx(ends, rel=REL)


def test_two_studies() -> None:
    vector = VECTORS["meta_small"]
    found, expected = random_effects(*arrays(vector)), vector["expected"]
    assert found.mean.standard_error == pytest.approx(expected["modified_HK_se_max1"], rel=REL)
    ends = (found.mean.low, found.mean.high)
    assert ends == pytest.approx(expected["modified_HK_ci95"], rel=REL)
    assert found.tau2 == pytest.approx(expected["REML_HK"]["tau2"], rel=REL)
    assert np.isnan(found.prediction_low)


@pytest.mark.parametrize(
    "effects", [(-0.40, -0.45, -0.38), (0.1, 0.1, 0.1, 0.11), (0.2, 0.21, 0.18, 0.23)]
)
def test_studies_that_agree_too_well_get_no_narrower_interval(effects: tuple[float, ...]) -> None:
    """τ² = 0 and q < 1: the error is that of the fixed mean, with t(k − 1) instead of normal."""
    y, v = np.array(effects), np.linspace(0.1, 0.2, len(effects))
    found = random_effects(y, v)
    error = 1 / sqrt((1 / v).sum())
    assert found.tau2 == 0
    assert found.mean.value == pytest.approx(found.fixed.value)
    assert found.mean.standard_error == pytest.approx(error)
    half = stats.t.ppf(0.975, len(effects) - 1) * error
    assert found.mean.high - found.mean.value == pytest.approx(half)
    plain = combine_effects(y, v).summary_frame().loc["random effect wls"]
    assert plain["sd_eff"] < error


@pytest.mark.parametrize(("method", "other"), [("DL", "chi2"), ("PM", "iterated")])
def test_variance_between_studies_equals_statsmodels(method: Any, other: str) -> None:
    rng = np.random.default_rng(1)
    y, v = rng.normal(0.3, 0.6, 9), rng.uniform(0.02, 0.2, 9)
    told = combine_effects(y, v, method_re=other)
    found = random_effects(y, v, method)
    assert found.tau2 == pytest.approx(told.tau2, rel=1e-5)
    mean = told.summary_frame().loc["random effect"]
    assert found.mean.value == pytest.approx(mean["eff"], rel=1e-6)
    scale = told.summary_frame().loc["random effect wls", "sd_eff"] / mean["sd_eff"]
    error = mean["sd_eff"] * max(scale, 1.0)
    assert found.mean.standard_error == pytest.approx(error, rel=1e-6)


def test_restricted_likelihood_is_at_its_top() -> None:
    rng = np.random.default_rng(2)
    y, v = rng.normal(0.3, 0.6, 7), rng.uniform(0.02, 0.2, 7)

    def restricted(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = w @ y / w.sum()
        return 0.5 * (np.log(w).sum() - np.log(w.sum()) - w @ (y - mean) ** 2)

    best = random_effects(y, v).tau2
    for shift in (-1e-3, 1e-3):
        assert restricted(best) > restricted(best + shift)


@settings(max_examples=30, deadline=None)
@given(
    effects=st.lists(st.integers(-30, 30).map(lambda n: n / 10), min_size=2, max_size=7),
    scale=st.sampled_from([1e-3, 5.0, -2.0]),
    shift=st.integers(-3, 3),
)
def test_unit_direction_and_order_of_studies_change_nothing(
    effects: list[float], scale: float, shift: int
) -> None:
    y, v = np.array(effects), np.linspace(0.05, 0.4, len(effects))
    one = random_effects(y, v)
    other = random_effects(scale * (y[::-1] + shift), scale**2 * v[::-1])
    assert other.mean.value == pytest.approx(scale * (one.mean.value + shift), rel=1e-4, abs=1e-5)
    error = abs(scale) * one.mean.standard_error
    assert other.mean.standard_error == pytest.approx(error, rel=1e-4)
    assert other.tau2 == pytest.approx(scale**2 * one.tau2, rel=1e-3, abs=1e-6 * scale**2)
    assert one.mean.standard_error >= one.fixed.standard_error * (1 - 1e-9)
    assert min(effects) - 1e-9 <= one.mean.value <= max(effects) + 1e-9
