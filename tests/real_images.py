"""A project that analyses real raw images: two halves of one run stand in for pre and post.

The images are those of ``shared/real/splithalf``: one participant with a T1w image and two halves
of a run in which faces, houses and other pictures were shown, and one with a single session. They
are no therapy data; who is treated is made up here, and so the true change is zero.
"""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

STUDY = """\
id: splithalf
title: Two halves of a run that stand in for two sessions (no therapy was given)
version: "1"
license: PDDL
citation: Sengupta et al. 2016, Sci Data 3:160093; Hanke et al. 2014, Sci Data 1:140003
folder:
  path: {dataset}
participants:
  arm_column: source
arms:
  studyforrest_localizer: {{label: Two halves, role: therapy, description: Nothing was done}}
  pumi_minitest: {{label: One session, role: untreated, description: Nothing was done}}
allocation:
  randomised: false
  description: The arms are two datasets.
timepoints:
  pre: [pre]
  post: [post]
tasks: [oneback, rest]
scans:
  - {{kind: emotion_task, task: oneback}}
  - {{kind: T1w, timepoints: [pre]}}
events:
  conditions: [body, face, house, object, scene, scramble]
task_contrasts:
  face_vs_house: {{task: oneback, formula: face - house, label: faces − houses, claims: [A1]}}
  face_vs_scramble: {{task: oneback, formula: face - scramble, label: faces − scrambled}}
  scene_vs_face: {{task: oneback, formula: scene - face, label: scenes − faces}}
images:
  source: raw
  atlas: HarvardOxfordCopy
  template: MNI152NLin2009aSym
  allow_other_template: true
contrasts:
  halves:
    label: two halves − one session
    treated: [studyforrest_localizer]
    control: [pumi_minitest]
    primary: true
"""

MORE_REGIONS = (
    ("fusiform_L", "fusiform", "L", "Left_Temporal_Occipital_Fusiform_Cortex"),
    ("fusiform_R", "fusiform", "R", "Right_Temporal_Occipital_Fusiform_Cortex"),
)


def real_project(folder: Path, shared: Path) -> Path:
    """Make a project folder for the real images.

    Parameters
    ----------
    folder : Path
        Where to.
    shared : Path
        Folder with the real images and the atlas.

    Returns
    -------
    Path
        The folder; its study is called ``splithalf`` and still needs its lock.
    """
    shutil.copytree(ROOT / "config", folder / "config")
    config = folder / "config"
    (config / "studies" / "splithalf.yaml").write_text(
        STUDY.format(dataset=shared / "real" / "splithalf")
    )
    atlas = shared / "atlases" / "harvard_oxford_lateralised_maxprob25_2mm"
    for ending in (".nii.gz", ".tsv"):
        shutil.copy(f"{atlas}{ending}", config / "atlases" / f"copy{ending}")
    row = {
        "atlas": "HarvardOxfordCopy",
        "template": "MNI152NLin6Asym",
        "component": "whole",
        "kind": "file",
        "image": "config/atlases/copy.nii.gz",
        "labels": "config/atlases/copy.tsv",
        "citation": "Desikan et al. 2006",
    }
    _add_rows(config / "atlases.tsv", [row])
    _add_rows(config / "regions.tsv", [*_copied(config / "regions.tsv"), *_more()])
    return folder


def _more() -> list[dict[str, str]]:
    names = ("region", "group", "hemisphere", "labels")
    same = {"atlas": "HarvardOxfordCopy", "role": "target"}
    return [{**dict(zip(names, row, strict=True)), **same} for row in MORE_REGIONS]


def _copied(table: Path) -> list[dict[str, str]]:
    """The rows of Harvard-Oxford, for the copy of it."""
    header, *lines = table.read_text().splitlines()
    rows = [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]
    return [
        {**row, "atlas": "HarvardOxfordCopy"} for row in rows if row["atlas"] == "HarvardOxford"
    ]


def _add_rows(table: Path, rows: list[dict[str, str]]) -> None:
    text = table.read_text().rstrip("\n")
    names = text.splitlines()[0].split("\t")
    lines = ["\t".join(row.get(name, "n/a") for name in names) for row in rows]
    table.write_text("\n".join([text, *lines]) + "\n")
