"""Claims that are no effect: what lasts, what therapies share, what predicts."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE
from brainchange.inference.prediction_schema import PREDICTION_TABLE
from brainchange.inference.reliability_schema import BRAIN_SYMPTOM_TABLE
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.inference.told_rules import (
    Asked,
    what_lasts,
    what_predicts,
    what_therapies_share,
)
from brainchange.inference.told_together import what_goes_together, what_regions_tell
from brainchange.inference.verdicts import verdicts_table
from brainchange.study.claims import Claim, Claims

PRIMARY = "therapy_vs_waiting"
BY_WISH = "therapy_by_wish"


def claim(name: str, **more: Any) -> Claim:
    given = {
        "id": name,
        "quote": "some words",
        "construct": "some meaning",
        "direction": "equal",
        "family": "secondary",
        "needed": "something else",
        "requires": {"arms": ()},
    }
    return Claim.model_validate(given | more)


def asked(name: str, table: Any, *, randomised: bool = True, **others: str) -> Asked:
    return Asked(claim(name), PRIMARY, table, others, randomised, 0.05)


def lasting(**said: str | None) -> Any:
    shared = {
        "kind": "claim",
        "label": "a claim",
        "metric": "falff_z",
        "family": "confirmatory",
        "contrast": PRIMARY,
        "contrast_label": "therapy − untreated",
        "primary": True,
        "interval": "followup-post",
        "n_treated": 12,
        "n_control": 11,
    }
    return DURABILITY_TABLE.frame(
        shared | {"measure": name, "lasting": word} for name, word in said.items()
    )


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ({"A2": "kept", "T2": "kept"}, "SUPPORTED"),
        ({"A2": "kept", "T2": "nothing to keep"}, "SUPPORTED"),
        ({"A2": "kept", "T2": "cannot tell"}, "SUGGESTIVE"),
        ({"A2": "kept", "T2": "lost"}, "INCONCLUSIVE"),
        ({"A2": "cannot tell"}, "INCONCLUSIVE"),
        ({"A2": "lost", "T2": "lost"}, "CONTRADICTED"),
        ({"A2": "lost", "T2": "cannot tell"}, "INCONCLUSIVE"),
        ({"A2": "nothing to keep"}, "NOT TESTED"),
        ({"A2": None}, "NOT TESTED"),
    ],
)
def test_what_lasts_is_judged_of_the_claims_that_changed(states, verdict):
    found = what_lasts(asked("R1", lasting(**states), A2="SUPPORTED", T2="CONTRADICTED"))
    assert found.outcome == verdict


def test_what_lasts_is_no_surer_than_that_it_changed():
    table = lasting(A2="kept")
    assert what_lasts(asked("R1", table, A2="SUGGESTIVE")).outcome == "SUGGESTIVE"
    assert what_lasts(asked("R1", lasting(A2="lost"), A2="SUGGESTIVE")).outcome == "INCONCLUSIVE"
    chosen = what_lasts(asked("R1", table, randomised=False, A2="SUPPORTED (associational)"))
    assert chosen.outcome == "SUPPORTED (associational)"


def predicted(*p: float, gain: float = 0.2, q2: float = 0.3, n: int = 50) -> Any:
    return PREDICTION_TABLE.frame(
        {
            "measure": f"Y{place}",
            "label": "a claim",
            "outcome": "BDI",
            "outcome_label": "Beck",
            "n": n,
            "descriptive": n < 40,
            "q2_both": q2,
            "q2_gain": gain,
            "p_gain": value if n >= 40 else nan,
            "n_permutations": 99,
            "flag": f"n = {n}, fewer than 40: descriptive, no verdict" if n < 40 else None,
        }
        for place, value in enumerate(p)
    )


def test_predictions_are_adjusted_together():
    """Holm by hand: .02 × 2 = .04 and .03 → .04; .03 × 2 = .06 and .2."""
    both = what_predicts(asked("Y1", predicted(0.02, 0.03)))
    assert (both.outcome, both.cells["p_adjusted"]) == ("SUGGESTIVE", pytest.approx(0.04))
    alone = what_predicts(asked("Y1", predicted(0.2, 0.03)))
    assert (alone.outcome, alone.cells["p_adjusted"]) == ("INCONCLUSIVE", pytest.approx(0.06))
    assert both.cells["family_size"] == 2
    assert both.cells["p_floor"] == 0.01


def test_a_gain_without_prediction_is_none():
    assert what_predicts(asked("Y0", predicted(0.01, q2=-0.1))).outcome == "INCONCLUSIVE"
    assert what_predicts(asked("Y0", predicted(0.01, gain=-0.1))).outcome == "INCONCLUSIVE"


def test_below_forty_participants_a_prediction_has_no_verdict():
    found = what_predicts(asked("Y0", predicted(0.01, n=39)))
    assert found.outcome == "NOT TESTED"
    assert "fewer than 40" in found.rules[0].consequence


def therapies(differ: float, shared: float) -> Any:
    shown = {"kind": "claim", "label": "a claim", "family": "secondary", "among": "therapies"}
    shown |= {"arms": "cbt;emdr", "adjustment": "benjamini_hochberg", "measure": "A2"}
    return OMNIBUS_TABLE.frame(
        [shown | {"p_permutation": differ, "p_adjusted": differ, "p_shared": shared}]
    )


@pytest.mark.parametrize(
    ("differ", "shared", "verdict"),
    [
        (0.01, 0.01, "SUGGESTIVE"),
        (0.01, 0.2, "INCONCLUSIVE"),
        (0.2, 0.01, "INCONCLUSIVE"),
        (nan, nan, "NOT TESTED"),
    ],
)
def test_therapies_must_differ_and_share(differ, shared, verdict):
    assert what_therapies_share(asked("D1", therapies(differ, shared))).outcome == verdict


@pytest.fixture(scope="module")
def verdicts(made_up, study_with):
    """Verdicts of a study in which follow-up is as after therapy, but for a little noise."""
    made = made_up(12, amygdala=-1.5, seed=2)
    rows = made.observations
    later = rows[rows["timepoint"] == "post"].assign(timepoint="followup", session_id="ses-3")
    later["value"] += 0.05 * np.random.default_rng(7).normal(size=len(later))
    times = ("pre", "post", "followup")
    arms = {"label": "therapy − untreated", "treated": ("therapy",), "control": ("waiting",)}
    contrasts = {PRIMARY: arms | {"primary": True}, BY_WISH: arms | {"randomised": False}}
    said = (
        claim("R1", told_by="durability", requires={"timepoints": times, "arms": ()}),
        claim("D1", told_by="omnibus", requires={"therapies": 2, "arms": ()}),
        claim("M1", mri="blind"),
    )
    made = replace(
        made,
        observations=pd.concat([rows, later], ignore_index=True),
        study=study_with(
            timepoints={"pre": ("1",), "post": ("2",), "followup": ("3",)}, contrasts=contrasts
        ),
        claims=Claims(article="An article", claims=(*made.claims.claims, *said)),
    )
    return verdicts_table(made.infer().verdicts).set_index(["measure", "contrast"])


def test_a_claim_about_what_lasts_has_a_row_like_every_other(verdicts):
    row = verdicts.loc["R1", PRIMARY]
    changed = verdicts.loc["A2", PRIMARY]
    expected = "SUPPORTED" if changed["verdict"] == "SUPPORTED" else "SUGGESTIVE"
    assert row["verdict"] == expected
    assert row["estimator"] == "durability"
    assert "kept: A2" in row["reasons"]
    assert row["n_treated"] == 12


def test_what_lasts_is_an_association_where_chance_did_not_make_the_contrast(verdicts):
    """The study was randomised, but these two arms were not drawn against each other."""
    first, second = (verdicts.loc["R1", name]["reasons"] for name in (PRIMARY, BY_WISH))
    assert "not randomised" not in first
    assert "not randomised: it is an association" in second


def test_what_the_study_cannot_tell_stays_as_it_is(verdicts):
    assert verdicts.loc["D1", PRIMARY]["verdict"] == "NOT TESTED"
    assert "2 arms of talk therapy are needed" in verdicts.loc["D1", PRIMARY]["reasons"]
    assert verdicts.loc["M1", PRIMARY]["verdict"] == "NOT TESTABLE WITH MRI"


def regions(**p: float) -> Any:
    """Effects of regions by name, `metric__kind__region`."""
    return EFFECTS_TABLE.frame(
        {
            "measure": name,
            "kind": name.split("__")[1],
            "label": name,
            "metric": name.split("__")[0],
            "unit": "SD over the brain",
            "family": "exploratory",
            "contrast": PRIMARY,
            "contrast_label": "therapy − untreated",
            "primary": True,
            "n_treated": 12,
            "n_control": 11,
            "difference": 0.5,
            "ci_low": 0.1,
            "ci_high": 0.9,
            "p_max_t": value,
            "adjustment": "none",
        }
        for name, value in p.items()
    )


def test_regions_are_adjusted_within_and_over_metrics():
    """Holm over two metrics by hand: .02 × 2 = .04; .03 × 2 = .06."""
    table = regions(alff_z__region__a=0.02, alff_z__region__b=0.9, falff_z__region__a=0.5)
    found = what_regions_tell(asked("L3", table))
    assert (found.outcome, found.cells["p_adjusted"]) == ("SUGGESTIVE", pytest.approx(0.04))
    assert found.cells["family_size"] == 2
    less = what_regions_tell(asked("L3", regions(a_z__region__a=0.03, b_z__region__a=0.03)))
    assert (less.outcome, less.cells["p_adjusted"]) == ("INCONCLUSIVE", pytest.approx(0.06))
    assert "does not show that none changed" in less.rules[1].consequence


def test_a_negative_control_that_changes_is_told_beside_the_regions():
    table = regions(alff_z__region__a=0.01, alff_z__negative_control__v=0.04)
    rule = {one.name: one for one in what_regions_tell(asked("L3", table)).rules}
    assert rule["negative_control"].held is False
    calm = regions(alff_z__region__a=0.01, alff_z__negative_control__v=0.4)
    rule = {one.name: one for one in what_regions_tell(asked("L3", calm)).rules}
    assert rule["negative_control"].held is True
    assert rule["equal_motion"].held is None


def test_nothing_is_told_without_regions_or_of_another_contrast():
    assert what_regions_tell(asked("L3", regions())).outcome == "NOT TESTED"
    other = regions(alff_z__region__a=0.01).assign(contrast="other")
    assert what_regions_tell(asked("L3", other)).outcome == "NOT TESTED"


def correlations(n: int = 30, **found: tuple[float, float]) -> Any:
    """Correlations r and p of claims with one scale, in all arms and, as strong, in one."""
    return BRAIN_SYMPTOM_TABLE.frame(
        {
            "measure": name,
            "label": name,
            "outcome": "BDI",
            "outcome_label": "Beck",
            "scope": scope,
            "scope_label": scope,
            "n": n,
            "descriptive": n < 20,
            "r": r,
            "ci_low": r - 0.2,
            "ci_high": r + 0.2,
            "p": p if n >= 20 else nan,
            "n_permutations": 999,
        }
        for name, (r, p) in found.items()
        for scope in ("all", "therapy")
    )


@pytest.mark.parametrize(
    ("r", "brain", "verdict"),
    [
        (-0.6, "up", "SUGGESTIVE"),
        (0.6, "up", "INCONCLUSIVE"),
        (0.6, "down", "SUGGESTIVE"),
        (0.6, "None", "SUGGESTIVE"),
    ],
)
def test_brain_and_symptoms_go_together_as_both_directions_say(r, brain, verdict):
    """A scale on which less is better falls where the brain moves as the article says."""
    question = replace(
        asked("T4", correlations(A=(r, 0.004), B=(0.1, 0.6))),
        directions={"A": brain, "BDI": "down"},
    )
    found = what_goes_together(question)
    assert found.outcome == verdict
    assert found.cells["p_adjusted"] == pytest.approx(0.008)  # two of all arms, not four
    against = "runs against" in found.rules[1].consequence
    assert against == (verdict == "INCONCLUSIVE")


def test_too_few_with_both_changes_are_not_tested():
    found = what_goes_together(asked("T4", correlations(19, A=(0.9, 0.001))))
    assert found.outcome == "NOT TESTED"
    assert "19 participants" in found.rules[0].consequence
