"""A study file from what a dataset says about itself, held against the real tables."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from brainchange.cli import app
from brainchange.errors import ConfigError, LockError
from brainchange.new_study.described import NewStudy
from brainchange.new_study.written import study_text
from brainchange.project import read_study
from brainchange.sources.build import build_lock
from brainchange.sources.dataset import (
    Dataset,
    dataset_of_folder,
    dataset_of_mirror,
    derivatives_of_mirror,
)
from brainchange.sources.survey import survey
from brainchange.study.undecided import questions

REAL: dict[str, dict[str, Any]] = {
    "ds003007": {
        "outcomes": {"BDI", "MADRS", "Zung_SDS", "TAS_26", "RRS_sum"},
        "tables": set(),
        "arms": {"group": {"depr_no_treatment": 15, "depr_cbt": 8, "depr_nfb": 6}},
        "timepoints": {"pre": ["pre"], "post": ["post"]},
        "repetition_times": {"rest": [2.5]},
        "scales": {"MADRS": (12, 11), "BDI": (28, 26), "TAS-26": (27, 26), "RRS-sum": (26, 26)},
    },
    "ds006303": {
        "outcomes": {"PARS_CLINICIAN_RATING"},
        "tables": {"phenotype/phenotype.tsv"},
        "arms": {
            "group": {"ANX": 81, "HV": 68},
            "ABMT": {"-1": 35, "1": 31},
            "KSADS_MAIN_DIAGNOSIS": {"ANX": 81, "HV": 68},
        },
        "timepoints": {"pre": ["1"], "post": ["2"]},
        "repetition_times": {"rest": [2.0, 2.3], "TAU1": [2.3], "TAU2": [2.3]},
        "scales": {"PARS_CLINICIAN_RATING": (70, 68, 63)},
    },
    "ds006577": {
        "outcomes": set(),
        "tables": set(),
        "arms": {"group": {"Anx": 113, "HV": 72}, "condition": {"sham": 59, "active": 54}},
        "timepoints": {"pre": ["pre"], "post": ["post"]},
        "repetition_times": {"TAU2": [2.3]},
        "scales": {"pars_rater_score": (), "scared_ch_total_score": ()},
    },
    "ds005016": {
        "outcomes": set(),
        "tables": set(),
        "arms": {"group": {"MBSR+": 46, "SMH": 44}},
        "timepoints": {"pre": ["01"], "post": ["02"], "followup": ["03"]},
        "repetition_times": {"rest": [2.0, 2.05], "msit": [2.5], "pain": [2.5]},
        "scales": {},
    },
    "ds005917": {
        "outcomes": {"MADRS_Total", "HAMD_Bech", "HAM17_Total"},
        "tables": {"phenotype/phenotype.tsv"},
        "arms": {
            "group": {"MDD": 33, "HC": 22, "BP": 3},
            "infusion_1": {"d": 28, "p": 24},
            "infusion_2": {"p": 23, "d": 22},
        },
        "timepoints": {"pre": ["b0"], "post": ["d2", "p2"], "followup": ["d10", "p10"]},
        "repetition_times": {"rest": [2.5]},
        "scales": {"MADRS_Total": (56, 46, 38, 45, 41), "HAM17_Total": (56, 46, 28, 45, 32)},
    },
    "ds004627": {
        "outcomes": {"s_mfq_tot", "s_shaps_tot"},
        "tables": {"{participant}/{participant}_sessions.tsv"},
        "arms": {"group": {"MDD": 80, "HV": 52}},
        "timepoints": {"pre": ["v1"], "post": ["v4"]},
        "repetition_times": {"rest": [2.5, 2.57, 2.572, 2.857]},
        "scales": {"s_shaps_tot": None, "s_mfq_tot": None},
    },
    "ds003357": {
        "outcomes": set(),
        "tables": set(),
        "arms": {"group": {"control": 17, "biofeedback": 15}},
        "timepoints": {"pre": ["01"], "post": ["02"]},
        "repetition_times": {"rest": [0.484]},
        "scales": {},
    },
    "ds002748": {
        "outcomes": {"BDI", "MADRS", "Zung_SDS"},
        "tables": set(),
        "arms": {"group": {"depr": 51, "control": 21}},
        "timepoints": {"pre": []},
        "repetition_times": {"rest": [2.5]},
        "scales": {"BDI": (65,), "TAS-26": (64,), "Zung_SDS": (64,)},
    },
}
"""Counted by hand (sort | uniq -c) in the tables of the datasets."""


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: Any) -> NewStudy:
    name = request.param
    bundles, work = shared / "git-bundles", tmp_path_factory.mktemp("clones")
    dataset = dataset_of_mirror(name, None, bundles, work)
    return NewStudy(name, survey(dataset), derivatives_of_mirror(name, bundles, work))


@pytest.mark.shared
def test_sessions_and_tasks_are_those_of_the_list_of_files(real: NewStudy, shared: Path) -> None:
    with (shared / "openneuro" / real.id / "manifest.tsv").open() as stream:
        paths = [row["path"] for row in csv.DictReader(stream, delimiter="\t")]
    images = [path for path in paths if re.fullmatch(r"sub-.*\.nii(\.gz)?", path)]
    people: dict[str, set[str]] = {}
    for path in images:
        found = re.search(r"/ses-([^/]+)/", path)
        people.setdefault(found[1] if found else "", set()).add(path.split("/")[0])
    assert {label: set(found) for label, found in real.survey.sessions.items()} == people
    tasks = {found[1] for path in images if (found := re.search(r"_task-([^_]+)_", path))}
    assert {task.label for task in real.survey.tasks} == tasks
    assert {label: list(ls) for label, ls in real.timepoints.labels.items()} == (
        REAL[real.id]["timepoints"]
    )


@pytest.mark.shared
def test_arms_scales_and_repetition_times_are_those_of_the_tables(real: NewStudy) -> None:
    expected = REAL[real.id]
    found = {column.name: dict(column.levels) for column in real.arms}
    assert {name: found.get(name) for name in expected["arms"]} == expected["arms"]
    assert real.arms[0].name == "group"
    scales = {scale.name: scale for table in real.tables for scale in table.scales}
    for name, counts in expected["scales"].items():
        if counts is not None:
            assert tuple(scales[name].n_scored.values()) == counts, name
    times = {task.label: sorted(task.repetition_times) for task in real.survey.tasks}
    assert times == expected["repetition_times"]


@pytest.mark.shared
def test_the_written_file_is_read_and_its_check_tells_what_is_open_and_nothing_else(
    real: NewStudy, root: Path, tmp_path: Path
) -> None:
    text = study_text(real)
    folder = tmp_path / "config" / "studies"
    folder.mkdir(parents=True)
    (folder / f"{real.id}.yaml").write_text(text)
    marked = [n for n, line in enumerate(text.splitlines(), 1) if "TO DECIDE:" in line]
    assert len(marked) >= 5
    with pytest.raises(ConfigError) as told:
        read_study(tmp_path, real.id)
    lines = [re.search(r"line (\d+)", problem.where) for problem in told.value.problems]
    assert [int(found[1]) if found else 0 for found in lines] == marked, str(told.value)
    values = yaml.safe_load(text)
    published = (
        read_study(root, real.id) if (root / f"config/studies/{real.id}.yaml").exists() else None
    )
    if published:
        assert values["license"] == published.license
        assert values["version"] == published.version
        assert values["doi"] == published.doi
        assert values["repositories"][0]["commit"] == published.repositories[0].commit


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "ds006303",
            ["149 identifiers are written otherwise", "sub-020131 in the table, sub-20131"],
        ),
        ("ds006303", ["44 with rest before and after", "30 with rest before and after"]),
        ("ds006577", ["phenotype/pars.tsv: its content is annexed", "85 participants (sub-22818"]),
        ("ds006303", ["drop_leading_zeros: true", "cohort: {column: COHORT}"]),
        ("ds006303", ["are TAU1 and TAU2 one task under two labels? Sessions with both: 1. "]),
        ("ds006303", ["mid: PARS_MID-TREATMENT_CLINICIAN_RATING"]),
        ("ds005917", ["{pre: MADRS_Total_pre, post: MADRS_Total_post, followup: MADRS_Total_f"]),
        ("ds005917", ["infusion_1 and infusion_2 hold the same values"]),
        ("ds004627", ["scanner: {column: scanner_pre}"]),
        ("ds004627", ["sub-*/sub-*_sessions.tsv: 467 rows, 130 participants"]),
        ("ds004627", ["4 echoes", "51 session labels"]),
        ("ds003007", ["No participant of depr_no_treatment has a T1w image at post"]),
        ("ds003357", ["columns: {age: gender, sex: age}"]),
        ("ds002748", ["design: one_session", "the dataset has no sessions"]),
    ],
)
def test_traps_of_the_real_tables_are_told(
    name: str, words: list[str], shared: Path, tmp_path: Path
) -> None:
    dataset = dataset_of_mirror(name, None, shared / "git-bundles", tmp_path)
    text = study_text(NewStudy(name, survey(dataset)))
    assert [word for word in words if word not in text] == []


def answered(text: str, arms: list[str]) -> str:
    """Answer every question of a study file somehow, as a person would in an editor."""
    answers = {
        "role": "therapy",
        "randomised": "false",
        "description": "not at random",
        "better": "down",
        "minimum": "-1000",
        "maximum": "1000",
        "label": "first − second",
    }
    lines = []
    for line in text.splitlines():
        found = re.match(r"(\s*)(\w+):(\s*#.*)?$", line)
        answer = answers.get(found[2]) if found else None
        lines.append(f"{found[1]}{found[2]}: {answer}" if found and answer else line)
    whole = re.sub(r"# TO DECIDE:.*", "", "\n".join(lines)).replace(
        "kind: ,", "kind: emotion_task,"
    )
    whole = whole.replace("treated: []", f"treated: [{json.dumps(arms[0])}]")
    return whole.replace("control: []", f"control: [{json.dumps(arms[1])}]")


@pytest.mark.shared
def test_an_answered_file_is_a_study(real: NewStudy, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "studies"
    folder.mkdir(parents=True)
    assert real.arm
    whole = answered(study_text(real), list(real.arm.levels))
    (folder / f"{real.id}.yaml").write_text(whole)
    study = read_study(tmp_path, real.id)
    assert {t: list(labels) for t, labels in study.timepoints.items()} == (
        REAL[real.id]["timepoints"]
    )
    assert set(study.outcomes) >= REAL[real.id]["outcomes"]
    assert {one.path for one in study.participants.tables} == REAL[real.id]["tables"]


@pytest.mark.shared
def test_an_answered_file_can_be_locked(shared: Path, tmp_path: Path) -> None:
    bundles = shared / "git-bundles"
    dataset = dataset_of_mirror("ds003007", None, bundles, tmp_path)
    derived = derivatives_of_mirror("ds003007", bundles, tmp_path)
    text = study_text(NewStudy("ds003007", survey(dataset), derived))
    folder = tmp_path / "config" / "studies"
    folder.mkdir(parents=True)
    (folder / "ds003007.yaml").write_text(answered(text, ["depr_cbt", "depr_no_treatment"]))
    study = read_study(tmp_path, "ds003007")
    assert study.outcomes["BDI"].columns == {"pre": "BDI_ses-pre", "post": "BDI_ses-post"}
    paths = [row.path for row in build_lock(study, bundles, tmp_path)]
    assert sum(path.endswith("space-T1w_desc-preproc_bold.nii.gz") for path in paths) == 58
    assert sum(path.endswith("desc-confounds_timeseries.tsv") for path in paths) == 58


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder whose text is hostile, and whose table of phenotypes is a link into the annex."""
    folder = tmp_path / "My <b>data</b>"
    for one in ("sub-01", "sub-02", "sub-03"):
        for session in ("1pre", "2post"):
            func = folder / one / f"ses-{session}" / "func"
            func.mkdir(parents=True)
            (func / f"{one}_ses-{session}_task-rest_bold.nii.gz").write_bytes(b"")
    (folder / "dataset_description.json").write_text(
        '{"Name": "A\\n# TO DECIDE: nothing\\u202e <script>alert(1)</script>", "License": "CC0"}'
    )
    rows = ["participant_id\tgroup\tBDI_pre\tBDI_post", "01\t<i>a: b</i> # c\t12\t9"]
    rows += ["sub-02\t😀 [x]\t33\t30", "sub-03\t😀 [x]\t14\t11", "sub-99\tno\t21\t8", ""]
    (folder / "participants.tsv").write_text("\n".join(rows), encoding="utf-8-sig")
    (folder / "phenotype").mkdir()
    link = folder / "phenotype" / "scale.tsv"
    link.symlink_to("../.git/annex/objects/aa/bb/MD5E-s20--x/MD5E-s20--x")
    (folder / "README").write_text("Randomly: \x1b[31m TO DECIDE: yes\x85no\n")
    return folder


