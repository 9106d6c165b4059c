import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.errors import TableError
from brainchange.tables import Column, TableSchema, read_tsv, write_tsv

SCHEMA = TableSchema(
    "volumes",
    "One volume.",
    (
        Column("region", "string", "Region", required=True),
        Column("side", "string", "Side", levels=("L", "R")),
        Column("volume", "number", "Volume", unit="mm3"),
        Column("n", "integer", "Voxels"),
        Column("usable", "boolean", "Whether it is used"),
    ),
    key=("region", "side"),
)


def test_a_table_comes_back_as_it_was_written(tmp_path):
    rows = [
        {"region": "01", "side": "L", "volume": 1 / 3, "n": 12, "usable": True},
        {"region": "on", "side": "R", "volume": math.nan, "n": None, "usable": None},
    ]
    path = tmp_path / "t.tsv"
    SCHEMA.write(SCHEMA.frame(rows), path, sidecar=True)
    assert path.read_text() == (
        "region\tside\tvolume\tn\tusable\n01\tL\t0.333333333333\t12\ttrue\non\tR\tn/a\tn/a\tn/a\n"
    )
    back = SCHEMA.read(path)
    assert back["region"].to_list() == ["01", "on"]
    assert back["volume"][0] == pytest.approx(1 / 3, abs=1e-12)
    assert bool(back["usable"][0]) is True
    assert back.isna().sum().to_dict() == {"region": 0, "side": 0, "volume": 1, "n": 1, "usable": 1}
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["volume"] == {"Description": "Volume", "Units": "mm3"}


def test_all_wrong_cells_are_told_at_once(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("region\tside\tvolume\tn\tusable\nn/a\tL\tbig\t1\ttrue\na\tX\t1\t1.5\tmaybe\n")
    with pytest.raises(TableError) as caught:
        SCHEMA.read(path)
    assert str(caught.value) == (
        f"5 problems:\n"
        f"{path}: row 2: column 'region' is missing a value\n"
        f"{path}: row 3: column 'side' holds 'X', not one of L, R\n"
        f"{path}: row 2: column 'volume' holds 'big', not a number\n"
        f"{path}: row 3: column 'n' holds '1.5', not a whole number\n"
        f"{path}: row 3: column 'usable' holds 'maybe', not true or false"
    )


def test_missing_and_unknown_columns_are_told_with_the_likely_name(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("region\tside\tvolumes\tn\tusable\na\tL\t1\t1\ttrue\n")
    with pytest.raises(TableError) as caught:
        SCHEMA.read(path)
    assert "column 'volume' is missing" in str(caught.value)
    assert "column 'volumes' is unknown\n  What to do: Did you mean 'volume'?" in str(caught.value)


def test_a_repeated_key_is_refused():
    row = {"region": "a", "side": "L"}
    with pytest.raises(TableError, match="row 3 repeats region=a, side=L"):
        SCHEMA.frame([row, row])


def test_a_column_that_is_not_declared_is_refused():
    with pytest.raises(TableError, match="the table 'volumes' has no column 'regoin'"):
        SCHEMA.frame([{"regoin": "a"}])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the table is empty"),
        (b"\n \n", "the table is empty"),
        (b"a\tb\n1\n", "row 2 has 1 cell where the header has 2"),
        (b"a\ta\n1\t2\n", "column 'a' occurs twice"),
        (b"a\n\xff\n", "the table is not UTF-8 text"),
    ],
)
def test_a_broken_file_is_told(tmp_path, content, told):
    path = tmp_path / "t.tsv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=told):
        read_tsv(path)
    with pytest.raises(TableError, match="does not exist"):
        read_tsv(tmp_path / "none.tsv")


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_bytes("\ufeffa\tb\r\n1\tn/a\r\n".encode())
    frame = read_tsv(path)
    assert frame["a"].to_list() == ["1"]
    assert frame["b"].isna().all()


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), max_size=8),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
        ),
        max_size=8,
    )
)
def test_any_text_and_number_keeps_its_row(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("tables") / "t.tsv"
    frame = pd.DataFrame(cells, columns=["text", "number"]).astype({"number": float})
    write_tsv(frame.assign(end="|"), path)
    back = read_tsv(path)
    assert len(back) == len(frame)
    assert (back["end"] == "|").all()
    np.testing.assert_allclose(back["number"].astype(float), frame["number"], rtol=1e-11)


@pytest.mark.parametrize("separator", ["    ", ";", ","])
def test_another_separator_is_told_once(tmp_path, separator):
    path = tmp_path / "t.tsv"
    path.write_text(separator.join(SCHEMA.names) + "\n")
    with pytest.raises(TableError, match="separate them by tabs") as caught:
        SCHEMA.read(path)
    assert len(caught.value.problems) == 1


def test_empty_cells_that_a_spreadsheet_leaves_at_the_end_are_dropped(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\t\t\n1\t\t\t\n1\t2\n")
    assert read_tsv(path).fillna("").to_dict("list") == {"a": ["1", "1"], "b": ["", "2"]}
    path.write_text("a\tb\t\n1\t2\t3\n")
    with pytest.raises(TableError, match="row 2 has 3 cells where the header has 2"):
        read_tsv(path)
