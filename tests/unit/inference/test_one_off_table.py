"""Tables of strangers: what is read, and what is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainchange.any_table import read_any_table
from brainchange.errors import BrainchangeError, ConfigError, TableError
from brainchange.inference.arranged import Arranged, arrange
from brainchange.inference.one_off_table import Layout

WIDE = Layout("id", "group", ("cbt",), ("wait",), pre="before", post="after")
LONG = Layout("id", "group", ("cbt",), ("wait",), timepoint="when", value_columns=("score",))
WIDE_TEXT = "id\tgroup\tbefore\tafter\ns1\tcbt\t1\t2\ns2\twait\t3\tn/a\ns3\tother\t9\t9\n"
LONG_TEXT = (
    "id,group,when,region,score\n"
    "s1,cbt,pre,amygdala,1\ns1,cbt,post,amygdala,2\n"
    "s1,cbt,pre,calcarine,5\ns1,cbt,post,calcarine,5.5\n"
    "s2,wait,pre,amygdala,3\ns2,wait,post,amygdala,\n"
)


def arranged(tmp_path: Path, text: str, layout: Layout, name: str = "table.tsv") -> Arranged:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return arrange(read_any_table(path), layout, name)


def refused(tmp_path: Path, text: str, layout: Layout, kind: type[BrainchangeError]) -> str:
    with pytest.raises(kind) as caught:
        arranged(tmp_path, text, layout)
    return str(caught.value)


def test_a_wide_table_gives_one_measure_of_the_named_arms(tmp_path):
    data = arranged(tmp_path, WIDE_TEXT, WIDE)
    assert data.participants == ("s1", "s2")
    assert data.treated.tolist() == [True, False]
    assert data.measures == (("", ""),)
    np.testing.assert_array_equal(data.pre, [[1], [3]])
    np.testing.assert_array_equal(data.post, [[2], [np.nan]])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_tabs_and_foreign_line_ends_are_read_alike(tmp_path, separator):
    text = "\ufeff" + WIDE_TEXT.replace("\t", separator).replace("\n", "\r\n")
    data = arranged(tmp_path, text, WIDE, "table.txt" if separator == "\t" else "table.csv")
    np.testing.assert_array_equal(data.pre, [[1], [3]])


def test_quotes_belong_to_the_cells_of_a_tsv_and_around_those_of_a_csv(tmp_path):
    tsv = WIDE_TEXT.replace("s1", '"s1')
    assert arranged(tmp_path, tsv, WIDE).participants == ('"s1', "s2")
    csv = WIDE_TEXT.replace("s1", '"s,1"').replace("\t", ",")
    assert arranged(tmp_path, csv, WIDE, "table.csv").participants == ("s,1", "s2")


def test_a_long_table_gives_a_measure_a_region_and_sets_the_negative_control_aside(tmp_path):
    layout = Layout(
        "id",
        "group",
        ("cbt",),
        ("wait",),
        timepoint="when",
        value_columns=("score",),
        region="region",
        negative_control=("calcarine",),
    )
    data = arranged(tmp_path, LONG_TEXT, layout, "table.csv")
    assert data.measures == (("", "amygdala"),)
    np.testing.assert_array_equal(data.post, [[2], [np.nan]])
    assert list(data.negative_control) == [("", "calcarine")]


def test_several_columns_of_values_are_metrics_in_the_order_they_are_named(tmp_path):
    text = "id\tgroup\twhen\tzung\tbdi\n"
    text += "s1\tcbt\tpre\t40\t20\ns1\tcbt\tpost\t41\t15\n"
    layout = Layout("id", "group", ("cbt",), timepoint="when", value_columns=("zung", "bdi"))
    data = arranged(tmp_path, text, layout)
    assert data.measures == (("zung", ""), ("bdi", ""))
    np.testing.assert_array_equal(data.post - data.pre, [[1, -5]])


def test_arms_without_a_row_of_either_timepoint_have_missing_values(tmp_path):
    text = "id\tgroup\twhen\tscore\ns1\tcbt\tlater\t1\ns2\twait\tpre\t1\ns2\twait\tpost\t1\n"
    data = arranged(
        tmp_path, text, Layout("id", "group", ("cbt",), timepoint="when", value_columns=("score",))
    )
    assert data.measures == (("", ""),)
    assert np.isnan(data.pre).all()


def test_covariates_are_numbers_or_levels_and_motion_has_two_timepoints(tmp_path):
    text = "id\tgroup\tbefore\tafter\tsex\tage\tfd1\tfd2\n"
    text += "s1\tcbt\t1\t2\tf\t30\t.1\t.2\ns2\twait\t3\t4\tm\tn/a\t.3\t.1\n"
    layout = Layout(
        "id",
        "group",
        ("cbt",),
        ("wait",),
        pre="before",
        post="after",
        covariates=("sex", "age"),
        motion=("fd1", "fd2"),
    )
    data = arranged(tmp_path, text, layout)
    np.testing.assert_array_equal(data.covariates, [[0, 30], [1, np.nan]])
    np.testing.assert_array_equal(data.motion, [[0.1, 0.3], [0.2, 0.1]])


def test_infinite_values_are_missing_and_counted(tmp_path):
    data = arranged(tmp_path, WIDE_TEXT.replace("cbt\t1", "cbt\t-inf"), WIDE)
    assert np.isnan(data.pre[0, 0])
    assert data.infinite.tolist() == [1]


def test_every_name_that_does_not_exist_is_told_at_once_with_the_closest(tmp_path):
    layout = Layout("id", "groop", ("cbt",), ("wait",), pre="befor", post="after")
    text = refused(tmp_path, WIDE_TEXT, layout, ConfigError)
    assert "2 problems" in text
    assert "--arm: the table has no column 'groop'" in text
    assert "Did you mean 'group'?" in text
    assert "Did you mean 'before'" in text


def test_an_arm_that_nobody_is_in_is_told_with_the_closest(tmp_path):
    layout = Layout("id", "group", ("cbtt",), ("wait",), pre="before", post="after")
    text = refused(tmp_path, WIDE_TEXT, layout, ConfigError)
    assert "--treated: no participant is in the arm 'cbtt'" in text
    assert "Did you mean 'cbt'?" in text


def test_an_arm_cannot_be_compared_with_itself(tmp_path):
    layout = Layout("id", "group", ("cbt",), ("cbt",), pre="before", post="after")
    assert "the arm 'cbt' is both treated and control" in refused(
        tmp_path, WIDE_TEXT, layout, ConfigError
    )


def test_repeated_rows_are_refused_with_their_line(tmp_path):
    text = refused(tmp_path, WIDE_TEXT + "s1\tcbt\t1\t2\n", WIDE, TableError)
    assert "row 5 repeats id=s1" in text
    assert "name their column with --timepoint" in text
    long = LONG_TEXT.replace(",", "\t") + "s1\tcbt\tpre\tamygdala\t7\n"
    layout = Layout(
        "id", "group", ("cbt",), timepoint="when", value_columns=("score",), region="region"
    )
    assert "row 8 repeats id=s1, when=pre, region=amygdala" in refused(
        tmp_path, long, layout, TableError
    )


def test_regions_that_are_not_told_apart_are_repeated_rows(tmp_path):
    text = refused(tmp_path, LONG_TEXT.replace(",", "\t"), LONG, TableError)
    assert "repeats id=s1, when=pre" in text


def test_a_participant_in_two_arms_is_refused(tmp_path):
    text = refused(tmp_path, WIDE_TEXT + "s1\twait\t1\t2\n", WIDE, TableError)
    assert "participant 's1' is in 2 arms: cbt, wait" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("s1\tcbt", "n/a\tcbt"), "row 2 names no participant"),
        (("cbt\t1", "cbt\tmany"), "row 2: column 'before' holds 'many', not a number"),
        (("cbt\t1\t2", "cbt\t1"), "row 2 has 3 cells where the header has 4"),
        (("before", "after"), "column 'after' occurs twice"),
    ],
    ids=["no id", "text", "short row", "two columns of one name"],
)
def test_cells_that_cannot_be_meant_are_refused_with_their_row(tmp_path, change, told):
    assert told in refused(tmp_path, WIDE_TEXT.replace(*change), WIDE, TableError)


@pytest.mark.parametrize("text", ["", "id\tgroup\tbefore\tafter\n"], ids=["empty", "header only"])
def test_a_table_without_rows_is_refused(tmp_path, text):
    assert "the table has no rows" in refused(tmp_path, text, WIDE, TableError)


def test_files_that_are_no_table_are_refused(tmp_path):
    with pytest.raises(TableError, match="the table does not exist"):
        read_any_table(tmp_path / "absent.tsv")
    with pytest.raises(TableError, match="this is a folder"):
        read_any_table(tmp_path)
    (tmp_path / "huge.csv").write_text("id,group\n" + "x" * 200_000 + ",cbt\n")
    with pytest.raises(TableError, match="row 2 cannot be read"):
        read_any_table(tmp_path / "huge.csv")
    (tmp_path / "binary.tsv").write_bytes(b"id\xff\xfe")
    with pytest.raises(TableError, match="not UTF-8"):
        read_any_table(tmp_path / "binary.tsv")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "it is not said where the values before and after therapy are"),
        ({"pre": "before"}, "it is not said where the values before and after therapy are"),
        ({"pre": "before", "post": "before"}, "'before' is named as before and as after"),
        (
            {"timepoint": "group", "value_columns": ("before", "after"), "metric": "id"},
            "with --metric there is one column of values",
        ),
        ({"timepoint": "group"}, "a long table needs the column of its values"),
        (
            {"pre": "before", "post": "after", "value_columns": ("after",)},
            "--value, --metric and --region are for long tables",
        ),
        (
            {"pre": "before", "post": "after", "motion": ("before",)},
            "a wide table needs two columns",
        ),
        (
            {"timepoint": "group", "value_columns": ("after",), "negative_control": ("x",)},
            "it needs --region, --metric or several --value",
        ),
    ],
)
def test_options_that_contradict_each_other_are_told(tmp_path, options, told):
    layout = Layout("id", "group", ("cbt",), ("wait",), **options)
    assert told in refused(tmp_path, WIDE_TEXT, layout, ConfigError)


def test_timepoints_and_negative_controls_of_a_long_table_must_exist(tmp_path):
    table = LONG_TEXT.replace(",", "\t")
    other = Layout("id", "group", ("cbt",), timepoint="region", value_columns=("score",))
    assert "it is not said which timepoints are before and after therapy" in refused(
        tmp_path, table, other, ConfigError
    )
    wrong = Layout("id", "group", ("cbt",), timepoint="when", value_columns=("score",), post="pots")
    assert "Did you mean 'post'?" in refused(tmp_path, table, wrong, ConfigError)
    control = Layout(
        "id",
        "group",
        ("cbt",),
        timepoint="when",
        value_columns=("score",),
        region="region",
        negative_control=("calcarin",),
    )
    assert "Did you mean 'calcarine'?" in refused(tmp_path, table, control, ConfigError)
    everything = Layout(
        "id",
        "group",
        ("cbt",),
        timepoint="when",
        value_columns=("score",),
        region="region",
        negative_control=("calcarine", "amygdala"),
    )
    assert "every measure is a negative control" in refused(
        tmp_path, table, everything, ConfigError
    )
