"""The demo, and a simulation of the same kind that takes a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainchange.project import read_study
from brainchange.simulate.head import Template, load_template
from brainchange.simulate.model import Simulation, read_simulation
from brainchange.study.model import Study


@pytest.fixture(scope="session")
def study(root: Path) -> Study:
    return read_study(root, "demo")


@pytest.fixture(scope="session")
def demo(root: Path) -> Simulation:
    return read_simulation(root, "demo")


@pytest.fixture(scope="session")
def template() -> Template:
    return load_template()


@pytest.fixture(scope="session")
def tiny(demo: Simulation) -> Simulation:
    """Four participants, coarse voxels, short runs; one lost session, one lost view."""
    values = demo.model_dump()
    values["participants"] = {"therapy": 2, "untreated": 2}
    values["acquisition"] |= {"voxel_size": 8.0, "n_volumes": 40}
    lost, view = {"participant": "sub-02", "timepoint": "post"}, {"participant": "sub-03"}
    values["exceptions"] = {
        "lost_sessions": (lost,),
        "lost_views": (view | {"timepoint": "pre", "structure": "Amygdala", "share": 0.5},),
        "missing_scores": ({"participant": "sub-04", "timepoint": "post", "outcome": "BDI"},),
    }
    values["expected"] = ()
    return Simulation.model_validate(values)
