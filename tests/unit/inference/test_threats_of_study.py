"""What a study file knows reaches the verdict: traps, healthy people as control, covariates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.threats import threat_weakenings
from brainchange.inference.threats_of_study import covariate_columns
from brainchange.study.model import Study
from brainchange.study.people import Covariate
from brainchange.study.settings import Inference, Settings

Maker = Callable[..., Any]
CONTRAST = "therapy_vs_waiting"
QUICK = Settings(inference=Inference(permutations=999, exact_up_to=1))


def changed(made: Any, **values: Any) -> Any:
    study = Study.model_validate(made.study.model_dump() | values)
    return replace(made, study=study, settings=QUICK)


def threats(made: Any, threat: str, measure: str = "A2") -> pd.DataFrame:
    table = made.infer().threats
    rows = (table["threat"] == threat) & (table["measure"] == measure)
    return table[rows & (table["contrast"] == CONTRAST)]


TRAP = {"id": "drug", "text": "All took a drug.", "weakens": True}


def test_a_trap_that_weakens_is_a_threat_and_keeps_a_verdict_from_supported(
    made_up: Maker,
) -> None:
    made = made_up(12, amygdala=-3.0)
    assert threats(changed(made), "known_trap").empty
    (row,) = threats(changed(made, caveats=(TRAP,)), "known_trap").to_dict("records")
    assert row["weakens"]
    assert row["words"].startswith("drug: All took a drug")
    read = threat_weakenings(changed(made, caveats=(TRAP,)).infer().threats)
    (threat,) = [one for one in read["claim", "A2", CONTRAST] if one.name == "known_trap"]
    assert threat.present


def test_a_trap_bears_only_on_the_contrasts_and_measures_it_names(made_up: Maker) -> None:
    made = made_up(8)
    of_scales = changed(made, caveats=({**TRAP, "measures": ("outcome",)},))
    assert threats(of_scales, "known_trap").empty
    assert threats(changed(made, caveats=({**TRAP, "weakens": False},)), "known_trap").empty


def test_healthy_people_are_no_randomised_control(made_up: Maker) -> None:
    made = made_up(8)
    arms = made.study.model_dump()["arms"]
    control = made.study.contrasts[CONTRAST].control[0]
    healthy = changed(made, arms=arms | {control: arms[control] | {"role": "healthy"}})
    assert not healthy.study.is_randomised(CONTRAST)
    (row,) = threats(healthy, "known_trap", "BDI").to_dict("records")
    assert "not patients without treatment" in row["words"]


def with_cohort(made: Any, treated_share: float) -> Any:
    """Put most of the treated into a cohort whose measure rises by 3 whatever the arm."""
    people = made.participants.copy()
    rng = np.random.default_rng(4)
    treated = made.study.contrasts[CONTRAST].treated
    share = np.where(people["group"].isin(treated), treated_share, 1 - treated_share)
    people["cohort"] = np.where(rng.random(len(people)) < share, "1", "2")
    raised = people.loc[people["cohort"] == "1", "participant_id"]
    told = made.observations.copy()
    rows = told["participant_id"].isin(raised) & (told["timepoint"] == "post")
    told.loc[rows & (told["metric"] == "falff_z"), "value"] += 3.0
    participants = made.study.model_dump()["participants"]
    named = participants | {"covariates": {"cohort": {"column": "cohort"}}}
    return replace(changed(made, participants=named), participants=people, observations=told)


def test_a_difference_that_the_cohort_makes_is_lost_at_equal_cohort(made_up: Maker) -> None:
    (row,) = threats(with_cohort(made_up(30, seed=5), 0.8), "covariates_adjusted").to_dict(
        "records"
    )
    assert row["weakens"]
    assert abs(row["value"]) < 1.0
    assert row["words"].startswith("at equal cohort the difference is")


def test_covariates_are_coded_by_hand() -> None:
    cells = pd.DataFrame({"scanner": ["b", "a", None, "c"], "age": ["12", "x", "14.5", "16"]})
    named = {"scanner": Covariate(column="scanner"), "age": Covariate(column="age", kind="number")}
    found = covariate_columns(cells, named)
    expected = [[1, 0, 12], [0, 0, np.nan], [np.nan, np.nan, 14.5], [0, 1, 16]]
    assert found == pytest.approx(np.array(expected, dtype=float), nan_ok=True)
