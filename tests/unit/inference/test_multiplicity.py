"""Adjusted p values count the tests that were made, and only those."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.inference.multiplicity import benjamini_hochberg, holm

P_VALUES = st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), max_size=12)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_benjamini_hochberg_by_hand() -> None:
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_a_test_that_was_not_made_does_not_count(adjust: type[holm]) -> None:
    without = adjust([0.02, 0.5])
    adjusted = adjust([np.nan, 0.02, np.nan, 0.5])
    assert np.isnan(adjusted[[0, 2]]).all()
    assert adjusted[[1, 3]] == pytest.approx(without)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("p", [[], [np.nan], [0.3]])
def test_families_of_none_and_of_one_stay_as_they_are(adjust: type[holm], p: list[float]) -> None:
    assert adjust(p) == pytest.approx(p, nan_ok=True)


@given(P_VALUES)
def test_adjusting_never_lowers_a_p_or_changes_the_order(p: list[float]) -> None:
    made = ~np.isnan(p)
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p)
        assert (adjusted[made] >= np.array(p)[made] - 1e-15).all()
        assert (adjusted[made] <= 1).all()
        assert (np.diff(adjusted[made][np.argsort(np.array(p)[made])]) >= 0).all()
    assert (holm(p)[made] >= benjamini_hochberg(p)[made] - 1e-15).all()
