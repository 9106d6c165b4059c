from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainchange.figures import lettering


def test_plain_text_is_one_line_without_control_characters() -> None:
    assert lettering.plain(" a\tb\nc\u2028d ") == "a b c d"
    assert lettering.plain("\u202eevil\u202c\x1b[31m") == "evil[31m"


def test_a_character_the_font_lacks_becomes_a_box() -> None:
    assert lettering.plain("ok 🙂") == "ok □"


def test_a_no_break_space_is_kept() -> None:
    assert lettering.plain("95\u00a0%") == "95\u00a0%"


def test_width_is_that_of_the_bundled_font() -> None:
    """DejaVu Sans: the advance of 'n' is 1298 of 2048 units per em."""
    wide = lettering.width("n" * 101, 72) - lettering.width("n", 72)
    assert wide == pytest.approx(100 * 1298 / 2048, rel=0.02)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=120), st.floats(0.4, 4), st.integers(1, 4))
def test_wrapped_text_fits_its_place(text: str, inches: float, lines: int) -> None:
    wrapped = lettering.wrapped(text, 8.5, inches, lines=lines).split("\n")
    assert len(wrapped) <= lines
    assert all(lettering.width(line, 8.5) <= inches for line in wrapped)


def test_a_word_that_is_too_long_is_broken_and_what_is_cut_is_marked() -> None:
    wrapped = lettering.wrapped("Donaudampfschifffahrt", 8.5, 0.6, lines=2)
    assert "\n" in wrapped
    assert wrapped.endswith("…")
    assert lettering.shortened("short", 8.5, 2) == "short"


def test_height_counts_lines() -> None:
    assert lettering.height("", 8) == 0
    assert lettering.height("a\nb", 8) == 2 * lettering.height("a", 8)
