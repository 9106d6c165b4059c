"""One raw BOLD run → a prepared run in the space of the T1w image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from brainchange.errors import BrainchangeError, ImageError
from brainchange.imaging.prepare.acquisition import Acquisition, read_acquisition
from brainchange.imaging.prepare.anatomy_images import AnatomyImages
from brainchange.imaging.prepare.boundary import WHITE
from brainchange.imaging.prepare.confounds_table import BrainCourses, confounds_table
from brainchange.imaging.prepare.coregistration import (
    Coregistration,
    FailedGate,
    brain_in_bold,
    coregister,
    failed_gates,
)
from brainchange.imaging.prepare.echoes import read_echoes
from brainchange.imaging.prepare.prepared import PreparationPlan, PreparedRun
from brainchange.imaging.prepare.realigned import RealignedSeries, apply_realignment
from brainchange.imaging.prepare.realignment import FINE, Realignment
from brainchange.imaging.prepare.reference import (
    Reference,
    dilated,
    realign_in_two_passes,
    reference_of,
)
from brainchange.imaging.prepare.resampling import SPLINE_ORDER
from brainchange.imaging.prepare.run_files import (
    Geometry,
    remove_volumes,
    run_files,
    source_of,
    versions,
    write_confounds,
    write_geometry,
    write_series,
)
from brainchange.imaging.prepare.series import FloatArray, Mask, Mended, Series, read_series
from brainchange.imaging.prepare.slice_timing import correct_slice_timing, reference_time
from brainchange.imaging.prepare.steady_state import non_steady_state_volumes
from brainchange.sources.raw import RawRun
from brainchange.sources.run_decisions import decision, left_out
from brainchange.study.decisions import Decision
from brainchange.study.settings import Preparation

FLUID = 3
PURE_SHARES = (0.99, 0.95, 0.9, 0.8)
"""Share of a tissue in the voxels that stand for it: the first that leaves enough of them."""
FEWEST_PURE_VOXELS = 20
COPIED = (
    "TaskName", "EchoTime", "FlipAngle", "MagneticFieldStrength", "Manufacturer",
    "PhaseEncodingDirection", "TotalReadoutTime", "EffectiveEchoSpacing", "EchoTimes",
    "EchoCombination", "MedianT2Star",
)  # fmt: skip
"""What the sidecar of a prepared run repeats of that of the raw one."""


@dataclass(frozen=True)
class _Work:
    """A run between realignment and writing."""

    raw: RawRun
    acquisition: Acquisition
    n_unsettled: int
    still: tuple[int, ...]
    realignment: Realignment
    series: RealignedSeries
    reference: Reference


def prepare_run(
    raw: RawRun, anatomy: AnatomyImages, plan: PreparationPlan
) -> tuple[PreparedRun | None, list[Decision]]:
    """Prepare a run: realign, align with the T1w image, judge, compute confounds, write.

    Parameters
    ----------
    raw : RawRun
        Its files in the study folder.
    anatomy : AnatomyImages
        Of the participant.
    plan : PreparationPlan
        Folders, choices and seed.

    Returns
    -------
    prepared : PreparedRun or None
        None where a file cannot be used or the registration fails a gate; then reference, brain
        mask and transform are written all the same, for the pictures that show why.
    decisions : list of dict
        What was left out, degraded or is doubtful.
    """
    files = run_files(raw.run, plan.out)
    remove_volumes(files)
    decisions: list[Decision] = []
    try:
        with threadpool_limits(1):
            decisions.extend(_prepare(raw, anatomy, plan, files))
    except BrainchangeError as error:
        decisions.append(left_out(raw.run, error))
    is_excluded = any(row["action"] == "excluded" for row in decisions)
    return (None if is_excluded else files), decisions


def _prepare(
    raw: RawRun, anatomy: AnatomyImages, plan: PreparationPlan, files: PreparedRun
) -> Iterator[Decision]:
    """Do the work of :func:`prepare_run`; yield what was decided on the way."""
    acquisition, doubts = read_acquisition(raw, plan.study, plan.preparation)
    yield from doubts
    work, doubts = _realigned(raw, acquisition, plan)
    yield from doubts
    seed = plan.seed_of(raw.run.key)
    found = coregister(work.reference, acquisition.affine, anatomy, seed)
    affine = found.transform @ acquisition.affine
    brain = _brain(work, found, anatomy)
    write_geometry(files, Geometry(work.reference.mean, brain, affine, found.transform), raw)
    failed = failed_gates(found, plan.preparation)
    yield from (_left_out_by_gate(raw, gate) for gate in failed)
    if failed:
        return
    courses = BrainCourses(
        courses=work.series.courses(brain),
        tissue=_pure_tissue(brain, affine, anatomy),
        repetition_time=acquisition.repetition_time,
        n_unsettled=work.n_unsettled,
    )
    write_confounds(files, *confounds_table(courses, work.realignment))
    sidecar = _sidecar(work, found, plan.preparation, seed)
    write_series(files, work.series, affine, sidecar)


def _realigned(
    raw: RawRun, acquisition: Acquisition, plan: PreparationPlan
) -> tuple[_Work, list[Decision]]:
    """Read a run and bring its volumes to the position of its reference."""
    if raw.echoes:
        echoes = read_echoes(raw, acquisition, plan.study)
        series, mended, acquisition = echoes.series, echoes.mended, echoes.acquisition
    else:
        series, mended = read_series(acquisition.path, acquisition.header, acquisition.affine)
    n_unsettled = _unsettled(series)
    reference, realignment = realign_in_two_passes(series, n_unsettled)
    moved = apply_realignment(_in_time(series, acquisition, n_unsettled), realignment)
    # Both passes are done: the mean of the same volumes is sharper now.
    final = reference_of(moved.mean(reference.still), series.affine, reference.still)
    work = _Work(raw, acquisition, n_unsettled, reference.still, realignment, moved, final)
    return work, [*_mended_voxels(raw, mended), *_lost_volumes(raw, realignment)]


def _unsettled(series: Series) -> int:
    means = np.array([volume.mean(dtype=float) for volume in series.stored])
    return non_steady_state_volumes(means)


def _in_time(series: Series, acquisition: Acquisition, n_unsettled: int) -> Series:
    timing = acquisition.slice_timing
    if timing is None:
        return series
    return correct_slice_timing(
        series,
        timing.times,
        acquisition.repetition_time,
        axis=timing.axis,
        n_unsettled=n_unsettled,
    )


def _brain(work: _Work, found: Coregistration, anatomy: AnatomyImages) -> Mask:
    """Brain that the BOLD image shows: its own mask without eyes and scalp, where T1w has none."""
    affine = work.acquisition.affine
    in_anatomy = brain_in_bold(work.reference.brain, affine, found.transform, anatomy)
    both = work.reference.brain & dilated(in_anatomy)
    return both if both.any() else work.reference.brain


def _pure_tissue(brain: Mask, affine: FloatArray, anatomy: AnatomyImages) -> dict[str, Mask]:
    """Voxels of the brain mask that hold one tissue only, (n_voxels,) each."""
    tissue = {}
    for name, label in (("csf", FLUID), ("white_matter", WHITE)):
        share = anatomy.share_of_tissue(label, brain.shape, affine)
        tissue[name] = _purest(share.ravel(order="F")[brain.ravel(order="F")], name)
    return tissue


def _purest(share: FloatArray, name: str) -> Mask:
    for least in PURE_SHARES:
        pure: Mask = share >= least
        if pure.sum() >= FEWEST_PURE_VOXELS:
            return pure
    raise ImageError(
        f"{int((share >= PURE_SHARES[-1]).sum())} voxels of the run hold only {name}; its signal "
        f"needs {FEWEST_PURE_VOXELS}",
        cause="the segmentation of the T1w image failed, or the run covers little of the brain",
    )


def _left_out_by_gate(raw: RawRun, gate: FailedGate) -> Decision:
    return decision(
        raw.run,
        "excluded",
        f"the BOLD image does not fit the T1w image: {gate.reason}",
        value=gate.value,
        threshold=gate.threshold,
        unit=gate.unit,
        config_key=gate.config_key,
    )


def _mended_voxels(raw: RawRun, mended: Mended) -> Iterator[Decision]:
    if mended.lost:
        reason = "voxels that are not finite numbers in some volume count as not measured"
        yield decision(raw.run, "degraded", reason, value=mended.lost, unit="voxels")
    if mended.negative:
        reason = "voxels that are negative in some volume were set to 0 there"
        yield decision(raw.run, "caution", reason, value=mended.negative, unit="voxels")


def _lost_volumes(raw: RawRun, realignment: Realignment) -> list[Decision]:
    return [
        decision(
            raw.run,
            "caution",
            f"the position of the head in volume {number + 1} was not found for certain",
            scope="volume",
        )
        for number in realignment.lost
    ]


def _sidecar(
    work: _Work, found: Coregistration, preparation: Preparation, seed: int
) -> dict[str, Any]:
    """Everything that made the image, in fMRIPrep's words where it has some."""
    acquisition, timing = work.acquisition, work.acquisition.slice_timing
    told = {key: acquisition.described[key] for key in COPIED if key in acquisition.described}
    start = {} if timing is None else {"StartTime": reference_time(timing.times)}
    return {
        **told,
        "RepetitionTime": acquisition.repetition_time,
        "SkullStripped": False,
        "SliceTimingCorrected": timing is not None,
        **start,
        "Sources": [source_of(work.raw)],
        "SpatialReference": "the grid of the run's own reference, moved rigidly to the T1w image",
        "GeneratedBy": {
            "Versions": versions(),
            "Parameters": preparation.model_dump(),
            "Seed": seed,
        },
        "NonSteadyStateVolumes": work.n_unsettled,
        "ReferenceVolumes": [number + 1 for number in work.still],
        "Realignment": {
            "Method": "rigid, least squares, Gauss-Newton, two passes",
            "SmoothingVoxels": FINE.smoothing,
            "ToleranceMillimetres": FINE.tolerance,
            "CentreMillimetres": [round(float(value), 4) for value in work.realignment.centre],
        },
        "Interpolation": f"B-spline of order {SPLINE_ORDER}, once",
        "Coregistration": {
            "Method": "rigid, mutual information, then white-matter boundary",
            "MaskDice": round(found.overlap, 4),
            "BoundaryAgreement": round(found.agreement, 4),
            "DistanceFromOtherStartsMillimetres": round(found.distance, 4),
        },
    }
