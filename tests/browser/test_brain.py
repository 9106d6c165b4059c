"""The viewer of slices as a person uses it: by mouse, by keyboard, by ear."""

from __future__ import annotations

from typing import Any

import pytest

COLOURED = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const places = [];
  for (let at = 0; at < data.length; at += 4)
    if (data[at] > data[at + 2] + 60) places.push(((at / 4) % canvas.width) / canvas.width);
  return places;
}"""
"""How far across the slice its orange pixels are, as shares of its width."""


@pytest.fixture
def viewer(open_page: Any) -> Any:
    found = open_page(part="#brain").locator("#brain-viewer")
    found.locator("select option[value=amygdala_R]").wait_for(state="attached")
    return found


def test_a_region_that_is_chosen_is_shown_and_told(viewer: Any) -> None:
    for side, sign in (("L", "−"), ("R", "+")):
        viewer.locator("select").select_option(f"amygdala_{side}")
        told = viewer.locator("[role=status]").text_content()
        assert told.startswith(f"x {sign}")
        assert f"amygdala_{side}, usable in {0 if side == 'L' else 100} %" in told


def test_the_left_of_a_slice_is_the_left_of_the_participant(viewer: Any) -> None:
    viewer.locator("select").select_option("amygdala_R")
    axial = viewer.locator("[data-view=axial]")
    size = axial.bounding_box()
    axial.click(position={"x": 0.29 * size["width"], "y": size["height"] / 2})
    assert viewer.locator("[role=status]").text_content().startswith("x −")
    axial.click(position={"x": 0.9 * size["width"], "y": size["height"] / 2})
    assert viewer.locator("[role=status]").text_content().startswith("x +")


def test_both_sides_have_the_colour_of_their_group(viewer: Any) -> None:
    viewer.locator("select").select_option("amygdala_L")
    across = viewer.locator("[data-view=axial]").evaluate(COLOURED)
    left, right = ([x for x in across if (x < 0.5) is side] for side in (True, False))
    # Two by two voxels of 4 mm on each side, in pixels of 2 mm; the lines of the cross hide some.
    assert 8 <= len(left) <= 16
    assert 8 <= len(right) <= 16
    # Voxels 4 to 5 and 10 to 11 of 16, in a picture with margins.
    assert 0.25 < sum(left) / len(left) < 0.4
    assert 0.6 < sum(right) / len(right) < 0.75


def test_a_slider_moves_one_voxel_with_a_key_and_says_where_it_is(viewer: Any) -> None:
    slider = viewer.locator("input[type=range]").nth(2)
    before = int(slider.input_value())
    told = slider.get_attribute("aria-valuetext")
    slider.press("ArrowUp")
    assert int(slider.input_value()) == before + 1
    assert slider.get_attribute("aria-valuetext") != told
    assert slider.get_attribute("aria-valuetext").endswith(" mm")


def test_without_its_script_the_pictures_are_there(browser: Any, report: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#brain-viewer").is_hidden()
    assert page.locator("figure.brain img").count() == 2
    context.close()
