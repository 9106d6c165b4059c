from __future__ import annotations

from typing import Any

import pytest

from brainchange.report.summary import summary


@pytest.fixture(scope="module")
def given(make_up: Any, made_up_size: Any) -> Any:
    return make_up(made_up_size(counts=(10, 10, 10), n_groups=2))


def verdicts_with(given: Any, **words: str) -> Any:
    verdicts = given.tables["verdicts"].copy()
    for name, word in words.items():
        mine = verdicts["measure"] == name
        verdicts.loc[mine, "verdict"] = word
        if word.startswith("NOT TEST"):
            verdicts.loc[mine, "estimator"] = None
    return verdicts


def told(given: Any, verdicts: Any = None) -> Any:
    chosen = given.tables["verdicts"] if verdicts is None else verdicts
    return summary(given.study, given.claims, given.tables["effects"], (), chosen)


def test_each_statement_is_told_by_its_verdict_the_strongest_first(given: Any) -> None:
    words = {"P2": "INCONCLUSIVE", "A2": "SUPPORTED", "T2": "INCONCLUSIVE"}
    found = told(given, verdicts_with(given, **words)).found
    names = [(one.badge.word, [said.name for said in one.statements]) for one in found]
    assert names == [("SUPPORTED", ["A2"]), ("INCONCLUSIVE", ["P2", "T2"])]
    assert "neither for nor against" in found[1].words
    row = given.tables["verdicts"].query("measure == 'A2' and primary").iloc[0]
    (said,) = found[0].statements
    assert said.about == row["label"]
    assert said.effect.startswith(f"{row['difference']:+.2f} ".replace("-", "−"))
    assert row["unit"] in said.effect


def test_the_answer_is_one_sentence_with_every_verdict_counted_once(given: Any) -> None:
    words = {"P2": "INCONCLUSIVE", "A2": "SUPPORTED", "T2": "INCONCLUSIVE"}
    one = told(given, verdicts_with(given, **words))
    assert one.answer == (
        "Of the 3 statements of the article that this study can test, 1 is supported and 2 cannot "
        "be told."
    )
    assert [(told.badge.word, told.count) for told in one.tally] == [
        ("SUPPORTED", 1),
        ("INCONCLUSIVE", 2),
    ]


def test_what_was_not_tested_is_counted(given: Any) -> None:
    words = {"P2": "NOT TESTABLE WITH MRI", "A2": "NOT TESTED", "T2": "SUGGESTIVE"}
    found = told(given, verdicts_with(given, **words))
    assert [one.badge.word for one in found.found] == ["SUGGESTIVE"]
    assert found.answer == (
        "This study can test 1 statement of the article: it is suggestive. Nothing is said of the "
        "other 2, 1 of which no MRI study could test."
    )
    nothing = dict.fromkeys(words, "NOT TESTED")
    answer = told(given, verdicts_with(given, **nothing)).answer
    assert answer == (
        "This study can test none of the statements of the article; the page says why."
    )


def test_what_was_asked_names_article_contrast_and_numbers(given: Any) -> None:
    asked = told(given).asked
    assert asked.startswith("3 statements of “The Neuro-Link: How Talk Therapy Works")
    assert asked.endswith("Talk therapy − Untreated (10 vs 10 participants with both timepoints).")


def test_certainty_says_power_and_allocation(given: Any, make_up: Any, made_up_size: Any) -> None:
    sure = told(given).sure
    assert "1.3 SD of change or more with 80 % power" in sure
    assert "Participants were randomised." in sure
    assert "The data are simulated" in sure
    assert "INCONCLUSIVE is no evidence that nothing changes." in sure
    other = make_up(made_up_size(randomised=False, simulated=False))
    sure = told(other).sure
    assert "every difference is an association" in sure
