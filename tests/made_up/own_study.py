"""A raw BIDS folder as a student may have it, and the project that analyses it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import yaml

from brainchange.simulate.raw.truth import ParticipantTruth
from made_up.raw import ROOT, RawCase, make_raw_participant

FIRST = RawCase(
    voxel_size=(4.0, 4.0, 4.0), matrix=(48, 58, 34), n_volumes=60, repetition_time=3.0,
    sessions=("pre", "post"), effects=False, t1w_voxel_size=2.0, resting_amplitude=0.1,
    shared_noise=0.3,
)  # fmt: skip
SECOND = replace(FIRST, sessions=("pre",), participant="sub-02")
# Large voxels make registration and everything after it quick.
SETTINGS = {
    "metrics": ["activation", "connectivity", "mean_framewise_displacement"],
    "preparation": {"anatomy": {"registration_voxel_size": 4.0}},
    "censoring": {"fewest_volumes": 30, "caution_volumes": 40},
    "alternatives": {"denoising": [], "censoring": []},
    "multiverse": {"permutations": 199},
}
PEOPLE = """\
participant_id\tgroup\tBDI_ses-pre\tBDI_ses-post
sub-01\ttherapy\t28\t17
sub-02\tuntreated\t25\t24
"""


def own_project(folder: Path) -> tuple[Path, ParticipantTruth]:
    """Make the folder of images, and a project with the study ``own`` that reads it.

    The BOLD image of sub-02 is upside down: no rigid movement brings it to the T1w image.

    Parameters
    ----------
    folder : Path
        Where to.

    Returns
    -------
    project : Path
        Folder of the project; the study still needs its lock.
    truth : ParticipantTruth
        Of sub-01.
    """
    project = folder / "project"
    shutil.copytree(ROOT / "config", project / "config")
    truth = write_images(folder / "scans")
    _write_study(project / "config", folder / "scans")
    return project, truth


def write_images(scans: Path) -> ParticipantTruth:
    """Write a raw BIDS dataset of two participants, and tell what is true of the first."""
    truth = make_raw_participant(scans, FIRST)
    make_raw_participant(scans, SECOND)
    shutil.rmtree(scans / "truth")
    _turn_over(next(scans.glob("sub-02/ses-pre/func/*_bold.nii.gz")))
    described = {"Name": "Scans of two people", "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    (scans / "dataset_description.json").write_text(json.dumps(described))
    (scans / "participants.tsv").write_text(PEOPLE)
    return truth


def _turn_over(path: Path) -> None:
    image = nib.load(path)
    turned = np.asarray(image.dataobj)[:, :, ::-1]
    nib.save(nib.Nifti1Image(turned, image.affine, image.header), path)


def _write_study(config: Path, scans: Path) -> None:
    """Write the study file of the documentation, with this folder and an atlas that is here."""
    study = yaml.safe_load(documented("yaml")[0])
    study["folder"]["path"] = str(scans)
    study["images"] = {"source": "raw", "atlas": "simulated", "template": "MNI152NLin2009aSym"}
    (config / "studies" / "own.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    settings = yaml.safe_load((config / "config.yaml").read_text())
    for key, value in SETTINGS.items():
        settings[key] = settings[key] | value if isinstance(value, dict) else value
    (config / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))


def documented(language: str) -> list[str]:
    """Blocks of a language in the page about raw folders."""
    page = (ROOT / "docs" / "raw.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
