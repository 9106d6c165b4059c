"""Which voxels of which regions are used, the same ones in all runs of a participant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.imaging.coverage import valid_in_every_run
from brainchange.metrics.gates import Decision
from brainchange.metrics.prepared import ReadRun
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

Indices = npt.NDArray[np.intp]


def used_voxels(
    read: Sequence[ReadRun], regions: Sequence[Region], smallest_share: float
) -> tuple[list[list[Indices]], list[dict[str, Any]], dict[str, str]]:
    """Choose the voxels that are used: those valid in every run of the participant.

    The intersection keeps a change of coverage from looking like a change of the brain.

    Parameters
    ----------
    read : sequence of ReadRun
        Runs of one participant.
    regions : sequence of Region
        The configured regions.
    smallest_share : float
        Share of its voxels a region needs in every run to be usable.

    Returns
    -------
    used : list of list of numpy.ndarray
        By run and region: flat indices of the voxels used; none for a region that is not usable.
    rows : list of dict
        Rows of ``COVERAGE_TABLE``.
    unusable : dict of str to str
        Regions that are not usable, and why.
    """
    grids = [run.grid for run in read]
    used: list[list[Indices]] = []
    rows: list[dict[str, Any]] = []
    for run in read:
        used.append([])
        for region in run.regions:
            valid = valid_in_every_run(region.voxels, run.grid, grids)
            used[-1].append(region.voxels[valid])
            rows.append(_coverage_row(run, region.region, region.voxels, valid))
    unusable = {
        region.region: reason
        for region in regions
        if (reason := _unusable(region.region, rows, smallest_share))
    }
    for row in rows:
        row["usable"] = row["region"] not in unusable
    nothing = np.empty(0, dtype=np.intp)
    used = [
        [
            nothing if region.region in unusable else voxels
            for region, voxels in zip(regions, of_run, strict=True)
        ]
        for of_run in used
    ]
    return used, rows, unusable


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


def region_decisions(
    participant: str,
    unusable: Mapping[str, str],
    coverage: Sequence[dict[str, Any]],
    settings: Settings,
) -> list[Decision]:
    """Rows of ``DECISIONS_TABLE`` for regions of a participant that are not usable."""
    shares = {
        region: min(row["share"] or 0.0 for row in coverage if row["region"] == region)
        for region in unusable
    }
    return [
        {
            "scope": "region",
            "participant_id": participant,
            "name": region,
            "action": "excluded",
            "reason": reason,
            "value": shares[region],
            "threshold": settings.coverage.smallest_share,
            "unit": "share of voxels",
            "config_key": "coverage.smallest_share",
        }
        for region, reason in unusable.items()
    ]
