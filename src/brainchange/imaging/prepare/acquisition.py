"""What header and sidecar say about a raw run, held against each other before voxels are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from brainchange.errors import ImageError
from brainchange.files import inside
from brainchange.imaging.nifti_header import NiftiHeader, read_header
from brainchange.imaging.prepare.ants_images import orthogonal_affine
from brainchange.imaging.sidecar import read_sidecar, repetition_time, repetition_time_doubt
from brainchange.sources.raw import RawRun
from brainchange.sources.run_decisions import decision
from brainchange.study.decisions import Decision
from brainchange.study.settings import Preparation

FloatArray = npt.NDArray[np.float64]

FEWEST_VOLUMES = 10
"""With fewer, neither a typical volume nor noise can be told."""
LARGEST_DISAGREEMENT = 1.0
"""Distance in mm up to which sform and qform put a voxel to one place."""
_AXES = {"i": 0, "j": 1, "k": 2}
_SLICE_TIMING = "preparation.slice_timing"


@dataclass(frozen=True)
class SliceTiming:
    """When slices were acquired.

    Attributes
    ----------
    times : numpy.ndarray
        Time in s from the start of the volume of each slice, in the order of the voxels,
        (n_slices,). Slices that are all acquired at once need no correction, but their time says
        where in the volume it is.
    axis : int
        Axis of the voxels along which the slices lie.
    """

    times: FloatArray
    axis: int


@dataclass(frozen=True)
class Acquisition:
    """How a run was acquired.

    Attributes
    ----------
    path : Path
        The raw image.
    header : NiftiHeader
        Its header.
    affine : numpy.ndarray
        Voxel indices → world coordinates in mm, (4, 4); orthogonal axes.
    repetition_time : float
        In s.
    slice_timing : SliceTiming or None
        None where slices are not corrected.
    described : mapping
        What the sidecars say.
    """

    path: Path
    header: NiftiHeader
    affine: FloatArray
    repetition_time: float
    slice_timing: SliceTiming | None
    described: Mapping[str, Any]


def read_acquisition(
    raw: RawRun, folder: Path, preparation: Preparation
) -> tuple[Acquisition, list[Decision]]:
    """Read header and sidecars of a raw run.

    Parameters
    ----------
    raw : RawRun
        Its files; a sidecar that is nearer to the image overrules one that is more general.
    folder : Path
        The study folder.
    preparation : Preparation
        Whether slices are corrected for the time of their acquisition.

    Returns
    -------
    acquisition : Acquisition
        What holds.
    decisions : list of dict
        What is doubtful: a repetition time that only one tells or on which they disagree, an
        orientation told twice, slices that should be corrected and cannot.

    Raises
    ------
    ImageError
        The image has one volume or too few, its voxels are no boxes, nobody tells the orientation
        or the repetition time, or volumes were not acquired at regular times.
    """
    path = inside(folder, raw.bold)
    header = read_header(path)
    _require_volumes(header)
    described = {
        key: value
        for name in raw.sidecars
        for key, value in read_sidecar(inside(folder, name)).items()
    }
    where = str(inside(folder, raw.sidecars[-1])) if raw.sidecars else str(path)
    _require_regular(described, where)
    time = repetition_time(described, header.repetition_time, where)
    timing, told = _slice_timing(raw, described, header, time.seconds, preparation)
    decisions = [
        *repetition_time_doubt(raw.run, time, header.repetition_time),
        *_orientation_doubt(raw, path),
        *told,
    ]
    affine = orthogonal_affine(header.affine, str(path))
    return Acquisition(path, header, affine, time.seconds, timing, described), decisions


def _require_volumes(header: NiftiHeader) -> None:
    if header.n_volumes == 1:
        raise ImageError(
            "the BOLD image has a single volume, so it holds no course over time",
            where=str(header.path),
            cause="it is a reference scan (sbref), or the scan was stopped",
        )
    if header.n_volumes < FEWEST_VOLUMES:
        raise ImageError(
            f"the BOLD image has {header.n_volumes} volumes, fewer than the {FEWEST_VOLUMES} that "
            "preparation needs",
            where=str(header.path),
            cause="the scan was stopped",
        )


def _require_regular(described: Mapping[str, Any], where: str) -> None:
    if "VolumeTiming" in described:
        raise ImageError(
            "volumes were acquired at irregular times (VolumeTiming), which is not supported",
            where=where,
        )


def _orientation_doubt(raw: RawRun, path: Path) -> list[Decision]:
    """Compare the two affines a header can have."""
    image = nib.load(path)
    by_sform, form = image.header.get_sform(coded=True)
    by_qform, other = image.header.get_qform(coded=True)
    if not form and not other:
        raise ImageError(
            "the header does not say how the head lies in the image (sform and qform codes are 0)",
            where=str(path),
            cause="the conversion from DICOM or another program lost it",
            fix="without it left and right cannot be told apart; convert the images again",
        )
    if by_sform is None or by_qform is None:
        return []
    corners = np.array(list(product(*((0, size - 1) for size in image.shape[:3]))))
    apart = corners @ (by_sform - by_qform)[:3, :3].T + (by_sform - by_qform)[:3, 3]
    largest = float(np.linalg.norm(apart, axis=1).max())
    if largest <= LARGEST_DISAGREEMENT:
        return []
    reason = (
        f"sform and qform of the header put voxels up to {largest:.1f} mm apart; the sform is used"
    )
    return [
        decision(
            raw.run, "caution", reason, value=largest, threshold=LARGEST_DISAGREEMENT, unit="mm"
        )
    ]


def _slice_timing(
    raw: RawRun,
    described: Mapping[str, Any],
    header: NiftiHeader,
    repetition: float,
    preparation: Preparation,
) -> tuple[SliceTiming | None, list[Decision]]:
    """Find the times of the slices if they are to be corrected, or say why they cannot be."""
    wanted = preparation.slice_timing
    if wanted == "off" or (wanted == "auto" and raw.events is None):
        return None, []
    direction = str(described.get("SliceEncodingDirection", "k"))
    axis = _AXES.get(direction.rstrip("-"))
    wrong = _wrong_timing(described, header, repetition, axis)
    if wrong or axis is None:
        reason = f"slices are not corrected for the time of their acquisition: {wrong}"
        return None, [decision(raw.run, "degraded", reason, config_key=_SLICE_TIMING)]
    times = np.array(described["SliceTiming"], dtype=float)
    if direction.endswith("-"):
        times = times[::-1]
    # In three dimensions all slices are acquired all the time: the middle of the volume holds.
    in_three_dimensions = described.get("MRAcquisitionType") == "3D" and np.ptp(times) == 0
    return (None if in_three_dimensions else SliceTiming(times, axis)), []


def _wrong_timing(
    described: Mapping[str, Any], header: NiftiHeader, repetition: float, axis: int | None
) -> str:
    """Say why the slice times of a sidecar cannot be used; nothing if they can."""
    times = described.get("SliceTiming")
    if times is None:
        return "the sidecar gives no SliceTiming"
    if axis is None:
        return f"SliceEncodingDirection is {described['SliceEncodingDirection']!r}"
    numbers = isinstance(times, list) and all(
        isinstance(time, int | float) and not isinstance(time, bool) for time in times
    )
    if not numbers:
        return "SliceTiming is no list of numbers"
    if len(times) != header.shape[axis]:
        return f"SliceTiming has {len(times)} times, the image {header.shape[axis]} slices"
    if min(times) < 0 or max(times) >= repetition:
        return (
            f"SliceTiming goes from {min(times):g} to {max(times):g} s, and a volume takes "
            f"{repetition:g} s"
        )
    return ""
