"""The configuration of a simulation is read strictly and held against its study."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from brainchange.errors import ConfigError
from brainchange.project import load_project
from brainchange.simulate.check import check_simulation
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.study.model import Study
from brainchange.study.strict import parse


def test_demo_is_consistent_with_its_study_and_the_claims(
    root: Path, study: Study, demo: Simulation
) -> None:
    check_simulation(demo, study)
    claims = {claim.id: claim for claim in load_project(root, {"study": "demo"}).claims.claims}
    for expected in demo.expected:
        assert claims[expected.claim].direction == expected.direction


def test_demo_is_read_at_once(root: Path) -> None:
    start = time.perf_counter()
    read_simulation(root, "demo")
    assert time.perf_counter() - start < 0.5


def test_participants_are_enrolled_in_turn(demo: Simulation) -> None:
    assert demo.enrolled[:4] == (
        ("sub-01", "therapy"),
        ("sub-02", "exercise"),
        ("sub-03", "untreated"),
        ("sub-04", "therapy"),
    )
    unequal = demo.model_copy(update={"participants": {"a": 1, "b": 3}})
    assert [arm for _, arm in unequal.enrolled] == ["a", "b", "b", "b"]


def test_more_than_99_participants_get_longer_labels(demo: Simulation) -> None:
    many = demo.model_copy(update={"participants": {"a": 120}})
    assert many.enrolled[0][0] == "sub-001"
    assert many.enrolled[-1][0] == "sub-120"


def test_missing_simulation_says_which_exist(root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_simulation(root, "demoo")
    assert "the study 'demoo' is simulated, but its simulation is not described" in str(
        caught.value
    )
    assert "config/simulations/demoo.yaml" in str(caught.value)
    assert "Did you mean 'demo'?" in str(caught.value)


def test_typing_error_is_told_with_the_nearest_key(demo: Simulation) -> None:
    values = demo.model_dump()
    values["noise"]["thermall"] = 1.0
    with pytest.raises(ConfigError) as caught:
        parse(Simulation, values, "config/simulations/demo.yaml")
    assert "unknown key 'thermall'" in str(caught.value)
    assert "Did you mean 'thermal'?" in str(caught.value)


def test_unknown_names_are_all_told_at_once(study: Study, demo: Simulation) -> None:
    values = demo.model_dump()
    values["effects"][0]["arm"] = "theraphy"
    values["effects"][0]["source"] = "prefrontl"
    values["effects"][1]["labels"] = ("Amigdala",)
    values["exceptions"]["lost_views"][0]["participant"] = "sub-99"
    values["symptoms"]["BDI"]["change"].pop("exercise")
    with pytest.raises(ConfigError) as caught:
        check_simulation(Simulation.model_validate(values), study)
    text = str(caught.value)
    assert len(caught.value.problems) == 5
    assert "config/simulations/demo.yaml: effects.0: arm 'theraphy' is unknown" in text
    assert "Did you mean 'therapy'?" in text
    assert "source 'prefrontl' is unknown" in text
    assert "structure 'Amigdala' is unknown" in text
    assert "exceptions.lost_views.0: participant 'sub-99' is unknown" in text
    assert "symptoms.BDI.change: the change of the arm 'exercise' is missing" in text


def test_loadings_cannot_be_more_than_the_whole_signal(demo: Simulation) -> None:
    values = demo.model_dump()
    values["neural"]["loadings"]["limbic"]["Amygdala"] = 0.95
    with pytest.raises(ConfigError, match="squared loadings of 'Amygdala'"):
        parse(Simulation, values, "x")


def test_amplitude_has_no_source(demo: Simulation) -> None:
    values = demo.model_dump()
    values["effects"][1]["source"] = "limbic"
    with pytest.raises(ConfigError, match="'source' belongs to the parameter loading"):
        parse(Simulation, values, "x")
