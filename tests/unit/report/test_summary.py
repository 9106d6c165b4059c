from __future__ import annotations

from typing import Any

import pytest

from brainchange.report.summary import summary
from brainchange.study.settings import Inference

RULES = Inference()


@pytest.fixture(scope="module")
def given(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(10, 10, 10), n_groups=2))


def effects_with(given: Any, **intervals: tuple[float, float]) -> Any:
    effects = given.tables["effects"].copy()
    for name, (low, high) in intervals.items():
        rows = (effects["measure"] == name) & effects["primary"]
        effects.loc[rows, ["difference", "ci_low", "ci_high"]] = [(low + high) / 2, low, high]
    return effects


def test_each_claim_is_told_by_where_its_interval_lies(given: Any) -> None:
    effects = effects_with(given, P2=(-1, 1), A2=(0.1, 0.3), T2=(0.1, 0.3))
    told = summary(given.study, given.claims, effects, (), RULES)
    intervals, _, _ = told.found.partition(" Adjusted")
    assert intervals == (
        "For 1 of 3 (T2) the 95 % interval lies wholly on the side the article says; for 1 of 3 "
        "(A2) the 95 % interval lies wholly on the side opposite to the article; for 1 of 3 (P2) "
        "the 95 % interval includes zero, so these data cannot tell."
    )


def test_what_could_not_be_tested_is_counted(given: Any) -> None:
    nothing = (float("nan"), float("nan"))
    effects = effects_with(given, P2=nothing, A2=nothing, T2=nothing)
    told = summary(given.study, given.claims, effects, (), RULES)
    assert told.found == "No statement could be tested; the table says why."
    effects = effects_with(given, P2=nothing, A2=(-1, 1), T2=(-1, 1))
    found = summary(given.study, given.claims, effects, (), RULES).found
    assert "1 (P2) could not be tested." in found


def test_the_summary_says_which_p_stay_below_the_level(given: Any) -> None:
    effects = given.tables["effects"].copy()
    claims = (effects["kind"] == "claim") & effects["primary"]
    effects.loc[claims, "p_adjusted"] = [0.04, 0.2, 0.001]
    found = summary(given.study, given.claims, effects, (), RULES).found
    names = list(effects[claims]["measure"])
    assert found.endswith(f"Adjusted for 3 tests, p is below 0.05 for {names[0]}, {names[2]}.")
    effects.loc[claims, "p_adjusted"] = 0.6
    found = summary(given.study, given.claims, effects, (), RULES).found
    assert found.endswith("Adjusted for 3 tests, p is below 0.05 for none.")


def test_what_was_asked_names_article_contrast_and_numbers(given: Any) -> None:
    asked = summary(given.study, given.claims, given.tables["effects"], (), RULES).asked
    assert asked.startswith("3 statements of “The Neuro-Link: How Talk Therapy Works")
    assert asked.endswith("Talk therapy − Untreated (10 vs 10 participants with both timepoints).")


def test_certainty_says_power_and_allocation(given: Any, make_up: Any, made_up_size: Any) -> None:
    sure = summary(given.study, given.claims, given.tables["effects"], (), RULES).sure
    assert "1.3 SD of change or more with 80 % power" in sure
    assert "Participants were randomised." in sure
    assert "The data are simulated" in sure
    other = make_up(made_up_size(randomised=False, simulated=False))
    sure = summary(other.study, other.claims, other.tables["effects"], (), RULES).sure
    assert "every difference is an association" in sure


def test_all_claims_alike_are_said_to_be_all(given: Any) -> None:
    effects = effects_with(given, P2=(-1, 1), A2=(-1, 1), T2=(-1, 1))
    found = summary(given.study, given.claims, effects, (), RULES).found
    assert found.startswith("For all 3 (P2, A2, T2) the 95 % interval includes zero")
