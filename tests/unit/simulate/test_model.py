"""The configuration of a simulation is read strictly and held against its study."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainchange.errors import ConfigError
from brainchange.project import load_project
from brainchange.simulate.check import check_simulation
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.study.model import Study
from brainchange.study.strict import parse
from made_up.raw import raw_study


def test_demo_is_consistent_with_its_study_and_the_claims(
    root: Path, study: Study, demo: Simulation
) -> None:
    check_simulation(demo, study)
    claims = {claim.id: claim for claim in load_project(root, {"study": "demo"}).claims.claims}
    for expected in demo.expected:
        assert claims[expected.claim].direction == expected.direction


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
    assert "Did you mean 'demo' or 'rawdemo'?" in str(caught.value)


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
    with pytest.raises(ConfigError, match="'source' belongs to the parameters loading"):
        parse(Simulation, values, "x")


def test_a_simulation_takes_structures_from_another(root: Path, demo: Simulation) -> None:
    raw = read_simulation(root, "rawdemo")
    assert raw.anatomy.cortex == demo.anatomy.cortex
    assert raw.neural.loadings == demo.neural.loadings
    assert raw.anatomy.grey_matter_share != demo.anatomy.grey_matter_share
    assert raw.acquisition.n_volumes != demo.acquisition.n_volumes


def test_like_what_does_not_exist_is_told(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "simulations"
    folder.mkdir(parents=True)
    (folder / "other.yaml").write_text("like: othe\n")
    with pytest.raises(ConfigError) as caught:
        read_simulation(tmp_path, "other")
    assert "there is no simulation 'othe' to be like" in str(caught.value)
    assert "Did you mean 'other'?" in str(caught.value)


def test_problems_of_raw_images_are_told(root: Path) -> None:
    study = raw_study()
    raw = read_simulation(root, "rawdemo")
    check_simulation(raw, study)
    values = raw.model_dump()
    design = values["raw"]["designs"].pop("faces")
    design["activations"][0]["labels"] = ("Amigdala",)
    values["raw"]["designs"]["face"] = design
    values["exceptions"]["lost_views"] = (
        {"participant": "sub-01", "timepoint": "pre", "structure": "Amygdala", "share": 0.5},
    )
    with pytest.raises(ConfigError) as caught:
        check_simulation(Simulation.model_validate(values), study)
    text = str(caught.value)
    assert "raw.designs: task 'face' is unknown" in text
    assert "Did you mean 'faces'?" in text
    assert "structure 'Amigdala' is unknown" in text
    assert "the response of 'Amygdala' to 'face' cannot change: it has none" in text
    assert "views that were lost are simulated for prepared images only" in text
