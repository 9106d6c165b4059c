"""Which table of FreeSurfer belongs to which timepoint."""

from __future__ import annotations

from brainchange.sources.freesurfer import ONE_SET, freesurfer_volumes

FOLDER = "derivatives/fmriprep/sourcedata/freesurfer"
TIMES = (("pre", ("1",)), ("post", ("2", "3")))


def found(*names: str):
    paths = [f"{FOLDER}/{name}/stats/aseg.stats" for name in names]
    return freesurfer_volumes([*paths, f"{FOLDER}/sub-09/stats/lh.aparc.stats"], FOLDER, TIMES)


def test_the_longitudinal_stream_is_taken_where_it_is_there_for_every_timepoint() -> None:
    names = ["sub-01_ses-1", "sub-01_ses-3"]
    one = found(*names, *(f"{name}.long.sub-01" for name in names), "sub-01")["sub-01"]
    assert one.stream == "longitudinal"
    assert one.stats == (
        ("pre", f"{FOLDER}/sub-01_ses-1.long.sub-01/stats/aseg.stats"),
        ("post", f"{FOLDER}/sub-01_ses-3.long.sub-01/stats/aseg.stats"),
    )
    assert one.caution == ""


def test_sessions_that_were_segmented_by_themselves_are_used_with_caution() -> None:
    one = found("sub-01_ses-1", "sub-01_ses-2", "sub-01_ses-2.long.sub-01")["sub-01"]
    assert one.stream == "cross-sectional"
    assert [timepoint for timepoint, _ in one.stats] == ["pre", "post"]
    assert "each session by itself" in one.caution


def test_one_set_for_all_sessions_measures_no_change_and_says_so() -> None:
    one = found("sub-01")["sub-01"]
    assert one.stats == ()
    assert one.reason == ONE_SET


def test_one_timepoint_alone_measures_no_change() -> None:
    one = found("sub-01_ses-1")["sub-01"]
    assert one.reason == "FreeSurfer has volumes at pre only"


def test_a_participant_without_table_is_not_there() -> None:
    assert set(found("sub-02_ses-1", "fsaverage")) == {"sub-02"}
