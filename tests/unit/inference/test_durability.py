"""What lasts until follow-up: planted effects that stay, and that go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

PRIMARY = "therapy_vs_waiting"


def with_followup(made: Any, study_with: Any, kept: float, noise: float = 0.05, seed: int = 7):
    """Add a follow-up: what therapy did to the amygdala at post stays in the share ``kept``."""
    rng = np.random.default_rng(seed)
    rows = made.observations
    later = rows[rows["timepoint"] == "post"].assign(timepoint="followup", session_id="ses-3")
    later["value"] = later["value"] + noise * rng.normal(size=len(later))
    treated = (later["arm"] == "therapy") & (later["metric"] == "falff_z")
    treated &= later["region"].fillna("").str.startswith("amygdala")
    later.loc[treated, "value"] += 1.5 * (1 - kept)
    cells = made.participants.copy()
    scores = cells["BDI_post"].astype(int) + rng.integers(-1, 2, len(cells))
    cells["BDI_late"] = scores.clip(0, 63).astype(str)
    outcome = {
        "label": "Beck Depression Inventory",
        "columns": {"pre": "BDI_pre", "post": "BDI_post", "followup": "BDI_late"},
        "better": "down",
        "minimum": 0.0,
        "maximum": 63.0,
    }
    study = study_with(
        timepoints={"pre": ("1",), "post": ("2",), "followup": ("3",)}, outcomes={"BDI": outcome}
    )
    observations = pd.concat([rows, later], ignore_index=True)
    return replace(made, observations=observations, participants=cells, study=study)


def lasting(made: Any, measure: str = "A2") -> pd.DataFrame:
    table = made.infer().durability
    chosen = table[(table["measure"] == measure) & (table["contrast"] == PRIMARY)]
    return chosen.set_index("interval")


@pytest.fixture(scope="module")
def made(made_up):
    return made_up(12, amygdala=-1.5, seed=2)


def test_an_effect_that_stays_is_kept(made, study_with):
    found = lasting(with_followup(made, study_with, kept=1.0))
    assert found.index.tolist() == ["followup-pre", "followup-post"]
    late, since = found.loc["followup-pre"], found.loc["followup-post"]
    assert late["difference"] == pytest.approx(-1.5, abs=0.4)
    assert late["p_permutation"] < 0.01
    assert abs(since["difference"]) < 0.1
    assert since["tost_p"] < 0.05
    assert since["treated_tost_p"] < 0.05
    assert since["lasting"] == "kept"
    assert pd.isna(late["lasting"])


def test_an_effect_that_goes_back_is_lost(made, study_with):
    since = lasting(with_followup(made, study_with, kept=0.0)).loc["followup-post"]
    assert since["treated_change"] == pytest.approx(1.5, abs=0.2)
    assert since["treated_tost_p"] > 0.5
    assert since["lasting"] == "lost"


def test_that_no_change_since_post_is_found_is_no_evidence_that_it_lasted(made, study_with):
    since = lasting(with_followup(made, study_with, kept=1.0, noise=3.0, seed=8)).loc[
        "followup-post"
    ]
    assert since["treated_ci_low"] < 0 < since["treated_ci_high"]
    assert since["lasting"] == "cannot tell"


def test_where_there_was_no_effect_there_is_nothing_to_keep(made_up, study_with):
    found = lasting(with_followup(made_up(12, seed=4), study_with, kept=1.0), "T2")
    assert found.loc["followup-post", "lasting"] == "nothing to keep"


def test_equivalence_of_follow_up_and_post_is_two_t_tests(made, study_with):
    study = with_followup(made, study_with, kept=0.9)
    since = lasting(study).loc["followup-post"]
    rows = study.observations
    rows = rows[(rows["metric"] == "falff_z") & (rows["arm"] != "exercise")]
    rows = rows[rows["region"].fillna("").str.startswith("amygdala")]
    table = rows.pivot_table(index=["arm", "participant_id"], columns="timepoint", values="value")
    before = [table.loc[arm, "pre"].var(ddof=1) for arm in ("therapy", "waiting")]
    bound = 0.5 * np.sqrt(np.mean(before))
    assert since["equivalence_bound"] == pytest.approx(bound)
    change = (table["followup"] - table["post"]).loc["therapy"]
    one_sided = [
        stats.ttest_1samp(change, -bound, alternative="greater").pvalue,
        stats.ttest_1samp(change, bound, alternative="less").pvalue,
    ]
    assert since["treated_tost_p"] == pytest.approx(max(one_sided))
    assert since["standardised"] == pytest.approx(since["difference"] / (2 * bound))


def test_scales_have_a_follow_up_of_their_own(made, study_with):
    found = lasting(with_followup(made, study_with, kept=1.0), "BDI")
    assert found["n_treated"].tolist() == [12, 12]
    assert found["unit"].tolist() == ["points", "points"]


def test_without_follow_up_the_table_is_empty(made_up):
    assert made_up(6).infer().durability.empty
