"""A study that starts from a table: every layout gives the same observations; mistakes are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainchange.errors import BrainchangeError, ConfigError
from brainchange.metrics.given import GivenTables, given_files, read_given
from brainchange.metrics.given_names import given_problems
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.strict import parse

REGIONS = (
    Region("amygdala_L", "amygdala", "L", "atlas", ("1",)),
    Region("amygdala_R", "amygdala", "R", "atlas", ("2",)),
    Region("hippocampus_L", "hippocampus", "L", "atlas", ("3",)),
    Region("hippocampus_R", "hippocampus", "R", "atlas", ("4",)),
)
ARMS = ["cbt", "cbt", "wait", "wait"]
LEFT = {"pre": (3000.0, 3100.0, 3200.0, 3300.0), "post": (3050.0, 3110.0, 3190.0, 3310.0)}


def study_with(given: dict[str, Any], **changes: Any) -> Study:
    description: dict[str, Any] = {
        "id": "tab",
        "title": "A table",
        "version": "1",
        "license": "CC0",
        "citation": "Nobody (2026)",
        "source": "observations",
        "observations": {"table": "values.tsv"} | given,
        "participants": {"arm_column": "group"},
        "arms": {
            "cbt": {"label": "CBT", "role": "therapy", "kind": "cbt"},
            "wait": {"label": "Waiting", "role": "untreated"},
        },
        "allocation": {"randomised": True, "description": "By chance."},
        "timepoints": {"pre": ["1"], "post": ["2"]},
        "tasks": ["none"],
        "scans": [{"kind": "T1w"}],
        "contrasts": {
            "one": {
                "label": "CBT − waiting",
                "treated": ["cbt"],
                "control": ["wait"],
                "primary": True,
            }
        },
        "outcomes": {
            "BDI": {
                "label": "BDI",
                "columns": {"pre": "BDI_pre", "post": "BDI_post"},
                "better": "down",
                "minimum": 0,
                "maximum": 63,
            }
        },
    }
    return parse(Study, description | changes, "study.yaml")


def written(folder: Path, rows: list[list[Any]], name: str = "values.tsv") -> Path:
    (folder / name).write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n")
    return folder


WIDE = {
    "measures": [{"metric": "volume", "regions": {"hippocampus_L": "HL_{timepoint}"}}],
}
LONG_SESSIONS = {
    "timepoint_column": "session",
    "measures": [{"metric": "volume", "regions": {"hippocampus_L": "HL"}}],
}


def wide() -> list[list[Any]]:
    head = ["participant_id", "group", "BDI_pre", "BDI_post", "HL_1", "HL_2"]
    return [head] + [
        [f"sub-0{n + 1}", ARMS[n], 20 + n, 10 + n, LEFT["pre"][n], LEFT["post"][n]]
        for n in range(4)
    ]


def by_session() -> list[list[Any]]:
    head = ["participant_id", "session", "group", "BDI", "HL"]
    return [head] + [
        [f"0{n + 1}", f"ses-{label}", ARMS[n], score + n, LEFT[timepoint][n]]
        for n in range(4)
        for timepoint, label, score in (("pre", "1", 20), ("post", "2", 10))
    ]


def in_rows() -> list[list[Any]]:
    head = ["participant_id", "group", "timepoint", "metric", "region", "value", "unit"]
    return [head] + [
        [f"sub-0{n + 1}", ARMS[n], timepoint, "volume", "hippocampus_L", LEFT[timepoint][n], "mm3"]
        for n in range(4)
        for timepoint in ("pre", "post")
    ]


def aseg() -> list[list[Any]]:
    head = ["Measure:volume", "Left-Hippocampus"]
    return [head] + [
        [f"sub-0{n + 1}_ses-{label}.long.sub-0{n + 1}", LEFT[timepoint][n]]
        for n in range(4)
        for timepoint, label in (("pre", "1"), ("post", "2"))
    ]


def values_of(found: GivenTables, **where: str) -> dict[tuple[str, str], float]:
    rows = found.observations
    for column, value in where.items():
        rows = rows[rows[column] == value]
    keys = zip(rows["participant_id"], rows["timepoint"], strict=True)
    return dict(zip(keys, rows["value"], strict=True))


EXPECTED = {
    (f"sub-0{n + 1}", timepoint): LEFT[timepoint][n] for n in range(4) for timepoint in LEFT
}


def test_every_layout_gives_the_same_observations(tmp_path):
    tables = {
        "wide": (wide(), WIDE),
        "sessions": (by_session(), LONG_SESSIONS),
        "rows": (in_rows(), {"layout": "rows"}),
    }
    found = {}
    for name, (rows, given) in tables.items():
        folder = written(tmp_path / name if (tmp_path / name).mkdir() is None else tmp_path, rows)
        found[name] = read_given(study_with(given, outcomes={}), REGIONS, folder)
    first = found["wide"].observations
    assert values_of(found["wide"]) == EXPECTED
    assert set(first["unit"]) == {"mm3"}
    assert set(first["specification"]) == {"given"}
    assert list(first["arm"]) == [arm for arm in ARMS for _ in range(2)]
    for other in ("sessions", "rows"):
        assert found[other].observations.equals(first), other


def test_freesurfer_statistics_name_participant_and_session_in_one_cell(tmp_path):
    written(tmp_path, aseg())
    written(tmp_path, [row[:4] for row in wide()], "participants.tsv")
    given = {
        "id_column": "Measure:volume",
        "id_pattern": r"^(?P<participant>sub-[^_]+)_ses-(?P<session>[^.]+)",
        "measures": [{"metric": "volume", "regions": {"hippocampus_L": "Left-Hippocampus"}}],
    }
    people = {"table": "participants.tsv", "arm_column": "group"}
    study = study_with(given, participants=people)
    assert [path.name for path in given_files(study, tmp_path)] == [
        "values.tsv",
        "participants.tsv",
    ]
    found = read_given(study, REGIONS, tmp_path)
    assert values_of(found) == EXPECTED
    assert found.participants["BDI_post"].tolist() == ["10", "11", "12", "13"]


def test_what_differs_between_sessions_becomes_a_column_a_timepoint(tmp_path):
    written(tmp_path, by_session())
    people = read_given(study_with(LONG_SESSIONS), REGIONS, tmp_path).participants
    assert people["participant_id"].tolist() == [f"sub-0{n}" for n in range(1, 5)]
    assert people["group"].tolist() == ARMS
    assert people["BDI_pre"].tolist() == ["20", "21", "22", "23"]
    assert people["BDI_post"].tolist() == ["10", "11", "12", "13"]


def test_a_value_of_a_group_stands_for_its_regions_and_pairs_are_ordered(tmp_path):
    rows = [[*row, 0.1, 0.2, 0.3, 0.4] for row in wide()]
    rows[0][-4:] = ["AHR_1", "AHR_2", "FD_1", "FD_2"]
    written(tmp_path, rows)
    given = {
        "measures": [
            {
                "metric": "connectivity",
                "pairs": [{"regions": ["hippocampus_R", "amygdala"], "column": "AHR_{timepoint}"}],
            },
            {
                "metric": "mean_framewise_displacement",
                "column": {"pre": "FD_1", "post": "FD_2"},
            },
        ]
    }
    found = read_given(study_with(given), REGIONS, tmp_path).observations
    pairs = found[found["metric"] == "connectivity"]
    assert set(zip(pairs["region"], pairs["region_2"], strict=True)) == {
        ("amygdala_L", "hippocampus_R"),
        ("amygdala_R", "hippocampus_R"),
    }
    moved = found[found["metric"] == "mean_framewise_displacement"]
    assert moved["region"].isna().all()
    assert set(moved["unit"]) == {"mm"}
    assert values_of(read_given(study_with(given), REGIONS, tmp_path), metric="connectivity")[
        "sub-01", "post"
    ] == pytest.approx(0.2)


def test_infinite_and_impossible_values_are_set_aside_and_told(tmp_path):
    rows = wide()
    rows[1][4], rows[2][5], rows[3][4] = "inf", "-5", "n/a"
    found = read_given(study_with(WIDE), REGIONS, written(tmp_path, rows))
    values = values_of(found)
    for key in (("sub-01", "pre"), ("sub-02", "post"), ("sub-03", "pre")):
        assert np.isnan(values[key])
    told = dict(zip(found.decisions["participant_id"], found.decisions["reason"], strict=True))
    assert told == {
        "sub-01": "pre value of volume: the value is infinite",
        "sub-02": "post value of volume: the value is outside the range of the metric",
    }
    flags = found.observations.set_index(["participant_id", "timepoint"])["flag"]
    assert flags["sub-01", "pre"] == "the value is infinite"


def test_sessions_that_are_no_timepoint_are_left_out_and_told(tmp_path):
    rows = [*by_session(), ["01", "ses-9", "cbt", 5, 1000.0]]
    found = read_given(study_with(LONG_SESSIONS), REGIONS, written(tmp_path, rows))
    assert values_of(found) == EXPECTED
    assert found.decisions["session_id"].tolist() == ["ses-9"]


def test_participants_that_are_not_chosen_are_left_out_and_told(tmp_path):
    written(tmp_path, wide())
    found = read_given(study_with(WIDE), REGIONS, tmp_path, only=("sub-01", "sub-03"))
    assert {who for who, _ in values_of(found)} == {"sub-01", "sub-03"}
    assert set(found.decisions["participant_id"]) == {"sub-02", "sub-04"}
    with pytest.raises(ConfigError, match="no participant 'sub-33'"):
        read_given(study_with(WIDE), REGIONS, tmp_path, only=("sub-33",))


def changed(rows: list[list[Any]], line: int, place: int, cell: str) -> list[list[Any]]:
    new = [list(row) for row in rows]
    new[line][place] = cell
    return new


ROWS = {"layout": "rows"}
MISTAKES = {
    "a row twice": (
        [*wide(), wide()[1]],
        WIDE,
        "row 6 repeats sub-01",
    ),
    "a session twice": ([*by_session(), by_session()[1]], LONG_SESSIONS, "row 10 repeats sub-01"),
    "a value twice": ([*in_rows(), in_rows()[1]], ROWS, "row 10 repeats sub-01"),
    "two arms": (
        changed(by_session(), 2, 2, "wait"),
        LONG_SESSIONS,
        "participant 'sub-01' is in 2 arms: cbt, wait",
    ),
    "an arm nobody is in": (
        [[cell if cell != "wait" else "waiting" for cell in row] for row in wide()],
        WIDE,
        "no participant is in the arm 'wait' (column 'group')",
    ),
    "no such column": (
        [[cell if cell != "HL_1" else "HL_l" for cell in row] for row in wide()],
        WIDE,
        "the table has no column 'HL_1'",
    ),
    "no number": (changed(wide(), 1, 4, "large"), WIDE, "holds 'large', not a number"),
    "no participant": (changed(wide(), 1, 0, ""), WIDE, "row 2 names no participant"),
    "other units": (
        changed(in_rows(), 1, 6, "cm3"),
        ROWS,
        "the metric 'volume' is in 'mm3', not 'cm3'",
    ),
    "no such region": (
        changed(in_rows(), 1, 4, "hippocampus_l"),
        ROWS,
        "there is no region 'hippocampus_l'",
    ),
    "no such metric": (changed(in_rows(), 1, 3, "volum"), ROWS, "there is no metric 'volum'"),
    "no region": (changed(in_rows(), 1, 4, ""), ROWS, "belongs to one region, this one to no"),
    "no such session": (
        [[cell if cell != "ses-1" else "base" for cell in row][:5] for row in by_session()],
        LONG_SESSIONS | {"timepoint_column": "group"},
        "no row is of a session of the study",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_mistakes_in_a_table_are_told_with_their_place(tmp_path, mistake):
    rows, given, message = MISTAKES[mistake]
    with pytest.raises(BrainchangeError) as caught:
        read_given(study_with(given), REGIONS, written(tmp_path, rows))
    assert message in str(caught.value)
    assert "values.tsv" in str(caught.value)


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        (
            {"metric": "volume", "regions": {"hipocampus_L": "HL_{timepoint}"}},
            "Did you mean 'hippocampus_L'",
        ),
        ({"metric": "volum", "regions": {"hippocampus_L": "a_{timepoint}"}}, "'volume'"),
        (
            {"metric": "volume", "unit": "ml", "regions": {"hippocampus_L": "a_{timepoint}"}},
            "is in 'mm3', not 'ml'",
        ),
        ({"metric": "volume", "column": "a_{timepoint}"}, "belongs to one region"),
    ],
)
def test_names_are_checked_before_the_table_is_read(measures, message):
    study = study_with({"measures": [measures]})
    told = given_problems(study.observations, REGIONS, "study.yaml")
    assert len(told) == 1
    assert message in str(told[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "images"}, "'source: observations' and the key 'observations' belong together"),
        ({"simulated": True}, "a study that starts from a table has no 'simulated'"),
        (
            {"observations": {"table": "a", "measures": [{"metric": "volume"}]}},
            "it names no column",
        ),
        (
            {"observations": {"table": "a", **LONG_SESSIONS, "timepoint_column": ""}},
            "the column 'HL' has no timepoint",
        ),
        ({"observations": {"table": "a", "id_pattern": "("}}, "is no regular expression"),
        ({"observations": {"table": "a", "id_pattern": "x"}}, "has no group (?P<participant>"),
    ],
)
def test_what_a_study_file_cannot_mean_is_told(changes, message):
    with pytest.raises(ConfigError) as caught:
        study_with({}, **changes)
    assert message in str(caught.value)


def test_several_specifications_need_one_that_is_primary(tmp_path):
    rows = [[*row, "a" if place % 2 else "b"] for place, row in enumerate(in_rows())]
    rows[0][-1] = "specification"
    written(tmp_path, rows)
    with pytest.raises(BrainchangeError, match="several specifications"):
        read_given(study_with(ROWS), REGIONS, tmp_path)
    with pytest.raises(BrainchangeError, match="no row is of the specification 'c'"):
        read_given(study_with(ROWS | {"specification": "c"}), REGIONS, tmp_path)
    chosen = read_given(study_with(ROWS | {"specification": "a"}), REGIONS, tmp_path)
    assert set(chosen.observations["specification"]) == {"a"}
    assert len(chosen.observations) == 4


def test_a_metric_of_ones_own_is_declared(tmp_path):
    given = {
        "measures": [{"metric": "thickness", "regions": {"hippocampus_L": "HL_{timepoint}"}}],
        "metrics": {"thickness": {"label": "cortical thickness", "unit": "mm"}},
    }
    study = study_with(given)
    assert given_problems(study.observations, REGIONS, "study.yaml") == []
    found = read_given(study, REGIONS, written(tmp_path, wide())).observations
    assert set(found["unit"]) == {"mm"}
