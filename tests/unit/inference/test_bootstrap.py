"""Bootstrap intervals: invariants, and where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brainchange.inference import bootstrap
from brainchange.inference.bootstrap import bca_ends, bca_intervals
from brainchange.inference.permutation import named_generator

TREATED = np.arange(20) < 8


def intervals(pre: Any, change: Any, treated: Any = TREATED, resamples: int = 2000) -> Any:
    generator = named_generator(1, "any")
    return bca_intervals(pre, change, treated, generator=generator, resamples=resamples)


def values(n_measures: int, n: int = 20) -> tuple[Any, Any]:
    rng = np.random.default_rng(2)
    return rng.normal(30, 8, (n, n_measures)), rng.normal(-4, 5, (n, n_measures))


def test_shift_and_scale_change_nothing() -> None:
    pre, change = values(2)
    expected = intervals(pre, change)
    assert intervals(1e4 + 7 * pre, 7 * change) == pytest.approx(expected, rel=1e-6)


def test_a_measure_does_not_depend_on_what_else_is_measured() -> None:
    pre, change = values(5)
    assert intervals(pre[:, 2:3], change[:, 2:3])[0] == pytest.approx(
        intervals(pre, change)[2], rel=1e-9
    )


def test_the_size_of_a_block_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pre, change = values(3)
    expected = intervals(pre, change)
    monkeypatch.setattr(bootstrap, "BLOCK_BYTES", 8 * 20 * 7)
    assert intervals(pre, change) == pytest.approx(expected, rel=1e-9)


def test_reversed_changes_reverse_the_interval() -> None:
    pre, change = values(1)
    low, high = intervals(pre, change)[0]
    assert intervals(pre, -change)[0] == pytest.approx([-high, -low], rel=1e-9)


def test_the_interval_covers_in_large_arms() -> None:
    """200 measures without effect in arms of 60 and 60: 95 % are expected, ± 1.5 %."""
    pre, change = values(200, 120)
    low, high = intervals(pre, change, np.arange(120) < 60).T
    assert 0.89 <= np.mean((low < 0) & (high > 0)) <= 0.99
    assert high - low == pytest.approx(np.full(200, 2 * 1.96 * (5 / 8) * (2 / 60) ** 0.5), rel=0.4)


def test_resamples_that_do_not_vary_give_no_interval() -> None:
    pre, change = values(2)
    pre[1:, 0] = pre[1, 0]
    low, high = intervals(pre, change)[0]
    assert np.isnan([low, high]).all()
    assert np.isfinite(intervals(pre, change)[1]).all()


def test_changes_that_are_the_same_for_everybody_give_no_interval() -> None:
    pre, change = values(1)
    assert np.isnan(intervals(pre, np.zeros_like(change))).all()


def test_without_bias_and_acceleration_the_ends_are_quantiles() -> None:
    drawn = np.linspace(-1, 1, 10_001)
    assert bca_ends(drawn, 0.0, 0.0) == pytest.approx((-0.95, 0.95), abs=1e-9)
    assert bca_ends(drawn, 0.0, 0.0, confidence=0.8) == pytest.approx((-0.8, 0.8), abs=1e-9)


def test_resamples_on_one_side_of_the_estimate_give_no_interval() -> None:
    assert np.isnan(bca_ends(np.linspace(1, 2, 100), 0.5, 0.0)).all()
