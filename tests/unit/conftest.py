"""Results of made-up studies of any size, for the tests of figures and report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brainchange.figures.drawing import FigureInput
from made_up.results import made_up
from made_up.study import MadeUp

MakeUp = Callable[[MadeUp], FigureInput]


@pytest.fixture(scope="session")
def make_up() -> MakeUp:
    """Make configuration and tables of a made-up study."""
    return made_up


@pytest.fixture(scope="session")
def made_up_size() -> type[MadeUp]:
    """Say how large the made-up study is."""
    return MadeUp
