"""Formulas of task contrasts: a weighted sum of conditions and nothing else."""

from __future__ import annotations

import pytest

from brainchange.errors import ConfigError
from brainchange.study.formula import imbalance, parse_formula


@pytest.mark.parametrize(
    ("formula", "weights"),
    [
        ("face", {"face": 1}),
        ("face - scramble", {"face": 1, "scramble": -1}),
        ("(angry + fearful)/2 - neutral", {"angry": 0.5, "fearful": 0.5, "neutral": -1}),
        ("-(a - b) * 2 / 4", {"a": -0.5, "b": 0.5}),
        ("1/2*a + .5*b - c", {"a": 0.5, "b": 0.5, "c": -1}),
        ("2back - 0back", {"2back": 1, "0back": -1}),
        ("'face-happy' - \"neutral face\"", {"face-happy": 1, "neutral face": -1}),
        ("'1' - '2'", {"1": 1, "2": -1}),
        ("a − b", {"a": 1, "b": -1}),
        ("a + a - 2*b", {"a": 2, "b": -2}),
        ("a - b + 0*c", {"a": 1, "b": -1}),
        ("visage_apeuré - forme", {"visage_apeuré": 1, "forme": -1}),
        ("--a", {"a": 1}),
    ],
)
def test_weights_are_those_of_arithmetic(formula: str, weights: dict[str, float]) -> None:
    assert parse_formula(formula) == weights


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("", "a condition or a number is missing before its end"),
        ("a +", "a condition or a number is missing before its end"),
        ("a b", "an operator is missing before 'b'"),
        ("(a - b", "a ')' is missing before its end"),
        ("a - b)", "a '(' is missing before ')'"),
        ("a * b", "multiplies or divides by a condition"),
        ("a / b", "multiplies or divides by a condition"),
        ("1 / a", "multiplies or divides by a condition"),
        ("a / 0", "divides by zero"),
        ("a / (1 - 1)", "divides by zero"),
        ("1 + a", "adds a number to a condition"),
        ("a - 2", "adds a number to a condition"),
        ("a - a", "is no contrast of conditions"),
        ("3", "is no contrast of conditions"),
        ("a & b", "cannot be read from '& b'"),
        ("a ** b", "a condition or a number is missing"),
        ("__import__('os')", "an operator is missing before"),
        ("a[0]", "cannot be read from '[0]'"),
        ("a; b", "cannot be read from '; b'"),
        ("(" * 60 + "a" + ")" * 60, "too many brackets"),
        ("-" * 60 + "a", "too many brackets"),
        ("a + " * 400 + "a", "more than 1000"),
        ("1e308*1e10*a - b", "is not finite"),
    ],
)
def test_anything_else_is_told(formula: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_formula(formula)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "surplus"),
    [
        ("a - b", 0),
        ("(a + b + c)/3 - d", 0),
        ("0.1*a + 0.2*b - 0.3*c", 0),
        ("a", 0),
        ("a + b", 0),
        ("-a", 0),
        ("a + b - c", 1),
        ("face - happy - neutral", -1),
    ],
)
def test_a_comparison_whose_sides_weigh_differently_is_noticed(
    formula: str, surplus: float
) -> None:
    assert imbalance(parse_formula(formula)) == surplus
