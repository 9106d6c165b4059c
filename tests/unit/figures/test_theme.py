from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
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
