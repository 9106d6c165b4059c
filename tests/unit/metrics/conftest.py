"""A tiny prepared study, written with nibabel: what the tests of this package measure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from brainchange.metrics.gather import TablePaths, participant_tables
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.measure import measure_participant
from brainchange.metrics.measured import ParticipantMeasurement
from brainchange.sources.bids import PreparedFiles, Run
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Alternatives, Settings

SHAPE = (16, 14, 10)
AFFINE = np.array([[4.0, 0, 0, -30], [0, 4, 0, -26], [0, 0, 4, -18], [0, 0, 0, 1]])
BOXES = {
    18: (slice(3, 5), slice(5, 7), slice(2, 4)),
    54: (slice(11, 13), slice(5, 7), slice(2, 4)),
    17: (slice(3, 5), slice(3, 5), slice(2, 4)),
    53: (slice(11, 13), slice(3, 5), slice(2, 4)),
    11: (slice(5, 6), slice(6, 8), slice(6, 8)),
    50: (slice(10, 11), slice(6, 8), slice(6, 8)),
    12: (slice(4, 5), slice(7, 9), slice(3, 5)),
    51: (slice(11, 12), slice(7, 9), slice(3, 5)),
    1028: (slice(3, 8), slice(9, 12), slice(5, 8)),
    2028: (slice(8, 13), slice(9, 12), slice(5, 8)),
}
REGIONS = (
    Region("amygdala_L", "amygdala", "L", "aparcaseg", ("Left-Amygdala",)),
    Region("amygdala_R", "amygdala", "R", "aparcaseg", ("Right-Amygdala",)),
    Region("hippocampus_L", "hippocampus", "L", "aparcaseg", ("Left-Hippocampus",)),
    Region("dmPFC_L", "dmPFC", "L", "aparcaseg", ("ctx-lh-superiorfrontal",), 12.0),
)
N_VOLUMES, TR = 100, 2.0
ALONE = Settings(alternatives=Alternatives(denoising=(), censoring=()))
"""The primary specification and no other."""
STUDY = {
    "id": "tiny",
    "title": "Tiny",
    "version": "1",
    "license": "CC0",
    "citation": "nobody",
    "simulated": True,
    "participants": {"arm_column": "group"},
    "arms": {
        "a": {"label": "A", "role": "therapy"},
        "b": {"label": "B", "role": "untreated"},
    },
    "allocation": {"randomised": True, "description": "by chance"},
    "timepoints": {"pre": ("pre",), "post": ("post",)},
    "tasks": ("rest",),
    "contrasts": {"a_b": {"label": "A", "treated": ("a",), "control": ("b",), "primary": True}},
}


def save(values, path, affine, tr=None):
    image = nib.Nifti1Image(values, affine)
    if tr:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr))
        image.header.set_xyzt_units("mm", "sec")
    nib.save(image, path)


def make_mask():
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:-1, 1:-1, 1:-1] = 1
    return mask


def make_labels():
    labels = np.zeros(SHAPE, np.int16)
    for number, box in BOXES.items():
        labels[box] = number
    return labels


def make_bold(seed=0, n_volumes=N_VOLUMES):
    """Brain of 1000 with noise of SD 12 and a signal shared by both amygdalae (SD 10)."""
    rng = np.random.default_rng(seed)
    bold = np.zeros((*SHAPE, n_volumes), np.float32)
    bold += rng.normal(0, 12, bold.shape)
    shared = rng.normal(0, 10, n_volumes)
    bold[BOXES[18]] += shared
    bold[BOXES[54]] += shared
    bold += 1000
    return (bold * make_mask()[..., np.newaxis]).astype(np.float32)


def make_confounds(n_volumes=N_VOLUMES, seed=0):
    rng = np.random.default_rng(seed + 1000)
    names = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    steps = rng.normal(0, 1, (n_volumes, 6)) * ([0.01] * 3 + [0.0002] * 3)
    table = pd.DataFrame(steps.cumsum(axis=0), columns=names)
    moved = table.diff().abs() * ([1] * 3 + [50] * 3)
    table["framewise_displacement"] = moved.sum(axis=1, min_count=6)
    table["std_dvars"] = np.r_[np.nan, rng.normal(1, 0.05, n_volumes - 1)]
    table["white_matter"] = rng.normal(500, 1, n_volumes)
    table["csf"] = rng.normal(700, 1, n_volumes)
    return table


@dataclass
class TinyStudy:
    """A study folder that a test fills run by run."""

    folder: Path
    settings: Settings = ALONE
    regions: tuple[Region, ...] = REGIONS
    runs: list[PreparedFiles] = field(default_factory=list)
    changes: dict = field(default_factory=dict)

    bold = staticmethod(make_bold)
    confounds = staticmethod(make_confounds)
    labels = staticmethod(make_labels)
    mask = staticmethod(make_mask)
    boxes = BOXES
    affine = AFFINE

    @property
    def study(self) -> Study:
        return Study.model_validate(STUDY | self.changes)

    @property
    def layout(self) -> StudyLayout:
        return StudyLayout.of(self.study)

    @staticmethod
    def reason(measurement) -> str:
        """All that was decided, in words."""
        return "; ".join(row["reason"] for row in measurement.decisions)

    @staticmethod
    def of_run(measurement):
        """The one decision about a run."""
        [row] = [row for row in measurement.decisions if row["scope"] == "run"]
        return row

    def observed(self, measurement, **where) -> pd.DataFrame:
        """Observations that match, as the table holds them."""
        table = participant_tables(measurement, self.layout).observations
        for name, wanted in where.items():
            table = table[table[name] == wanted]
        return table

    def add(
        self, session="ses-pre", *, task="rest", seed=0, image=None, table=None, run=None, **kwargs
    ):
        name = Run("sub-01", session, task, (("run", run),) if run else ())
        image = make_bold(seed) if image is None else image
        table = make_confounds(image.shape[3], seed) if table is None else table
        files = self._write(name, image, table, **kwargs)
        self.runs.append(files)
        return files

    def _write(
        self,
        name,
        image,
        table,
        *,
        mask=None,
        labels=None,
        affine=AFFINE,
        sidecar=None,
        events=None,
    ):
        base = f"derivatives/fmriprep/{name.folder}/{name.key}"
        (self.folder / base).parent.mkdir(parents=True, exist_ok=True)
        files = PreparedFiles(
            run=name,
            bold=f"{base}_space-T1w_desc-preproc_bold.nii.gz",
            brain_mask=f"{base}_space-T1w_desc-brain_mask.nii.gz",
            parcellation=f"{base}_space-T1w_desc-aparcaseg_dseg.nii.gz",
            confounds=f"{base}_desc-confounds_timeseries.tsv",
            sidecar=f"{base}_space-T1w_desc-preproc_bold.json",
            events=None if events is None else f"{name.folder}/{name.key}_events.tsv",
        )
        if files.events:
            (self.folder / files.events).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / files.events).write_text(events)
        save(image, self.folder / files.bold, affine, tr=TR)
        save(make_mask() if mask is None else mask, self.folder / files.brain_mask, affine)
        save(make_labels() if labels is None else labels, self.folder / files.parcellation, affine)
        table.to_csv(self.folder / files.confounds, sep="\t", index=False, na_rep="n/a")
        told = {"RepetitionTime": TR} if sidecar is None else sidecar
        (self.folder / files.sidecar).write_text(json.dumps(told))
        return files

    def measure(self, **changes) -> ParticipantMeasurement:
        settings = self.settings.model_copy(update=changes)
        return measure_participant(
            "sub-01",
            self.runs,
            self.folder,
            layout=self.layout,
            regions=self.regions,
            settings=settings,
        )


@pytest.fixture
def table_paths():
    """Name the tables of a participant in a folder."""
    names = ("observations", "coverage", "decisions")
    return lambda folder: TablePaths(*(folder / f"{name}.tsv" for name in names))


@pytest.fixture
def tiny(tmp_path):
    return TinyStudy(tmp_path / "study")
