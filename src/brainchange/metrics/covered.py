"""Which voxels of which regions are used, the same ones in all runs of a participant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.imaging.coverage import valid_in_every_run
from brainchange.metrics.prepared import ReadRun
from brainchange.study.decisions import Decision
from brainchange.study.regions import Region
from brainchange.study.settings import Coverage

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Covered:
    """What can be measured in the regions of a participant.

    Attributes
    ----------
    voxels : list of list of numpy.ndarray
        By run and region: flat indices of the voxels used; none for a region that is not usable.
    rows : list of dict
        Rows of ``COVERAGE_TABLE``.
    unusable : dict of str to str
        Regions that are not usable, and why.
    weak : dict of str to str
        Usable regions whose signal is weak, and how weak.
    """

    voxels: list[list[Indices]]
    rows: list[dict[str, Any]]
    unusable: dict[str, str]
    weak: dict[str, str]


def cover(read: Sequence[ReadRun], regions: Sequence[Region], coverage: Coverage) -> Covered:
    """Choose the voxels that are used: those valid in every run of the participant.

    The intersection keeps a change of coverage from looking like a change of the brain.

    Parameters
    ----------
    read : sequence of ReadRun
        Runs of one participant.
    regions : sequence of Region
        The configured regions.
    coverage : Coverage
        Share of its voxels a region needs in every run, and the mean temporal signal-to-noise
        ratio of the voxels used below which it is marked with caution.

    Returns
    -------
    Covered
        Voxels, table rows, and the regions that are lost or weak.
    """
    grids = [run.grid for run in read]
    voxels: list[list[Indices]] = []
    rows: list[dict[str, Any]] = []
    for run in read:
        voxels.append([])
        for region in run.regions:
            valid = valid_in_every_run(region.voxels, run.grid, grids)
            voxels[-1].append(region.voxels[valid])
            rows.append(_coverage_row(run, region.region, region.voxels, valid))
    names = [region.region for region in regions]
    unusable = {n: why for n in names if (why := _unusable(n, rows, coverage.smallest_share))}
    usable = [name for name in names if name not in unusable]
    weak = {n: why for n in usable if (why := _weak(n, rows, coverage.caution_tsnr))}
    for row in rows:
        row["usable"] = row["region"] not in unusable
    nothing = np.empty(0, dtype=np.intp)
    kept = [
        [nothing if n in unusable else found for n, found in zip(names, of_run, strict=True)]
        for of_run in voxels
    ]
    return Covered(kept, rows, unusable, weak)


def region_decisions(participant: str, covered: Covered, rules: Coverage) -> Iterator[Decision]:
    """Make the decisions about regions that are not usable or weak.

    Parameters
    ----------
    participant : str
        ``sub-01``.
    covered : Covered
        What :func:`cover` found.
    rules : Coverage
        The thresholds it used.

    Yields
    ------
    dict
        Rows of ``DECISIONS_TABLE``.
    """
    for region, reason in covered.unusable.items():
        share = min(row["share"] or 0.0 for row in covered.rows if row["region"] == region)
        yield {
            "scope": "region",
            "participant_id": participant,
            "name": region,
            "action": "excluded",
            "reason": reason,
            "value": share,
            "threshold": rules.smallest_share,
            "unit": "share of voxels",
            "config_key": "coverage.smallest_share",
        }
    for region, reason in covered.weak.items():
        yield {
            "scope": "region",
            "participant_id": participant,
            "name": region,
            "action": "caution",
            "reason": reason,
            "value": _smallest_tsnr(region, covered.rows),
            "threshold": rules.caution_tsnr,
            "unit": "ratio",
            "config_key": "coverage.caution_tsnr",
        }


def _coverage_row(
    run: ReadRun, region: str, voxels: Indices, valid: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    n_voxels, n_valid = int(voxels.size), int(valid.sum())
    tsnr = run.tsnr[run.columns(voxels[valid])]
    return {
        "participant_id": run.inputs.run.participant,
        "session_id": run.inputs.run.session,
        "run": run.inputs.run.key,
        "region": region,
        "n_voxels": n_voxels,
        "n_valid_run": int(run.grid.valid[voxels].sum()),
        "n_valid": n_valid,
        "share": n_valid / n_voxels if n_voxels else None,
        "tsnr": float(tsnr.mean()) if n_valid else None,
    }


def _unusable(region: str, rows: Sequence[dict[str, Any]], smallest: float) -> str:
    """Say why a region is not usable, by its worst run; empty where it is."""
    of_region = [row for row in rows if row["region"] == region]
    if any(row["n_voxels"] == 0 for row in of_region):
        return "the parcellation has no voxel of the region"
    share = min((row["share"] for row in of_region), default=1.0)
    if share >= smallest and all(row["n_valid"] for row in of_region):
        return ""
    return f"{share:.1%} of the voxels are valid in every run, fewer than {smallest:.0%}"


def _weak(region: str, rows: Sequence[dict[str, Any]], caution: float) -> str:
    """Say how weak the signal of a usable region is, by its worst run; empty where it is not."""
    tsnr = _smallest_tsnr(region, rows)
    if tsnr >= caution:
        return ""
    return f"mean temporal signal-to-noise ratio {tsnr:.1f} is below {caution:g}"


def _smallest_tsnr(region: str, rows: Sequence[dict[str, Any]]) -> float:
    return min((row["tsnr"] for row in rows if row["region"] == region), default=np.inf)
