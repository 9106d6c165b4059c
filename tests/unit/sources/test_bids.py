"""Names and entities are the same thing said twice; runs are what exists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainchange.errors import BrainchangeError
from brainchange.sources.bids import (
    ENTITIES,
    BidsName,
    PreparedFiles,
    Run,
    derivative_name,
    events_of,
    inherited,
    parse_name,
    prepared_runs,
    run_of,
)
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.study.model import Images

FOLDER = "derivatives/fmriprep/sub-01/ses-pre/func"
KEY = "sub-01_ses-pre_task-rest"
ENDINGS = {
    "bold": "space-T1w_desc-preproc_bold.nii.gz",
    "brain_mask": "space-T1w_desc-brain_mask.nii.gz",
    "parcellation": "space-T1w_desc-aparcaseg_dseg.nii.gz",
    "confounds": "desc-confounds_timeseries.tsv",
    "sidecar": "space-T1w_desc-preproc_bold.json",
}
labels = st.text("abcXYZ019", min_size=1, max_size=6)


def files(key: str = KEY, folder: str = FOLDER, **changes: str) -> list[str]:
    return [f"{folder}/{key}_{ending}" for ending in {**ENDINGS, **changes}.values() if ending]


def test_a_complete_run_is_found_with_its_files() -> None:
    others = [
        f"{FOLDER}/{KEY}_space-T1w_boldref.nii.gz",
        f"{FOLDER}/{KEY}_space-MNI152NLin2009cAsym_res-2_desc-preproc_bold.nii.gz",
        f"{FOLDER}/{KEY}_space-T1w_desc-aseg_dseg.nii.gz",
        f"{FOLDER}/{KEY}_desc-confounds_timeseries.json",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-rest_bold.nii.gz",
        "participants.tsv",
        "derivatives/fmriprep/desc-aparcaseg_dseg.tsv",
    ]
    runs, decisions = prepared_runs([*others, *files()], Images(), ("rest",))
    paths = {role: f"{FOLDER}/{KEY}_{ending}" for role, ending in ENDINGS.items()}
    assert runs == [PreparedFiles(run=Run("sub-01", "ses-pre", "rest"), **paths)]
    assert set(runs[0].paths) == set(files())
    assert decisions == []


def test_runs_differ_by_what_names_them_and_not_by_what_was_made_of_them() -> None:
    paths = files() + files(f"{KEY}_run-1") + files(f"{KEY}_acq-fast_dir-AP_run-2")
    runs, _ = prepared_runs(reversed(paths), Images(), ("rest",))
    assert [prepared.run.key for prepared in runs] == [
        KEY,
        f"{KEY}_acq-fast_dir-AP_run-2",
        f"{KEY}_run-1",
    ]
    assert runs[1].run.entities == (("acq", "fast"), ("dir", "AP"), ("run", "2"))


def test_a_dataset_without_sessions_and_old_names_of_the_confounds_are_read() -> None:
    folder = "derivatives/fmriprep/sub-07/func"
    paths = files("sub-07_task-rest", folder, confounds="desc-confounds_regressors.tsv")
    (prepared,), decisions = prepared_runs(paths, Images(), ("rest",))
    assert prepared.run == Run("sub-07", None, "rest")
    assert prepared.run.folder == "sub-07/func"
    assert prepared.confounds.endswith("_desc-confounds_regressors.tsv")
    assert decisions == []


@pytest.mark.parametrize(
    ("role", "what"),
    [
        ("bold", "it has no prepared BOLD image in space T1w"),
        ("brain_mask", "it has no brain mask in space T1w"),
        ("parcellation", "it has no parcellation in space T1w"),
        ("confounds", "it has no confounds table"),
        ("sidecar", "it has no sidecar of the prepared BOLD image in space T1w"),
    ],
)
def test_a_run_without_one_of_its_files_is_a_decision(role: str, what: str) -> None:
    paths = files(**{role: ""}) + files("sub-01_ses-pre_task-rest_run-2")
    runs, decisions = prepared_runs(paths, Images(), ("rest",))
    assert [prepared.run.key for prepared in runs] == [f"{KEY}_run-2"]
    frame = DECISIONS_TABLE.frame(decisions)
    assert frame[["participant_id", "session_id", "run", "reason"]].values.tolist() == [
        ["sub-01", "ses-pre", KEY, what]
    ]


def test_two_files_of_a_kind_are_a_decision_and_not_a_guess() -> None:
    second = f"{FOLDER}/{KEY}_space-T1w_desc-preproc_bold.nii"
    runs, (decision,) = prepared_runs([*files(), second], Images(), ("rest",))
    assert runs == []
    assert decision["reason"].startswith("2 files could be its prepared BOLD image: ")
    assert second in decision["reason"]


def test_the_resolution_of_a_template_space_tells_images_apart() -> None:
    images = Images(space="MNI152NLin2009cAsym", resolution="2", atlas="HarvardOxford")
    kinds = ("desc-preproc_bold.nii.gz", "desc-brain_mask.nii.gz", "desc-preproc_bold.json")
    space = f"{FOLDER}/{KEY}_space-MNI152NLin2009cAsym"
    at_2_mm = [f"{space}_res-2_{kind}" for kind in kinds]
    native = [f"{space}_{kind}" for kind in kinds]
    confounds = f"{FOLDER}/{KEY}_desc-confounds_timeseries.tsv"
    (prepared,), decisions = prepared_runs([*at_2_mm, *native, confounds], images, ("rest",))
    assert decisions == []
    assert prepared.bold == at_2_mm[0]
    assert prepared.parcellation == (
        f"derivatives/brainchange-regions/sub-01/ses-pre/func/{KEY}"
        "_space-MNI152NLin2009cAsym_res-2_desc-HarvardOxford_dseg.nii.gz"
    )


def test_what_is_said_for_a_task_holds_for_its_runs_unless_a_run_says_otherwise() -> None:
    run = Run("sub-01", "ses-pre", "faces", (("run", "1"),))
    paths = [
        "sub-01/ses-pre/func/sub-01_ses-pre_task-faces_run-1_bold.json",
        "sub-01/sub-01_task-faces_bold.json",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-faces_run-2_bold.json",
        "sub-02/sub-02_task-faces_bold.json",
        "task-faces_bold.json",
        "task-rest_bold.json",
        "derivatives/fmriprep/task-faces_bold.json",
    ]
    assert inherited(run, paths, suffix="bold", extension=".json") == (
        paths[4],
        paths[1],
        paths[0],
    )
    assert events_of(run, ["task-faces_events.tsv", "task-rest_events.tsv"]) == (
        "task-faces_events.tsv"
    )
    assert events_of(run, ["sub-01/ses-post/func/sub-01_ses-post_task-faces_events.tsv"]) is None


def test_a_file_in_the_folder_of_another_participant_is_not_used() -> None:
    paths = files(folder=FOLDER.replace("sub-01", "sub-02"))
    runs, decisions = prepared_runs(paths, Images(), ("rest",))
    assert runs == []
    assert len(decisions) == len(paths)
    assert "lies in the folder of another participant" in decisions[0]["reason"]


def test_tasks_and_spaces_that_were_not_asked_for_are_no_runs() -> None:
    paths = files() + files("sub-01_ses-pre_task-faces")
    runs, decisions = prepared_runs(paths, Images(), ("faces",))
    assert ([p.run.task for p in runs], decisions) == (["faces"], [])
    _, decisions = prepared_runs(paths, Images(space="MNI152NLin6Asym"), ("rest",))
    assert "it has no brain mask in space MNI152NLin6Asym" in decisions[0]["reason"]


def test_the_order_of_the_paths_changes_nothing() -> None:
    paths = [
        path
        for participant in ("sub-02", "sub-10", "sub-01")
        for path in files(f"{participant}_ses-pre_task-rest", FOLDER.replace("sub-01", participant))
    ]
    assert prepared_runs(paths, Images(), ("rest",)) == prepared_runs(
        reversed(paths), Images(), ("rest",)
    )


def test_a_derivative_is_named_in_the_order_of_bids() -> None:
    run = Run("sub-01", "ses-pre", "rest", (("run", "1"),))
    name = derivative_name(
        run, desc="denoised", seg="aparcaseg", suffix="timeseries", extension=".tsv"
    )
    assert name == "sub-01_ses-pre_task-rest_run-1_seg-aparcaseg_desc-denoised_timeseries.tsv"


@pytest.mark.parametrize(
    ("entities", "told"),
    [
        ({"spcae": "T1w"}, "'spcae' is no BIDS entity\n  What to do: Did you mean 'space'"),
        ({"task": "faces"}, "the run already has 'task-rest'"),
        ({"desc": "not-alnum"}, "label 'not-alnum' of 'desc' is not BIDS"),
    ],
)
def test_a_derivative_that_bids_would_not_accept_is_refused(
    entities: dict[str, str], told: str
) -> None:
    with pytest.raises(BrainchangeError) as caught:
        derivative_name(
            Run("sub-01", "ses-pre", "rest"), suffix="bold", extension=".tsv", **entities
        )
    assert told in str(caught.value)


@given(st.dictionaries(st.sampled_from(ENTITIES[4:]), labels), labels, labels)
def test_names_and_entities_are_the_same(
    entities: dict[str, str], participant: str, session: str
) -> None:
    run = Run(f"sub-{participant}", f"ses-{session}", "rest")
    name = derivative_name(run, suffix="bold", extension=".nii.gz", **entities)
    parsed = parse_name(name)
    expected = {"sub": participant, "ses": session, "task": "rest", **entities}
    assert parsed == BidsName(expected, "bold", ".nii.gz")
    assert set(run_of(parsed).key.split("_")) <= set(name.split("_"))
    assert run_of(parsed).participant == f"sub-{participant}"


@pytest.mark.parametrize(
    "name", ["README", "participants.tsv", "sub-01_sub-02_bold.nii.gz", "sub-01_x_bold.nii.gz", ""]
)
def test_other_names_are_no_bids_names(name: str) -> None:
    assert parse_name(name) is None
