"""What stands beside an effect, and above all beside a null."""

from __future__ import annotations

from math import nan
from typing import Any

from brainchange.report.beside import beside
from brainchange.study.settings import Inference

RULES = Inference()


def row(**changes: Any) -> dict[str, Any]:
    return {
        "unit": "Fisher z",
        "ci_low": -0.1,
        "ci_high": 0.2,
        "tost_p": 0.31,
        "tost_p_small": 0.62,
        "tost_p_large": 0.04,
        "bayes_factor_10": 0.45,
        "bayes_factor_10_narrow": 0.551,
        "bayes_factor_10_wide": 0.36,
        "bayes_factor_01_ceiling": 2.55,
        "bayes_factor_reliable": True,
        "minimum_detectable_difference": 0.24,
        "smallest_equivalence_difference": 0.14,
    } | changes


def test_a_null_says_what_it_could_and_could_not_show() -> None:
    assert beside(row(), RULES) == (
        "Equivalence (two one-sided Welch tests): p = 0.62 within ± 0.3 SD, p = 0.31 within ± 0.5 "
        "SD, p = 0.040 within ± 0.8 SD before therapy. Bayes factor for a difference: 0.45 (0.551 "
        "with a Cauchy scale of 0.5, 0.36 with 1); against one at most 2.5 was possible. Arms of "
        "this size find ± 0.24 Fisher z with 80 % power and could at best show that a difference "
        "is within ± 0.14 Fisher z."
    )


def test_a_bayes_factor_of_small_arms_says_so() -> None:
    assert "not to be trusted" in beside(row(bayes_factor_reliable=False), RULES)


def test_nothing_stands_beside_what_was_not_tested() -> None:
    missing = dict.fromkeys(row(), nan) | {"unit": "points", "bayes_factor_reliable": None}
    assert beside(missing, RULES) == ""
