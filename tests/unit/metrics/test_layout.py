"""Sessions of a study become timepoints: by arm in a crossover, by preference where several fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainchange.errors import ConfigError
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import _first_sessions
from brainchange.project import read_study
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.study.model import Study
from brainchange.study.strict import parse


def layout(root: Path, study: str) -> StudyLayout:
    return StudyLayout.of(read_study(root, study))


def run(session: str) -> PreparedFiles:
    return PreparedFiles(Run("sub-1", f"ses-{session}", "rest"), "b", "m", "p", "c", "s")


def test_after_which_infusion_a_session_counts_depends_on_the_order(root: Path) -> None:
    of = layout(root, "ds005917")
    assert (of.timepoint("ses-d2"), of.timepoint("ses-p2")) == ("post", "post")
    first = of.for_arm("MDD-d")
    assert (first.timepoint("ses-d2"), first.timepoint("ses-p2")) == ("post", "post_2")
    second = of.for_arm("MDD-p")
    assert (second.timepoint("ses-d2"), second.timepoint("ses-p10")) == ("post_2", "followup")
    assert of.for_arm(None).timepoints == of.timepoints


def test_of_several_late_sessions_the_one_next_to_week_12_counts(root: Path) -> None:
    patient = layout(root, "ds004627").for_arm("MDD")
    runs = [run(label) for label in ("v1o1", "o8", "v2o12")]
    kept, (told,) = _first_sessions(runs, patient)
    assert [files.run.session for files in kept] == ["ses-v1o1", "ses-v2o12"]
    assert told["session_id"] == "ses-o8"
    assert told["reason"].startswith("post is told by the session 'ses-v2o12'")
    assert layout(root, "ds004627").for_arm("HV").timepoint("ses-v4") == "post"
    assert patient.timepoint("ses-v4") is None


def test_files_that_call_a_task_by_cohort_are_of_one_task(root: Path) -> None:
    of = layout(root, "ds006303")
    assert {of.task(label) for label in ("TAU1", "TAU2")} == {"TAU"}
    assert of.contrasts_of("TAU1") == of.contrasts_of("TAU")
    assert of.task("rest") == "rest"


def test_files_without_session_are_of_the_only_timepoint(root: Path) -> None:
    assert layout(root, "ds002748").timepoint(None) == "pre"


def changed(root: Path, study: str, **values: object) -> Study:
    return parse(Study, read_study(root, study).model_dump() | values, "study.yaml")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"crossover": None}, "'design: crossover' and the key 'crossover' belong together"),
        ({"timepoints": {"pre": ("b0",), "post": ("b0", "p2")}}, "belongs to two timepoints"),
        ({"timepoints": {"pre": ("b0",), "post": ("p2",)}}, "names the session 'd2'"),
        ({"task_labels": {"rust": ("rest",)}}, "task_labels names the task 'rust'"),
    ],
)
def test_what_contradicts_itself_is_told(root: Path, values: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        changed(root, "ds005917", **values)  # type: ignore[arg-type]


def test_chance_decided_between_the_arms_of_a_contrast_not_of_the_whole_study(root: Path) -> None:
    study = read_study(root, "ds006303")
    told = {name: study.is_randomised(name) for name in study.contrasts}
    assert told == {"cbt": False, "cbt_vs_healthy": False, "active_vs_sham": True}
    crossover = read_study(root, "ds005917")
    assert crossover.is_randomised("ketamine_vs_saline_healthy")
