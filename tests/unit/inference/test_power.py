"""What a design could have found."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.inference.power import minimum_detectable_effect


@pytest.mark.parametrize(
    ("n_treated", "n_control", "expected"),
    [(8, 15, 1.29), (14, 15, 1.08), (6, 15, 1.43), (5, 14, 1.55)],
)
def test_the_arms_of_the_flagship(n_treated: int, n_control: int, expected: float) -> None:
    assert minimum_detectable_effect(n_treated, n_control) == pytest.approx(expected, abs=0.005)


def test_larger_arms_detect_smaller_effects() -> None:
    found = [minimum_detectable_effect(n, n) for n in (2, 5, 20, 100, 5000)]
    assert found == sorted(found, reverse=True)
    assert minimum_detectable_effect(20, 20, alpha=0.01) > found[2]


@pytest.mark.parametrize("sizes", [(0, 5), (5, 1)])
def test_one_participant_detects_nothing(sizes: tuple[int, int]) -> None:
    assert np.isnan(minimum_detectable_effect(*sizes))
