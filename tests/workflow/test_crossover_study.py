"""A twin of the crossover ds005917, with its orders and sessions: the first period is compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import read_tsv

SHAPE = ("design", "crossover", "allocation", "timepoints", "tasks")
ARMS = ("MDD-d", "MDD-p")


def twin(folder: Path) -> None:
    """Give the small demo the arms, orders and sessions of the real study."""
    studies = folder / "config" / "studies"
    real = yaml.safe_load((studies / "ds005917.yaml").read_text())
    demo = yaml.safe_load((studies / "demo.yaml").read_text())
    demo |= {key: real[key] for key in SHAPE}
    demo["arms"] = {name: real["arms"][name] for name in ARMS}
    demo["contrasts"] = {"ketamine_vs_saline": real["contrasts"]["ketamine_vs_saline"]}
    (studies / "demo.yaml").write_text(yaml.safe_dump(demo, sort_keys=False))
    path = folder / "config" / "simulations" / "demo.yaml"
    simulation = yaml.safe_load(path.read_text())
    simulation["participants"] = dict.fromkeys(ARMS, 2)
    simulation["symptoms"]["BDI"]["change"] = {"MDD-d": -10, "MDD-p": -1}
    simulation |= {"effects": [], "expected": [], "exceptions": {}}
    path.write_text(yaml.safe_dump(simulation, sort_keys=False))


@pytest.fixture(scope="module")
def results(
    small_project_in: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    workflow = small_project_in(tmp_path_factory.mktemp("crossover"))
    twin(workflow.folder)
    workflow.run("--cores", "2", "--until", "effects")
    results: Path = workflow.folder / "results" / "demo"
    return results


def test_the_session_after_the_first_treatment_is_the_one_that_counts(results: Path) -> None:
    observations = OBSERVATIONS_TABLE.read(results / "observations.tsv")
    after = observations[(observations["timepoint"] == "post") & (observations["n_runs"] > 0)]
    told = set(zip(after["arm"], after["session_id"], strict=True))
    assert told == {("MDD-d", "ses-d2"), ("MDD-p", "ses-p2")}


def test_sessions_of_the_second_period_are_left_out_and_told(results: Path) -> None:
    decisions = DECISIONS_TABLE.read(results / "decisions.tsv")
    told = decisions[decisions["reason"].str.contains("no timepoint of the study for this arm")]
    assert set(told["session_id"]) == {"ses-d2", "ses-d10", "ses-p2", "ses-p10"}
    assert len(told) == 4 * 2


def test_effects_are_estimated_between_the_orders(results: Path) -> None:
    effects = read_tsv(results / "effects.tsv")
    assert set(effects["contrast"]) == {"ketamine_vs_saline"}
    scale = effects[effects["measure"] == "BDI"].iloc[0]
    assert (scale["n_treated"], scale["n_control"]) == ("2", "2")
