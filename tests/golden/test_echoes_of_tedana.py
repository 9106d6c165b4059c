"""T2* and combined echoes as tedana 24.0.2 makes them (`fit_loglinear`, `make_optcom`)."""

from __future__ import annotations

import numpy as np
import pytest

from brainchange.imaging.prepare.echoes import combine
from brainchange.imaging.prepare.series import Series

TIMES = np.array([0.0148, 0.0284, 0.042])
"""Echo times of ds006303, in s."""
DECAY = np.array([0.015, 0.025, 0.04, 0.06])
SIGNAL = np.array([60000.0, 52000.0, 44000.0, 36000.0])
TEDANA_T2STAR = [15.00205, 25.00165, 40.00149, 60.00312]
"""In ms; tedana adds 1 before its logarithm, which is 0.014 % here."""
TEDANA_COMBINED = [
    [14155.7428, 14016.9347, 13739.3243, 13600.7231, 13739.3243, 14016.9347],
    [18815.9469, 18631.3333, 18262.7433, 18078.1297, 18262.7433, 18631.3333],
    [22010.0560, 21794.3556, 21362.5957, 21146.8953, 21362.5957, 21794.3556],
    [22286.1135, 22067.3354, 21630.2546, 21412.2457, 21630.2546, 22067.3354],
]


def test_decay_and_combination_are_those_of_tedana() -> None:
    """Four voxels that decay and swing by 2 % over six volumes, rounded to whole numbers."""
    course = 1 + 0.02 * np.cos(2 * np.pi * np.arange(6) / 6)
    echoes = [np.round(SIGNAL * np.exp(-time / DECAY) * course[:, np.newaxis]) for time in TIMES]
    series, decay = combine([Series(one, (4, 1, 1), np.eye(4)) for one in echoes], TIMES)
    assert 1000 * decay == pytest.approx(TEDANA_T2STAR, rel=2e-4)
    np.testing.assert_allclose(series.stored.T, TEDANA_COMBINED, rtol=6e-5)
