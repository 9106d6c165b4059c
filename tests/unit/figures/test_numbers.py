from __future__ import annotations

import math

import pytest

from brainchange.figures.numbers import interval, number, p_floor, p_value, places, plural


@pytest.mark.parametrize(
    ("ends", "expected"),
    [((-14.3, 2.6), 1), ((-40.0, 30.0), 0), ((0.1, 0.3), 2), ((0.01, 0.03), 3), ((1e-9, 2e-9), 4)],
)
def test_an_interval_is_shown_with_two_significant_digits_of_its_width(
    ends: tuple[float, float], expected: int
) -> None:
    assert places(*ends) == expected


def test_places_of_nothing() -> None:
    assert places(math.nan, math.nan) == 2
    assert places(5.0, 5.0) == 2


def test_a_number_has_a_true_minus_and_no_negative_zero() -> None:
    assert number(-5.857, 1) == "−5.9"
    assert number(-0.001, 2) == "0.00"
    assert number(0.5, 1, sign=True) == "+0.5"
    assert number(math.nan) == "n/a"
    assert number(math.inf) == "n/a"


def test_an_interval_is_written_with_brackets() -> None:
    assert interval(-14.3, 2.6, 1) == "[−14.3, 2.6]"
    assert interval(math.nan, 1) == "n/a"


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.0004, "p < 0.001"), (0.0312, "p = 0.031"), (0.166, "p = 0.17"), (math.nan, "p n/a")],
)
def test_p(p: float, expected: str) -> None:
    assert p_value(p) == expected


@pytest.mark.parametrize(
    ("floor", "expected"),
    [
        (2**-4, "smallest possible 0.062"),
        (1 / 11628, "smallest possible 0.000086"),
        (math.nan, ""),
    ],
)
def test_the_smallest_p_has_two_digits_and_no_exponent(floor: float, expected: str) -> None:
    assert p_floor(floor) == expected


def test_plural() -> None:
    assert plural(1, "participant") == "1 participant"
    assert plural(12000, "participant") == "12,000 participants"
