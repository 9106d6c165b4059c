"""However many claims and participants there are, a page holds no more than it may."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image as Pillow

from brainchange.figures.qc_tables import PICTURES_TABLE, QUALITY_TABLE
from brainchange.report.fit import LARGEST_PAGE, fitted, with_room
from brainchange.report.page import ReportInput

PARTICIPANTS = 60
LEFT_OUT = 41


def person(folder: Path, number: int) -> Path:
    """Pictures of a participant; only one is left out."""
    name = f"sub-{number:02d}"
    own = folder / "part-01" / name
    own.mkdir(parents=True)
    pixels = np.random.default_rng(number).integers(0, 255, (120, 120, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(own / f"{name}_regions.webp", quality=60)
    status = "excluded" if number == LEFT_OUT else "used"
    shared = {"participant_id": name, "status": status}
    run = {**shared, "run": f"{name}_task-rest", "n_volumes": 96, "n_censored": 6, "fd_mean": 0.1}
    QUALITY_TABLE.write(QUALITY_TABLE.frame([run]), own / "quality.tsv")
    drawn = {**shared, "name": f"{name}_regions", "step": "regions", "title": "t"}
    PICTURES_TABLE.write(PICTURES_TABLE.frame([drawn | {"alternative": "a"}]), own / "pictures.tsv")
    return own


@pytest.fixture(scope="module")
def folder(pictured_report: tuple[ReportInput, Path]) -> Path:
    return pictured_report[1]


@pytest.fixture(scope="module")
def given(pictured_report: tuple[ReportInput, Path]) -> ReportInput:
    return pictured_report[0]


@pytest.fixture(scope="module")
def people(tmp_path_factory: Any) -> list[Path]:
    folder = tmp_path_factory.mktemp("people")
    return [person(folder, number) for number in range(1, PARTICIPANTS + 1)]


@pytest.fixture(scope="module")
def text_alone(given: ReportInput, folder: Path, people: list[Path]) -> int:
    """Bytes of the page when nothing but text has room."""
    return len(fitted(given, people, folder / "figures", 0).encode())


@pytest.mark.parametrize("room", [300_000, 2_500_000])
def test_the_page_is_no_larger_than_it_may_be(
    given: ReportInput, folder: Path, people: list[Path], text_alone: int, room: int
) -> None:
    page = fitted(given, people, folder / "figures", text_alone + room)
    assert text_alone < len(page.encode()) <= text_alone + room
    # What is not in the page is linked, and nothing is lost.
    assert page.count('<figure id="figure-') == len(given.pictures)
    for name in given.tables:
        assert f"{name}.tsv" in page
    for own in people:
        assert f'href="quality/part-01/{own.name}/{own.name}_regions.png"' in page


def test_where_there_is_room_everything_is_inside(
    given: ReportInput, folder: Path, people: list[Path]
) -> None:
    page = fitted(given, people, folder / "figures")
    assert len(page.encode()) < LARGEST_PAGE
    assert page.count('src="data:image/webp') == PARTICIPANTS
    assert page.count('<svg xmlns="') == len(given.pictures)


def test_who_is_left_out_is_shown_first_and_the_heaviest_figures_lie_beside_the_page(
    given: ReportInput, folder: Path, people: list[Path], text_alone: int
) -> None:
    page = fitted(given, people, folder / "figures", text_alone + 1_200_000)
    figures = re.findall(r'<figure id="figure-.*?</figure>', page, re.DOTALL)
    drawn = ['<svg xmlns="' in one for one in figures]
    assert 0 < sum(drawn) < len(given.pictures)
    for inside, one in zip(drawn, figures, strict=True):
        assert inside != ("lies beside the page" in one or 'src="data:image/webp' in one)
    shown = re.findall(r'id="quality-(sub-\d+)"(?:(?!</details>).)*?data:image', page, re.DOTALL)
    assert f"sub-{LEFT_OUT:02d}" in shown
    assert len(shown) < PARTICIPANTS


def test_a_figure_of_many_marks_becomes_a_small_picture_with_its_words(
    given: ReportInput, folder: Path
) -> None:
    heavy = dataclasses.replace(given.pictures[0], svg="<svg>" + "x" * 900_000 + "</svg>")
    light = given.pictures[1]
    one, other = with_room((heavy, light), folder / "figures", 300_000)
    assert one.svg.startswith('<img src="data:image/webp;base64,')
    assert f'alt="{escape(heavy.alternative)}"' in one.svg
    assert other == light
