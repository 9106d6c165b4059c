"""Derivatives in the space of a template, with an atlas of it, from the files to the report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
STUDY = ("--config", "study=mni")
IMAGES = {"space": "MNI152NLin2009aSym", "resolution": "2", "atlas": "simulated"}
ATLAS_ROW = "simulated\tMNI152NLin2009aSym"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mni(tmp_path_factory: pytest.TempPathFactory, workflow_in: Any) -> Any:
    """A study in a space that the atlas is said not to be of, and that is allowed: its report."""
    folder = tmp_path_factory.mktemp("mni")
    shutil.copytree(ROOT / "config", folder / "config")
    write_study(folder / "config", IMAGES | {"allow_other_template": True})
    atlases = folder / "config" / "atlases.tsv"
    known = atlases.read_text()
    assert ATLAS_ROW in known
    atlases.write_text(known.replace(ATLAS_ROW, "simulated\tMNI152NLin6Asym"))
    workflow = workflow_in(folder)
    workflow.run("--cores", "2", *STUDY)
    return workflow


def write_study(config: Path, images: dict[str, Any]) -> None:
    """Write the study ``mni``: two participants an arm of the demo, without the arm exercise."""
    study = yaml.safe_load((config / "studies" / "demo.yaml").read_text())
    study |= {"id": "mni", "images": images}
    del study["arms"]["exercise"], study["contrasts"]["exercise_vs_untreated"]
    (config / "studies" / "mni.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    simulation = yaml.safe_load((config / "simulations" / "demo.yaml").read_text())
    simulation |= {"participants": {"therapy": 2, "untreated": 2}, "exceptions": {}}
    del simulation["symptoms"]["BDI"]["change"]["exercise"]
    simulation["acquisition"] |= {"n_volumes": 80}
    simulation["anatomy"]["grey_matter_share"] = 0.4
    (config / "simulations" / "mni.yaml").write_text(yaml.safe_dump(simulation, sort_keys=False))
    settings = yaml.safe_load((config / "config.yaml").read_text())
    settings |= {"metrics": ["connectivity", "falff", "mean_framewise_displacement"]}
    settings["alternatives"] |= {"denoising": [], "censoring": []}
    (config / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def test_the_report_tells_an_atlas_of_another_template(mni: Any) -> None:
    page = (mni.folder / "results/mni/report.html").read_text()
    assert "the atlas simulated is in the template MNI152NLin6Asym" in page
    decisions = pd.read_csv(mni.folder / "results/mni/decisions.tsv", sep="\t")
    told = decisions[decisions["config_key"] == "images.allow_other_template"]
    assert told["action"].to_list() == ["caution"]


def test_an_atlas_of_another_template_is_refused_unless_allowed(
    tmp_path: Path, workflow_in: Any
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    write_study(tmp_path / "config", IMAGES | {"space": "MNI152NLin2009cAsym"})
    told = workflow_in(tmp_path).run("--dry-run", *STUDY, succeeds=False)
    assert "MNI152NLin2009aSym, the images are in MNI152NLin2009cAsym" in told
    assert "images.allow_other_template: true" in told
