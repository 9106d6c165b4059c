"""Names, images and sidecars of a prepared anatomy: a BIDS derivative with fMRIPrep's names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.files import complete_or_absent, write_text
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.prepare import bias, brain_mask, normalisation, tissue_classes
from brainchange.imaging.prepare.anatomy_quality import AnatomyQuality
from brainchange.imaging.prepare.hdf5_times import without_times
from brainchange.imaging.prepare.prepared import PreparedAnatomy

PROGRAMS = ("brainchange", "antspyx", "numpy", "scipy")
"""Whose versions a sidecar names."""
LABELS = {"grey": "GM", "white": "WM", "fluid": "CSF"}


def anatomy_files(t1w: str, template: str, out: Path) -> PreparedAnatomy:
    """Name the files of a prepared anatomy.

    Parameters
    ----------
    t1w : str
        The raw T1w image in the study folder.
    template : str
        Name of the template, as TemplateFlow gives it.
    out : Path
        Folder of the derivatives.
    """
    path = PurePosixPath(t1w)
    stem = f"{path.parent}/{path.name.split('_T1w')[0]}"

    def named(rest: str) -> Path:
        return out / f"{stem}_{rest}"

    return PreparedAnatomy(
        t1w=named("desc-preproc_T1w.nii.gz"),
        brain_mask=named("desc-brain_mask.nii.gz"),
        tissue=named("dseg.nii.gz"),
        grey=named("label-GM_probseg.nii.gz"),
        white=named("label-WM_probseg.nii.gz"),
        fluid=named("label-CSF_probseg.nii.gz"),
        to_template=named(f"from-T1w_to-{template}_mode-image_xfm.h5"),
        from_template=named(f"from-{template}_to-T1w_mode-image_xfm.h5"),
    )


def core_path(files: PreparedAnatomy, tissue: str) -> Path:
    """Name the eroded mask of a tissue (``white`` or ``fluid``)."""
    stem = files.tissue.name.removesuffix("_dseg.nii.gz")
    return files.tissue.with_name(f"{stem}_label-{LABELS[tissue]}_desc-eroded_mask.nii.gz")


def write_volume(
    path: Path,
    values: npt.NDArray[np.generic],
    affine: npt.NDArray[np.float64],
    sidecar: Mapping[str, Any],
) -> None:
    """Write an image (x, y, z) and its sidecar."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    write_image(path, little.T, affine)
    write_sidecar(path, sidecar)


def write_transform(path: Path, source: Path, sidecar: Mapping[str, Any]) -> None:
    """Write a composite transform with the same bytes whenever it is made, and its sidecar."""
    with complete_or_absent(path) as temporary:
        temporary.write_bytes(without_times(source.read_bytes()))
    write_sidecar(path, sidecar)


def write_sidecar(path: Path, content: Mapping[str, Any]) -> None:
    """Write the JSON sidecar of a file."""
    stem = path.name.removesuffix(".gz").removesuffix(".nii").removesuffix(".h5")
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path.with_name(f"{stem}.json"), text + "\n")


def remove_image(path: Path) -> None:
    """Remove an image of an earlier preparation, so that nothing takes it for one of now."""
    path.unlink(missing_ok=True)
    path.with_name(path.name.removesuffix(".nii.gz") + ".json").unlink(missing_ok=True)


def parameters(voxel_size: float, seed: int) -> dict[str, Any]:
    """Every parameter that shapes a prepared anatomy."""
    return {
        "Seed": seed,
        "Threads": 1,
        "BiasCorrection": {
            "Method": "N4",
            "VoxelSize": bias.VOXEL_SIZE,
            "IterationsBeforeMask": list(bias.ROUGH_ITERATIONS),
            "IterationsInMask": list(bias.FINE_ITERATIONS),
            "ConvergenceTolerance": bias.TOLERANCE,
        },
        "BrainMask": {
            "Method": "warped template mask, its outline found by intensity",
            "OutlineTolerance": brain_mask.TRUST,
            "Opening": brain_mask.OPENING,
            "Closing": brain_mask.CLOSING,
            "Smoothing": brain_mask.SMOOTHNESS,
        },
        "Registration": {
            "Method": "affine and SyN of the brains, Mattes mutual information",
            "VoxelSize": voxel_size,
            "Bins": normalisation.BINS,
            "AffineIterations": list(normalisation.AFFINE_ITERATIONS),
            "AffineSampling": normalisation.AFFINE_SAMPLING,
            "SyNStep": normalisation.STEP,
            "SyNUpdateFieldVariance": normalisation.SMOOTHING,
            "SyNIterations": list(normalisation.FINE_ITERATIONS),
        },
        "Segmentation": {
            "Method": "Atropos, 3 classes by k-means",
            "MarkovRandomField": tissue_classes.NEIGHBOURS,
            "Convergence": tissue_classes.ITERATIONS,
            "CoreProbability": tissue_classes.CORE_PROBABILITY,
            "CoreErosionVoxels": tissue_classes.CORE_LAYERS,
            "UseRandomSeed": bool(tissue_classes.CONSTANT_SEED),
        },
    }


def quality_entries(quality: AnatomyQuality) -> dict[str, float | None]:
    """Quality for a sidecar; null where it is not defined. Volumes are in ml."""
    entries = {**asdict(quality), "intracranial_volume_mm3": quality.intracranial_volume}
    return {name: round(v, 6) if math.isfinite(v) else None for name, v in entries.items()}


def versions() -> dict[str, str]:
    """Versions of the programs that made an image."""
    return {name: version(name) for name in PROGRAMS}
