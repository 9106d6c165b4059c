"""A raw participant with known truth that was prepared, and how its runs are measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np

from brainchange.imaging.prepare.participant import PreparedParticipant
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.metrics.measured import ParticipantMeasurement
from brainchange.project import Project
from brainchange.simulate.raw.truth import ParticipantTruth, RunTruth
from brainchange.sources.bids import PreparedFiles
from brainchange.sources.raw import RawParticipant
from brainchange.study.model import Images
from brainchange.study.regions import Region
from made_up.raw import THICK, THIN

TASK = {"n_volumes": 60, "repetition_time": 3.0, "effects": False, "t1w_voxel_size": 2.0}
# A response is known no better than what fluctuates beside it allows: little rest and little noise.
QUIET = {"resting_amplitude": 0.05, "noise": 0.4, "shared_noise": 0.5}
CASES = {
    "thin": replace(THIN, **TASK, **QUIET),
    # Slices one after the other, as in ds003007.
    "thick": replace(THICK, **TASK, **QUIET, sessions=("post",), slice_order="ascending"),
    # With all noise; the signals of regions are strong, so that the ways to them can be compared.
    "rest": replace(THIN, n_volumes=70, resting_amplitude=1.2, task="rest", t1w_voxel_size=2.0),
}
KEYS = {
    "thin": "sub-01_ses-pre_task-faces",
    "thick": "sub-01_ses-post_task-faces",
    "rest": "sub-01_ses-pre_task-rest",
}


@dataclass(frozen=True)
class Prepared:
    """The participant, what is true of it, and what preparation made of it."""

    folder: Path
    project: Project
    truths: dict[str, ParticipantTruth]
    raw: RawParticipant
    result: PreparedParticipant
    files: dict[str, PreparedFiles]

    def truth(self, case: str) -> RunTruth:
        """What is true of the run of a case."""
        return self.truths[case].runs[KEYS[case]]

    def image(self, case: str, role: str) -> nib.Nifti1Image:
        """One of the files of a prepared run."""
        return nib.load(self.folder / getattr(self.files[case], role))

    def sidecar(self, case: str) -> dict[str, object]:
        """What the sidecar of a prepared run says."""
        return json.loads((self.folder / self.files[case].sidecar).read_text())


def measure(
    prepared: Prepared,
    files: PreparedFiles,
    regions: Sequence[Region],
    metrics: tuple[str, ...],
    images: Images | None = None,
) -> ParticipantMeasurement:
    """Measure one run; it may be shorter and move more than a run of a study."""
    project = prepared.project
    layout = StudyLayout.of(project.study)
    layout = replace(layout, images=images or layout.images, tasks=("faces", "rest"))
    settings = project.settings
    censoring = settings.censoring.model_copy(update={"fewest_volumes": 20})
    settings = settings.model_copy(update={"metrics": metrics, "censoring": censoring})
    return measure_participant(
        "sub-01", [files], prepared.folder, layout=layout, regions=regions, settings=settings
    )


def region(name: str, *labels: str) -> Region:
    """Make a region of the atlas of simulated raw images."""
    return Region(
        region=name,
        group=name[:-2],
        hemisphere=name[-1],
        atlas="simulated",
        labels=labels,
    )


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """Overlap of two masks: twice what they share, by what they have."""
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))
