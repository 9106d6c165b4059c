"""Writing of a prepared run: BIDS derivatives with fMRIPrep's names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.files import write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.prepare.prepared import PreparedRun
from brainchange.imaging.prepare.realigned import RealignedSeries
from brainchange.sources.bids import Run, derivative_name
from brainchange.sources.raw import RawRun
from brainchange.tables import write_tsv

FloatArray = npt.NDArray[np.float64]

SPACE = "T1w"
PROGRAMS = ("brainchange", "antspyx", "nilearn", "numpy", "scipy")
"""Whose versions a sidecar names."""


def run_files(run: Run, out: Path) -> PreparedRun:
    """Name the files of a prepared run.

    Parameters
    ----------
    run : Run
        Which run.
    out : Path
        Folder of the derivatives.
    """
    folder = out / run.folder

    def named(suffix: str, extension: str, **entities: str) -> Path:
        return folder / derivative_name(run, suffix=suffix, extension=extension, **entities)

    to_t1w = f"{run.key}_from-boldref_to-{SPACE}_mode-image_xfm.txt"
    return PreparedRun(
        bold=named("bold", ".nii.gz", space=SPACE, desc="preproc"),
        sidecar=named("bold", ".json", space=SPACE, desc="preproc"),
        reference=named("boldref", ".nii.gz", space=SPACE),
        brain_mask=named("mask", ".nii.gz", space=SPACE, desc="brain"),
        confounds=named("timeseries", ".tsv", desc="confounds"),
        to_t1w=folder / to_t1w,
    )


@dataclass(frozen=True)
class Geometry:
    """How a run lies on the T1w image.

    Attributes
    ----------
    reference, brain : numpy.ndarray
        BOLD reference and brain mask, (x, y, z).
    affine : numpy.ndarray
        Voxel indices → world coordinates of the T1w image in mm, (4, 4).
    to_t1w : numpy.ndarray
        World coordinates of the run → of the T1w image in mm, (4, 4).
    """

    reference: npt.NDArray[np.float32]
    brain: npt.NDArray[np.bool_]
    affine: FloatArray
    to_t1w: FloatArray


def write_geometry(files: PreparedRun, geometry: Geometry, raw: RawRun) -> None:
    """Write what shows how a run lies on the T1w image: reference, brain mask, transform."""
    sources = {"Sources": [source_of(raw)]}
    write_image(files.reference, geometry.reference.astype("<f4").T, geometry.affine)
    write_json(beside(files.reference), sources)
    write_image(files.brain_mask, geometry.brain.astype("u1").T, geometry.affine)
    write_json(beside(files.brain_mask), {"Type": "Brain", **sources})
    write_itk(files.to_t1w, geometry.to_t1w)


def write_series(
    files: PreparedRun, series: RealignedSeries, affine: FloatArray, sidecar: Mapping[str, Any]
) -> None:
    """Write the volumes of a run and their sidecar.

    Parameters
    ----------
    files : PreparedRun
        Where to.
    series : RealignedSeries
        The volumes.
    affine : numpy.ndarray
        Voxel indices → world coordinates of the T1w image in mm, (4, 4).
    sidecar : mapping
        Content of the sidecar, with ``RepetitionTime`` in s.
    """
    repetition_time = float(sidecar["RepetitionTime"])
    write_image(files.bold, series.in_file_order(), affine, repetition_time, series.slope)
    write_json(files.sidecar, sidecar)


def source_of(raw: RawRun) -> str:
    """Address of a raw image, in the notation of BIDS."""
    return f"bids:raw:{raw.bold}"


def write_confounds(files: PreparedRun, table: pd.DataFrame, sidecar: Mapping[str, Any]) -> None:
    """Write the table of confounds and what explains it."""
    write_tsv(table, files.confounds)
    write_json(files.confounds.with_suffix(".json"), sidecar)


def remove_volumes(files: PreparedRun) -> None:
    """Remove the volumes of an earlier preparation, so that nothing takes them for those of now."""
    for path in (files.bold, files.sidecar):
        path.unlink(missing_ok=True)


def write_itk(path: Path, transform: FloatArray) -> None:
    """Write a rigid transform as ITK's programs read it.

    Parameters
    ----------
    path : Path
        Ends in ``.txt``.
    transform : numpy.ndarray
        World coordinates (RAS+, mm) of the image that is moved → of the image it is moved to,
        (4, 4). ITK stores the other direction, from points of the second to points of the first,
        in LPS+.
    """
    lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    stored = lps @ np.linalg.inv(transform) @ lps
    numbers = [*stored[:3, :3].ravel(), *stored[:3, 3]]
    lines = (
        "#Insight Transform File V1.0",
        "#Transform 0",
        "Transform: AffineTransform_double_3_3",
        "Parameters: " + " ".join(f"{number:.17g}" for number in numbers),
        "FixedParameters: 0 0 0",
    )
    write_text(path, "\n".join(lines) + "\n")


def beside(image: Path) -> Path:
    """Name the sidecar of an image."""
    return image.with_name(image.name.removesuffix(".nii.gz") + ".json")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file, complete or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def versions() -> dict[str, str]:
    """Versions of the programs that made an image."""
    return {name: version(name) for name in PROGRAMS}
