"""A participant whose images are small boxes, written with nibabel: what pictures are drawn of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from brainchange.figures.brain_input import of_participants
from brainchange.figures.brain_views import write_brain
from brainchange.figures.qc_participant import QualityInput, write_quality
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.observations import COVERAGE_TABLE
from brainchange.report.brain import BrainViews, read_brain
from brainchange.report.quality import Quality, read_quality
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.sources.raw import AnatomyPaths
from brainchange.study.model import Images
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

SHAPE = (16, 18, 8)
AFFINE = np.array([[4.0, 0, 0, -30], [0, 4, 0, -34], [0, 0, 5, -18], [0, 0, 0, 1]])
AMYGDALA_L, AMYGDALA_R = 18, 54
REGIONS = (
    Region("amygdala_L", "amygdala", "L", "aparcaseg", ("Left-Amygdala",)),
    Region("amygdala_R", "amygdala", "R", "aparcaseg", ("Right-Amygdala",)),
)
NUMBERS = {"Left-Amygdala": AMYGDALA_L, "Right-Amygdala": AMYGDALA_R}
N_VOLUMES, SPIKES = 90, (20, 51, 52)
RUN = Run("sub-01", "ses-pre", "rest")
ANATOMY = "derivatives/brainchange/sub-01/ses-pre/anat/sub-01_ses-pre"


@dataclass
class Pictured:
    """A study folder with one run of one participant.

    Attributes
    ----------
    folder : Path
        The study folder.
    decisions : list of dict
        What was decided about it.
    anatomy : AnatomyPaths, optional
        Its T1w image, where :meth:`add_anatomy` was called.
    """

    folder: Path
    decisions: list[dict] = field(default_factory=list)
    anatomy: AnatomyPaths | None = None

    @property
    def files(self) -> PreparedFiles:
        """Paths of the run."""
        base = f"derivatives/brainchange/{RUN.folder}/{RUN.key}"
        return PreparedFiles(
            RUN,
            f"{base}_space-T1w_desc-preproc_bold.nii.gz",
            f"{base}_space-T1w_desc-brain_mask.nii.gz",
            f"{base}_space-T1w_desc-aparcaseg_dseg.nii.gz",
            f"{base}_desc-confounds_timeseries.tsv",
            f"{base}_space-T1w_desc-preproc_bold.json",
        )

    @property
    def given(self) -> QualityInput:
        """What its pictures are drawn from."""
        coverage = [
            {
                "participant_id": "sub-01",
                "session_id": "ses-pre",
                "run": RUN.key,
                "region": region.region,
                "n_voxels": 8,
                "n_valid_run": 6,
                "n_valid": n,
                "share": n / 8,
                "usable": n > 5,
            }
            for region, n in zip(REGIONS, (5, 8), strict=True)
        ]
        images = Images(derivatives="derivatives/brainchange", space="T1w")
        return QualityInput(
            "sub-01",
            (self.files,),
            self.folder,
            StudyLayout(images, (("pre", ("pre",)), ("post", ("post",))), ("rest",)),
            REGIONS,
            Settings(),
            tuple(self.decisions),
            COVERAGE_TABLE.frame(coverage),
            self.anatomy,
        )

    def add_run(self, *, mask: np.ndarray | None = None) -> Pictured:
        """Write a run with three volumes that move, after four that are dropped."""
        random = np.random.default_rng(1)
        brain = box(1, 1) if mask is None else mask
        bold = (1000 + random.normal(0, 10, (*SHAPE, N_VOLUMES))) * box(1, 1)[..., None]
        self.save(self.files.bold, bold.astype(np.float32), time=2.0)
        self.save(self.files.brain_mask, brain.astype(np.uint8))
        labels = np.zeros(SHAPE, dtype=np.int16)
        labels[box(2, 2)] = 2
        labels[4:6, 8:10, 3:5], labels[10:12, 8:10, 3:5] = AMYGDALA_L, AMYGDALA_R
        self.save(self.files.parcellation, labels)
        names = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
        table = pd.DataFrame(random.normal(0, 0.001, (N_VOLUMES, 6)), columns=names)
        moved = np.full(N_VOLUMES, 0.1)
        moved[list(SPIKES)] = 0.9
        moved[0] = np.nan
        table = table.assign(framewise_displacement=moved, std_dvars=1.0, white_matter=5.0, csf=7.0)
        table.to_csv(self.folder / self.files.confounds, sep="\t", index=False, na_rep="n/a")
        (self.folder / self.files.sidecar).write_text(json.dumps({"RepetitionTime": 2.0}))
        return self

    def add_anatomy(self) -> Pictured:
        """Write a T1w image, its brain mask and tissues, and the reference of the run."""
        affine = np.diag([2.0, 2.0, 2.0, 1.0])
        affine[:3, 3] = (-31, -35, -20)
        brain = np.zeros((32, 36, 20), dtype=np.uint8)
        brain[3:-3, 3:-3, 3:-3] = 1
        tissue = brain.copy()
        tissue[8:-8, 8:-8, 6:-6] = 2
        self.anatomy = AnatomyPaths(
            f"{ANATOMY}_desc-preproc_T1w.nii.gz",
            f"{ANATOMY}_desc-brain_mask.nii.gz",
            f"{ANATOMY}_from-MNI_to-T1w_mode-image_xfm.h5",
            "none",
        )
        self.save(self.anatomy.t1w, 100.0 * tissue.astype(np.float32), affine=affine)
        self.save(self.anatomy.brain_mask, brain, affine=affine)
        self.save(f"{ANATOMY}_dseg.nii.gz", tissue, affine=affine)
        reference = self.files.bold.replace("_desc-preproc_bold", "_boldref")
        self.save(reference, 500.0 * box(1, 1).astype(np.float32))
        told = {"Quality": {"similarity": 0.8123, "mask_overlap": 0.97, "brain": 1321.4}}
        (self.folder / f"{ANATOMY}_desc-preproc_T1w.json").write_text(json.dumps(told))
        return self

    def save(
        self,
        path: str,
        values: np.ndarray,
        *,
        time: float | None = None,
        affine: np.ndarray = AFFINE,
    ) -> None:
        """Write an image into the study folder."""
        image = nib.Nifti1Image(values, affine)
        if time:
            image.header.set_zooms((*image.header.get_zooms()[:3], time))
            image.header.set_xyzt_units("mm", "sec")
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        nib.save(image, self.folder / path)


def images_of(folder: Path) -> tuple[Quality, BrainViews | None]:
    """What a page shows of the images of a participant, and of a brain."""
    made = Pictured(folder / "study").add_run().add_anatomy()
    own = folder / "quality" / "part-01" / "sub-01"
    write_quality(made.given, own)
    given = made.given
    brain = of_participants(given.runs, given.folder, given.settings, REGIONS, NUMBERS)
    write_brain(brain, REGIONS, given.coverage, folder / "brain", simulated=True)
    return read_quality([own]), read_brain(folder / "brain")


def box(across: int, upwards: int) -> np.ndarray:
    """A box of true voxels that leaves some at the sides of the grid."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[across:-across, across:-across, upwards:-upwards] = True
    return inside
