"""Real raw images, from the scanner to the report: two halves of a run stand in for sessions."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from by_nilearn import PreparedByFiles
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


@dataclass(frozen=True)
class BothWays:
    """A prepared run of sub-01, measured by nilearn and by the workflow.

    ``same`` are the regions of which both take the same voxels: nilearn takes every voxel with a
    label of the region in the brain mask, the workflow leaves out those without signal in one of
    the two sessions.
    """

    by_nilearn: PreparedByFiles
    signals: pd.DataFrame
    observations: pd.DataFrame
    same: list[str]

    def ours(self, metric, condition=None):
        """Values of a metric, with their region (and the second one)."""
        table = self.observations.dropna(subset="value")
        table = table[table["metric"] == metric]
        return table if condition is None else table[table["condition"] == condition]


@pytest.fixture(scope="session", params=["pre", "post"])
def both_ways(real, observations, request):
    """Files of one session, and what the workflow wrote of it."""
    study, results = (real.folder / part / "splithalf" for part in ("data/studies", "results"))
    key, func = f"sub-01_ses-{request.param}_task-oneback", f"sub-01/ses-{request.param}/func"
    prepared = study / "derivatives/brainchange" / func
    run = PreparedByFiles(
        bold=prepared / f"{key}_space-T1w_desc-preproc_bold.nii.gz",
        mask=prepared / f"{key}_space-T1w_desc-brain_mask.nii.gz",
        parcellation=study / "derivatives/brainchange-regions" / func
        / f"{key}_space-T1w_desc-HarvardOxfordCopy_dseg.nii.gz",
        confounds=prepared / f"{key}_desc-confounds_timeseries.tsv",
        events=study / func / f"{key}_events.tsv",
        labels=labels_of_regions(real.folder / "config"),
        repetition_time=2.0,
    )  # fmt: skip
    written = f"{key}_space-T1w_seg-HarvardOxfordCopy_desc-raw_timeseries.tsv"
    coverage = pd.read_csv(results / "coverage.tsv", sep="\t", na_values="n/a")
    valid = coverage[coverage["run"] == key].set_index("region")["n_valid"]
    counts = np.bincount(np.asarray(run.regions.dataobj).ravel(), minlength=len(run.labels) + 1)
    return BothWays(
        run,
        pd.read_csv(results / func / written, sep="\t", na_values="n/a"),
        observations[observations["session_id"] == f"ses-{request.param}"],
        [name for name, count in zip(run.labels, counts[1:], strict=True) if valid[name] == count],
    )


def labels_of_regions(config):
    """Numbers of the labels of every region that is not cut at the midline."""
    regions = pd.read_csv(config / "regions.tsv", sep="\t", na_values="n/a")
    names = pd.read_csv(config / "atlases/copy.tsv", sep="\t").set_index("name")["index"]
    whole = regions[regions["midline_distance"].isna()]
    return {
        row.region: tuple(int(names[label]) for label in row.labels.split(";"))
        for row in whole[whole["atlas"] == "HarvardOxfordCopy"].itertuples()
    }


def test_region_means_of_the_prepared_run_are_those_of_nilearn(both_ways):
    theirs = both_ways.by_nilearn.means.iloc[-len(both_ways.signals) :].reset_index(drop=True)
    assert len(both_ways.same) >= 5
    np.testing.assert_allclose(both_ways.signals[both_ways.same], theirs[both_ways.same], rtol=1e-6)
    for region in both_ways.by_nilearn.labels:
        assert np.corrcoef(both_ways.signals[region], theirs[region])[0, 1] > 0.9, region


def test_connectivity_of_the_prepared_run_is_that_of_nilearn(both_ways):
    """0.97 and more over all pairs; exact where both take the same voxels."""
    theirs = both_ways.by_nilearn.connectivity
    ours = both_ways.ours("connectivity")
    ours = ours[ours["region"].isin(theirs.index) & ours["region_2"].isin(theirs.index)]
    expected = np.array(
        [theirs.loc[a, b] for a, b in zip(ours["region"], ours["region_2"], strict=True)]
    )
    assert len(ours) > 300
    assert np.corrcoef(ours["value"], expected)[0, 1] > 0.95
    same = (ours["region"].isin(both_ways.same) & ours["region_2"].isin(both_ways.same)).to_numpy()
    assert same.sum() >= 10
    np.testing.assert_allclose(ours["value"][same], expected[same], atol=1e-5)


@pytest.mark.parametrize("formula", ["face - scramble", "scene - face"])
def test_activation_in_the_prepared_run_is_that_of_nilearn(both_ways, formula):
    """nilearn models every voxel with noise of its own, the workflow the mean of a region."""
    theirs = both_ways.by_nilearn.activation(formula)
    ours = both_ways.ours("activation", formula.replace(" - ", "_vs_")).set_index("region")["value"]
    ours = ours[theirs.index.intersection(ours.index)]
    assert np.corrcoef(ours, theirs[ours.index])[0, 1] > 0.9
    same = [region for region in both_ways.same if region in ours.index]
    assert len(same) >= 5
    assert (ours[same] - theirs[same]).abs().max() < 0.15
