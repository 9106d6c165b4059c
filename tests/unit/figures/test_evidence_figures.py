"""What the figures of verdicts, choices, controls and pairs show, read back from the marks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from scipy import stats

from brainchange.figures import registry
from brainchange.figures.badges import BADGES
from brainchange.figures.drawing import Drawing, FigureInput


def drawn(name: str, given: FigureInput) -> dict[str, Drawing]:
    return {d.name: d for d in registry.drawings(registry.figures()[name], given)}


def texts(drawing: Drawing) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in drawing.figure.texts]


@pytest.fixture(scope="module")
def study(make_up: Any, made_up_size: Any) -> FigureInput:
    return make_up(made_up_size(counts=(10, 10, 10), n_groups=12))


def test_every_verdict_is_told_by_its_sign_and_word_and_its_claim(study: FigureInput) -> None:
    drawing = drawn("verdicts", study)["verdicts"]
    verdicts = study.tables["verdicts"]
    primary = verdicts[verdicts["primary"]]
    said = texts(drawing)
    for row in primary.to_dict("records"):
        badge = BADGES[row["verdict"]]
        assert f"{badge.sign} {badge.word}" in said
        assert f"{row['measure']}" in drawing.alternative
    assert set(drawing.claims) == {"P2", "A2", "T2"}
    assert any("find ±" in text for text in said)


def test_the_curve_rises_and_lies_in_the_band_of_chance_that_the_table_gives(
    study: FigureInput,
) -> None:
    drawing = drawn("specification_curve", study)["specification_curve_T2"]
    axes = drawing.figure.axes[0]
    marks = np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() == "o"])
    marks = marks[np.argsort(marks[:, 0])]
    np.testing.assert_allclose(marks[:, 1], np.sort(drawing.table["dppc2"]))
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    assert len(lines.get_segments()) == 48
    bands = [c for c in axes.collections if not isinstance(c, LineCollection | PathCollection)]
    heights = bands[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (-0.8, 0.8)
    first = drawing.table[drawing.table["primary"]]["dppc2"].item()
    (diamond,) = [line for line in axes.lines if line.get_marker() == "D"]
    assert diamond.get_ydata()[0] == first


def test_only_p_below_the_level_is_filled_on_the_curve(study: FigureInput) -> None:
    drawing = drawn("specification_curve", study)["specification_curve_T2"]
    marks = [line for line in drawing.figure.axes[0].lines if line.get_marker() == "o"]
    filled, hollow = (len(line.get_xdata()) for line in marks)
    assert filled == (drawing.table["p"] < 0.05).sum() == 3
    assert filled + hollow == 48


def test_oldham_shows_every_participant_with_both_values(study: FigureInput) -> None:
    drawing = drawn("estimators", study)["estimators_claim_T2"]
    rows = drawing.table
    assert len(rows) == 29
    shown = np.concatenate([line.get_xydata() for line in drawing.figure.axes[-1].lines[:3]])
    np.testing.assert_allclose(shown[:, 0], (rows["pre"] + rows["post"]) / 2)
    np.testing.assert_allclose(shown[:, 1], rows["post"] - rows["pre"])


def test_the_leading_estimator_alone_is_filled(study: FigureInput) -> None:
    effects = study.tables["effects"].assign(lead_estimator="ancova")
    given = dataclasses.replace(study, tables={**study.tables, "effects": effects})
    axes = next(
        axes
        for axes in drawn("estimators", given)["estimators_claim_T2"].figure.axes
        if axes.axison
    )
    marks = [line for line in axes.lines if line.get_marker() == "D"]
    assert [mark.get_markerfacecolor() != "#ffffff" for mark in marks] == [False, False, True]


def test_slopes_within_arms_are_those_of_scipy(study: FigureInput) -> None:
    drawing = drawn("brain_symptom", study)["brain_symptom_T2_BDI"]
    axes = next(axes for axes in drawing.figure.axes if axes.axison)
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_lw() == 1.4]
    for arm, line in zip(("arm0", "arm1", "arm2"), lines, strict=True):
        mine = drawing.table[drawing.table["arm"] == arm]
        fit = stats.linregress(mine["change"], mine["change_outcome"])
        (x0, y0), (x1, y1) = line.get_xydata()
        assert (y1 - y0) / (x1 - x0) == pytest.approx(fit.slope)


def test_fewer_than_20_participants_are_called_descriptive(study: FigureInput) -> None:
    said = texts(drawn("brain_symptom", study)["brain_symptom_T2_BDI"])
    assert sum("descriptive" in text for text in said if text.startswith("n = ")) == 3
    assert any(text.startswith("n = 29, p") for text in said)


def test_every_negative_control_is_a_circle(study: FigureInput) -> None:
    drawing = drawn("negative_controls", study)["negative_controls"]
    controls = drawing.table[drawing.table["kind"] == "negative_control"]
    alike = controls[controls["metric"] == "falff_z"]
    circles = [
        line
        for line in drawing.figure.axes[0].lines
        if line.get_marker() == "o" and line.get_markersize() == 4
    ]
    assert len(circles) == 2, "P2 and A2 are about fALFF; connectivity has no control here"
    for circle in circles:
        assert len(circle.get_xdata()) == len(alike) == 2


def test_the_matrix_is_the_difference_above_and_p_below_with_limits_around_zero(
    study: FigureInput,
) -> None:
    drawing = drawn("region_matrix", study)["region_matrix"]
    effect, p = drawing.figure.axes[0].images
    assert effect.norm.vmin == -effect.norm.vmax
    names = [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()]
    row = drawing.table.set_index(["region", "region_2"]).loc[("dlPFC_L", "amygdala_R")]
    i, j = names.index("dlPFC_L"), names.index("amygdala_R")
    assert i < j, "prefrontal comes before limbic"
    assert effect.get_array()[i, j] == pytest.approx(row["difference"])
    assert effect.get_array().mask[j, i]
    assert p.get_array()[j, i] == pytest.approx(1 + np.log10(row["p_adjusted"]) / 3)
    assert p.get_array().mask[i, j]
    assert effect.norm.vmax == drawing.table["difference"].abs().max()


def test_the_band_of_error_is_that_of_the_untreated(study: FigureInput) -> None:
    drawing = drawn("slopegraph", study)["slopegraph_claim_T2"]
    lower = drawing.figure.axes[1]
    changes = drawing.table[drawing.table["arm"] == "arm2"]["change"].dropna()
    mdc95 = 2.77 * changes.std() / np.sqrt(2)
    ends = np.clip([-mdc95, mdc95], *lower.get_ylim())
    box = lower.patches[0]
    assert (box.get_y(), box.get_y() + box.get_height()) == pytest.approx(tuple(ends))
    assert any("MDC95 of the untreated (n = 10)" in text for text in texts(drawing))


def test_permutations_are_counted_and_the_observed_gain_is_a_line(
    make_up: Any, made_up_size: Any
) -> None:
    given = make_up(made_up_size(counts=(40, 5, 5), n_groups=2))
    drawing = drawn("prediction", given)["prediction"]
    axes = drawing.figure.axes[0]
    heights = [box.get_height() for box in axes.patches if 0 < box.get_height() < 1]
    assert max(heights) == pytest.approx(0.85)
    assert any(list(line.get_xdata()) == [0.06, 0.06] for line in axes.lines)
    assert "499 permutations" in drawing.alternative


def test_the_diamond_ends_at_the_interval_of_the_mean(study: FigureInput) -> None:
    drawing = drawn("pooled", study)["pooled_T2"]
    meta = study.tables["meta"]
    row = meta[(meta["measure"] == "T2") & (meta["scale"] == "standardised")].iloc[0]
    axes = drawing.figure.axes[0]
    diamond = axes.patches[-1].get_xy()
    ends = np.clip([row["ci_low"], row["ci_high"]], *axes.get_xlim())
    np.testing.assert_allclose([diamond[:, 0].min(), diamond[:, 0].max()], ends)


def test_every_drawing_says_n_or_counts_in_words_and_what_change_is(study: FigureInput) -> None:
    for name in set(registry.figures()) - {
        "attrition",
        "coverage",
        "motion_distance",
        "region_tsnr",
    }:
        for drawing in drawn(name, study).values():
            told = drawing.caption + drawing.alternative
            assert "post − pre" in told or name == "prediction", drawing.name
            assert len(drawing.alternative) > 40, drawing.name
