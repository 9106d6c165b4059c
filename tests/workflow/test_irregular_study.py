"""A twin of ds004627 with a session in the middle: merged labels, healthy visits of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainchange.inference.threat_row import THREATS_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE

PATIENTS = {"pre": ["v1o1"], "mid": ["o4"], "post": ["v2o12", "o8"]}
HEALTHY = {"pre": ["v1"], "mid": [], "post": ["v4"]}


def twin(folder: Path) -> None:
    """Give the small demo the arms, caveats and session labels of the real study."""
    studies = folder / "config" / "studies"
    real = yaml.safe_load((studies / "ds004627.yaml").read_text())
    demo = yaml.safe_load((studies / "demo.yaml").read_text())
    demo |= {key: real[key] for key in ("allocation", "several_sessions", "contrasts", "caveats")}
    sessions = {"MDD": PATIENTS, "HV": HEALTHY}
    demo["arms"] = {name: real["arms"][name] | {"sessions": own} for name, own in sessions.items()}
    demo["timepoints"] = {
        when: [label for own in sessions.values() for label in own[when]] for when in PATIENTS
    }
    (studies / "demo.yaml").write_text(yaml.safe_dump(demo, sort_keys=False))
    path = folder / "config" / "simulations" / "demo.yaml"
    simulation = yaml.safe_load(path.read_text())
    simulation["participants"] = {"MDD": 2, "HV": 2}
    simulation["symptoms"]["BDI"]["change"] = {"MDD": -10, "HV": 0}
    simulation |= {"effects": [], "expected": [], "exceptions": {}}
    path.write_text(yaml.safe_dump(simulation, sort_keys=False))


@pytest.fixture(scope="module")
def results(
    small_project_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    workflow = small_project_in(tmp_path_factory.mktemp("irregular"))
    twin(workflow.folder)
    workflow.run("--cores", "2", "--until", "effects")
    results: Path = workflow.folder / "results" / "demo"
    return results


def test_each_arm_has_its_own_sessions_and_patients_one_in_the_middle(results: Path) -> None:
    observations = OBSERVATIONS_TABLE.read(results / "observations.tsv")
    there = observations[observations["n_runs"] > 0]
    told = set(zip(there["arm"], there["timepoint"], there["session_id"], strict=True))
    assert told == {
        ("MDD", "pre", "ses-v1o1"),
        ("MDD", "mid", "ses-o4"),
        ("MDD", "post", "ses-v2o12"),
        ("HV", "pre", "ses-v1"),
        ("HV", "post", "ses-v4"),
    }


def test_the_late_session_that_is_not_used_is_told(results: Path) -> None:
    decisions = DECISIONS_TABLE.read(results / "decisions.tsv")
    told = decisions[decisions["reason"].str.startswith("post is told by the session 'ses-v2o12'")]
    assert set(told["session_id"]) == {"ses-o8"}
    assert len(told) == 2


def test_known_traps_reach_the_threats_and_no_verdict_goes_beyond_them(results: Path) -> None:
    threats = THREATS_TABLE.read(results / "threats.tsv")
    traps = threats[threats["threat"] == "known_trap"]
    assert traps["weakens"].all()
    healthy = traps[traps["contrast"] == "outpatient_vs_healthy"]
    assert healthy["words"].str.contains("unknown-treatment").all()
    assert healthy["words"].str.contains("not patients without treatment").all()
    verdicts = VERDICTS_TABLE.read(results / "verdicts.tsv")
    assert not verdicts["verdict"].str.startswith("SUPPORTED").any()
