"""The brain on the page: pictures with their words, slices for the viewer, nothing that runs."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image as Pillow

from brainchange.errors import BrainchangeError
from brainchange.figures.brain_views import COVERED_TABLE
from brainchange.report.brain import LARGEST_SLICES, read_brain
from brainchange.report.shell import environment, text
from brainchange.report.webp import webp_size

HOSTILE = '</div><script>alert(1)</script>\' onload="alert(2)"'


class Events(HTMLParser):
    """Collects attributes that would run something."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture
def folder(tmp_path):
    own = tmp_path / "brain"
    own.mkdir()
    for name in ("regions", "coverage"):
        Pillow.new("RGB", (64, 48), "black").save(own / f"{name}.webp", quality=50)
    rows = [
        {"region": "amygdala_L", "group": "amygdala", "n_usable": 28, "n_measured": 30},
        {"region": HOSTILE, "group": "other", "n_usable": 30, "n_measured": 30},
    ]
    rows = [row | {"share": row["n_usable"] / row["n_measured"]} for row in rows]
    COVERED_TABLE.write(COVERED_TABLE.frame(rows), own / "covered.tsv")
    slices = {
        "shape": [1, 1, 1],
        "whose": HOSTILE,
        "regions": [{"name": row["region"]} for row in rows],
    }
    (own / "slices.json").write_text(json.dumps(slices) + "\n")
    return own


def shown(brain):
    parts = environment().get_template("parts.html.j2").module
    page = environment().get_template("brain.html.j2")
    return page.render(brain=brain, pictures={}, parts=parts)


def test_pictures_say_in_words_what_they_show(folder):
    page = shown(read_brain(folder))
    assert "usable in all of 30 participants but amygdala_L in 28 of 30" in page
    assert page.count('width="64" height="48"') == 2
    assert 'href="brain/coverage.png"' in page


def test_hostile_names_stay_text_and_reach_the_viewer_whole(folder):
    page = shown(read_brain(folder))
    assert "<script" not in page
    assert not Events(page).found
    packed = re.search(r'data-slices="([^"]*)"', page)
    assert packed is not None
    assert json.loads(html.unescape(packed[1]))["regions"][1]["name"] == HOSTILE


def test_the_viewer_stays_hidden_until_its_script_has_run(folder):
    page = shown(read_brain(folder))
    viewer = re.search(r'<div class="viewer"[^>]*>', page)
    assert viewer is not None
    assert viewer[0].endswith(" hidden>")
    assert "box.hidden = false" in text("viewer.js")
    # Names become text of elements, never markup.
    assert "innerHTML" not in text("viewer.js")


def test_every_control_of_the_viewer_has_a_name(folder):
    page = shown(read_brain(folder))
    assert len(re.findall(r"<label>[^<]+<(?:input|select)", page)) == 4
    assert page.count('role="img" aria-label="') == 3
    assert 'role="status"' in page


def test_slices_too_large_for_a_page_are_refused(folder):
    (folder / "slices.json").write_text('"' + "x" * LARGEST_SLICES + '"')
    with pytest.raises(BrainchangeError, match="too much for a page"):
        read_brain(folder)


def test_a_missing_picture_is_an_error_that_names_it(folder):
    (folder / "coverage.webp").unlink()
    with pytest.raises(BrainchangeError, match=r"coverage\.webp"):
        read_brain(folder)


def test_a_study_from_a_table_has_no_brain():
    assert read_brain(None) is None
    assert shown(None).strip() == ""


def test_the_size_of_a_picture_is_read_from_its_bytes(folder):
    assert webp_size((folder / "regions.webp").read_bytes()) == (64, 48)
    with pytest.raises(BrainchangeError):
        webp_size(b"RIFF....not a picture at all, but long enough")
