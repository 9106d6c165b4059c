"""What the figures show, read back from the drawn marks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from scipy import stats

from brainchange.figures import paired, registry
from brainchange.figures.drawing import Drawing, FigureInput
from brainchange.study.decisions import DECISIONS_TABLE


def drawn(name: str, given: FigureInput) -> dict[str, Drawing]:
    return {d.name: d for d in registry.drawings(registry.figures()[name], given)}


def with_table(given: FigureInput, name: str, table: Any) -> FigureInput:
    return dataclasses.replace(given, tables={**given.tables, name: table})


@pytest.fixture(scope="module")
def study(make_up: Any, made_up_size: Any) -> FigureInput:
    return make_up(made_up_size(counts=(10, 10, 10), n_groups=4))


def test_a_slopegraph_has_one_line_for_every_participant_with_both_timepoints(
    study: FigureInput,
) -> None:
    drawing = drawn("slopegraph", study)["slopegraph_claim_T2"]
    lines = [c for c in drawing.figure.axes[0].collections if isinstance(c, LineCollection)]
    ends = np.array([path.vertices[:, 1] for c in lines for path in c.get_paths()])
    rows = drawing.table.dropna(subset=["change"])
    assert len(rows) == 29
    np.testing.assert_allclose(ends, rows[["pre", "post"]].to_numpy())


def test_a_participant_with_one_timepoint_is_a_hollow_mark(study: FigureInput) -> None:
    drawing = drawn("slopegraph", study)["slopegraph_claim_T2"]
    single = drawing.table[drawing.table["change"].isna()]["pre"].item()
    hollow = [
        line
        for line in drawing.figure.axes[0].lines
        if line.get_markerfacecolor() == "#ffffff" and single in line.get_ydata()
    ]
    assert len(hollow) == 1


def test_arms_share_one_axis_and_the_effect_is_said_with_unit_and_interval(
    study: FigureInput,
) -> None:
    drawing = drawn("slopegraph", study)["slopegraph_outcome_BDI"]
    effects = study.tables["effects"]
    row = effects[(effects["measure"] == "BDI") & effects["primary"]].iloc[0]
    said = " ".join(text.get_text() for text in drawing.figure.texts)
    assert f"−{abs(row['difference']):.1f} points" in said
    assert f"95\u00a0% CI [−{abs(row['ci_low']):.1f}" in said.replace("95 %", "95\u00a0%")
    assert "n = 9 of 10" in said
    assert "points" in drawing.alternative
    assert "post − pre" in drawing.alternative


def test_a_measure_without_any_value_says_so(study: FigureInput) -> None:
    changes = study.tables["changes"].copy()
    changes.loc[changes["measure"] == "T2", ["pre", "post", "change"]] = np.nan
    drawing = drawn("slopegraph", with_table(study, "changes", changes))["slopegraph_claim_T2"]
    said = [text.get_text() for text in drawing.figure.texts]
    assert "No participant has a value of this measure." in said


def test_only_confirmatory_effects_are_filled_in_the_forest(study: FigureInput) -> None:
    primary = drawn("forest", study)["forest_arm0_vs_arm2"].figure.axes[0]
    other = drawn("forest", study)["forest_arm1_vs_arm2"].figure.axes[0]
    marks = [line for line in primary.lines if line.get_marker() == "D"]
    assert [m.get_markerfacecolor() == "#ffffff" for m in marks] == [False, False, False, True]
    assert all(m.get_markerfacecolor() == "#ffffff" for m in other.lines if m.get_marker() == "D")


def test_the_forest_shows_the_standardised_effect_and_its_two_intervals(
    study: FigureInput,
) -> None:
    drawing = drawn("forest", study)["forest_arm0_vs_arm2"]
    row = drawing.table.iloc[0]
    lines = drawing.figure.axes[0].lines
    mark = next(line for line in lines if line.get_marker() == "D")
    assert mark.get_xdata()[0] == row["dppc2"]
    widths = sorted({line.get_linewidth() for line in lines if len(line.get_xdata()) == 2})[-2:]
    thin, thick = (
        next(x for x in lines if x.get_linewidth() == width).get_xdata()
        for width in (1.0, widths[1])
    )
    np.testing.assert_allclose(thick, [row["tost_ci_low"], row["tost_ci_high"]])
    # Of Welch's t with the same standard error and degrees of freedom, around the same middle.
    longer = stats.t.ppf(0.975, row["df"]) / stats.t.ppf(0.95, row["df"])
    middle, half = np.mean(thick), np.ptp(thick) / 2
    np.testing.assert_allclose(thin, [middle - longer * half, middle + longer * half])


def test_what_is_not_estimated_is_said_and_not_drawn(make_up: Any, made_up_size: Any) -> None:
    given = make_up(made_up_size(counts=(1, 5, 5), n_groups=2))
    axes = drawn("forest", given)["forest_arm0_vs_arm2"].figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["not estimated"] * 4
    assert not [line for line in axes.lines if line.get_marker() == "D"]


def test_coverage_marks_exactly_the_unusable_cells(study: FigureInput) -> None:
    drawing = drawn("coverage", study)["coverage"]
    crosses = next(line for line in drawing.figure.axes[0].lines if line.get_marker() == "x")
    lost = drawing.table[~drawing.table["usable"]]
    assert len(crosses.get_xdata()) == len(lost) >= 0
    assert len(drawing.table) == 30 * 4
    assert drawing.table["share"].between(0, 1).all()


def test_coverage_of_nothing_says_so(study: FigureInput) -> None:
    nothing = with_table(study, "coverage", study.tables["coverage"].head(0))
    assert drawn("coverage", nothing)["coverage"].alternative.endswith("No run was measured.")


def test_coverage_takes_the_smallest_share_over_the_runs(study: FigureInput) -> None:
    coverage = study.tables["coverage"].copy()
    cell = (coverage["participant_id"] == "sub-02") & (coverage["region"] == "vmPFC")
    coverage.loc[cell, "share"] = [0.9, 0.2]
    coverage.loc[cell, "usable"] = [True, False]
    table = drawn("coverage", with_table(study, "coverage", coverage))["coverage"].table
    row = table[(table["participant_id"] == "sub-02") & (table["region"] == "vmPFC")].iloc[0]
    assert row["share"] == 0.2
    assert not row["usable"]


def test_attrition_says_every_count(study: FigureInput) -> None:
    drawing = drawn("attrition", study)["attrition"]
    said = [t.get_text() for axes in drawing.figure.axes for t in axes.texts]
    assert said.count("10") == 6
    assert said.count("8") == 3
    assert said.count("−2") == 3


def test_attrition_says_why_by_arm_and_takes_reasons_together_that_differ_in_a_number(
    study: FigureInput,
) -> None:
    row = {"scope": "run", "action": "excluded", "participant_id": "sub-01"}
    decisions = DECISIONS_TABLE.frame(
        [
            row | {"reason": "29 volumes are kept, fewer than 60"},
            row | {"reason": "31 volumes are kept, fewer than 60"},
            row | {"reason": "31 volumes are kept, fewer than 60", "participant_id": "sub-12"},
            {**row, "scope": "outcome", "reason": "no post value", "participant_id": "sub-30"},
            {**row, "scope": "volume", "reason": "motion censors 6 of 96 volumes"},
        ]
    )
    drawing = drawn("attrition", with_table(study, "decisions", decisions))["attrition"]
    said = [text.get_text().replace("\n", " ") for text in drawing.figure.texts]
    assert "run: … volumes are kept, fewer than … (Talk therapy 1, Exercise 1)" in said
    assert "score: no post value (Untreated 1)" in said
    assert not any("censors" in text for text in said)
    why = drawing.table[drawing.table["step"] == "left_out"]
    assert list(why["n"]) == [1, 1, 1]
    assert "no post value (Untreated 1)" in drawing.alternative


def test_data_quality_shows_all_three_measures_with_their_units(study: FigureInput) -> None:
    drawing = drawn("motion", study)["motion"]
    labels = [axes.get_ylabel() for axes in drawing.figure.axes]
    assert labels == ["mm", "volumes", "ratio"]


def test_every_region_is_on_the_sheet_of_its_metric(study: FigureInput) -> None:
    drawing = drawn("region_slopes", study)["region_slopes_falff_z"]
    assert sum(axes.axison for axes in drawing.figure.axes) == 4
    assert set(drawing.table["measure"]) == {
        f"falff_z_{name}" for name in ("dlPFC", "vlPFC", "vmPFC", "dmPFC")
    }


def test_values_that_meet_are_moved_apart_and_stay_centred() -> None:
    moved = paired.spread(np.array([1.0, 1.0, 1.0, 9.0]), (0, 10), step=0.1, widest=0.4)
    np.testing.assert_allclose(sorted(moved[:3]), [-0.1, 0.0, 0.1], atol=1e-12)
    assert moved[3] == 0
    crowd = paired.spread(np.zeros(300), (0, 1), step=0.1, widest=0.4)
    assert np.abs(crowd).max() <= 0.4


def test_limits_hold_all_values_and_limit_endless_intervals() -> None:
    values = np.array([1.0, 2.0, np.nan])
    shown = paired.reach(values, [0.5, 40.0, np.nan])
    assert shown == [1.0, 2.0, 0.5, 3.0]
    low, high = paired.padded(shown, zero=True)
    assert low < 0
    assert high > 3
    assert paired.padded([]) == (0.0, 1.0)


def twice(effects: Any, kinds: tuple[str, ...]) -> Any:
    """Regions of one metric in two contrasts of a task."""
    regions = effects[effects["kind"].isin(kinds)]
    other = regions.assign(
        measure=regions["measure"] + "_shapes", label=regions["label"] + " of shapes"
    )
    return pd.concat([effects, other], ignore_index=True)


def test_one_region_in_two_contrasts_of_a_task_is_told_apart(study: FigureInput) -> None:
    kinds = ("region", "network", "negative_control")
    given = with_table(study, "effects", twice(study.tables["effects"], kinds))
    rows = given.tables["effects"].query("kind in @kinds and primary")
    for metric, mine in rows.groupby("metric"):
        drawing = drawn("forest", given)[f"forest_regions_{metric}"]
        said = [text.get_text().replace("\n", " ") for text in drawing.figure.texts]
        names = [text for text in said if "of shapes" in text]
        assert len(names) == len(mine) // 2
        assert len(set(names)) == len(names)


def test_p_of_the_lead_is_called_so_and_the_estimate_it_belongs_to_is_shown(
    study: FigureInput,
) -> None:
    effects = study.tables["effects"].assign(
        lead_estimator="ancova", lead_difference=0.123, lead_ci_low=-0.4, lead_ci_high=0.6
    )
    given = with_table(study, "effects", effects)
    slopes = drawn("slopegraph", given)["slopegraph_claim_T2"].figure
    said = " ".join(text.get_text().replace("\n", " ") for text in slopes.texts)
    assert "at equal values before (leads the verdict): +0.12 [−0.40, 0.60]" in said
    assert "its Holm-adjusted p" in said
    forests = drawn("forest", given)
    for name, headed in (("forest_regions_falff_z", "p"), ("forest_therapy_vs_none", "p of lead")):
        if name in forests:
            assert headed in [text.get_text() for text in forests[name].figure.texts]
    assert any(
        "p of lead" in [text.get_text() for text in one.figure.texts] for one in forests.values()
    )


def test_claims_that_cannot_be_told_fill_sheets_that_can_be_printed(study: FigureInput) -> None:
    verdicts = study.tables["verdicts"]
    row = verdicts[verdicts["primary"] & (verdicts["kind"] == "claim")].iloc[:1]
    words = {"verdict": "NOT TESTED", "estimator": None, "reasons": "no images " * 12}
    many = [row.assign(measure=f"Z{n}", **words) for n in range(80)]
    many += [row.assign(measure="Y1", **(words | {"verdict": "NOT TESTABLE WITH MRI"}))]
    given = with_table(study, "verdicts", pd.concat([verdicts, *many], ignore_index=True))
    sheets = [one for name, one in drawn("verdicts", given).items() if "untold" in name]
    assert len(sheets) > 1
    assert all(one.figure.get_size_inches()[1] < 11 for one in sheets)
    told = [claim for one in sheets for claim in one.claims]
    assert len(told) == len(set(told)) >= 81
    assert told[-1] == "Y1"
