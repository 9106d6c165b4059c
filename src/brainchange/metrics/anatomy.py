"""Metrics of anatomy: one observation per region and timepoint, from T1w images or FreeSurfer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.errors import BrainchangeError
from brainchange.imaging.nifti import Image, read_image, read_label_image
from brainchange.imaging.parcellation import region_voxels
from brainchange.imaging.volume.aseg_stats import read_aseg_stats
from brainchange.imaging.volume.percent import symmetric_percent_change
from brainchange.metrics.gather import MeasuredTables
from brainchange.metrics.inputs import RegionVolumes
from brainchange.metrics.layout import StudyLayout
from brainchange.metrics.observations import COVERAGE_TABLE, PARTICIPANT_OBSERVATIONS_TABLE
from brainchange.metrics.registry import Metric, chosen_metrics
from brainchange.study.decisions import DECISIONS_TABLE, Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.study.tasks import ANATOMY

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[str], None]

SMALLEST_VOXEL = 1.0
"""Images are compared at their own resolution, but at none finer than this, in mm."""
LARGEST_CHANGE_OF_HEAD = 2.0
"""Change of intracranial volume in percent above which volumes are doubted; segmented twice, a
head differs by less."""


@dataclass(frozen=True)
class Anatomy:
    """The T1w images of one participant.

    Attributes
    ----------
    timepoint : str
        That of the image that was prepared.
    t1w : Path
        That image as it was scanned. Images are compared as they were scanned: the same for both,
        while a correction of the coil by itself would change each in its own way.
    brain_mask, parcellation : Path
        Its brain mask, and the atlas on its grid.
    others : tuple of (str, Path)
        The other timepoints and their T1w images.
    """

    timepoint: str
    t1w: Path
    brain_mask: Path
    parcellation: Path
    others: tuple[tuple[str, Path], ...]


@dataclass(frozen=True)
class Known:
    """What is known of the volumes of a participant.

    Attributes
    ----------
    volumes : RegionVolumes or None
        What was measured; None where nothing could be.
    reason : str
        Why nothing, or not everything, could be measured.
    caution : str
        What weakens every value.
    config_key : str
        Setting behind what could not be measured.
    """

    volumes: RegionVolumes | None
    reason: str = ""
    caution: str = ""
    config_key: str = "images"


def anatomy_tables(
    participant: str,
    known: Known,
    *,
    layout: StudyLayout,
    regions: Sequence[Region],
    settings: Settings,
) -> MeasuredTables:
    """Make the observations of every metric of anatomy.

    Parameters
    ----------
    participant : str
        ``sub-01``.
    known : Known
        What was measured, or why not.
    layout : StudyLayout
        Timepoints of the study.
    regions : sequence of Region
        The configured regions, in order.
    settings : Settings
        Metrics, and the name of the specification.

    Returns
    -------
    MeasuredTables
        Every metric, region and timepoint; a missing value has a flag.
    """
    metrics = [m for m in chosen_metrics(settings.metrics) if m.level == "anat"]
    rows = [
        {
            "participant_id": participant,
            "task": ANATOMY,
            "specification": settings.denoising.name,
            **row,
        }
        for metric in metrics
        for row in _rows(metric, known, layout, regions)
    ]
    told = filter(None, (known.reason, known.caution, _unequal_heads(known.volumes)))
    decisions = [_decision(participant, reason, known.config_key) for reason in told]
    return MeasuredTables(
        observations=PARTICIPANT_OBSERVATIONS_TABLE.frame(rows),
        coverage=COVERAGE_TABLE.frame(),
        decisions=DECISIONS_TABLE.frame(decisions),
    )


def volumes_of_images(
    anatomy: Anatomy,
    regions: Sequence[Region],
    labels: Mapping[str, int],
    *,
    seed: int,
    progress: Progress | None = None,
) -> RegionVolumes:
    """Measure the volumes of regions at every timepoint by registration in pairs.

    Parameters
    ----------
    anatomy : Anatomy
        The images.
    regions : sequence of Region
        The configured regions, in order.
    labels : mapping of str to int
        Number of each label of the parcellation.
    seed : int
        Of the registration.
    progress : callable, optional
        Told a line when a pair is begun.

    Returns
    -------
    RegionVolumes
        The volume at the first timepoint is that of its pair with the second; at a later one, that
        times the ratio found in its own pair.

    Raises
    ------
    ImageError
        An image cannot be read or is no image of a head.
    ConfigError
        A region names a label the parcellation does not have.
    """
    first = _scan(anatomy.t1w)
    brain = read_label_image(anatomy.brain_mask)
    parcellation = read_label_image(anatomy.parcellation)
    found = region_voxels(
        parcellation.values, parcellation.affine, regions, labels, anatomy.parcellation.name
    )
    masks = [_mask(one.voxels, parcellation) for one in found]
    volumes: list[FloatArray] = []
    for timepoint, path in anatomy.others:
        if progress:
            progress(f"comparing {anatomy.timepoint} and {timepoint}")
        before, after = _pair(first, _scan(path), brain, masks, seed)
        volumes = volumes or [before]
        volumes.append(volumes[0] * after / before)
    timepoints = (anatomy.timepoint, *(timepoint for timepoint, _ in anatomy.others))
    return RegionVolumes(timepoints, np.array(volumes))


def volumes_of_freesurfer(
    stats: Sequence[tuple[str, Path]], regions: Sequence[Region]
) -> RegionVolumes:
    """Take the volumes of regions that FreeSurfer measured at every timepoint.

    Parameters
    ----------
    stats : sequence of (str, Path)
        Timepoints and their ``aseg.stats``.
    regions : sequence of Region
        Their labels are structures; a region with one that ``aseg.stats`` does not list (those of
        the cortex), or that is part of a structure, is missing.

    Raises
    ------
    TableError
        A table cannot be read.
    """
    tables = [read_aseg_stats(path) for _, path in stats]
    volumes = [[_volume_of(region, table.volumes) for region in regions] for table in tables]
    heads = np.array([table.intracranial for table in tables])
    return RegionVolumes(tuple(timepoint for timepoint, _ in stats), np.array(volumes), heads)


def _volume_of(region: Region, volumes: Mapping[str, float]) -> float:
    """Add up the structures of a region; NaN where one is not listed, or only part of it counts."""
    if not region.labels or region.midline_distance is not None:
        return np.nan
    return sum(volumes.get(label, np.nan) for label in region.labels)


def _pair(
    first: Image,
    second: Image,
    brain: Image,
    masks: Sequence[Image],
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    # ANTs takes seconds to import, and the registry of metrics must not wait for it.
    from brainchange.imaging.volume.change import region_volumes  # noqa: PLC0415
    from brainchange.imaging.volume.halfway import (  # noqa: PLC0415
        halfway_space,
        rigid_between,
    )

    size = max(SMALLEST_VOXEL, float(np.linalg.norm(first.affine[:3, :3], axis=0).min()))
    between = rigid_between(first, second, seed)
    halfway = halfway_space(first, second, brain, between, size=size)
    return region_volumes(halfway, masks)


def _scan(path: Path) -> Image:
    image = read_image(path)
    values = np.nan_to_num(image.values.astype(np.float32), posinf=0, neginf=0)
    if not np.ptp(values) > 0:
        raise BrainchangeError("the T1w image is empty", where=str(path))
    return Image(np.maximum(values, 0), image.affine)


def _mask(voxels: npt.NDArray[np.intp], like: Image) -> Image:
    mask = np.zeros(like.values.size, dtype=np.uint8)
    mask[voxels] = 1
    return Image(mask.reshape(like.values.shape, order="F"), like.affine)


def _rows(
    metric: Metric, known: Known, layout: StudyLayout, regions: Sequence[Region]
) -> Iterator[dict[str, Any]]:
    volumes = known.volumes
    values = None if volumes is None else np.asarray(metric.function(volumes), dtype=float)
    names = [None] if metric.per == "run" else [region.region for region in regions]
    nothing = "the head has no volume" if metric.per == "run" else "the region has no volume"
    for timepoint, labels in layout.timepoints:
        there = volumes is not None and timepoint in volumes.timepoints
        for place, name in enumerate(names):
            value = np.nan
            if values is not None and volumes is not None and there:
                value = float(
                    values.reshape(len(values), -1)[volumes.timepoints.index(timepoint), place]
                )
            finite = bool(np.isfinite(value))
            absent = "" if there else f"no T1w image at {timepoint}"
            yield {
                "timepoint": timepoint,
                "session_id": "+".join(f"ses-{label}" for label in labels) if there else None,
                "metric": metric.name,
                "unit": metric.unit,
                "region": name,
                "value": value if finite else None,
                "n_runs": int(finite),
                "flag": (known.caution if finite else known.reason or absent or nothing) or None,
            }


def _unequal_heads(volumes: RegionVolumes | None) -> str:
    """Say that the volume within the skull, which cannot change, differs between timepoints."""
    if volumes is None or volumes.intracranial is None:
        return ""
    heads = volumes.intracranial
    change = float(np.abs(symmetric_percent_change(heads[0], heads)).max())
    if not change > LARGEST_CHANGE_OF_HEAD:
        return ""
    return (
        f"intracranial volume differs by {change:.1f} % between timepoints: a segmentation failed, "
        "or the scanner changed"
    )


def _decision(participant: str, reason: str, config_key: str) -> Decision:
    return {
        "scope": "participant",
        "participant_id": participant,
        "name": "volume",
        "action": "degraded",
        "reason": reason,
        "config_key": config_key,
    }
