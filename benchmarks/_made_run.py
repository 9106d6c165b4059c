"""A prepared run as large and as hard to compress as those fMRIPrep writes.

What is made, and why it is made so:

- The head: an ellipsoid of a brain, skull and scalp (intensities of about 10,000, 1,500 and 5,000),
  blurred by 2 mm, times a smooth field of 15 % for tissue and receive coils.
- In time: noise that varies smoothly in space and with the intensity (physiology, interpolation)
  and thermal noise of the magnitude image, together a temporal SNR of about 60 in the brain. The
  thermal noise stays visible outside the head, as fMRIPrep masks nothing.
- The field of view: a box, tilted by 10° as a scan along AC-PC is; exact zeros outside. In the
  grid of the template (2 mm) it is 160 mm high: a scan of 140 mm stretched to the template's size.
- Compression by zlib at level 1, as nibabel writes.

The sizes that result on the grid of the template, 65 % (int16) and 72 % (float32) of the
uncompressed, are those of the files fMRIPrep made of ds003007 and ds002748 on that grid: 138 MB a
run of 100 volumes (64 %, int16), and 290 to 324 MB (67 to 75 %, float32).
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import KDTree

from brainchange.imaging.parcellation import packaged_labels
from brainchange.sources.bids import PreparedFiles, Run

Volume = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

BRAIN_RADII, SKULL_RADII, HEAD_RADII = (68, 86, 64), (74, 92, 70), (84, 102, 80)
"""Half axes in mm."""
TILT = np.deg2rad(10)
PHYSIOLOGICAL_SHARE, THERMAL_DEVIATION = 0.8 / 60, 100.0


@dataclass(frozen=True)
class Case:
    """What kind of run is made.

    Attributes
    ----------
    shape : tuple of int
        Voxels along x, y and z, and volumes.
    zooms : tuple of float
        Size of a voxel in mm.
    field_of_view : tuple of float
        Size in mm of the box that was scanned.
    dtype : str
        How voxels are stored.
    """

    shape: tuple[int, int, int, int]
    zooms: tuple[float, float, float]
    field_of_view: tuple[float, float, float]
    dtype: str

    @property
    def name(self) -> str:
        """``112x112x25x100_int16``."""
        return f"{'x'.join(map(str, self.shape))}_{self.dtype}"

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """Voxel indices → mm, the middle of the grid at 0, (4, 4)."""
        affine = np.diag([*self.zooms, 1.0])
        affine[:3, 3] = -0.5 * np.array(self.zooms) * (np.array(self.shape[:3]) - 1)
        return affine


def publish(folder: Path, case: Case, sessions: tuple[str, ...]) -> None:
    """Write the prepared runs of a participant, with every label of the parcellation."""
    where = _coordinates(case)
    brain = _within(where, BRAIN_RADII)
    for seed, files in enumerate(map(names, sessions)):
        (folder / files.bold).parent.mkdir(parents=True)
        save(folder / files.brain_mask, brain.astype(np.uint8), case)
        save(folder / files.parcellation, _labels(brain, where), case)
        _write_bold(folder / files.bold, case, np.random.default_rng(seed))
        _write_tables(folder, files, case.shape[3])


def save(path: Path, values: npt.NDArray[np.generic], case: Case) -> None:
    """Write a three-dimensional image on the grid of a case."""
    nib.save(nib.Nifti1Image(values, case.affine), path)


def names(session: str) -> PreparedFiles:
    """Files of a run in the folder it is written to."""
    base = f"sub-01/ses-{session}/func/sub-01_ses-{session}_task-rest"
    return PreparedFiles(
        run=Run("sub-01", f"ses-{session}", "rest"),
        bold=f"{base}_space-T1w_desc-preproc_bold.nii.gz",
        brain_mask=f"{base}_space-T1w_desc-brain_mask.nii.gz",
        parcellation=f"{base}_space-T1w_desc-aparcaseg_dseg.nii.gz",
        confounds=f"{base}_desc-confounds_timeseries.tsv",
        sidecar=f"{base}_space-T1w_desc-preproc_bold.json",
    )


def _coordinates(case: Case) -> Volume:
    """World coordinates in mm of every voxel, (3, x, y, z)."""
    grid = np.indices(case.shape[:3], dtype=np.float32)
    zooms = np.array(case.zooms, np.float32).reshape(3, 1, 1, 1)
    origin = case.affine[:3, 3].astype(np.float32).reshape(3, 1, 1, 1)
    return grid * zooms + origin


def _within(where: Volume, radii: tuple[float, float, float]) -> Mask:
    inside: Mask = sum((x / radius) ** 2 for x, radius in zip(where, radii, strict=True)) < 1
    return inside


def _seen(where: Volume, size: tuple[float, float, float]) -> Mask:
    """Which voxels lie in the field of view."""
    x, y, z = where
    along = (x, np.cos(TILT) * y + np.sin(TILT) * z, np.cos(TILT) * z - np.sin(TILT) * y)
    return np.logical_and.reduce([np.abs(a) < n / 2 for a, n in zip(along, size, strict=True)])


def _labels(brain: Mask, where: Volume) -> npt.NDArray[np.int16]:
    """Divide the brain among the labels of both halves: each voxel to the nearest seed.

    The seeds of the right half mirror those of the left, as homologous labels do.
    """
    known = packaged_labels("aparcaseg")
    left = [name for name in known if name.startswith(("Left-", "ctx-lh-"))]
    right = [name.replace("Left-", "Right-").replace("ctx-lh-", "ctx-rh-") for name in left]
    places = where[:, brain].T
    candidates = places[places[:, 0] < -4]
    seeds = np.random.default_rng(3).choice(candidates, len(left), replace=False)
    nearest = KDTree(np.vstack([seeds, seeds * [-1, 1, 1]])).query(places)[1]
    labels = np.zeros(brain.shape, np.int16)
    labels[brain] = np.array([known[name] for name in left + right])[nearest]
    return labels


def _anatomy(where: Volume, case: Case, rng: np.random.Generator) -> Volume:
    """Mean intensity of every voxel."""
    masks = [_within(where, radii) for radii in (BRAIN_RADII, SKULL_RADII, HEAD_RADII)]
    level = np.select(masks, [np.float32(value) for value in (10_000, 1_500, 5_000)])
    field = ndimage.gaussian_filter(
        rng.standard_normal(level.shape, dtype=np.float32), [8 / zoom for zoom in case.zooms]
    )
    blurred = ndimage.gaussian_filter(level, [2 / zoom for zoom in case.zooms])
    anatomy: Volume = blurred * (1 + np.float32(0.15) * field / field.std())
    return anatomy


def _write_bold(path: Path, case: Case, rng: np.random.Generator) -> None:
    where = _coordinates(case)
    anatomy, seen = _anatomy(where, case, rng), _seen(where, case.field_of_view)
    header = nib.Nifti1Image(np.zeros((1, 1, 1, 1), case.dtype), case.affine).header
    header.set_data_shape(case.shape)
    header.set_zooms((*case.zooms, 2.5))
    header["magic"], header["vox_offset"] = b"n+1", 352
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(header.binaryblock + bytes(4))
        for _ in range(case.shape[3]):
            volume = np.where(seen, _volume(anatomy, rng), np.float32(0))
            if np.dtype(case.dtype).kind == "i":
                volume = np.rint(volume)
            stream.write(volume.astype(case.dtype).tobytes(order="F"))


def _volume(anatomy: Volume, rng: np.random.Generator) -> Volume:
    """One magnitude image."""
    smooth = ndimage.gaussian_filter(
        rng.standard_normal(anatomy.shape, dtype=np.float32), 0.6, truncate=3
    )
    smooth /= smooth.std()
    real, imaginary = np.float32(THERMAL_DEVIATION) * rng.standard_normal(
        (2, *anatomy.shape), dtype=np.float32
    )
    signal = anatomy * (1 + np.float32(PHYSIOLOGICAL_SHARE) * smooth)
    return np.hypot(signal + real, imaginary)


def _write_tables(folder: Path, files: PreparedFiles, n_volumes: int) -> None:
    rng = np.random.default_rng(2)
    names = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
    names += ["white_matter", "csf", "std_dvars", "framewise_displacement", "global_signal"]
    names += [f"a_comp_cor_{place:02d}" for place in range(5)]
    values = rng.normal(0, 1e-3, (n_volumes, len(names)))
    values += np.array([0] * 6 + [1, 1, 1, 0.1, 1] + [0] * 5)
    lines = ["\t".join(names)] + ["\t".join(f"{v:.6g}" for v in row) for row in values]
    (folder / files.confounds).write_text("\n".join(lines) + "\n")
    (folder / files.sidecar).write_text(json.dumps({"RepetitionTime": 2.5}))
