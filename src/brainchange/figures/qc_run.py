"""What the pictures of a run are drawn from: read once, as far as its files can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from brainchange.errors import BrainchangeError
from brainchange.figures.qc_motion import MotionTrace, Tissue
from brainchange.figures.theme import MUTED
from brainchange.files import inside
from brainchange.imaging.confounds import Confounds, read_confounds_table
from brainchange.imaging.coverage import drift_projection, temporal_snr
from brainchange.imaging.denoise import Nuisance, nuisance, signal_names
from brainchange.imaging.midline import known_midline
from brainchange.imaging.nifti import Image, Voxels, read_image, read_label_image, read_volumes
from brainchange.imaging.nifti_header import NiftiHeader, read_header
from brainchange.imaging.parcellation import region_voxels, require_same_grid
from brainchange.imaging.sidecar import read_repetition_time
from brainchange.sources.bids import PreparedFiles
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

MEASURED, OTHER_GREY, WHITE, FLUID, REST = (
    ("measured regions", "#0067a5"),
    ("other grey matter", MUTED),
    ("white matter", "#c4540a"),
    ("fluid", "#00795c"),
    ("rest of the brain", "#8a6d00"),
)
BLOCK_VOXELS = 4096
"""Voxels whose signal-to-noise ratio is computed at once."""


@dataclass(frozen=True)
class RunImages:
    """A run, read as far as a picture needs it.

    Attributes
    ----------
    files : PreparedFiles
        Paths in the study folder.
    folder : Path
        The study folder.
    settings : Settings
        Denoising and censoring.
    """

    files: PreparedFiles
    folder: Path
    settings: Settings

    def path(self, relative: str) -> Path:
        """Where a file of the run is."""
        return inside(self.folder, relative)

    @property
    def reference_path(self) -> Path:
        """Where preparation puts the BOLD reference; fMRIPrep does too."""
        return self.path(_reference_of(self.files.bold))

    @cached_property
    def brain(self) -> Image:
        """Brain mask on the grid of the BOLD image."""
        return read_label_image(self.path(self.files.brain_mask))

    @cached_property
    def header(self) -> NiftiHeader:
        """Of the BOLD image."""
        return read_header(self.path(self.files.bold))

    @cached_property
    def voxels(self) -> Indices:
        """Flat indices of the brain voxels in Fortran order, sorted, (n_voxels,)."""
        return np.flatnonzero(self.brain.values.ravel(order="F"))

    @cached_property
    def volumes(self) -> Voxels:
        """Brain voxels of all volumes in the stored type, (n_volumes, n_voxels)."""
        names = (self.files.bold, self.files.brain_mask)
        header = self.header
        require_same_grid(
            header.shape, header.affine, self.brain.values.shape, self.brain.affine, names
        )
        return read_volumes(self.path(self.files.bold), self.voxels)

    @cached_property
    def repetition_time(self) -> float:
        """Time between volumes in s."""
        told = self.header.repetition_time
        return read_repetition_time(self.path(self.files.sidecar), told).seconds

    @cached_property
    def confounds(self) -> Confounds:
        """Of all volumes."""
        table = read_confounds_table(self.path(self.files.confounds), self.header.n_volumes)
        return table.confounds(signal_names(self.settings.denoising))

    @cached_property
    def nuisance(self) -> Nuisance:
        """Dummies and kept volumes, as in the analysis."""
        settings = self.settings
        return nuisance(
            self.confounds, self.repetition_time, settings.denoising, settings.censoring
        )

    @cached_property
    def analysed(self) -> FloatArray:
        """Brain voxels of the analysed volumes, (n_analysed, n_voxels)."""
        return self.volumes[self.nuisance.n_dummies :].astype(np.float32)

    @property
    def underlay(self) -> Image:
        """The reference of the run; where there is none, the mean of its volumes in the brain."""
        if self.reference_path.exists():
            return read_image(self.reference_path)
        flat = np.zeros(self.header.voxels_per_volume)
        flat[self.voxels] = self.volumes.mean(axis=0, dtype=float)
        return Image(flat.reshape(self.header.shape, order="F"), self.header.affine)

    @property
    def trace(self) -> MotionTrace:
        """Motion of all volumes, and the limits of censoring."""
        found, rules = self.confounds, self.settings.censoring
        return MotionTrace(
            motion=found.motion,
            framewise_displacement=found.framewise_displacement,
            standardised_dvars=found.standardised_dvars,
            kept=self.nuisance.kept,
            repetition_time=self.repetition_time,
            largest_displacement=rules.framewise_displacement,
            largest_dvars=rules.standardised_dvars,
        )

    def parcellation(self) -> Image:
        """Label numbers on the grid of the BOLD image."""
        return read_label_image(self.path(self.files.parcellation))

    def regions(
        self, parcellation: Image, regions: Sequence[Region], labels: Mapping[str, int]
    ) -> Image:
        """Give the number of the region of every voxel (from 1, in the order given; 0 none)."""
        found = region_voxels(
            parcellation.values,
            parcellation.affine,
            regions,
            labels,
            self.files.parcellation,
            midline=known_midline(self.files.space),
        )
        flat = np.zeros(parcellation.values.size, dtype=np.int32)
        for number, region in enumerate(found, start=1):
            flat[region.voxels] = number
        return Image(flat.reshape(parcellation.values.shape, order="F"), parcellation.affine)

    def signal_to_noise(self) -> float:
        """Median over brain voxels of the temporal signal-to-noise ratio; NaN without voxels."""
        if not self.voxels.size:
            return float("nan")
        drift = drift_projection(self.analysed.shape[0])
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [
                temporal_snr(self.analysed[:, start : start + BLOCK_VOXELS].astype(float), drift)
                for start in range(0, self.voxels.size, BLOCK_VOXELS)
            ]
        found = np.concatenate(parts)
        finite = found[np.isfinite(found)]
        return float(np.median(finite)) if finite.size else float("nan")

    def tissues(
        self, found: Image, parcellation: Image, labels: Mapping[str, int], t1w_tissue: Image | None
    ) -> tuple[Tissue, ...]:
        """Sort brain voxels by tissue, for a carpet.

        Parameters
        ----------
        found, parcellation : Image
            Numbers of regions and of labels on the grid of the BOLD image.
        labels : mapping of str to int
            Number of each label name; those of white matter and fluid are known by name.
        t1w_tissue : Image or None
            1 grey, 2 white, 3 fluid on any grid in the same world, where it was made here.

        Returns
        -------
        tuple of Tissue
            Those that have voxels.
        """
        region = found.values.ravel(order="F")[self.voxels] != 0
        if t1w_tissue is not None:
            kind = _at_voxels(t1w_tissue, self.brain, self.voxels)
        else:
            kind = _kind_by_name(parcellation.values.ravel(order="F")[self.voxels], labels)
        kind = np.where(region, 4, kind)
        order = ((4, MEASURED), (1, OTHER_GREY), (2, WHITE), (3, FLUID), (0, REST))
        return tuple(
            Tissue(name, colour, self.analysed[:, kind == number])
            for number, (name, colour) in order
            if (kind == number).any()
        )


def reference_exists(run: RunImages) -> bool:
    """Whether preparation got as far as a BOLD reference and its brain mask."""
    return run.reference_path.exists() and run.path(run.files.brain_mask).exists()


def volumes_exist(run: RunImages) -> bool:
    """Whether all that the analysis needs of a run exists."""
    paths = (run.files.bold, run.files.brain_mask, run.files.confounds, run.files.sidecar)
    return all(run.path(path).exists() for path in paths)


def readable(run: RunImages) -> str:
    """Say why motion and volumes of a run cannot be read; empty where they can."""
    try:
        _ = run.trace, run.volumes
    except BrainchangeError as error:
        return error.reason
    return ""


def _reference_of(bold: str) -> str:
    return bold.replace("_desc-preproc_bold.nii", "_boldref.nii")


def _at_voxels(tissue: Image, grid: Image, voxels: Indices) -> npt.NDArray[np.int64]:
    """Tissue at the centre of every voxel of another grid; 0 outside."""
    at = np.stack(np.unravel_index(voxels, grid.values.shape, order="F")).astype(float)
    to = np.linalg.inv(tissue.affine) @ grid.affine
    places = to[:3, :3] @ at + to[:3, 3:]
    values = ndimage.map_coordinates(
        tissue.values, places, order=0, mode="constant", cval=0, prefilter=False
    )
    return np.asarray(values, dtype=np.int64)


def _kind_by_name(
    values: npt.NDArray[np.generic], labels: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """1 grey, 2 white, 3 fluid, by the names of FreeSurfer's labels; 0 without a label."""
    names = {number: name.lower() for name, number in labels.items()}
    white = [n for n, name in names.items() if "white-matter" in name or name.startswith("cc_")]
    fluid = [n for n, name in names.items() if "ventricle" in name or "lat-vent" in name]
    fluid += [n for n, name in names.items() if name == "csf" or "choroid" in name]
    kind: npt.NDArray[np.int64] = (values != 0).astype(np.int64)
    kind[np.isin(values, white)] = 2
    kind[np.isin(values, fluid)] = 3
    return kind
