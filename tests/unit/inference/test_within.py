"""Change within each arm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.schemas import WITHIN_TABLE

Maker = Callable[..., Any]


def change(table: pd.DataFrame, measure: str = "A2", arm: str = "therapy") -> dict[str, Any]:
    found = table[(table["measure"] == measure) & (table["arm"] == arm)]
    assert len(found) == 1
    return dict(found.iloc[0])


def test_a_planted_change_is_found_in_its_arm(made_up: Maker) -> None:
    within = made_up(n_arm=10, amygdala=-1.5).infer().within
    found = change(within)
    assert found["change"] == pytest.approx(-1.5, abs=0.3)
    assert found["p_sign_flip"] == found["p_floor"] == 2.0**-9
    assert found["g_av_ci_low"] < found["g_av"] < found["g_av_ci_high"] < 0
    assert change(within, arm="waiting")["p_sign_flip"] > 0.05


def test_participants_are_counted_per_timepoint(made_up: Maker) -> None:
    made = made_up(6).without(participant_id="sub-01", timepoint="post")
    found = change(made.without(participant_id="sub-02", timepoint="pre").infer().within)
    assert [found[name] for name in ("n_arm", "n_pre", "n_post", "n_both")] == [6, 5, 5, 4]
    assert found["flag"] == "only 4 with both values, fewer than 5: described, not tested"
    assert pd.isna(found["p_sign_flip"])
    assert pd.notna(found["ci_low"])


def test_an_arm_without_values_says_so(made_up: Maker) -> None:
    made = made_up(5)
    waiting = made.participants["group"] == "waiting"
    scores = made.participants["BDI_post"].mask(waiting, None)
    made = made.infer(participants=made.participants.assign(BDI_post=scores))
    found = change(made.within, "BDI", "waiting")
    assert found["flag"] == "no participant has both values"
    assert (found["n_pre"], found["n_post"], found["n_both"]) == (5, 0, 0)
    assert np.isnan(found["mean_pre"])


def test_the_same_change_for_everybody_is_told(made_up: Maker) -> None:
    made = made_up(5)
    pre = made.participants["BDI_pre"]
    post = [str(int(score) - 5) for score in pre]
    found = change(made.infer(participants=made.participants.assign(BDI_post=post)).within, "BDI")
    assert found["change"] == -5
    assert found["sd_change"] == 0
    assert pd.isna(found["p_sign_flip"])
    assert found["flag"] == (
        "every participant changes by the same amount: no interval and no test"
    )


def test_the_table_reads_as_it_was_written(made_up: Maker, tmp_path: Any) -> None:
    within = made_up().infer().within
    WITHIN_TABLE.write(within, tmp_path / "within.tsv", sidecar=True)
    pd.testing.assert_frame_equal(WITHIN_TABLE.read(tmp_path / "within.tsv"), within, rtol=1e-11)
