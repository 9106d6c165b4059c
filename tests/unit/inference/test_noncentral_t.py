"""The noncentral t distribution is solved for any t, however large."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from brainchange.inference.noncentral_t import noncentrality_interval, noncentrality_of_power


def test_no_effect_gives_the_normal_interval() -> None:
    assert noncentrality_interval(0.0, 5) == pytest.approx((-1.959963984540, 1.959963984540))


@pytest.mark.parametrize("df", [1, 2, 7, 30, 300, 20_000])
def test_the_limits_grow_with_t_and_mirror_at_zero(df: int) -> None:
    limits = np.array([noncentrality_interval(t, df) for t in np.geomspace(0.01, 1e6, 80)])
    assert np.isfinite(limits).all()
    assert (np.diff(limits, axis=0) > -1e-5 * np.abs(limits[1:])).all()
    low, high = noncentrality_interval(2.5, df)
    assert noncentrality_interval(-2.5, df) == (-high, -low)


@pytest.mark.parametrize(("t", "df"), [(3.0, 4), (-8.94, 4), (20.0, 30)])
def test_the_limits_are_where_t_is_a_quantile(t: float, df: int) -> None:
    low, high = noncentrality_interval(t, df, 0.9)
    assert stats.nct.cdf(t, df, low) == pytest.approx(0.95, abs=1e-9)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("df", [2, 21, 5000])
def test_the_power_is_reached(df: int) -> None:
    noncentrality = noncentrality_of_power(df, 0.05, 0.8)
    critical = stats.t.ppf(0.975, df)
    above = stats.nct.sf(critical, df, noncentrality)
    assert above == pytest.approx(0.8, abs=1e-6)
