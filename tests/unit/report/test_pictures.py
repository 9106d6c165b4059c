from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from brainchange.errors import BrainchangeError
from brainchange.figures import registry, theme
from brainchange.report.pictures import colour_rules, page_svg, read_pictures


def svg(folder: Path, text: str = "T") -> str:
    with theme.applied():
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=theme.INK, marker="o")
        axes.set_title(text)
        figure.savefig(folder / "x.svg", metadata={"Date": None})
    return (folder / "x.svg").read_text()


def test_two_pictures_on_a_page_share_no_id(tmp_path: Path) -> None:
    raw = svg(tmp_path)
    one, _ = page_svg(raw, "one.a", "Title", "Words")
    other, _ = page_svg(raw, "other", "Title", "Words")
    ids = [set(text.split('id="')[1:]) for text in (one, other)]
    names = [{part.split('"')[0] for part in found} for found in ids]
    assert names[0]
    assert not names[0] & names[1]
    for made, mine in zip((one, other), names, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', made)) <= mine


def test_glyphs_are_named_in_few_letters_and_what_nothing_refers_to_has_no_name(
    tmp_path: Path,
) -> None:
    raw = svg(tmp_path)
    made, _ = page_svg(raw, "a-very-long-name-of-a-picture", "t", "w")
    pattern = r'(?:href="|url\()#([^")]+)'
    references = re.findall(pattern, made)
    assert len(references) == len(re.findall(pattern, raw)) > 10
    assert max(map(len, references)) <= 11
    named = set(re.findall(r'\sid="([^"]+)"', made))
    assert named - set(references) == {f"a-very-long-name-of-a-picture-{end}" for end in "td"}


def test_a_picture_has_its_title_its_words_and_its_natural_width(tmp_path: Path) -> None:
    made, width = page_svg(svg(tmp_path), "x", "A <b>title</b>", "Words & numbers")
    assert width == 3 * 96
    assert 'role="img"' in made
    assert '<title id="x-t">A &lt;b&gt;title&lt;/b&gt;</title>' in made
    assert '<desc id="x-d">Words &amp; numbers</desc>' in made
    assert "<?xml" not in made
    assert "<style" not in made
    assert "<!--" not in made


def test_colours_of_the_theme_become_variables_with_a_dark_value(tmp_path: Path) -> None:
    made, _ = page_svg(svg(tmp_path), "x", "t", "w")
    light, dark = colour_rules()
    assert theme.INK not in made
    assert "var(--f1d2733)" in made
    assert "--f1d2733:#1d2733;" in light
    assert f"--f1d2733:{theme.DARK[theme.INK]};" in dark


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<a href="https://example.org">x</a>',
        '<rect onload="alert(1)"/>',
        "<foreignObject/>",
        '<image xlink:href="http://example.org/x.png"/>',
    ],
)
def test_a_picture_with_a_script_or_an_outside_link_is_refused(
    tmp_path: Path, hostile: str
) -> None:
    raw = svg(tmp_path).replace("</svg>", hostile + "</svg>")
    with pytest.raises(BrainchangeError) as caught:
        page_svg(raw, "x", "t", "w", where="figures/x.svg")
    assert str(caught.value) == (
        "figures/x.svg: the picture holds a script or an outside link\n"
        "  Likely cause: it was not written by this program\n"
        "  What to do: delete the folder of figures and run the workflow again"
    )


def test_what_is_no_svg_is_refused() -> None:
    with pytest.raises(BrainchangeError, match="the picture is no SVG with a size"):
        page_svg("hello", "x", "t", "w")


def listed(folder: Path, name: str) -> Path:
    """Write a table of figures that lists one, which is not there."""
    row = {"name": name, "figure": "f", "title": "t", "caption": "c", "alternative": "a"}
    table = registry.FIGURES_TABLE
    table.write(table.frame([row]), folder / "figures.tsv")
    return folder


def test_a_missing_picture_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrainchangeError) as caught:
        read_pictures(listed(tmp_path, "motion"))
    assert str(caught.value) == (
        f"{tmp_path}/motion.svg: the picture is missing or is no SVG\n"
        "  Likely cause: the figures were not drawn, or only in part\n"
        f"  What to do: delete {tmp_path} and run the workflow again"
    )


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrainchangeError, match="would leave the folder"):
        read_pictures(listed(tmp_path, "../../x"))
