"""Raw runs are what exists; one T1w image serves all sessions of a participant."""

from __future__ import annotations

from brainchange.sources.bids import Run
from brainchange.sources.raw import anatomy_paths, prepared_files, raw_participants
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.study.model import Images

TIMEPOINTS = (("pre", ("pre",)), ("post", ("post",)))
DATASET = [
    "participants.tsv",
    "task-rest_bold.json",
    "sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz",
    "sub-01/ses-post/anat/sub-01_ses-post_T1w.nii.gz",
    "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold.nii.gz",
    "sub-01/ses-post/func/sub-01_ses-post_task-rest_bold.nii.gz",
    "sub-01/ses-post/func/sub-01_ses-post_task-rest_bold.json",
    "sub-02/ses-post/anat/sub-02_ses-post_T1w.nii",
    "sub-02/ses-pre/func/sub-02_ses-pre_task-rest_bold.nii",
    "sub-03/ses-pre/func/sub-03_ses-pre_task-rest_bold.nii.gz",
    "derivatives/other/sub-04/ses-pre/func/sub-04_ses-pre_task-rest_bold.nii.gz",
]


def found(paths=DATASET, tasks=("rest",)):
    participants, decisions = raw_participants(paths, tasks, TIMEPOINTS)
    DECISIONS_TABLE.frame(decisions)
    return {one.participant: one for one in participants}, decisions


def test_every_run_is_found_with_the_sidecars_that_hold_for_it() -> None:
    participants, _ = found()
    assert list(participants) == ["sub-01", "sub-02", "sub-03"]
    post, pre = participants["sub-01"].runs
    assert (post.run, pre.run) == (
        Run("sub-01", "ses-post", "rest"),
        Run("sub-01", "ses-pre", "rest"),
    )
    assert post.sidecars == (DATASET[1], DATASET[6])
    assert pre.sidecars == (DATASET[1],)


def test_the_t1w_image_of_the_first_timepoint_serves_all_sessions_and_that_is_told() -> None:
    participants, decisions = found()
    assert participants["sub-01"].t1w == DATASET[2]
    assert participants["sub-01"].t1w_of_timepoint == (("pre", DATASET[2]), ("post", DATASET[3]))
    told = [row for row in decisions if row["participant_id"] == "sub-01"]
    assert [(row["session_id"], row["action"]) for row in told] == [("ses-post", "caution")]
    assert "the T1w image of ses-pre" in told[0]["reason"]


def test_a_later_t1w_image_serves_where_the_first_timepoint_has_none() -> None:
    participants, decisions = found()
    assert participants["sub-02"].t1w == DATASET[7]
    (told,) = [row for row in decisions if row["participant_id"] == "sub-02"]
    assert told["session_id"] == "ses-pre"


def test_a_participant_without_a_t1w_image_stays_and_has_none() -> None:
    participants, _ = found()
    assert participants["sub-03"].t1w is None
    assert participants["sub-03"].paths == (DATASET[9], DATASET[1])


def test_of_two_t1w_images_of_a_session_the_choice_is_told() -> None:
    second = "sub-03/ses-pre/anat/sub-03_ses-pre_run-2_T1w.nii.gz"
    first = "sub-03/ses-pre/anat/sub-03_ses-pre_run-1_T1w.nii.gz"
    participants, decisions = found([*DATASET, second, first])
    assert participants["sub-03"].t1w == first
    (told,) = [row for row in decisions if row["participant_id"] == "sub-03"]
    assert first in told["reason"]
    assert second in told["reason"]


def test_phases_are_told_and_not_used() -> None:
    participants, decisions = found(
        ["sub-05/ses-pre/func/sub-05_ses-pre_task-rest_part-phase_bold.nii.gz"]
    )
    assert participants == {}
    assert [row["action"] for row in decisions] == ["excluded"]


ECHOES = [f"sub-05/ses-pre/func/sub-05_ses-pre_task-rest_echo-{n}_bold.nii.gz" for n in (1, 2, 3)]
OF_ECHOES = [path.replace(".nii.gz", ".json") for path in ECHOES]


def test_echoes_are_one_run_of_images_to_combine_each_with_its_sidecar() -> None:
    participants, decisions = found([*ECHOES, *OF_ECHOES, "task-rest_bold.json"])
    (raw,) = participants["sub-05"].runs
    assert decisions == []
    assert raw.run.key == "sub-05_ses-pre_task-rest"
    assert [echo.bold for echo in raw.echoes] == ECHOES
    assert [echo.sidecars[-1] for echo in raw.echoes] == OF_ECHOES
    assert set(raw.paths) == {*ECHOES, *OF_ECHOES, "task-rest_bold.json"}


def test_one_echo_can_be_chosen_and_a_missing_one_is_told() -> None:
    timepoints = (("pre", ("pre",)), ("post", ("post",)))
    (chosen,), _ = raw_participants(ECHOES, ["rest"], timepoints, 2)
    assert chosen.runs[0].bold == ECHOES[1]
    assert chosen.runs[0].echoes == ()
    assert chosen.runs[0].run.key == "sub-05_ses-pre_task-rest"
    nobody, (told,) = raw_participants([ECHOES[0], ECHOES[2]], ["rest"], timepoints)
    assert nobody == []
    assert told["reason"] == "echo 2 of the run is missing"
    assert told["config_key"] == "images.echoes"


def test_an_image_in_the_folder_of_another_participant_and_a_reference_are_no_runs() -> None:
    paths = [
        "sub-01/ses-pre/func/sub-02_ses-pre_task-rest_bold.nii.gz",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_sbref.nii.gz",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-faces_bold.nii.gz",
    ]
    assert found(paths) == ({}, [])


def test_of_a_compressed_image_and_its_copy_the_compressed_is_used() -> None:
    base = "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold"
    participants, _ = found([f"{base}.nii", f"{base}.nii.gz"])
    assert [raw.bold for raw in participants["sub-01"].runs] == [f"{base}.nii.gz"]


def test_prepared_files_are_named_as_by_fmriprep() -> None:
    participants, _ = found()
    images = Images(source="raw", atlas="HarvardOxford")
    files = prepared_files(participants["sub-01"].runs[1], images)
    start = "derivatives/brainchange/sub-01/ses-pre/func/sub-01_ses-pre_task-rest_"
    assert files.bold == f"{start}space-T1w_desc-preproc_bold.nii.gz"
    assert files.sidecar == f"{start}space-T1w_desc-preproc_bold.json"
    assert files.brain_mask == f"{start}space-T1w_desc-brain_mask.nii.gz"
    assert files.confounds == f"{start}desc-confounds_timeseries.tsv"
    assert files.parcellation == (
        "derivatives/brainchange-regions/sub-01/ses-pre/func/"
        "sub-01_ses-pre_task-rest_space-T1w_desc-HarvardOxford_dseg.nii.gz"
    )


def test_files_of_the_anatomy_are_named_after_the_t1w_image() -> None:
    participants, _ = found()
    images = Images(source="raw", atlas="HarvardOxford")
    paths = anatomy_paths(participants["sub-01"], images)
    start = "derivatives/brainchange/sub-01/ses-pre/anat/sub-01_ses-pre"
    assert paths.t1w == f"{start}_desc-preproc_T1w.nii.gz"
    assert paths.from_template == (f"{start}_from-MNI152NLin2009cAsym_to-T1w_mode-image_xfm.h5")
    assert paths.parcellation == (
        "derivatives/brainchange-regions/sub-01/ses-pre/anat/"
        "sub-01_ses-pre_desc-HarvardOxford_dseg.nii.gz"
    )
    assert anatomy_paths(participants["sub-03"], images) is None
