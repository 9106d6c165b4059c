"""Welch's comparison where it is defined, and NaN where it is not."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from brainchange.inference.between import welch


def test_by_hand() -> None:
    """Variances 1 and 4, three values each: standard error √(5/3), df 50/17."""
    found = welch(np.array([4.0, 5.0, 6.0]), np.array([0.0, 2.0, 4.0]))
    assert found.difference == 3.0
    assert found.standard_error == pytest.approx(np.sqrt(5 / 3))
    assert found.df == pytest.approx(50 / 17)


def test_an_empty_arm_has_no_difference() -> None:
    assert np.isnan(astuple(welch(np.array([]), np.array([1.0, 2.0])))).all()


@pytest.mark.parametrize("arm", [[3.0], [3.0, 3.0]])
def test_a_difference_without_variance_has_no_interval(arm: list[float]) -> None:
    found = welch(np.array(arm), np.array([1.0, 1.0]))
    assert found.difference == 2.0
    assert np.isnan(astuple(found)[1:]).all()


def test_one_participant_against_many_has_no_interval() -> None:
    found = welch(np.array([3.0]), np.array([1.0, 2.0, 0.0]))
    assert found.difference == 2.0
    assert np.isnan([found.low, found.high, found.p]).all()


def test_one_constant_arm_is_compared_all_the_same() -> None:
    found = welch(np.array([2.0, 2.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    assert found.df == pytest.approx(2)
    assert found.standard_error == pytest.approx(np.sqrt(1 / 3))


def test_rounding_of_large_values_is_no_variance() -> None:
    pre = np.array([1e6 + 0.1, 2e6 + 0.2, 3e6 + 0.3])
    change = (pre + 0.7) - pre
    assert np.isnan(welch(change, change, scale=pre).standard_error)
