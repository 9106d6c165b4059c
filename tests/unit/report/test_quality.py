"""The part of the page about images: all runs in numbers, and as many pictures as there is room."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image as Pillow

from brainchange.errors import BrainchangeError
from brainchange.figures.qc_tables import PICTURES_TABLE, QUALITY_TABLE
from brainchange.report.quality import Quality, folders_in, read_quality, standing_apart
from brainchange.report.shell import environment

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)> \u202e \U0001f9e0"


def person(folder, number, *, excluded="", displacement=0.15, size=40, title="regions"):
    """Write what was drawn of a participant with one run."""
    name = f"sub-{number:02d}"
    own = folder / "part-01" / name
    own.mkdir(parents=True)
    random = np.random.default_rng(number)
    pixels = random.integers(0, 255, (size, size, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(own / f"{name}_regions.webp", quality=50)
    run = {
        "participant_id": name,
        "session_id": "ses-pre",
        "run": f"{name}_ses-pre_task-rest",
        "status": "excluded" if excluded else "used",
        "reason": excluded or None,
        "n_volumes": 96,
        "n_censored": 6,
        "fd_mean": displacement,
        "fd_max": 1.25,
        "tsnr": 80.0 + number,
        "coverage": 0.62,
        "coverage_region": "OFC_L",
        "n_unusable": 1,
    }
    QUALITY_TABLE.write(QUALITY_TABLE.frame([run]), own / "quality.tsv")
    picture = {
        "name": f"{name}_regions",
        "participant_id": name,
        "step": "regions",
        "status": run["status"],
        "title": title,
        "alternative": f"{title}: 27 of 28 regions usable",
    }
    PICTURES_TABLE.write(PICTURES_TABLE.frame([picture]), own / "pictures.tsv")
    return own


def shown(quality: Quality) -> str:
    parts = environment().get_template("parts.html.j2").module
    page = environment().get_template("quality.html.j2")
    return page.render(quality=quality, parts=parts, downloads={})


def test_every_run_is_in_the_table_with_its_numbers(tmp_path):
    page = shown(read_quality([person(tmp_path, n) for n in (1, 2, 3)]))
    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count('<th scope="row">') == 3
    assert re.findall(r'data-sort="([\d.]+)"', rows.split("</tr>")[1]) == [
        "0.15",
        "1.25",
        "6",
        "82",
        "62",
    ]
    assert "OFC_L" in rows
    assert "of\u00a096" in rows
    assert 'class="sortable stack data"' in page


def test_columns_that_no_run_has_are_not_shown(tmp_path):
    numbers = read_quality([person(tmp_path, 1)]).numbers
    assert numbers is not None
    assert numbers.columns == (
        "Run",
        "Status",
        "FD mean (mm)",
        "FD largest (mm)",
        "Censored volumes",
        "tSNR",
        "Least coverage (%)",
    )


def test_gates_stand_in_the_headings(tmp_path):
    own = person(tmp_path, 1)
    table = QUALITY_TABLE.read(own / "quality.tsv")
    table["mask_overlap"], table["mask_overlap_gate"] = 0.91, 0.85
    table["registration_distance"], table["registration_distance_gate"] = 0.4, 3.0
    QUALITY_TABLE.write(table, own / "quality.tsv")
    numbers = read_quality([own]).numbers
    assert numbers is not None
    headings = numbers.columns
    assert "BOLD–T1w Dice, gate ≥ 0.85" in headings
    assert "Distance (mm), gate ≤ 3.00" in headings


def test_pictures_of_all_are_in_the_page_where_there_is_room(tmp_path):
    quality = read_quality([person(tmp_path, n) for n in (1, 2, 3)])
    assert "The pictures of all are in this page" in quality.summary
    page = shown(quality)
    assert page.count("<img ") == 3
    assert page.count('src="data:image/webp;base64,') == 3
    assert 'width="40" height="40" alt="regions: 27 of 28 regions usable"' in page
    assert 'href="quality/part-01/sub-02/sub-02_regions.png"' in page


def test_who_is_left_out_or_apart_comes_into_the_page_first(tmp_path):
    moves = np.random.default_rng(0).uniform(0.1, 0.2, 9)
    folders = [person(tmp_path, n, displacement=moves[n]) for n in range(1, 7)]
    folders.append(person(tmp_path, 7, displacement=0.9))
    folders.append(person(tmp_path, 8, displacement=moves[8], excluded="too much motion"))
    one = max(path.stat().st_size for path in tmp_path.rglob("*.webp"))
    quality = read_quality(folders, most_bytes=3 * one)
    assert [p.participant for p in quality.people if p.is_shown] == ["sub-01", "sub-07", "sub-08"]
    assert "3 of 8 participants" in quality.summary
    assert "1 left out" in quality.summary
    page = shown(quality)
    assert page.count("<img") == 3
    for n in range(1, 9):
        assert f'href="quality/part-01/sub-{n:02d}/sub-{n:02d}_regions.png"' in page
    assert "apart</strong> ses-pre task-rest: mean framewise displacement" in page
    assert "left out</strong> ses-pre task-rest: too much motion" in page


def test_without_room_all_are_linked(tmp_path):
    quality = read_quality([person(tmp_path, n) for n in (1, 2)], most_bytes=0)
    assert "The pictures of 0 of 2 participants are in this page" in quality.summary
    assert shown(quality).count('href="quality/') == 2


def test_runs_alike_or_few_do_not_stand_apart(tmp_path):
    def table(values):
        return QUALITY_TABLE.frame(
            {"participant_id": "s", "run": f"r{n}", "status": "used", "fd_mean": value}
            for n, value in enumerate(values)
        )

    assert standing_apart(table([0.1, 0.1, 0.1, 0.1, 0.1])) == {}
    assert standing_apart(table([0.1, 0.11, 5.0])) == {}
    # Median 0.12, median absolute deviation 0.01: apart above 0.12 + 3 × 1.4826 × 0.01.
    values = [0.10, 0.11, 0.12, 0.13, 0.164, 0.165]
    assert standing_apart(table([*values, 0.12, 0.12, 0.11])) == {
        "r5": ("mean framewise displacement",)
    }


def test_hostile_text_stays_text(tmp_path):
    page = shown(read_quality([person(tmp_path, 1, excluded=HOSTILE, title=HOSTILE)]))
    assert "<script" not in page
    assert "onerror=alert(1)>" not in page
    assert page.count("&lt;script&gt;") >= 3
    assert page.count("<img") == 1


def test_what_could_not_be_drawn_says_why(tmp_path):
    own = person(tmp_path, 1)
    table = PICTURES_TABLE.read(own / "pictures.tsv")
    table["lacking"] = "the file ends in volume 3 of 96"
    PICTURES_TABLE.write(table, own / "pictures.tsv")
    page = shown(read_quality([own]))
    assert "the file ends in volume 3 of 96" in page
    assert "<img" not in page


def test_a_missing_picture_is_an_error_that_names_it(tmp_path):
    own = person(tmp_path, 1)
    (own / "sub-01_regions.webp").unlink()
    with pytest.raises(BrainchangeError, match="picture is missing"):
        read_quality([own])


def test_a_study_from_a_table_has_no_such_section():
    assert shown(read_quality([])).strip() == ""


def test_participants_of_all_parts_are_found_in_order(tmp_path):
    for number in (2, 1):
        person(tmp_path, number)
    (tmp_path / "part-02" / "sub-11").mkdir(parents=True)
    found = folders_in([tmp_path / "part-01", tmp_path / "part-02"])
    assert [path.name for path in found] == ["sub-01", "sub-02", "sub-11"]
