from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from brainchange.figures import theme
from brainchange.figures.sheet import new_sheet
from brainchange.study.model import Arm


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def arms(*roles: str) -> dict[str, Arm]:
    return {
        f"arm{place}": Arm.model_validate({"label": role, "role": role})
        for place, role in enumerate(roles)
    }


def test_an_untreated_arm_is_grey_and_the_first_therapy_is_always_the_same() -> None:
    first = theme.arm_styles(arms("therapy", "untreated"))
    second = theme.arm_styles(arms("untreated", "comparison", "therapy"))
    assert first["arm1"].colour == second["arm0"].colour == "#76828f"
    assert first["arm0"].colour == second["arm2"].colour


def test_arms_of_one_role_differ_in_colour_and_all_arms_in_marker() -> None:
    styles = theme.arm_styles(arms(*["therapy"] * 4, "untreated", "untreated")).values()
    assert len({style.colour for style in styles}) == 6
    assert len({style.marker for style in styles}) == 6


@pytest.mark.parametrize("role", ["therapy", "comparison", "untreated", "healthy"])
def test_the_first_arm_of_each_role_stands_out_on_white_and_on_a_dark_page(role: str) -> None:
    colour = theme.arm_styles(arms(role))["arm0"].colour
    assert contrast(colour, theme.PAPER) >= 3
    assert contrast(theme.DARK[colour], theme.DARK[theme.PAPER]) >= 4.5


def lab(colour: str, matrix: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of a colour as seen through a matrix of linear RGB."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(matrix @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


SEEN = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
"""Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB."""


@pytest.mark.parametrize("eyes", SEEN)
def test_arms_of_different_roles_stay_apart_without_one_kind_of_cones(eyes: str) -> None:
    """A distance of 10 in CIELAB is seen at a glance; of 2.3 it can just be seen."""
    first = ("therapy", "comparison", "untreated", "healthy")
    for dark in (False, True):
        colours = [style.colour for style in theme.arm_styles(arms(*first)).values()]
        colours = [theme.DARK[colour] for colour in colours] if dark else colours
        seen = [lab(colour, SEEN[eyes]) for colour in colours]
        apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(apart) > 10


def test_the_check_of_colours_sees_red_and_green_that_meet() -> None:
    red, green = "#b04a3a", "#6f7a2b"
    far = np.linalg.norm(lab(red, SEEN["all cones"]) - lab(green, SEEN["all cones"]))
    near = np.linalg.norm(lab(red, SEEN["deuteranopia"]) - lab(green, SEEN["deuteranopia"]))
    assert far > 40
    assert near < 15


@pytest.mark.parametrize("tone", sorted(theme.TONES))
def test_a_verdict_is_readable_on_its_ground(tone: str) -> None:
    colour, ground = theme.TONES[tone]
    assert contrast(colour, ground) >= 4.5
    assert contrast(theme.DARK[colour], theme.DARK[ground]) >= 4.5


def test_text_is_readable_on_white_and_on_a_dark_page() -> None:
    for colour in (theme.INK, theme.MUTED, theme.WARNING):
        assert contrast(colour, theme.PAPER) >= 4.5
        assert contrast(theme.DARK[colour], theme.DARK[theme.PAPER]) >= 4.5


def test_the_theme_does_not_depend_on_the_settings_of_the_machine_and_leaves_them() -> None:
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9}):
        with theme.applied():
            assert mpl.rcParams["font.size"] == theme.BODY
            assert mpl.rcParams["lines.linewidth"] == mpl.rcParamsDefault["lines.linewidth"]
        assert mpl.rcParams["font.size"] == 30


def drawn(folder: Path, *, simulated: bool) -> tuple[Path, ...]:
    with theme.applied():
        figure = new_sheet(4, 1, "A title with $ and _ and <b>").figure
    table = pd.DataFrame({"value": [0.1, None]})
    return theme.save(figure, table, folder / "x.y", simulated=simulated)


def test_a_figure_is_written_as_svg_png_and_table_with_the_same_bytes_each_time(
    tmp_path: Path,
) -> None:
    first = drawn(tmp_path / "1", simulated=True)
    second = drawn(tmp_path / "2", simulated=True)
    assert [path.name for path in first] == ["x.y.svg", "x.y.png", "x.y.tsv"]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert first[2].read_text() == "value\n0.1\nn/a\n"
    assert "dc:date" not in first[0].read_text()


def test_the_png_has_300_dots_per_inch(tmp_path: Path) -> None:
    raw = drawn(tmp_path, simulated=False)[1].read_bytes()
    assert int.from_bytes(raw[16:20], "big") == 4 * 300


def test_simulated_data_are_stamped_once(tmp_path: Path) -> None:
    with theme.applied():
        figure: Any = new_sheet(4, 1, "Title").figure
        theme.stamp(figure)
        theme.stamp(figure)
    assert [t.get_text() for t in figure.texts].count("SIMULATED DATA") == 1
    assert "SIMULATED DATA" in drawn(tmp_path / "s", simulated=True)[0].read_text()
    assert "SIMULATED DATA" not in drawn(tmp_path / "r", simulated=False)[0].read_text()


def test_what_a_figure_was_made_from_stands_at_its_foot_once_and_inside(tmp_path: Path) -> None:
    with theme.applied():
        sheet = new_sheet(4, 1, "Title", notes="Notes.")
        for _ in range(2):
            theme.sign(sheet.figure, "study · seed 7 · configuration 0123abcd" + " more" * 40)
    (told,) = [text for text in sheet.figure.texts if text.get_gid() == "origin"]
    sheet.figure.draw_without_rendering()
    box = told.get_window_extent()
    assert told.get_text().startswith("study · seed 7 · configuration 0123abcd")
    assert box.x0 >= 0
    assert box.y0 >= 0
