"""Letters once in a page: pictures look the same and weigh less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from brainchange.report.glyphs import share_letters
from brainchange.report.page import ReportInput
from made_up.report import report_of


@pytest.fixture(scope="module")
def given(make_up: Any, made_up_size: Any, tmp_path_factory: Any) -> ReportInput:
    made = make_up(made_up_size(counts=(3, 3, 3), n_groups=2))
    folder: Path = tmp_path_factory.mktemp("figures")
    return report_of(made, folder)


def blanks(svg: str) -> set[str]:
    """Names of letters without an outline: spaces."""
    return set(re.findall(r'<path id="([^"]+)" transform="scale', svg))


def test_every_letter_is_there_once_and_every_use_finds_it(given: ReportInput) -> None:
    pictures, outlines = share_letters(given.pictures)
    known = re.findall(r'<path id="([^"]+)" d="([^"]*)"', outlines)
    assert len({path for _, path in known}) == len(known) == len({name for name, _ in known})
    for before, after in zip(given.pictures, pictures, strict=True):
        used = re.findall(r'<use href="#([^"]+)"', after.svg)
        assert set(used) <= {name for name, _ in known}
        blank = sum(before.svg.count(f'<use xlink:href="#{name}"') for name in blanks(before.svg))
        assert after.svg.count("<use ") == before.svg.count("<use ") - blank
        own = set(re.findall(r' id="([^"]+)"', after.svg))
        assert set(re.findall(r'xlink:href="#([^"]+)"', after.svg)) <= own
        assert set(re.findall(r"url\(#([^)]+)\)", after.svg)) <= own


def test_a_letter_stays_where_it_was(given: ReportInput) -> None:
    pictures, outlines = share_letters(given.pictures)
    path_of = dict(re.findall(r'<path id="([^"]+)" d="([^"]*)"', outlines))
    before, after = given.pictures[0].svg, pictures[0].svg
    old = dict(re.findall(r'<path id="([^"]+)" d="([^"]*)" transform="scale', before))
    placed = re.findall(r'<use xlink:href="#([^"]+)" transform="translate\(([\d.]+) 0\)"/>', before)
    placed = [(name, x) for name, x in placed if name not in blanks(before)]
    moved = re.findall(r'<use href="#([^"]+)" x="([\d.]+)"/>', after)
    assert len(placed) == len(moved) > 50
    for (name, x), (letter, place) in zip(placed, moved, strict=True):
        assert path_of[letter] == old[name]
        assert float(place) == pytest.approx(float(x), abs=0.06)


def test_pictures_weigh_half_as_much(given: ReportInput) -> None:
    pictures, outlines = share_letters(given.pictures)
    before = sum(len(one.svg) for one in given.pictures)
    assert sum(len(one.svg) for one in pictures) + len(outlines) < 0.6 * before
