"""Tables of participants, written, read and gathered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainchange.errors import TableError
from brainchange.metrics.gather import (
    gather,
    participant_tables,
    read_participant_tables,
    write_participant_tables,
)
from brainchange.metrics.observations import OBSERVATIONS_TABLE


@pytest.fixture
def tables(tiny):
    tiny.add("ses-pre", seed=1)
    return participant_tables(tiny.measure(), tiny.layout)


def as_another(tables, name):
    return type(tables)(
        *(
            frame.assign(participant_id=name)
            for frame in (tables.observations, tables.coverage, tables.decisions)
        )
    )


def test_tables_come_back_as_they_were_written(tables, table_paths, tmp_path):
    paths = table_paths(tmp_path)
    write_participant_tables(tables, paths)
    again = read_participant_tables(paths)
    pd.testing.assert_frame_equal(again.observations, tables.observations, rtol=1e-11)
    pd.testing.assert_frame_equal(again.coverage, tables.coverage, rtol=1e-11)
    pd.testing.assert_frame_equal(again.decisions, tables.decisions)
    first = paths.observations.read_bytes()
    write_participant_tables(again, paths)
    assert paths.observations.read_bytes() == first


def test_a_missing_table_is_told(table_paths, tmp_path):
    with pytest.raises(TableError, match="the table does not exist"):
        read_participant_tables(table_paths(tmp_path))


def test_arms_are_added_and_order_does_not_matter(tables):
    second = as_another(tables, "sub-02")
    second = type(second)(
        second.observations, second.coverage.assign(run="sub-02_x"), second.decisions
    )
    arms = {"sub-01": "a", "sub-02": "b"}
    one = gather([tables, second], arms)
    other = gather([second, tables], arms)
    pd.testing.assert_frame_equal(one.observations, other.observations)
    pd.testing.assert_frame_equal(one.decisions, other.decisions)
    assert list(one.observations.columns) == OBSERVATIONS_TABLE.names
    told = one.observations.groupby("participant_id")["arm"].unique()
    assert told["sub-01"].tolist() == ["a"]
    assert told["sub-02"].tolist() == ["b"]
    np.testing.assert_array_equal(
        one.observations["value"][: len(tables.observations)], tables.observations["value"]
    )


def test_a_participant_without_an_arm_is_kept_and_decisions_made_before_are_joined(tables):
    gathered = gather(
        [tables],
        {},
        [
            {
                "scope": "run",
                "participant_id": "sub-09",
                "action": "excluded",
                "reason": "it has no brain mask",
            }
        ],
    )
    assert gathered.observations["arm"].isna().all()
    assert "participant" not in set(gathered.decisions["scope"]), "enrolling tells why"
    assert gathered.decisions["participant_id"].tolist()[-1] == "sub-09"


def test_a_participant_of_the_table_without_images_is_told_once(tables):
    told = {
        "scope": "run",
        "participant_id": "sub-09",
        "action": "excluded",
        "reason": "it has no brain mask",
    }
    gathered = gather([tables], {"sub-01": "a", "sub-08": "a", "sub-09": "b"}, [told])
    reasons = dict(
        zip(gathered.decisions["participant_id"], gathered.decisions["reason"], strict=True)
    )
    assert reasons["sub-08"].endswith("but there are no images")
    assert reasons["sub-09"] == "it has no brain mask"


def test_nothing_measured_is_an_empty_table():
    gathered = gather([], {})
    assert list(gathered.observations.columns) == OBSERVATIONS_TABLE.names
    assert len(gathered.observations) == len(gathered.coverage) == len(gathered.decisions) == 0
