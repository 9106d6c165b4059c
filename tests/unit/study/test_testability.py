"""What a study can tell about a claim, and the reason in words where it cannot."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from brainchange.errors import ConfigError
from brainchange.project import load_project, read_study
from brainchange.study.claims import Claims
from brainchange.study.claims_table import CLAIMS_TABLE, claims_table
from brainchange.study.model import Study
from brainchange.study.strict import parse, read_yaml
from brainchange.study.testability import Judged, judge_claims, measured_claims

COMPUTED = ("falff_z", "connectivity")
GROUPS = ("amygdala", "vmPFC")
SIZES = {"therapy": 50, "drug": 50, "waiting": 50, "healthy": 50}

# What the registry says in words about ds003007, as a state.
SAID = {
    "YES": "testable",
    "proxy": "caveat",
    "rest proxy": "caveat",
    "partial": "caveat",
    "descriptive only": "caveat",
    "CBT v NFB only": "caveat",
    "no": "not_testable",
    "NO CONTROL": "not_testable",
    "HC only from ds002748": "not_testable",
    "not independent": "not_testable",
    "metric yes, arm no": "not_testable",
}
DIFFERENT = {
    # The registry counts the accumbens at rest; the sentence is about reward, so a task is needed.
    "N3": ("caveat", "not_testable"),
    # The registry compares CBT with neurofeedback, which it says itself is no talk therapy.
    "D1": ("caveat", "not_testable"),
}


def study_with(**changes: Any) -> Study:
    """Therapy, medication, waiting and healthy people; rest before and after."""
    description: dict[str, Any] = {
        "id": "made-up",
        "title": "A made-up study",
        "version": "1",
        "license": "CC0",
        "citation": "Nobody (2026)",
        "simulated": True,
        "participants": {"arm_column": "group"},
        "arms": {
            "therapy": {"label": "Talk therapy", "role": "therapy"},
            "drug": {"label": "Medication", "role": "comparison", "kind": "medication"},
            "waiting": {"label": "Untreated", "role": "untreated"},
            "healthy": {"label": "Healthy", "role": "healthy"},
        },
        "allocation": {"randomised": True, "description": "By chance."},
        "timepoints": {"pre": ["1"], "post": ["2"]},
        "tasks": ["rest"],
        "contrasts": {"main": contrast()},
        "outcomes": {"BDI": outcome()},
    }
    return parse(Study, description | changes, "study.yaml")


def contrast(treated: str = "therapy", control: str = "waiting") -> dict[str, Any]:
    return {"label": "a − b", "treated": [treated], "control": [control], "primary": True}


def outcome(**changes: Any) -> dict[str, Any]:
    columns = {"pre": "BDI_pre", "post": "BDI_post"}
    scale = {"label": "BDI", "columns": columns, "better": "down", "minimum": 0.0, "maximum": 63.0}
    return scale | changes


def judged(
    study: Study, sizes: dict[str, int] | None = SIZES, computed: Any = COMPUTED, **claim: Any
) -> Judged:
    measured = {"metric": "falff_z", "groups": ["amygdala"]} if "needed" not in claim else {}
    whole = {"id": "A2", "quote": "q", "construct": "c", "direction": "down", "family": "secondary"}
    claims = parse(Claims, {"article": "a", "claims": [whole | measured | claim]}, "claims.yaml")
    return judge_claims(claims, study, computed=computed, groups=GROUPS, arm_sizes=sizes)[0]


def test_a_claim_the_study_can_tell_is_measured_without_a_word() -> None:
    one = judged(study_with(), requires={"images": ["rest"], "column": "symptoms"})
    assert (one.state, one.barrier, one.reason, one.measured) == ("testable", "none", "", True)
    assert measured_claims([one]) == (one.claim,)


@pytest.mark.parametrize(
    ("requires", "barrier", "reason"),
    [
        ({"images": ["emotion_task"]}, "images", "no fMRI of an emotion task"),
        (
            {"images": ["reward_task", "diffusion"]},
            "images",
            "no fMRI of a reward task, no diffusion images",
        ),
        ({"timepoints": ["pre", "post", "followup"]}, "timepoint", "no follow-up"),
        ({"arms": ["exercise"]}, "arm", "no arm with exercise"),
        (
            {"arms": ["emdr"]},
            "arm",
            "the treated arm of the primary contrast did not have EMDR",
        ),
        ({"therapies": 2}, "arm", "2 arms of talk therapy are needed, there is 1"),
        ({"column": "cortisol"}, "column", "no column holds cortisol at pre, post"),
        ({"column": "dose"}, "column", "no column holds the number of sessions"),
    ],
)
def test_what_a_study_lacks_is_said(requires: dict[str, Any], barrier: str, reason: str) -> None:
    one = judged(study_with(), requires=requires)
    assert (one.state, one.barrier, one.reason) == ("not_testable", barrier, reason)
    assert measured_claims([one]) == ()


def test_every_reason_is_said_and_the_gravest_first() -> None:
    study = study_with(allocation={"randomised": False, "description": "By doctors."})
    one = judged(study, requires={"arms": ["exercise"], "randomised": True, "images": ["T1w"]})
    assert one.barrier == "arm"
    assert one.reason == "no arm with exercise; no T1w images; arms were not randomised"


def test_the_primary_contrast_says_whether_chance_made_its_arms() -> None:
    drawn = study_with()
    primary = drawn.contrasts[drawn.primary_contrast].model_copy(update={"randomised": False})
    chosen = drawn.model_copy(update={"contrasts": {drawn.primary_contrast: primary}})
    assert judged(drawn, requires={"randomised": True}).state != "not_testable"
    assert judged(chosen, requires={"randomised": True}).reason == "arms were not randomised"


@pytest.mark.parametrize(
    ("changes", "requires"),
    [
        ({}, {"arms": ["control", "medication", "healthy"], "randomised": True}),
        ({"participants": {"arm_column": "g", "columns": {"dose": "n"}}}, {"column": "dose"}),
        ({"outcomes": {"RRS": outcome(measures="rumination")}}, {"column": "rumination"}),
        ({"scans": [{"kind": "T1w"}]}, {"images": ["T1w"]}),
        (
            {"tasks": ["rest", "faces"], "scans": [{"kind": "emotion_task", "task": "faces"}]},
            {"images": ["emotion_task", "rest"]},
        ),
        (
            {"tasks": ["eyes"], "scans": [{"kind": "rest", "task": "eyes"}]},
            {"images": ["rest"]},
        ),
    ],
)
def test_a_study_that_has_what_is_required_can_tell(
    changes: dict[str, Any], requires: dict[str, Any]
) -> None:
    assert judged(study_with(**changes), requires=requires).measured


def test_images_are_needed_in_the_arms_that_are_compared_at_every_timepoint() -> None:
    scans = [{"kind": "T1w", "timepoints": ["pre"]}, {"kind": "T1w", "arms": ["therapy"]}]
    study = study_with(scans=scans)
    one = judged(study, requires={"images": ["T1w"]})
    assert one.reason == "no T1w images of Untreated (post)"
    assert judged(study, requires={"images": ["T1w"], "timepoints": ["pre"]}).measured
    assert judged(study, requires={"images": ["T1w"], "arms": []}).measured


def test_without_talk_therapy_or_control_nothing_is_told() -> None:
    study = study_with(contrasts={"main": contrast("drug", "waiting")})
    assert judged(study).reason == "no arm of the primary contrast had talk therapy"
    study = study_with(contrasts={"main": contrast("therapy", "healthy")})
    assert judged(study).reason == "no control arm"


def test_too_few_participants_are_only_described() -> None:
    needs = {"participants": 40}
    assert judged(study_with(), requires=needs).measured
    one = judged(study_with(), SIZES | {"therapy": 8}, requires=needs)
    assert (one.state, one.barrier) == ("caveat", "participants")
    assert one.reason.endswith("for more than a description, Talk therapy has 8")
    assert not one.measured
    both = judged(
        study_with(), SIZES | {"drug": 3}, requires=needs | {"arms": ["control", "medication"]}
    )
    assert both.reason.endswith("Medication has 3")
    unknown = judged(study_with(), None, requires=needs)
    assert "counted when the data are here" in unknown.reason


def test_a_proxy_is_never_tested_under_the_words_of_the_article() -> None:
    one = judged(study_with(), mri="conditional", note="Only a proxy.")
    assert (one.state, one.barrier, one.reason) == ("caveat", "proxy", "Only a proxy")
    assert not one.measured


def test_what_mri_cannot_show_becomes_testable_with_a_column() -> None:
    assert judged(study_with(), mri="blind", needed="an assay").reason == "MRI cannot show it"
    claim: dict[str, Any] = {"mri": "blind", "needed": "RNA", "requires": {"column": "cortisol"}}
    one = judged(study_with(), **claim)
    assert one.reason == "MRI cannot show it, and no column holds cortisol at pre, post"
    study = study_with(outcomes={"saliva": outcome(measures="cortisol")})
    one = judged(study, **claim)
    assert (one.state, one.barrier, one.measured) == ("testable", "measurement", False)
    assert "see the outcomes" in one.reason


@pytest.mark.parametrize(
    ("claim", "computed", "reason"),
    [
        ({"needed": "a composite"}, COMPUTED, "nothing measures it here yet"),
        ({}, ("connectivity",), "the metric 'falff_z' is not computed"),
        ({"groups": ["insula"]}, COMPUTED, "no region of the group 'insula' is configured"),
    ],
)
def test_what_could_be_told_but_is_not_measured_says_so(
    claim: dict[str, Any], computed: Any, reason: str
) -> None:
    one = judged(study_with(), computed=computed, **claim)
    assert (one.state, one.barrier, one.reason) == ("testable", "measurement", reason)
    assert not one.measured


def test_a_claim_about_rest_is_measured_in_the_runs_of_rest_wherever_they_stand() -> None:
    study = study_with(tasks=["faces", "rest"])
    assert judged(study, requires={"images": ["rest"]}).measured


def test_images_of_a_task_that_is_not_analysed_are_told() -> None:
    study = study_with(scans=[{"kind": "emotion_task"}])
    one = judged(study, requires={"images": ["emotion_task"]})
    assert one.reason == "fMRI of an emotion task is not among the tasks that are analysed"


FACES = {
    "tasks": ["rest", "faces"],
    "scans": [{"kind": "emotion_task", "task": "faces"}],
}
REACTIVITY = {"metric": "activation", "groups": ["amygdala"]}


def of_faces(claims: list[str], task: str = "faces") -> Study:
    fear = {"task": task, "formula": "fear - shape", "label": "fear", "claims": claims}
    return study_with(**FACES, task_contrasts={"fear": fear})


def judged_reactivity(study: Study) -> Judged:
    whole = {"id": "A1", "quote": "q", "construct": "c", "direction": "down", "family": "secondary"}
    claim = whole | REACTIVITY | {"requires": {"images": ["emotion_task"]}}
    claims = parse(Claims, {"article": "a", "claims": [claim]}, "claims.yaml")
    return judge_claims(
        claims,
        study,
        computed=("activation",),
        groups=GROUPS,
        arm_sizes=SIZES,
        contrasted=("activation",),
    )[0]


def test_a_claim_about_activation_is_measured_where_a_task_contrast_names_it() -> None:
    assert judged_reactivity(of_faces(["A1"])).measured
    one = judged_reactivity(of_faces([]))
    assert (one.state, one.barrier) == ("testable", "measurement")
    assert one.reason == "no task contrast of the study names it"


def test_a_task_contrast_of_a_task_of_another_kind_does_not_tell() -> None:
    one = judged_reactivity(of_faces(["A1"], task="rest"))
    assert one.reason == (
        "its task contrast 'fear' is of the task 'rest', which is not said to be fMRI of an "
        "emotion task"
    )


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        ({"kind": "T1"}, "Did you mean 'T1w'?"),
        ({"kind": "T1w", "arms": ["terapy"]}, "Did you mean 'therapy'?"),
        ({"kind": "T1w", "timepoints": ["followup"]}, "names the timepoint 'followup'"),
        ({"kind": "emotion_task", "task": "rst"}, "Did you mean 'rest'?"),
        ({"kind": "T1w", "task": "rest"}, "have no task"),
        ({"kind": "T1w", "arm": []}, "Did you mean 'arms'?"),
    ],
)
def test_mistakes_in_scans_are_told(scan: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        study_with(scans=[scan])
    assert expected in str(caught.value)


def test_an_arm_of_an_unknown_kind_is_told() -> None:
    arms = {"therapy": {"label": "T", "role": "therapy", "kind": "EMRD"}}
    with pytest.raises(ConfigError, match="Did you mean 'emdr'"):
        study_with(arms=arms)


def test_a_column_without_a_timepoint_cannot_show_change() -> None:
    with pytest.raises(ConfigError, match="'cortisol' is not allowed"):
        study_with(participants={"arm_column": "g", "columns": {"cortisol": "saliva"}})


def test_the_confirmatory_family_of_rest_is_the_registered_one(root: Path) -> None:
    for name in ("demo", "ds003007"):
        found = measured_claims(load_project(root, {"study": name}).judged_claims())
        assert [c.id for c in found if c.family == "confirmatory"] == ["P2", "P3", "A2", "T2"]


@pytest.mark.shared
def test_the_registry_and_the_rules_agree_about_ds003007(root: Path, shared: Path) -> None:
    registry = json.loads((shared / "claims_registry.json").read_text())["claims"]
    project = load_project(root, {"study": "ds003007"})
    sizes = {"depr_cbt": 8, "depr_nfb": 6, "depr_no_treatment": 15}
    found = {one.claim.id: one.state for one in project.judged_claims(sizes)}
    starts = sorted(SAID, key=len, reverse=True)
    said = {
        entry["id"]: SAID[next(start for start in starts if entry["ds003007"].startswith(start))]
        for entry in registry
    }
    different = {name: (said[name], state) for name, state in found.items() if said[name] != state}
    assert different == DIFFERENT


def ideal_study(kind: str, *assays: str) -> Study:
    """Everything a study can have but assays, in arms of one kind of talk therapy and others."""
    scales = ("symptoms", "rumination", "cognition", "performance", *assays)
    times = {when: f"column_{when}" for when in ("pre", "post", "followup")}
    scans = ("emotion", "regulation", "control", "reward", "interoception")
    arms = {
        "therapy": {"label": "Talk therapy", "role": "therapy", "kind": kind},
        "therapy2": {"label": "Another", "role": "therapy"},
        "drug": {"label": "Medication", "role": "comparison", "kind": "medication"},
        "sport": {"label": "Exercise", "role": "comparison", "kind": "exercise"},
        "waiting": {"label": "Untreated", "role": "untreated"},
        "healthy": {"label": "Healthy", "role": "healthy"},
    }
    return study_with(
        arms=arms,
        timepoints={"pre": ["1"], "post": ["2"], "followup": ["3"]},
        participants={"arm_column": "g", "columns": {"dose": "n", "relapse": "r"}},
        outcomes={name: outcome(measures=name, columns=times) for name in scales},
        scans=[{"kind": f"{name}_task"} for name in scans]
        + [{"kind": "T1w"}, {"kind": "diffusion"}],
    )


@pytest.mark.parametrize(
    ("assays", "counts"),
    [
        ((), {"testable": 32, "caveat": 9, "not_testable": 10}),
        (
            ("gene_expression", "bdnf", "cortisol"),
            {"testable": 35, "caveat": 9, "not_testable": 7},
        ),
    ],
)
def test_in_suitable_studies_as_many_claims_are_testable_as_the_methods_count(
    root: Path, assays: tuple[str, ...], counts: dict[str, int]
) -> None:
    claims = parse(Claims, read_yaml(root / "config" / "claims.yaml"), "claims.yaml")
    order = ("not_testable", "caveat", "testable")
    best: dict[str, str] = {}
    for kind in ("cbt", "psychodynamic", "emdr", "dbt"):
        study = ideal_study(kind, *assays)
        sizes = dict.fromkeys(study.arms, 200)
        for one in judge_claims(claims, study, computed=(), groups=(), arm_sizes=sizes):
            found = best.get(one.claim.id, one.state)
            best[one.claim.id] = max(found, one.state, key=order.index)
    assert Counter(best.values()) == counts


def test_the_table_names_every_claim_and_gives_a_reason_where_it_is_not_tested(
    root: Path, tmp_path: Path
) -> None:
    claims = parse(Claims, read_yaml(root / "config" / "claims.yaml"), "claims.yaml")
    study = read_study(root, "ds003007")
    made = judge_claims(claims, study, computed=COMPUTED, groups=GROUPS, arm_sizes=None)
    path = tmp_path / "claims.tsv"
    CLAIMS_TABLE.write(claims_table(made), path)
    table = CLAIMS_TABLE.read(path).set_index("claim")
    assert list(table.index) == [claim.id for claim in claims.claims]
    assert (table["measured"] == table["reason"].isna()).all()
    assert table.loc["P1", "contradicts"] == "P5"
    assert "microscopy" in table.loc["M2", "needed"]
