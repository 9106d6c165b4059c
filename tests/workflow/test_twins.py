"""A dress rehearsal for every shape of study: its twin goes from the lock to verdicts and report.

Arms, sessions, tasks, names of files and of columns are those of the real studies and their locks;
images are small, prepared and simulated, and nothing is planted in them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import yaml

from brainchange.project import load_project
from brainchange.tables import read_tsv
from made_up.twin import make_twin
from made_up.twin_report import report_of_twin, verdicts_told

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PER_ARM = 2


def rehearse(real: str, folder: Path, workflow_in: type) -> tuple[dict[str, str], Callable]:
    """Lock and run a twin; give who is in which arm, and what reads its tables."""
    shutil.copytree(ROOT / "config", folder / "config")
    people = make_twin(ROOT, real, folder, PER_ARM)
    path = folder / "config" / "config.yaml"
    settings = yaml.safe_load(path.read_text())
    settings["inference"] |= {"fewest_participants": 2, "permutations": 999}
    settings["censoring"] |= {"fewest_volumes": 40, "caution_volumes": 50}
    path.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "brainchange", "lock", "twin"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    workflow_in(folder).run("--cores", "2", "results/twin/verdicts.tsv", "--config", "study=twin")
    return people, partial(_table, folder=folder)


def _table(name: str, folder: Path) -> pd.DataFrame:
    return read_tsv(folder / "results" / "twin" / f"{name}.tsv")


@pytest.mark.parametrize("shape", ["youths", "migraine", "crossover", "irregular"])
def test_the_report_says_the_verdicts_of_the_twin(request, shape):
    """Every claim and scale of the primary contrast once, in the words of the table of verdicts."""
    _, table = request.getfixturevalue(shape)
    project = table.keywords["folder"]
    page = report_of_twin(project)
    verdicts = table("verdicts")
    primary = load_project(project, {"study": "twin"}).study.primary_contrast
    expected = verdicts[verdicts["contrast"] == primary].set_index("measure")["verdict"]
    assert len(expected) >= 51
    assert verdicts_told(page) == expected.to_dict()
    assert "Simulated twin of" in page
    assert ('id="both-treatments"' in page) is (shape == "crossover")


def counts(attrition: pd.DataFrame, step: str) -> dict[str, int]:
    rows = attrition[attrition["step"] == step]
    return dict(zip(rows["arm"], rows["n"].astype(int), strict=True))


def compared(effects: pd.DataFrame, contrast: str, kind: str) -> set[tuple[str, str]]:
    rows = effects[(effects["contrast"] == contrast) & (effects["kind"] == kind)]
    return set(zip(rows["n_treated"], rows["n_control"], strict=True))


@pytest.fixture(scope="module")
def youths(tmp_path_factory, workflow_in):
    """Tasks of two labels and cohorts, labels with zeros: like ds006303."""
    return rehearse("ds006303", tmp_path_factory.mktemp("youths"), workflow_in)


def test_a_task_of_two_labels_is_one_task_with_contrasts(youths):
    people, table = youths
    observations = table("observations")
    assert set(observations["task"].dropna()) == {"rest", "TAU"}
    activated = observations[observations["metric"] == "activation"]
    assert set(activated["condition"]) == {"threat_vs_neutral", "incongruent_vs_congruent"}
    assert set(activated["participant_id"]) == set(people)


def test_labels_with_zeros_find_their_folders(youths):
    people, table = youths
    assert counts(table("attrition"), "files_both") == dict.fromkeys(set(people.values()), 2)


def test_therapy_without_control_is_described_and_healthy_are_no_controls(youths):
    verdicts = youths[1]("verdicts")
    claims = verdicts[(verdicts["kind"] == "claim") & verdicts["estimator"].notna()]
    alone = claims[claims["contrast"] == "cbt"]
    assert set(alone["estimator"]) <= {"within_arm", "regions", "omnibus"}
    assert "A1" in set(alone["measure"])
    assert not any("SUPPORTED" in said for said in alone["verdict"])


@pytest.fixture(scope="module")
def migraine(tmp_path_factory, workflow_in):
    """Three sessions, three tasks, randomised: like ds005016."""
    return rehearse("ds005016", tmp_path_factory.mktemp("migraine"), workflow_in)


def test_three_sessions_are_three_timepoints(migraine):
    people, table = migraine
    observations = table("observations")
    assert set(observations["timepoint"]) == {"pre", "mid", "post"}
    assert set(observations["task"].dropna()) == {"rest", "msit", "pain"}
    assert counts(table("attrition"), "files_both") == {"MBSR+": 2, "SMH": 2}
    assert ("2", "2") in compared(table("effects"), "mbsr_vs_stress_management", "region")
    assert len(people) == 4


def test_the_middle_of_a_course_is_no_follow_up(migraine):
    assert migraine[1]("durability").empty


@pytest.fixture(scope="module")
def crossover(tmp_path_factory, workflow_in):
    """Two treatments one after the other: like ds005917."""
    return rehearse("ds005917", tmp_path_factory.mktemp("crossover"), workflow_in)


def test_a_crossover_is_compared_in_its_first_period(crossover):
    """Sessions after ketamine of those who had it first, after saline of those who had that."""
    people, table = crossover
    observations = table("observations")
    post = observations[observations["timepoint"] == "post"]
    sessions = {
        (people[who], session)
        for who, session in zip(post["participant_id"], post["session_id"], strict=True)
    }
    assert sessions == {
        ("MDD-d", "ses-d2"),
        ("MDD-p", "ses-p2"),
        ("HC-d", "ses-d2"),
        ("HC-p", "ses-p2"),
    }
    assert compared(table("effects"), "ketamine_vs_saline", "outcome") == {("2", "2")}


def test_the_second_period_is_compared_within_participants(crossover):
    """After ketamine and after saline of the same people, with period and carry-over beside."""
    people, table = crossover
    observations = table("observations")
    second = observations[observations["timepoint"] == "post_2"]
    assert {
        (people[who], session)
        for who, session in zip(second["participant_id"], second["session_id"], strict=True)
    } == {("MDD-d", "ses-p2"), ("MDD-p", "ses-d2"), ("HC-d", "ses-p2"), ("HC-p", "ses-d2")}
    within = table("crossover")
    images = within[(within["kind"] != "outcome") & within["flag"].isna()]
    assert set(images["sessions"]) == {"d2 / p2", "d10 / p10"}
    assert set(images["n_treatment_first"] + ";" + images["n_control_first"]) == {"2;2"}
    for column in ("effect", "ci_low", "period", "carry_over", "q"):
        assert images[column].notna().all()
    assert {"region", "quality"} <= set(images["kind"])
    assert not within[within["kind"] == "outcome"].empty


def test_no_claim_about_therapy_is_tested_on_a_drug(crossover):
    verdicts = crossover[1]("verdicts")
    claims = verdicts[verdicts["kind"] == "claim"]
    assert set(claims["verdict"]) <= {"NOT TESTED", "NOT TESTABLE WITH MRI"}


@pytest.fixture(scope="module")
def irregular(tmp_path_factory, workflow_in):
    """Merged and irregular labels of sessions, a table of sessions each: like ds004627."""
    return rehearse("ds004627", tmp_path_factory.mktemp("irregular"), workflow_in)


def test_irregular_sessions_come_to_two_timepoints(irregular):
    people, table = irregular
    observations = table("observations")
    assert set(observations["timepoint"]) == {"pre", "post"}
    once = observations.groupby(["participant_id", "timepoint"])["session_id"].nunique()
    assert (once == 1).all()
    assert counts(table("attrition"), "files_both") == {"MDD": 2, "HV": 2}
    assert set(people.values()) == {"MDD", "HV"}


def test_scores_of_each_session_reach_their_timepoint(irregular):
    changes = irregular[1]("changes")
    scored = changes[(changes["measure"] == "SHAPS") & changes["change"].notna()]
    assert len(scored) == 4
