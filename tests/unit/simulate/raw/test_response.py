"""Events are valid, and responses have the height and the delay they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nilearn.glm.first_level import compute_regressor

from brainchange.simulate.raw.model import Activation, Condition, Design
from brainchange.simulate.raw.response import draw_events, responses


@pytest.fixture
def design() -> Design:
    return Design(
        first=8,
        gap=(4, 6),
        conditions=(
            Condition(name="face", duration=2, number=6),
            Condition(name="shape", duration=10, number=3),
        ),
    )


def test_events_do_not_overlap_and_end_within_the_run(design: Design) -> None:
    events = draw_events(design, 120.0, np.random.default_rng(0))
    ends = events["onset"] + events["duration"]
    gaps = events["onset"].to_numpy()[1:] - ends.to_numpy()[:-1]
    assert events["onset"].iloc[0] == 8
    assert ((gaps >= 4 - 0.05) & (gaps <= 6 + 0.05)).all()
    assert ends.max() <= 120
    assert dict(events["trial_type"].value_counts()) == {"face": 6, "shape": 3}


def test_a_short_run_shows_fewer_events(design: Design) -> None:
    assert len(draw_events(design, 40.0, np.random.default_rng(0))) < 9
    assert draw_events(design, 5.0, np.random.default_rng(0)).empty


def test_responses_are_those_of_nilearn(design: Design) -> None:
    events = draw_events(design, 120.0, np.random.default_rng(1))
    frames = 2.0 * np.arange(60)
    found = responses(events, frames)
    for condition in ("face", "shape"):
        rows = events[events["trial_type"] == condition]
        shown = np.array([rows["onset"], rows["duration"], np.ones(len(rows))])
        theirs = compute_regressor(shown, "spm", frames, oversampling=20)[0][:, 0]
        np.testing.assert_allclose(found[condition], theirs, atol=0.02)


def test_a_long_event_reaches_the_height_of_one() -> None:
    events = pd.DataFrame({"onset": [0.0], "duration": [60.0], "trial_type": ["face"]})
    course = responses(events, np.arange(0, 60, 1.0))["face"]
    assert course[0] == pytest.approx(0, abs=0.01)
    assert course[40] == pytest.approx(1, abs=0.01)
    assert course.max() < 1.3


def test_activation_of_an_unknown_condition_is_refused() -> None:
    with pytest.raises(ValueError, match="activation of 'fase' has no such condition"):
        Design(
            conditions=(Condition(name="face", duration=1, number=1),),
            activations=(Activation(condition="fase", labels=("Amygdala",), percent=1),),
        )
