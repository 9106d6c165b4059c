"""Claims taken together over made-up studies, by the program's own meta-analysis."""

from __future__ import annotations

import pandas as pd

from brainchange.inference.meta import Across, StudyEffects, across_studies
from brainchange.study.settings import Settings

NAMES = (
    "ds003007",
    "a_study_with_a_very_long_name_that_goes_on_and_on",
    "<b>x</b>",
    "ds1",
    "ds2",
    "ds3",
)


def across_of(effects: pd.DataFrame, count: int) -> Across:
    """Take studies together whose effects are those of one, moved a little."""
    primary = effects[effects["primary"]]
    studies = [
        StudyEffects(name, primary.assign(dppc2=primary["dppc2"] + 0.1 * place), place % 2 == 0)
        for place, name in enumerate(NAMES[:count])
    ]
    return across_studies(studies, (), Settings().inference)
