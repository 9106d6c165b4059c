"""A raw study in which no participant can be prepared: each is told, and nothing fails."""

from __future__ import annotations

import json
import shutil
import subprocess

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from real_images import ROOT

pytestmark = pytest.mark.slow

STUDY = """\
id: broken
title: Raw images that cannot be prepared
version: "1"
license: CC0
citation: Nobody 2026
folder:
  path: {dataset}
participants: {{arm_column: group}}
arms:
  therapy: {{label: Therapy, role: therapy, description: Made up}}
  waiting: {{label: Waiting, role: untreated, description: Made up}}
allocation: {{randomised: false, description: Made up.}}
timepoints: {{pre: [pre], post: [post]}}
tasks: [rest]
scans:
  - {{kind: rest, task: rest}}
  - {{kind: T1w, timepoints: [pre]}}
images: {{source: raw, atlas: Balls, template: MNI152NLin2009aSym}}
contrasts:
  therapy:
    label: therapy − waiting
    treated: [therapy]
    control: [waiting]
    primary: true
"""
BALLS = {"Left_Ball": (-25, 0, -18), "Right_Ball": (25, 0, -18)}
TOLD = {
    "sub-01": "the participant has no T1w image",
    "sub-02": "its T1w image cannot be used: the T1w image has 2 volumes where one is expected",
    "sub-03": "its T1w image cannot be used: the affine is sheared: two axes of voxels are 5.7°",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory, workflow_in):
    """The tables of the study."""
    folder = tmp_path_factory.mktemp("broken_raw")
    publish(folder / "dataset")
    workflow = workflow_in(folder / "project")
    configure(workflow.folder, folder / "dataset")
    subprocess.run(
        ["brainchange", "lock", "broken"],
        cwd=workflow.folder,
        env=workflow.variables(),
        check=True,
        capture_output=True,
    )
    workflow.run("--cores", "2", "--config", "study=broken", "--", "results/broken/decisions.tsv")
    return workflow


def publish(dataset):
    """Write three participants with runs, of whose T1w images none can be used."""
    dataset.mkdir()
    (dataset / "dataset_description.json").write_text('{"Name": "broken", "BIDSVersion": "1.9.0"}')
    rows = "\n".join(
        f"sub-0{n}\t{arm}" for n, arm in enumerate(["therapy", "waiting", "therapy"], 1)
    )
    (dataset / "participants.tsv").write_text(f"participant_id\tgroup\n{rows}\n")
    for participant in TOLD:
        for session in ("pre", "post"):
            name = f"{participant}_ses-{session}_task-rest_bold"
            image = nib.Nifti1Image(np.ones((4, 4, 4, 90), np.int16), np.diag([40.0, 40, 40, 1]))
            save(image, dataset / participant / f"ses-{session}" / "func" / f"{name}.nii.gz")
            sidecar = dataset / participant / f"ses-{session}" / "func" / f"{name}.json"
            sidecar.write_text(json.dumps({"RepetitionTime": 2.0, "TaskName": "rest"}))
    sheared = np.diag([4.0, 4.0, 4.0, 1.0])
    sheared[0, 1] = 0.4
    several = nib.Nifti1Image(np.ones((40, 40, 40, 2), np.int16), np.diag([4.0, 4.0, 4.0, 1.0]))
    for participant, image in {
        "sub-02": several,
        "sub-03": nib.Nifti1Image(np.ones((40, 40, 40), np.int16), sheared),
    }.items():
        save(image, dataset / participant / "ses-pre/anat" / f"{participant}_ses-pre_T1w.nii.gz")


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)


def configure(project, dataset):
    """Make the project: the study, an atlas of two spheres, and their regions."""
    shutil.copytree(ROOT / "config", project / "config")
    config = project / "config"
    (config / "studies" / "broken.yaml").write_text(STUDY.format(dataset=dataset))
    places = pd.DataFrame.from_dict(BALLS, orient="index", columns=["x", "y", "z"])
    places.assign(radius=6).rename_axis("name").to_csv(config / "atlases" / "balls.tsv", sep="\t")
    add_rows(
        config / "atlases.tsv",
        [{"atlas": "Balls", "template": "MNI152NLin2009aSym", "component": "all",
          "kind": "spheres", "image": "config/atlases/balls.tsv", "citation": "Made up"}],
    )  # fmt: skip
    regions = [
        {"region": f"ball_{label[0]}", "group": "ball", "hemisphere": label[0], "atlas": "Balls",
         "labels": label, "role": "target"}
        for label in BALLS
    ]  # fmt: skip
    add_rows(config / "regions.tsv", regions)


def add_rows(path, rows):
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    more = pd.DataFrame(rows).reindex(columns=table.columns, fill_value="n/a")
    pd.concat([table, more]).to_csv(path, sep="\t", index=False)


def test_each_run_is_left_out_for_its_reason(broken):
    decisions = pd.read_csv(broken.folder / "results/broken/decisions.tsv", sep="\t")
    excluded = decisions[(decisions["action"] == "excluded") & decisions["run"].notna()]
    for participant, reason in TOLD.items():
        told = excluded.loc[excluded["participant_id"] == participant, "reason"]
        assert len(told) == 2
        assert told.str.startswith(reason).all(), told.to_list()


def test_every_value_is_missing_with_a_flag(broken):
    table = pd.read_csv(broken.folder / "results/broken/observations.tsv", sep="\t")
    assert set(table["participant_id"]) == set(TOLD)
    assert table["value"].isna().all()
    assert table["flag"].notna().all()


def test_no_log_shows_what_only_a_programmer_reads(broken):
    logs = [path.read_text() for path in (broken.folder / "logs").rglob("*.log")]
    assert len(logs) >= 5
    assert not any("Traceback" in log for log in logs)
