from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from brainchange.errors import BrainchangeError
from brainchange.figures import registry, theme
from brainchange.figures.drawing import FigureInput


def test_every_figure_is_found() -> None:
    assert set(registry.figures()) == {
        "attrition",
        "brain_symptom",
        "coverage",
        "estimators",
        "forest",
        "glass_brain",
        "motion",
        "motion_distance",
        "negative_controls",
        "pooled",
        "prediction",
        "region_matrix",
        "region_slopes",
        "region_tsnr",
        "slopegraph",
        "specification_curve",
        "verdicts",
    }


def test_a_missing_table_is_told(make_up: Any, made_up_size: Any) -> None:
    full = make_up(made_up_size(counts=(3, 3, 3), n_groups=2))
    given = FigureInput(full.study, full.settings, full.claims, {"effects": full.tables["effects"]})
    with pytest.raises(BrainchangeError) as caught:
        list(registry.drawings(registry.figures()["coverage"], given))
    assert str(caught.value) == (
        "figure 'coverage' is drawn from the table 'coverage', which was not given\n"
        "  Likely cause: the step that makes the table has not run\n"
        "  What to do: make the table 'coverage' first; given: effects"
    )


def test_all_figures_are_written_with_their_tables_and_words(
    make_up: Any, made_up_size: Any, tmp_path: Path
) -> None:
    told: list[str] = []
    given = make_up(made_up_size(counts=(5, 5, 5), n_groups=2))
    table = registry.write_figures(given, tmp_path, progress=told.append)
    assert list(table["name"]) == told
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{n}.{e}" for n in told for e in ("svg", "png", "tsv")} | {"figures.tsv"}
    assert registry.FIGURES_TABLE.read(tmp_path / "figures.tsv").equals(table)
    assert table["alternative"].str.len().min() > 40


def test_every_figure_has_the_same_bytes_when_drawn_again(make_up: Any, made_up_size: Any) -> None:
    given = make_up(made_up_size(counts=(5, 5, 5), n_groups=2))
    for spec in registry.figures().values():
        pairs = zip(registry.drawings(spec, given), registry.drawings(spec, given), strict=True)
        # Drawings of one figure come from one function: the last stands for all.
        first, second = (as_svg(drawing.figure) for drawing in list(pairs)[-1])
        assert first == second, spec.name


def as_svg(figure: Figure) -> bytes:
    written = BytesIO()
    with theme.applied():
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