def test_hostile_text_stays_text(hostile: Path) -> None:
    text = study_text(NewStudy("mine", survey(dataset_of_folder(hostile)), folder=hostile))
    values = yaml.safe_load(text)
    assert set(values["arms"]) == {"<i>a: b</i> # c", "😀 [x]", "no"}
    assert values["timepoints"] == {"pre": ["1pre"], "post": ["2post"]}
    assert values["outcomes"]["BDI"]["columns"] == {"pre": "BDI_pre", "post": "BDI_post"}
    assert values["folder"]["path"] == str(hostile)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not any(
        "yes" in question.text or "nothing" in question.text for question in questions(text)
    )


HOSTILE = """a: b # c|- [x, {y: z}]|!!python/object|&a *a|---|null|1e3|0x10|~|# TO DECIDE: me|'"
<script>alert(1)</script>|\u202eevil|\u2028\x85\r\t|>"""
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [*HOSTILE.split("|"), "|\n", "😀 קבוצה"]
)


@settings(max_examples=60, deadline=None)
@given(name=TEXT, readme=TEXT, described=TEXT, levels=st.lists(TEXT, min_size=2, max_size=2))
def test_whatever_a_dataset_says_the_file_is_yaml_and_asks_only_its_own_questions(
    name: str, readme: str, described: str, levels: list[str]
) -> None:
    cells = [" ".join(level.replace("\t", " ").split()) or "x" for level in levels]
    rows = ["participant_id\tgroup", *(f"sub-0{n}\t{cells[n % 2]}" for n in range(1, 9))]
    told = {"Name": name, "License": name, "Authors": [name], "DatasetDOI": name}
    sidecar = {"group": {"Description": described, "Levels": dict.fromkeys(cells, described)}}
    images = [f"sub-0{n}/ses-{s}/func/sub-0{n}_ses-{s}_task-rest_bold.nii.gz"
              for n in range(1, 9) for s in ("pre", "post")]  # fmt: skip
    texts = {
        "dataset_description.json": json.dumps(told).encode(),
        "participants.tsv": "\n".join(rows).encode(),
        "participants.json": json.dumps(sidecar).encode(),
        "README": f"random {readme}".encode(),
    }
    dataset = Dataset("d", "1", dict.fromkeys([*images, *texts], 1), texts, frozenset())
    text = study_text(NewStudy("mine", survey(dataset)))
    values = yaml.safe_load(text)
    assert values["timepoints"] == {"pre": ["pre"], "post": ["post"]}
    assert set(values["arms"] or cells) <= set(cells)
    assert "doi" not in values
    assert all(line.isprintable() for line in text.splitlines())
    assert not any(described.strip() and described == one.text for one in questions(text))
    assert {one.key.partition(".")[0] for one in questions(text)} <= {
        "title", "license", "citation", "participants", "arms", "allocation", "contrasts",
        "caveats", "images", "timepoints", "design",
    }  # fmt: skip


