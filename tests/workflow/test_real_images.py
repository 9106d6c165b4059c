"""Real raw images, from the scanner to the report: two halves of a run stand in for sessions."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from real_images import real_project

pytestmark = [pytest.mark.shared, pytest.mark.slow]


@pytest.fixture(scope="session")
def real(tmp_path_factory, workflow_in, shared):
    """The study, run to its report; tests copy it before they change it."""
    folder = tmp_path_factory.mktemp("real")
    workflow = workflow_in(real_project(folder / "project", shared))
    subprocess.run(
        ["brainchange", "lock", "splithalf"],
        cwd=workflow.folder,
        env=workflow.variables(),
        check=True,
        capture_output=True,
    )
    workflow.run("--cores", "2", "--config", "study=splithalf")
    return workflow


@pytest.fixture(scope="session")
def observations(real):
    """What was measured, of the primary specification."""
    table = pd.read_csv(
        real.folder / "results/splithalf/observations.tsv", sep="\t", na_values="n/a"
    )
    return table[table["specification"] == "motion12-wm-csf"]


def of(observations, metric, condition=None):
    """Values of one metric of sub-01 by region (or edge) and timepoint."""
    rows = observations[
        (observations["metric"] == metric)
        & (observations["participant_id"] == "sub-01")
        & (observations["task"] == "oneback")
    ]
    if condition:
        rows = rows[rows["condition"] == condition]
    return rows.pivot_table(
        index=["region", "region_2"], columns="timepoint", values="value", dropna=False
    ).dropna(how="all")


def test_scenes_activate_the_fusiform_cortex_more_than_faces_in_both_halves(observations):
    """The place area lies beside the fusiform gyrus (Epstein & Kanwisher 1998, Nature 392:598)."""
    table = observations[
        (observations["metric"] == "activation")
        & (observations["condition"] == "scene_vs_face")
        & (observations["region"].isin(["fusiform_L", "fusiform_R"]))
    ].dropna(subset="value")
    assert len(table) == 4
    assert (table["value"] > 0).all()


def test_a_participant_with_one_session_is_in_attrition_and_nowhere_as_a_number(real):
    results = real.folder / "results/splithalf"
    attrition = pd.read_csv(results / "attrition.tsv", sep="\t", na_values="n/a")
    assert attrition.to_csv().count("pumi_minitest") > 0
    effects = pd.read_csv(results / "effects.tsv", sep="\t", na_values="n/a")
    assert (effects["n_control"] == 0).all()
    assert effects["p_permutation"].isna().all()
    assert effects["flag"].notna().all()


def test_no_verdict_is_given_on_one_participant(real):
    verdicts = pd.read_csv(real.folder / "results/splithalf/verdicts.tsv", sep="\t")
    assert verdicts["verdict"].str.startswith("NOT").all()


def test_the_other_template_of_the_atlas_is_told(real):
    decisions = (real.folder / "results/splithalf/decisions.tsv").read_text()
    assert "MNI152NLin6Asym" in decisions
    assert "MNI152NLin6Asym" in (real.folder / "results/splithalf/report.html").read_text()


def test_a_new_region_prepares_nothing_again(real, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(real.folder, folder, symlinks=True)
    with (folder / "config" / "regions.tsv").open("a") as table:
        row = ["ba4", "ba4", "L", "HarvardOxfordCopy", "Left_Postcentral_Gyrus", "n/a", "target"]
        width = len((folder / "config" / "regions.tsv").read_text().splitlines()[0].split("\t"))
        table.write("\t".join(row + ["n/a"] * (width - len(row))) + "\n")
    planned = type(real)(folder).planned("--config", "study=splithalf")
    assert planned["measure"] == 2
    assert not {"fetch", "template", "atlas", "prepare", "parcellate"} & set(planned)


def test_halves_of_a_run_agree(observations):
    connectivity = of(observations, "connectivity")
    r = np.corrcoef(connectivity["pre"], connectivity["post"])[0, 1]
    assert r > 0.5
