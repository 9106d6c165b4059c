"""One value per participant and timepoint: never a mean over fewer members."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainchange.inference.measures import Measure
from brainchange.inference.observed import Values, measured_values, observed_cells

PARTICIPANTS = ("sub-01", "sub-02")
REGIONS = ("amygdala_L", "amygdala_R", "insula_L")
PAIR = Measure(
    "A2",
    "claim",
    "amygdala",
    "m",
    "1",
    "confirmatory",
    members=(("amygdala_L", ""), ("amygdala_R", "")),
)
MEAN = Measure(
    "tsnr",
    "quality",
    "tsnr",
    "m",
    "1",
    "quality",
    members=tuple((r, "") for r in REGIONS),
    complete=False,
)


def rows() -> list[dict[str, Any]]:
    """Value: 10 × participant + region, 100 more at post."""
    return [
        {
            "participant_id": participant,
            "timepoint": timepoint,
            "task": "rest",
            "metric": "m",
            "condition": None,
            "region": region,
            "region_2": None,
            "value": 10.0 * number + place + (100.0 if timepoint == "post" else 0.0),
            "flag": None,
        }
        for number, participant in enumerate(PARTICIPANTS, start=1)
        for timepoint in ("pre", "post")
        for place, region in enumerate(REGIONS)
    ]


def lacking(reason: str | None = None, **where: str) -> list[dict[str, Any]]:
    return [
        row | {"value": np.nan, "flag": reason}
        if all(row[name] == value for name, value in where.items())
        else row
        for row in rows()
    ]


def values(table: list[dict[str, Any]], measure: Measure = PAIR) -> Values:
    cells = observed_cells(pd.DataFrame(table), PARTICIPANTS)
    return measured_values(measure, cells["m", "rest", ""], PARTICIPANTS)


def test_members_are_averaged() -> None:
    found = values(rows())
    assert found.numbers.tolist() == [[10.5, 20.5], [110.5, 120.5]]
    assert (found.flags == "").all()
    assert found.decisions == ()


def test_a_lacking_member_makes_the_mean_missing_and_is_told() -> None:
    found = values(
        lacking("covered by 50 %", participant_id="sub-01", region="amygdala_R", timepoint="post")
    )
    assert found.numbers[0].tolist() == [10.5, 20.5]
    assert np.isnan(found.numbers[1, 0])
    assert found.flags[1, 0] == "lacks amygdala_R: covered by 50 %"
    assert [(d["participant_id"], d["reason"]) for d in found.decisions] == [
        ("sub-01", "post: lacks amygdala_R: covered by 50 %")
    ]


def test_a_reason_that_names_the_region_is_not_repeated() -> None:
    reason = "amygdala_R: 41 % of its voxels are valid"
    found = values(lacking(reason, participant_id="sub-01", region="amygdala_R", timepoint="pre"))
    assert found.flags[0, 0] == f"lacks {reason}"


def test_both_timepoints_are_told_in_one_decision() -> None:
    found = values(lacking("covered by 50 %", participant_id="sub-01", region="amygdala_R"))
    assert found.decisions[0]["reason"] == "pre and post: lacks amygdala_R: covered by 50 %"
    assert len(found.decisions) == 1


def test_a_run_that_was_left_out_needs_no_second_decision() -> None:
    found = values(lacking("too much motion", participant_id="sub-02", timepoint="post"))
    assert found.flags[1, 1] == "too much motion"
    assert found.decisions == ()


def test_a_participant_without_session_is_told() -> None:
    present = [r for r in rows() if (r["participant_id"], r["timepoint"]) != ("sub-02", "post")]
    found = values(present)
    assert np.isnan(found.numbers[1, 1])
    assert found.flags[1, 1] == "no post value"


def test_the_mean_over_regions_takes_the_same_regions_at_both_timepoints() -> None:
    found = values(lacking(participant_id="sub-01", region="insula_L", timepoint="post"), MEAN)
    assert found.numbers[:, 0].tolist() == [10.5, 110.5]
    assert found.numbers[:, 1].tolist() == [21.0, 121.0]
    assert found.flags[:, 0].tolist() == ["", "mean without insula_L"]


def test_the_mean_over_regions_exists_where_a_timepoint_does_not() -> None:
    found = values(lacking(participant_id="sub-01", timepoint="post"), MEAN)
    assert found.numbers[0, 0] == 11.0
    assert np.isnan(found.numbers[1, 0])


def test_an_infinite_value_is_missing() -> None:
    table = rows()
    table[0]["value"] = np.inf
    found = values(table)
    assert np.isnan(found.numbers[0, 0])
    assert found.flags[0, 0] == "lacks amygdala_L: the value is infinite"


@pytest.mark.parametrize("other", [99.0, np.nan])
@pytest.mark.parametrize("first", [True, False])
def test_a_value_given_twice_differently_is_missing(first: bool, other: float) -> None:
    repeated = rows()[0] | {"value": other}
    found = values([repeated, *rows()] if first else [*rows(), repeated])
    assert np.isnan(found.numbers[0, 0])
    assert found.flags[0, 0] == "lacks amygdala_L: given twice with different values"


def test_a_value_given_twice_alike_counts_once() -> None:
    assert values([*rows(), rows()[0]]).numbers.tolist() == values(rows()).numbers.tolist()


def test_a_weakness_of_a_present_value_is_kept() -> None:
    table = rows()
    table[0]["flag"] = "only 72 volumes"
    found = values(table)
    assert found.numbers[0, 0] == 10.5
    assert found.flags[0, 0] == "only 72 volumes"


def test_edges_are_named_by_the_region_they_lack() -> None:
    edges = (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"))
    table = [
        rows()[0] | {"region": first, "region_2": second, "value": value}
        for (first, second), value in zip(edges, (1.0, np.nan, 2.0, np.nan), strict=True)
    ]
    measure = Measure("T2", "claim", "edges", "m", "1", "confirmatory", members=edges)
    assert values(table, measure).flags[0, 0] == "lacks y"


def test_a_region_that_was_never_observed_is_missing_for_everybody() -> None:
    measure = Measure("X", "claim", "x", "m", "1", "confirmatory", members=(("nowhere", ""),))
    found = values(rows(), measure)
    assert np.isnan(found.numbers).all()
    assert found.flags[0, 0] == "lacks nowhere"