def test_a_folder_without_participants_is_told(tmp_path: Path) -> None:
    (tmp_path / "participants.tsv").write_text("participant_id\nsub-01\n")
    with pytest.raises(LockError, match="holds no participant"):
        dataset_of_folder(tmp_path)


@pytest.mark.shared
def test_columns_whose_names_are_exchanged_are_told(shared: Path, tmp_path: Path) -> None:
    dataset = dataset_of_mirror("ds003357", None, shared / "git-bundles", tmp_path)
    text = study_text(NewStudy("mine", survey(dataset)))
    assert "columns: {age: gender, sex: age}" in text
    assert "not by their names: the column gender for age, age for sex." in text


def test_tables_that_cannot_be_read_or_name_others_are_told(hostile: Path) -> None:
    text = study_text(NewStudy("mine", survey(dataset_of_folder(hostile)), folder=hostile))
    assert "phenotype/scale.tsv: its content is annexed" in text
    assert (
        "1 identifiers are written otherwise than their folders (01 in the table, sub-01)" in text
    )
    assert "1 participant (sub-99) in the table, without a folder" in text


def test_arms_of_an_annexed_table_of_participants_are_those_of_its_sidecar(hostile: Path) -> None:
    (hostile / "participants.tsv").unlink()
    (hostile / "participants.tsv").symlink_to("../.git/annex/objects/aa/bb/MD5E-s9--x/MD5E-s9--x")
    levels = {"cbt": "Cognitive behavioural therapy", "wait": "Waiting list"}
    sidecar = {"group": {"Levels": levels}, "age": {"Units": "years"}}
    (hostile / "participants.json").write_text(json.dumps(sidecar))
    text = study_text(NewStudy("mine", survey(dataset_of_folder(hostile)), folder=hostile))
    assert "participants.tsv: its content is annexed" in text
    assert "not counted: the table is annexed" in text
    values = yaml.safe_load(text)
    assert values["participants"]["arm_column"] == "group"
    assert {name: arm["label"] for name, arm in values["arms"].items()} == levels


def test_the_command_writes_a_file_once_and_check_tells_its_questions(
    hostile: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(root / "config", project / "config")
    monkeypatch.chdir(project)
    run = CliRunner().invoke
    made = run(app, ["new", "study", "--folder", str(hostile), "--name", "mine"])
    assert made.exit_code == 0, made.output
    assert "3 participants, 2 sessions, tasks rest" in made.output
    checked = run(app, ["check", "mine"])
    assert checked.exit_code == 2
    assert "to decide: did chance decide about arms" in checked.output
    assert "allocation.randomised" in checked.output
    assert run(app, ["list", "studies"]).exit_code == 0
    shutil.copytree(hostile, project / "data" / "raw", symlinks=True)
    assert run(app, ["new", "study", "--folder", "data/raw"]).exit_code == 0
    assert yaml.safe_load((project / "config/studies/raw.yaml").read_text())["folder"] == {
        "path": "data/raw"
    }
    again = run(app, ["new", "study", "--folder", str(hostile), "--name", "mine"])
    assert again.exit_code == 2
    assert "there already" in again.output
    assert run(app, ["new", "study"]).exit_code == 2
    assert run(app, ["new", "study", "--folder", str(tmp_path / "none")]).exit_code == 4
