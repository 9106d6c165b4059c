"""Tables of events: what is wrong is told with its rows, and nothing is lost silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainchange.errors import TableError
from brainchange.imaging.events import EventDoubt, Events, RunTimes, read_events
from brainchange.study import tasks

HEADER = "onset\tduration\ttrial_type"
TIMES = RunTimes(first=0.0, end=100.0)


def read(
    folder: Path, *rows: str, header: str = HEADER, times: RunTimes = TIMES, **rules: Any
) -> tuple[Events, tuple[EventDoubt, ...]]:
    path = folder / "task-faces_events.tsv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_events(path, tasks.Events(**rules), times)


def told(doubts: tuple[EventDoubt, ...]) -> list[tuple[str, str]]:
    return [(doubt.action, doubt.reason) for doubt in doubts]


def refused(folder: Path, *rows: str, **changes: Any) -> str:
    with pytest.raises(TableError) as caught:
        read(folder, *rows, **changes)
    return str(caught.value)


def test_events_are_read_without_a_word(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "5\t2\tface", "10.5\t2.5\tshape", "15\t2\tface")
    assert doubts == ()
    assert events.conditions == ("face", "shape")
    assert events.of_condition.tolist() == [0, 1, 0]
    assert events.onset.tolist() == [5, 10.5, 15]
    assert events.duration.tolist() == [2, 2.5, 2]
    assert events.row.tolist() == [2, 3, 4]


def test_time_begins_with_the_first_analysed_volume(tmp_path: Path) -> None:
    times = RunTimes(first=8.0, end=100.0)
    events, doubts = read(tmp_path, "5\t2\tface", "10\t2\tface", times=times)
    assert events.onset.tolist() == [-3, 2]
    assert doubts == ()


def test_events_that_lack_a_cell_are_left_out_with_their_rows(tmp_path: Path) -> None:
    events, doubts = read(
        tmp_path, "n/a\t2\tface", "5\tn/a\tface", "9\t2\tn/a", "15\t2\tface", "20\t\tface"
    )
    assert events.row.tolist() == [5]
    assert told(doubts) == [
        ("excluded", "1 event (row 2): the onset is missing"),
        ("excluded", "2 events (rows 3, 6): the duration is missing"),
        ("excluded", "1 event (row 4): the condition is missing"),
    ]


def test_events_outside_the_run_are_left_out(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "5\t2\tface", "100\t2\tface", "-50\t2\tface", "99\t9\tface")
    assert events.row.tolist() == [2, 5]
    assert told(doubts) == [
        ("excluded", "1 event (row 3): they begin after the end of the run"),
        (
            "excluded",
            "1 event (row 4): they end more than 32 s before the first analysed volume",
        ),
    ]


def test_an_event_before_the_first_volume_is_modelled_as_far_as_it_reaches(
    tmp_path: Path,
) -> None:
    events, doubts = read(tmp_path, "-60\t50\tface", "20\t2\tface")
    assert events.onset.tolist() == [-32, 20]
    assert events.duration.tolist() == [22, 2]
    [(action, reason)] = told(doubts)
    assert action == "caution"
    assert reason.startswith("1 event (row 2): they begin before the first volume of the run")


def test_unsorted_events_are_sorted(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "15\t2\tface", "5\t2\tshape", "10\t2\tface")
    assert events.onset.tolist() == [5, 10, 15]
    assert events.conditions == ("shape", "face")
    assert events.row.tolist() == [3, 4, 2]
    assert told(doubts) == [
        ("caution", "1 event (row 3): they are not in order of time and were sorted")
    ]


def test_overlaps_are_told_within_and_between_conditions(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "5\t10\tface", "8\t2\tface", "12\t1\tcue", "30\t2\tcue")
    assert len(events.onset) == 4
    assert told(doubts) == [
        (
            "caution",
            "1 event (row 3): they overlap events of their own condition; both count while they do",
        ),
        (
            "caution",
            "1 event (row 4): they overlap events of other conditions; responses are taken to add "
            "up",
        ),
    ]


def test_events_that_touch_do_not_overlap(tmp_path: Path) -> None:
    assert read(tmp_path, "5\t2.0004\tface", "7\t2\tface", "9\t2\tshape")[1] == ()


def test_an_event_given_twice_counts_once(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "5\t2\tface", "5\t2\tface", "5.0\t2\tface", "5\t2\tshape")
    assert events.row.tolist() == [2, 5]
    assert told(doubts)[0] == (
        "excluded",
        "2 events (rows 3, 4): they are given twice and counted once",
    )


def test_events_without_duration_are_told(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "5\t0\tface", "9\t2\tface")
    assert events.duration.tolist() == [0, 2]
    assert "1 event (row 2): they have no duration" in told(doubts)[0][1]


def test_the_baseline_is_not_modelled(tmp_path: Path) -> None:
    events, doubts = read(
        tmp_path, "0\t5\trest", "5\t2\tface", "n/a\tn/a\trest", baseline=("rest",)
    )
    assert events.conditions == ("face",)
    assert doubts == ()


def test_another_column_names_conditions(tmp_path: Path) -> None:
    events, _ = read(
        tmp_path, "5\t2\tx\tfear", header="onset\tduration\ttrial_type\tvalence", column="valence"
    )
    assert events.conditions == ("fear",)


def test_a_column_of_amplitudes_changes_nothing(tmp_path: Path) -> None:
    header = f"{HEADER}\tmodulation"
    events, doubts = read(tmp_path, "5\t2\tface\t7", "9\t2\tface\t-1", header=header)
    assert len(events.onset) == 2
    assert doubts == ()


def test_wrong_cells_are_told_at_once_with_their_rows(tmp_path: Path) -> None:
    text = refused(tmp_path, "1,5\t2\tface", "5\t-2\tface", "7\tnan\tface", "inf\t2\tface")
    assert "rows 2, 5: column 'onset' holds '1,5'" in text
    assert "row 4: column 'duration' holds 'nan'" in text
    assert "row 3: the duration is negative" in text


def test_many_rows_are_counted(tmp_path: Path) -> None:
    assert "rows 2, 3, 4, 5, 6, 7, 8, 9 and 12 more" in refused(tmp_path, *["x\t1\tface"] * 20)


def test_a_missing_column_is_told_with_the_likely_one(tmp_path: Path) -> None:
    text = refused(tmp_path, "5\t2\tface", header="onset\tduration\ttrial_typ")
    assert "column 'trial_type' is missing" in text
    assert "Did you mean 'trial_typ'?" in text


def test_milliseconds_are_noticed(tmp_path: Path) -> None:
    text = refused(tmp_path, "5000\t2000\tface", "20000\t2000\tface")
    assert "no event that can be used" in text
    assert "onsets are in milliseconds" in text


def test_a_table_without_events_is_told(tmp_path: Path) -> None:
    assert "no event that can be used" in refused(tmp_path)
    assert "all its events are the baseline" in refused(tmp_path, "1\t2\trest", baseline=("rest",))


def test_a_column_of_pictures_is_no_column_of_conditions(tmp_path: Path) -> None:
    rows = [f"{0.5 * number}\t0.2\tpicture{number}.jpg" for number in range(150)]
    text = refused(tmp_path, *rows)
    assert "column 'trial_type' names 150 conditions (picture0.jpg" in text
    assert "events: {column: …}" in text


@pytest.mark.parametrize(
    "name",
    [
        "constant",
        "drift_1",
        "face-happy",
        "../../etc",
        "=1+1",
        "<b>",
        "а",
        "x" * 5000,
        "fa ce",
        "1",
    ],
)
def test_any_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    events, doubts = read(tmp_path, f"5\t2\t{name}", "9\t2\tface")
    assert events.conditions == (name, "face")
    assert doubts == ()


def test_absurd_times_take_no_memory(tmp_path: Path) -> None:
    events, doubts = read(tmp_path, "-1e12\t2e12\tface", "5\t1e300\tshape", "7\t2\tface")
    assert events.onset.tolist() == [-32, 5, 7]
    assert np.all(events.duration < 500)
    assert {action for action, _ in told(doubts)} == {"caution"}
