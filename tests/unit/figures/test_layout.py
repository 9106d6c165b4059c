"""Nothing overlaps or is cut off, whatever the size of the study and the length of its names."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from brainchange.figures import registry, theme
from brainchange.figures.drawing import FigureInput
from brainchange.figures.sheet import new_sheet

if TYPE_CHECKING:
    from matplotlib.transforms import Bbox

LONG = (
    "Mindfulness-based cognitive behavioural group psychotherapy with booster sessions",
    "<b>Übung</b> $x^2$ 🙂 مرحبا",
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle",
    "A",
    "\u202eevil\u202c",
    "Healthy\nvolunteers",
)
WORDS = (
    "<script>alert(1)</script>",
    "$\\frac{1}{2}$ $",
    "🙂 مرحبا",
    "x" * 120,
    "two\nlines \u202eevil",
)
SIZES = {
    "three participants": {"counts": (1, 1, 1)},
    "one arm": {"counts": (4,), "n_groups": 2},
    "six arms": {"counts": (12,) * 6},
    "sixty regions": {"counts": (5, 5, 5), "n_groups": 60},
    "300 participants": {"counts": (100, 100, 100), "n_groups": 3},
    "long names": {"counts": (8, 9, 7, 8, 8, 8), "arm_labels": LONG},
}


def shown_texts(figure: Figure) -> Iterator[Text]:
    yield from figure.texts
    for axes in figure.axes:
        if not axes.axison:
            yield from axes.texts
            continue
        yield from (*axes.texts, axes.title)
        for axis in (axes.xaxis, axes.yaxis):
            yield axis.label
            for tick in axis._update_ticks():
                yield from (label for label in (tick.label1, tick.label2) if label.get_visible())


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    return [
        (text.get_text(), text.get_window_extent(renderer))
        for text in shown_texts(figure)
        if text.get_visible() and text.get_text().strip()
    ]


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("figure", sorted(registry.figures()))
def test_all_text_is_inside_the_figure_and_apart_from_other_text(
    name: str, figure: str, make_up: Any, made_up_size: Any
) -> None:
    given = make_up(made_up_size(**SIZES[name]))
    drawings = list(registry.drawings(registry.figures()[figure], given))
    assert drawings
    # Slopegraphs of one kind and sheets of one metric have the same layout: two of each suffice.
    for drawing in drawings[:1] + drawings[-1:]:
        with theme.applied():
            theme.stamp(drawing.figure)
            theme.sign(drawing.figure, given.origin)
            found = boxes(drawing.figure)
        width, height = drawing.figure.bbox.size
        outside = [
            text
            for text, box in found
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
        ]
        assert outside == [], f"{drawing.name}: cut off"
        overlapping = [
            (first, second)
            for (first, one), (second, other) in itertools.combinations(found, 2)
            if one.padded(-1.2).overlaps(other.padded(-1.2))
        ]
        assert overlapping == [], f"{drawing.name}: overlaps"


def test_the_check_itself_sees_text_that_is_cut_off_or_covered() -> None:
    with theme.applied():
        sheet = new_sheet(4, 1, "Title")
        sheet.text(0.2, 0.2, "one")
        sheet.text(0.25, 0.22, "two")
        sheet.text(3.9, 0.6, "beyond the edge")
        found = dict(boxes(sheet.figure))
    assert found["one"].padded(-1.2).overlaps(found["two"].padded(-1.2))
    assert found["beyond the edge"].x1 > sheet.figure.bbox.width


def hostile(given: FigureInput) -> FigureInput:
    """The same study with words of a careless or hostile dataset in every cell of text."""
    tables = {}
    for name, table in given.tables.items():
        words = {
            column: table[column].map(lambda cell: f"{WORDS[len(str(cell)) % len(WORDS)]} {cell}")
            for column in ("participant_id", "label", "unit", "reason", "contrast_label", "flag")
            if column in table
        }
        tables[name] = table.assign(**words)
    return dataclasses.replace(given, tables=tables)


@pytest.mark.parametrize("figure", sorted(registry.figures()))
def test_hostile_words_of_a_dataset_are_drawn_as_words_inside_the_figure(
    figure: str, make_up: Any, made_up_size: Any
) -> None:
    given = hostile(make_up(made_up_size(counts=(4, 4, 4), n_groups=2)))
    for drawing in list(registry.drawings(registry.figures()[figure], given))[:1]:
        with theme.applied():
            found = boxes(drawing.figure)
        width, height = drawing.figure.bbox.size
        assert found
        assert not any("\u202e" in text or "🙂" in text for text, _ in found)
        assert [
            text
            for text, box in found
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
        ] == []
