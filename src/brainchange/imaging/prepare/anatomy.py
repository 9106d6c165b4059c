"""The T1w image of a participant → its brain, its tissues, and the way to the template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from brainchange.errors import ImageError, Problem
from brainchange.imaging.prepare.anatomy_files import (
    LABELS,
    anatomy_files,
    core_path,
    parameters,
    quality_entries,
    remove_image,
    versions,
    write_transform,
    write_volume,
)
from brainchange.imaging.prepare.anatomy_input import T1w, read_t1w
from brainchange.imaging.prepare.anatomy_quality import (
    AnatomyQuality,
    Scan,
    about_t1w,
    failures,
)
from brainchange.imaging.prepare.ants_images import set_seed
from brainchange.imaging.prepare.bias import without_bias
from brainchange.imaging.prepare.brain import Brain, find_brain
from brainchange.imaging.prepare.prepared import PreparedAnatomy
from brainchange.imaging.prepare.segmentation import Segmentation, segment
from brainchange.imaging.prepare.template_images import load_template
from brainchange.imaging.prepare.tissue_classes import FLUID, GREY, WHITE
from brainchange.imaging.template import Template
from brainchange.study.decisions import Decision
from brainchange.study.settings import Preparation

Progress = Callable[[str], None]


@dataclass(frozen=True)
class AnatomyOutcome:
    """What became of the T1w image of a participant.

    Attributes
    ----------
    files : PreparedAnatomy
        Names of its files. Where it is of no use there is no ``t1w``, but there is all that shows
        why.
    white_core, fluid_core : Path
        Masks of voxels that are surely white matter, and fluid, on the grid of the T1w image.
    quality : AnatomyQuality
        Its numbers.
    decisions : tuple of dict
        What was mended, degraded or failed, as rows of ``DECISIONS_TABLE``.
    """

    files: PreparedAnatomy
    white_core: Path
    fluid_core: Path
    quality: AnatomyQuality
    decisions: tuple[Decision, ...]

    @property
    def failure(self) -> str:
        """Why the anatomy is of no use, in words; empty where it is of use."""
        return "; ".join(row["reason"] for row in self.decisions if row["action"] == "excluded")


def prepare_anatomy(
    t1w: str,
    folder: Path,
    template: Template,
    out: Path,
    preparation: Preparation,
    *,
    seed: int,
    progress: Progress | None = None,
) -> AnatomyOutcome:
    """Prepare the T1w image of a participant.

    Parameters
    ----------
    t1w : str
        The raw image, as a path in the study folder (``sub-01/ses-pre/anat/…_T1w.nii.gz``).
    folder : Path
        The study folder.
    template : Template
        What it is registered to: T1w image of a head or of a brain alone, and brain mask.
    out : Path
        Folder of the derivatives.
    preparation : Preparation
        Choices and gates.
    seed : int
        Of the points at which images are compared.
    progress : callable, optional
        Told one line before each step.

    Returns
    -------
    AnatomyOutcome
        Files, quality, and what was decided. The same input and seed give the same bytes.

    Raises
    ------
    ImageError
        An image cannot be read or used, or holds no brain that can be found.
    """
    tell = progress or _silent
    files = anatomy_files(t1w, template.name, out)
    remove_image(files.t1w)
    settings, path = preparation.anatomy, folder / t1w
    set_seed(seed)
    with _about(path), TemporaryDirectory(prefix="brainchange-") as temporary:
        tell("reading the T1w image")
        raw = read_t1w(path)
        target = load_template(template, settings.registration_voxel_size)
        brain = find_brain(raw.image, target, Path(temporary), tell)
        tell("dividing the brain into tissues")
        tissues = segment(raw.image, brain, Path(temporary))
        quality = _quality(tissues, brain)
        scan = _scan(t1w)
        decisions = [*_told(raw, tissues, scan), *failures(quality, scan, settings)]
        tell("writing the prepared T1w image")
        sidecar = {
            "Sources": [f"bids:raw:{t1w}"],
            "Template": template.name,
            "Parameters": parameters(settings.registration_voxel_size, seed),
            "Quality": quality_entries(quality),
            "Versions": versions(),
        }
        _write(files, raw, brain, tissues, sidecar)
        outcome = AnatomyOutcome(
            files, core_path(files, "white"), core_path(files, "fluid"), quality, tuple(decisions)
        )
        if not outcome.failure:
            told = {**sidecar, "SkullStripped": False}
            corrected = without_bias(raw.image, brain.field)
            write_volume(files.t1w, corrected, raw.image.affine, told)
    return outcome


def _silent(_line: str) -> None:
    pass


def _scan(t1w: str) -> Scan:
    parts = PurePosixPath(t1w).name.split("_")
    return Scan(parts[0], next((part for part in parts if part.startswith("ses-")), None))


def _quality(tissues: Segmentation, brain: Brain) -> AnatomyQuality:
    voxel = abs(float(np.linalg.det(tissues.affine[:3, :3]))) / 1000

    def volume(values: np.ndarray[Any, Any]) -> float:
        return float(values.sum(dtype=np.float64)) * voxel

    return AnatomyQuality(
        similarity=brain.similarity,
        mask_overlap=brain.mask_overlap,
        brain=volume(tissues.brain),
        grey=volume(tissues.grey),
        white=volume(tissues.white),
        fluid=volume(tissues.fluid),
    )


def _told(raw: T1w, tissues: Segmentation, scan: Scan) -> Iterator[Decision]:
    for what, count in raw.mended:
        share = 100 * count / raw.image.values.size
        reason = f"{count} voxels of the T1w image ({share:.2g} %) are {what} and were set to 0"
        yield about_t1w(scan, "caution", reason, value=count, unit="voxels")
    for reason in tissues.degraded:
        yield about_t1w(scan, "degraded", reason)


def _write(
    files: PreparedAnatomy, raw: T1w, brain: Brain, tissues: Segmentation, sidecar: dict[str, Any]
) -> None:
    """Write all but the T1w image itself."""
    affine = raw.image.affine
    shape = raw.image.values.shape

    def whole(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        full = np.zeros(shape, dtype=values.dtype)
        full[tissues.box] = values
        return full

    masks = {files.brain_mask: (tissues.brain, "Brain")}
    for name, core in (("white", tissues.white_core), ("fluid", tissues.fluid_core)):
        masks[core_path(files, name)] = (core, "ROI")
    for path, (mask, kind) in masks.items():
        write_volume(path, whole(mask.astype(np.uint8)), affine, {**sidecar, "Type": kind})
    numbers = {"grey": GREY, "white": WHITE, "fluid": FLUID}
    order = {str(numbers[name]): label for name, label in LABELS.items()}
    labelled = {**sidecar, "Manual": False, "Labels": order}
    write_volume(files.tissue, whole(tissues.labels), affine, labelled)
    for path, share in (
        (files.grey, tissues.grey),
        (files.white, tissues.white),
        (files.fluid, tissues.fluid),
    ):
        write_volume(path, whole(share), affine, sidecar)
    write_transform(files.to_template, brain.warp.to_template, sidecar)
    write_transform(files.from_template, brain.warp.from_template, sidecar)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Name the image in errors that name no file."""
    try:
        yield
    except ImageError as error:
        raise ImageError.from_problems(
            [Problem(p.what, p.where or str(path), p.cause, p.fix) for p in error.problems]
        ) from None
