"""Every study has the participants, per arm and task, that its published files and tables say.

The numbers were counted independently from the public git history of each dataset.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from brainchange.inference.participants import enrol
from brainchange.planning.participation import arm_counts, scanned_at, scanned_timepoints
from brainchange.planning.plan import Plan, make_plan
from brainchange.project import load_project
from brainchange.sources.build import build_lock, scanner_images
from brainchange.sources.freesurfer import ONE_SET, freesurfer_volumes
from brainchange.sources.lock import read_lock
from brainchange.sources.overlap import images_path, shared_participants, study_images
from brainchange.sources.patterns import matching
from brainchange.sources.people import read_people
from brainchange.tables import read_tsv

RAW = ("ds004627", "ds005016", "ds005917", "ds006303", "ds006577")
ABMT = {"ANX-1": 24, "ANX--1": 19, "ANX-none": 1}
"""The 44 patients of ds006303 with both sessions: active, sham and no attention training."""


def planned(root: Path, study: str) -> Plan:
    return make_plan(load_project(root, {"study": study}))


def arms(plan: Plan, shared: Path) -> Mapping[str, str]:
    """Arm of each participant in the real table."""
    study = plan.project.study
    enrolment = enrol(read_people(study, shared / "openneuro" / study.id).table, study)
    return dict(zip(enrolment.participants, enrolment.arms, strict=True))


@pytest.mark.parametrize(
    ("study", "task", "n_any", "n_both"),
    [
        ("ds003007", "rest", 29, 29),
        ("ds003357", "rest", 32, 32),
        ("ds002748", "rest", 72, 0),
        ("ds006303", "rest", 149, 74),
        ("ds006303", "TAU", 149, 74),
        ("ds006577", "TAU2", 100, 63),
        ("ds005016", "rest", 112, 78),
        ("ds005016", "msit", 112, 76),
        ("ds005016", "pain", 109, 71),
        ("ds005917", "rest", 58, 50),
        ("ds004627", "rest", 36, 33),
    ],
)
def test_the_committed_lock_has_the_participants_with_both_sessions(
    root: Path, study: str, task: str, n_any: int, n_both: int
) -> None:
    plan = planned(root, study)
    assert len(scanned_timepoints(plan, task)) == n_any
    assert len(scanned_at(plan, task)) == n_both


@pytest.mark.shared
@pytest.mark.parametrize(
    ("study", "task", "expected"),
    [
        ("ds003007", "rest", {"depr_cbt": 8, "depr_nfb": 6, "depr_no_treatment": 15}),
        ("ds003357", "rest", {"biofeedback": 15, "control": 17}),
        ("ds006303", "rest", {**ABMT, "HV-none": 30}),
        ("ds006303", "TAU", {**ABMT, "HV-none": 30}),
        ("ds006577", "TAU2", {"Anx-active": 11, "Anx-sham": 8, "HV-none": 44}),
        ("ds005016", "rest", {"MBSR+": 38, "SMH": 40}),
        ("ds005016", "msit", {"MBSR+": 36, "SMH": 40}),
        ("ds005016", "pain", {"MBSR+": 33, "SMH": 38}),
        ("ds004627", "rest", {"MDD": 10, "HV": 23}),
    ],
)
def test_participants_with_pre_and_post_of_each_arm(
    root: Path, shared: Path, study: str, task: str, expected: Mapping[str, int]
) -> None:
    plan = planned(root, study)
    of = arms(plan, shared)
    assert arm_counts(scanned_at(plan, task, arms=of), of) == expected


@pytest.mark.shared
def test_ds002748_has_51_patients_and_21_healthy_participants_once(
    root: Path, shared: Path
) -> None:
    plan = planned(root, "ds002748")
    counted = arm_counts(scanned_timepoints(plan, "rest"), arms(plan, shared))
    assert counted == {"depr": 51, "control": 21}


@pytest.mark.shared
def test_ds003357_is_prepared_here_because_its_published_derivatives_have_no_prepared_images(
    root: Path, shared: Path
) -> None:
    derivatives = shared / "openneuro-derivatives" / "ds003357-fmriprep" / "manifest.tsv"
    assert "desc-preproc_bold" not in derivatives.read_text()
    assert planned(root, "ds003357").project.study.images.source == "raw"


@pytest.mark.shared
def test_ds003357_has_age_and_sex_under_each_others_heading(root: Path, shared: Path) -> None:
    table = read_tsv(shared / "openneuro" / "ds003357" / "participants.tsv")
    columns = planned(root, "ds003357").project.study.participants.columns
    assert set(table[columns["sex"]]) == {"F", "M"}
    assert table[columns["age"]].astype(float).between(18, 60).all()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (("b0", "d2"), {"MDD": 27, "HC": 19, "BP": 2}),
        (("b0", "p2"), {"MDD": 26, "HC": 17, "BP": 2}),
        (("b0", "d2", "p2"), {"MDD": 24, "HC": 17, "BP": 2}),
    ],
)
def test_participants_of_the_crossover_with_scans_after_either_infusion(
    root: Path, shared: Path, sessions: tuple[str, ...], expected: Mapping[str, int]
) -> None:
    plan = planned(root, "ds005917")
    group = read_tsv(shared / "openneuro" / "ds005917" / "participants.tsv")
    groups = dict(zip(group["participant_id"], group["group"], strict=True))
    scanned = {
        name: {str(files.run.session).removeprefix("ses-") for files in runs}
        for name, runs in plan.runs.items()
    }
    both = [name for name, labels in scanned.items() if set(sessions) <= labels]
    assert arm_counts(both, groups) == expected


@pytest.mark.shared
def test_of_the_crossover_28_patients_have_the_scan_after_their_first_infusion(
    root: Path, shared: Path
) -> None:
    """Fewer than 27 + 26, where everybody counts twice: only the first period is compared."""
    plan = planned(root, "ds005917")
    of = arms(plan, shared)
    counted = arm_counts(scanned_at(plan, "rest", arms=of), of)
    assert {arm: counted[arm] for arm in ("MDD-d", "MDD-p", "HC-d", "HC-p")} == {
        "MDD-d": 15, "MDD-p": 13, "HC-d": 10, "HC-p": 9
    }  # fmt: skip


@pytest.mark.shared
def test_the_25_participants_of_ds005016_without_arm_are_healthy_and_not_locked(
    root: Path, shared: Path
) -> None:
    plan = planned(root, "ds005016")
    lines = (shared / "openneuro" / "ds005016" / "manifest.tsv").read_text().splitlines()
    scanned: dict[str, set[str]] = {}
    for path in (line.split("\t")[0] for line in lines):
        if "task-rest" in path and path.endswith("_bold.nii"):
            scanned.setdefault(path.split("/")[0], set()).add(path.split("/")[1])
    both = {name for name, when in scanned.items() if {"ses-01", "ses-03"} <= when}
    without = both - set(arms(plan, shared))
    assert len(without) == 25
    assert all(name.startswith("sub-75") for name in without)
    assert not without & set(plan.runs)


@pytest.mark.parametrize(
    ("study", "n_both"),
    [
        ("ds003357", 32),
        ("ds005016", 78),
        ("ds005917", 48),
        ("ds006303", 74),
        ("ds006577", 63),
        # 33 were scanned twice, five of them with another T1w sequence before (mpragePURE).
        ("ds004627", 28),
    ],
)
def test_participants_with_t1w_images_before_and_after(root: Path, study: str, n_both: int) -> None:
    times = [
        {timepoint for timepoint, _ in one.t1w_of_timepoint}
        for one in planned(root, study).raw.values()
    ]
    assert sum({"pre", "post"} <= when for when in times) == n_both


@pytest.mark.shared
def test_diffusion_of_ds005016_is_listed_for_later_of_36_and_37_participants_with_both(
    root: Path, shared: Path
) -> None:
    plan = planned(root, "ds005016")
    (repository,) = plan.project.study.repositories
    lines = (shared / "openneuro" / "ds005016" / "manifest.tsv").read_text().splitlines()
    paths = [line.split("\t")[0] for line in lines]
    listed = {path for pattern in repository.later for path in matching(pattern, paths)}
    assert not listed & set(plan.paths)
    there: dict[str, set[str]] = {}
    for path in listed:
        if path.endswith("_dwi.nii"):
            there.setdefault(path.split("/")[0], set()).add(path.split("/")[1])
    both = [name for name, when in there.items() if {"ses-01", "ses-03"} <= when]
    of = arms(plan, shared)
    assert arm_counts([name for name in both if name in of], of) == {"MBSR+": 36, "SMH": 37}


@pytest.mark.shared
def test_of_57_participants_of_ds005016_without_arm_35_are_healthy_and_22_patients_are_not_locked(
    root: Path, shared: Path
) -> None:
    """Identifiers from 7500 on are healthy (its README); the 22 patients never came twice."""
    table = read_tsv(shared / "openneuro" / "ds005016" / "participants.tsv")
    without = table[table["group"].isna()]["participant_id"]
    healthy = without.str.startswith("sub-75")
    assert (healthy.sum(), (~healthy).sum()) == (35, 22)
    plan = planned(root, "ds005016")
    assert not set(without[~healthy]) & set(scanned_at(plan, "rest"))


@pytest.mark.shared
def test_ds003007_has_t1w_images_after_treatment_of_the_treated_alone(
    root: Path, shared: Path
) -> None:
    lines = (shared / "openneuro" / "ds003007" / "manifest.tsv").read_text().splitlines()
    images = [line.split("\t")[0] for line in lines if "_T1w.nii.gz" in line.split("\t")[0]]
    of = arms(planned(root, "ds003007"), shared)
    at = {
        when: arm_counts([path.split("/")[0] for path in images if f"/ses-{when}/" in path], of)
        for when in ("pre", "post")
    }
    assert at["pre"] == {"depr_cbt": 8, "depr_nfb": 6, "depr_no_treatment": 15}
    assert at["post"] == {"depr_cbt": 8, "depr_nfb": 6}


@pytest.mark.shared
def test_ds003007_has_one_set_of_freesurfer_volumes_a_participant_so_no_change_of_volume(
    root: Path, shared: Path
) -> None:
    """Tables of FreeSurfer in its derivatives: 29, none of them of a session."""
    manifest = shared / "openneuro-derivatives" / "ds003007-fmriprep" / "manifest.tsv"
    paths = [line.split("\t")[0] for line in manifest.read_text().splitlines()]
    times = tuple(planned(root, "ds003007").project.study.timepoints.items())
    found = freesurfer_volumes(paths, "sourcedata/freesurfer", times)
    assert len(found) == 29
    assert all(one.stats == () and one.reason == ONE_SET for one in found.values())


@pytest.mark.shared
def test_the_range_of_pars_is_that_of_its_items_and_holds_every_published_score(
    root: Path, shared: Path
) -> None:
    """ds006577 names seven items of 0 to 5 (8 and 9: no answer); ds006303 has sums of five."""
    sidecar = json.loads((shared / "openneuro/ds006577/phenotype/pars.json").read_text())
    severities = [
        max(int(level) for level in item["Levels"] if level not in ("8", "9"))
        for item in sidecar.values()
        if {"0", "5"} <= set(item.get("Levels", ()))
    ]
    trial = planned(root, "ds006577").project.study.outcomes["PARS"]
    assert (len(severities), sum(severities)) == (7, trial.maximum)
    published = planned(root, "ds006303").project.study.outcomes["PARS"]
    table = read_tsv(shared / "openneuro" / "ds006303" / "phenotype" / "phenotype.tsv")
    scores = table[list(published.columns.values())].astype(float)
    assert (scores.min().min(), scores.max().max()) == (0, 21)
    assert published.maximum == 5 * 5


@pytest.mark.parametrize(
    ("study", "caveat"),
    [
        ("ds005016", "mindfulness-is-not-talk-therapy"),
        ("ds004627", "unknown-treatment"),
    ],
)
def test_what_is_talk_therapy_by_analogy_or_perhaps_can_never_be_supported(
    root: Path, study: str, caveat: str
) -> None:
    described = planned(root, study).project.study
    for contrast in described.contrasts:
        assert caveat in {one.id for one in described.known_traps(contrast, "claim")}


@pytest.mark.shared
@pytest.mark.parametrize("study", ["ds003357", *RAW])
def test_the_committed_lock_is_the_one_that_is_made(
    root: Path, shared: Path, tmp_path: Path, study: str
) -> None:
    described = planned(root, study).project.study
    locks = root / "data" / "locks"
    assert read_lock(locks / f"{study}.tsv") == build_lock(
        described, shared / "git-bundles", tmp_path
    )
    images = scanner_images(described, shared / "git-bundles", tmp_path)
    lines = images_path(locks, study).read_text().splitlines()
    assert lines[1:] == [f"{path}\t{checksum}" for path, checksum in images.items()]


@pytest.mark.parametrize("study", ["ds002748", "ds003007", "ds003357", *RAW])
def test_a_lock_takes_less_than_two_megabytes_of_the_repository(root: Path, study: str) -> None:
    assert (root / "data" / "locks" / f"{study}.tsv").stat().st_size < 2e6


@pytest.mark.shared
@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [("ds003007", "ds002748", (28, 53)), ("ds006577", "ds006303", (40, 114))],
)
def test_known_overlaps_are_found_from_the_committed_locks_alone(
    root: Path, shared: Path, first: str, second: str, counts: tuple[int, int]
) -> None:
    locks = root / "data" / "locks"
    found = shared_participants({name: study_images(locks, name) for name in (first, second)})
    by_study = {one.study: one for one in found}
    assert (len(found), sum(one.n_images for one in found)) == counts
    told = read_tsv(shared / "openneuro" / "overlaps" / f"{first}_vs_{second}.tsv")
    pairs = {
        tuple(sorted((row[f"{first}_path"].split("/")[0], row[f"{second}_path"].split("/")[0])))
        for row in told.to_dict("records")
    }
    of_bytes = [one for one in found if one.evidence == "bytes"]
    assert {tuple(sorted((one.participant, one.other_participant))) for one in of_bytes} == pairs
    assert set(by_study) == {min(first, second)}


@pytest.mark.shared
def test_every_condition_that_a_contrast_names_occurs_in_the_real_events(
    root: Path, shared: Path
) -> None:
    for name in ("ds006303", "ds006577", "ds005016"):
        study = planned(root, name).project.study
        tables = sorted((shared / "openneuro" / name).glob("sub-*/ses-*/func/*_events.tsv"))
        found: dict[str, set[str]] = {}
        for path in tables[:: max(1, len(tables) // 60)]:
            label = path.name.split("task-")[1].split("_")[0]
            task = study.task_of_label[label]
            found.setdefault(task, set()).update(read_tsv(path)["trial_type"])
        for contrast in study.task_contrasts.values():
            assert set(contrast.weights) <= found[contrast.task]
        assert set().union(*found.values()) <= set(study.events.conditions)


@pytest.mark.shared
def test_tables_of_ds006577_are_annexed_so_arms_are_known_before_and_scores_after_the_fetch(
    root: Path, shared: Path
) -> None:
    study = planned(root, "ds006577").project.study
    people = read_people(study, shared / "openneuro" / "ds006577")
    assert {row["name"] for row in people.decisions} == {
        table.path for table in study.participants.tables
    }
    assert people.table["arm"].value_counts().to_dict() == {
        "Anx-active": 54, "Anx-sham": 59, "HV-none": 72
    }  # fmt: skip
    assert people.table["pars_rater_score_ses-cbt12"].isna().all()


@pytest.mark.shared
def test_in_ds004627_two_participants_change_group_and_one_session_has_eight_rows(
    root: Path, shared: Path
) -> None:
    study = planned(root, "ds004627").project.study
    people = read_people(study, shared / "openneuro" / "ds004627")
    assert people.table["group"].isna().sum() == 2
    (told,) = people.decisions
    assert (told["participant_id"], told["session_id"]) == ("sub-24065", "ses-o4")
