"""The report as a person meets it: on a phone, in the dark, on paper, by keyboard, by ear."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from brainchange.figures.pooled import write_pooled
from brainchange.report.across import AcrossStudies, across_page
from brainchange.report.gathered import drawn_pictures
from brainchange.report.page import render
from brainchange.sources.overlap import OVERLAPS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import tsv_text
from made_up.across import across_of
from made_up.report import report_of
from made_up.results import made_up
from made_up.study import MadeUp

A4 = 718
"""Width of an A4 page between its margins, in CSS pixels."""
ROWS = "rows => rows.map(row => row.cells[1].dataset.sort)"
TOO_WIDE = """width => [...document.querySelectorAll("table")]
  .filter(table => table.checkVisibility() && table.getBoundingClientRect().right > width + 1)
  .map(table => table.caption?.textContent ?? table.id)"""
FOCUS = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  window.walked ??= [];
  const last = window.walked.at(-1);
  window.walked.push(at);
  return {
    name: at.textContent.trim().slice(0, 40) || at.tagName,
    seen: box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth + 1,
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    onward: !last || !!(last.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING),
  };
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach(part => part.open = true)"
UNDRAWN = "document.querySelectorAll('.plot svg > g').forEach(drawn => drawn.remove())"
"""Pictures keep their names and words and lose their marks, of which a page has 100,000."""
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "\u202eevil 🙂\nnext line",
    "x" * 300,
    "مرحبا بالعالم",
    "\"><svg onload='window.hacked = 1'>",
    "{{ 7 * 7 }}</style></title>",
)
"""Arms as a hostile or careless dataset may name them."""


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_no_width_scrolls_sideways(open_page: Any, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_a_table_is_sorted_by_keyboard_and_says_so(open_page: Any) -> None:
    page = open_page()
    header = page.locator("#verdicts thead th").nth(1)
    for order, up in (("ascending", True), ("descending", False)):
        header.locator("button").press("Enter")
        assert header.get_attribute("aria-sort") == order
        ranks = [int(rank) for rank in page.locator("#verdicts tbody tr").evaluate_all(ROWS)]
        assert ranks == sorted(ranks, reverse=not up)
        assert len(set(ranks)) > 1
    assert page.locator("#verdicts th[aria-sort]").count() == 1


def test_numbers_that_are_missing_are_sorted_to_the_end(open_page: Any) -> None:
    page = open_page()
    button = page.locator("#reliability thead th button").nth(1)
    page.evaluate("document.querySelector('#reliability tbody tr').cells[1].dataset.sort = 'n/a'")
    for _ in range(2):
        button.click()
        assert page.locator("#reliability tbody tr").evaluate_all(ROWS)[-1] == "n/a"


def test_a_filter_leaves_the_rows_that_hold_the_words(open_page: Any) -> None:
    page = open_page()
    page.evaluate(OPEN_ALL)
    name = page.locator("input[data-filters]").first.get_attribute("data-filters")
    rows = page.locator(f"#{name} tbody tr")
    texts = rows.all_text_contents()
    wanted = re.findall(r"\w+", texts[-1])[0]
    expected = sum(wanted.lower() in text.lower() for text in texts)
    page.locator(f"input[data-filters={name}]").fill(wanted)
    assert sum(row.is_visible() for row in rows.all()) == expected < len(texts)
    assert page.locator(f"#{name}-count").text_content() == f"{expected} of {len(texts)} shown"


def test_dark_pages_are_dark_and_pictures_with_them(open_page: Any) -> None:
    ink = "getComputedStyle(document.querySelector('figure svg [style*=\"fill: var(--f\"]')).fill"
    seen = {}
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        seen[scheme] = (page.evaluate(GROUND), page.evaluate(ink))
    assert seen["light"][0] == "rgb(255, 255, 255)"
    assert max(map(int, re.findall(r"\d+", seen["dark"][0]))) < 60
    assert seen["light"][1] != seen["dark"][1]


def brightness(page: Any) -> int:
    return max(map(int, re.findall(r"\d+", page.evaluate(GROUND))))


def test_the_reader_chooses_light_or_dark_by_keyboard_and_it_is_kept(open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    assert brightness(page) < 60
    chosen = page.locator(".scheme input:checked")
    assert chosen.get_attribute("value") == ""
    chosen.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".scheme input:checked").get_attribute("value") == "light"
    assert brightness(page) == 255
    page.reload()
    assert brightness(page) == 255
    assert page.locator(".scheme input:checked").get_attribute("value") == "light"
    page.locator(".scheme input:checked").focus()
    page.keyboard.press("ArrowRight")
    page.emulate_media(color_scheme="light")
    assert brightness(page) < 60
    page.emulate_media(media="print")
    assert brightness(page) == 255
    page.emulate_media(media="screen")
    page.locator(".scheme label").first.click()
    assert brightness(page) == 255


def test_where_nothing_may_be_stored_the_switch_works_and_says_nothing(open_page: Any) -> None:
    page = open_page(color_scheme="light", storage=False)
    page.locator(".scheme label").nth(2).click()
    assert brightness(page) < 60


def test_pictures_of_images_do_not_glare_on_a_dark_page(open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    dimmed = "[...document.querySelectorAll('main img')].map(one => getComputedStyle(one).filter)"
    filters = page.evaluate(dimmed)
    assert filters
    assert all(one.startswith("brightness(0.") for one in filters)


def test_on_paper_nothing_is_cut_and_what_is_folded_is_open(open_page: Any) -> None:
    page = open_page(viewport={"width": A4, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.print:not([open])").count() == 0
    assert page.evaluate(TOO_WIDE, A4) == []
    assert page.locator("nav.contents").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.print[open]").count() == 0
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 5


def test_a_walk_by_keyboard_goes_down_the_page_and_is_seen(open_page: Any) -> None:
    page = open_page(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    steps = []
    for _ in range(60):
        page.keyboard.press("Tab")
        steps.append(page.evaluate(FOCUS))
    assert steps[0]["name"] == "Skip to the answer"
    for fault in ("seen", "marked", "onward"):
        assert [step["name"] for step in steps if not step[fault]] == [], fault


def test_the_first_link_leads_past_everything_to_the_answer(open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert 0 <= page.evaluate("document.getElementById('answer').getBoundingClientRect().top") < 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_grave_is_found_by_axe(open_page: Any, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(color_scheme=scheme, viewport={"width": 1000, "height": 800}, bypass_csp=True)
    page.evaluate(OPEN_ALL)
    page.evaluate(UNDRAWN)
    # What a page is built of does not depend on its colours, and takes long to look through.
    only = {"runOnly": ["color-contrast"]} if scheme == "dark" else None
    grave = {
        one["id"]: [node["html"][:200] for node in one["nodes"][:3]]
        for one in Axe().run(page, options=only).response["violations"]
        if one["impact"] in ("serious", "critical")
    }
    assert grave == {}


def test_without_its_script_the_page_is_whole(open_page: Any) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator("#verdicts tbody tr").count() == 3
    assert page.locator(".filtering:visible").count() == 0
    assert page.locator("#table-verdicts a[download]").count() == 1


def test_tables_and_pictures_are_taken_from_the_page_alone(open_page: Any) -> None:
    page = open_page(accept_downloads=True, color_scheme="dark")
    with page.expect_download() as taken:
        page.locator("a[data-takes=table-verdicts]").first.click()
    assert taken.value.suggested_filename == "verdicts.tsv"
    expected = tsv_text(made_up(MadeUp(counts=(8, 8, 8), n_groups=3)).tables["verdicts"])
    assert taken.value.path().read_text() == expected
    with page.expect_download() as taken:
        page.locator("a[data-picture]:visible").first.click()
    picture = taken.value.path().read_text()
    assert picture.startswith("<svg")
    assert "var(" not in picture
    assert "#1d2733" in picture


def test_the_page_across_studies_is_of_the_same_kind(open_page: Any, tmp_path: Any) -> None:
    effects = made_up(MadeUp(counts=(8, 8, 8), n_groups=2)).tables["effects"]
    found = across_of(effects, 4)
    drawn = write_pooled(found.meta, found.forest, 0.5, tmp_path, simulated=True)
    given = AcrossStudies(
        found.meta,
        found.forest,
        OVERLAPS_TABLE.frame(),
        drawn_pictures(drawn, tmp_path),
        HOSTILE,
        seed=7,
        simulated=True,
    )
    path = tmp_path / "across.html"
    path.write_text(across_page(given), encoding="utf-8")
    page = open_page(path, viewport={"width": 360, "height": 700}, color_scheme="dark")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    assert page.evaluate("window.hacked") is None
    assert brightness(page) < 60
    header = page.locator("#claims thead th").nth(1)
    header.locator("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert page.locator("#claims .badge").count() == len(drawn)


def test_hostile_text_neither_runs_nor_breaks_the_page(open_page: Any, tmp_path: Any) -> None:
    given = made_up(MadeUp(counts=(3, 3, 3), n_groups=2, arm_labels=HOSTILE))
    rows = [
        {"scope": "run", "action": "excluded", "reason": text, "participant_id": text, "name": text}
        for text in HOSTILE
    ]
    hostile = {**given.tables, "decisions": DECISIONS_TABLE.frame(rows)}
    words = {"title": HOSTILE[0], "citation": HOSTILE[4], "license": HOSTILE[2]}
    given = dataclasses.replace(given, tables=hostile, study=given.study.model_copy(update=words))
    path = tmp_path / "report.html"
    path.write_text(render(report_of(given, tmp_path / "figures")), encoding="utf-8")
    page = open_page(path, viewport={"width": 360, "height": 700})
    page.evaluate(OPEN_ALL)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    assert page.locator("body > footer").count() == 1
    assert page.locator("main img").count() == page.locator("main svg img").count()
    assert "<script>window.hacked" in page.locator("#decisions").text_content()
    assert "49" not in page.locator("#decisions").text_content()
