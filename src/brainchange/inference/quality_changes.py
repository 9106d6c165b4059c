"""Change in the quality of images: head motion, signal-to-noise ratio, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.equal_motion import change_in_motion
from brainchange.inference.measures import Measure, Source
from brainchange.inference.observed import TIMEPOINTS, Cells, measured_values
from brainchange.inference.prepost import PrePost
from brainchange.study.model import Study

Floats = npt.NDArray[np.float64]
TSNR = "tsnr"
TASK_OF_RUN = r"_task-([A-Za-z0-9+]+)"
Shares = dict[tuple[str, str], Floats]


@dataclass(frozen=True)
class QualityChanges:
    """Change in quality of every participant, for every measure; NaN where it is not known.

    Attributes
    ----------
    motion : numpy.ndarray, shape (n_participants, n_measures)
        Change in mean framewise displacement in the task of the measure, in mm.
    tsnr : numpy.ndarray, shape (n_participants, n_measures)
        Change in the mean temporal signal-to-noise ratio of the regions of the measure.
    coverage : numpy.ndarray, shape (n_participants, n_measures)
        Change in the share of voxels of these regions that can be measured, in percentage points.
    """

    motion: Floats
    tsnr: Floats
    coverage: Floats


def quality_changes(
    data: PrePost, study: Study, tsnr: Mapping[Source, Cells], coverage: pd.DataFrame | None
) -> QualityChanges:
    """Compute the change in quality where each measure was taken.

    Parameters
    ----------
    data : PrePost
        Measures, and the change in head motion in every task among them.
    study : Study
        Says which session is at which timepoint.
    tsnr : mapping of (str, str, str) to Cells
        Observations of the temporal signal-to-noise ratio, by source.
    coverage : pandas.DataFrame or None
        ``COVERAGE_TABLE``; None if there is none.

    Returns
    -------
    QualityChanges
        Of measures that have regions; NaN for others. Coverage counts the voxels valid in each
        run by itself: those that are used are the same at both timepoints.
    """
    shape = (len(data.participants), len(data.measures))
    shares = _shares(coverage, study, data.participants) if coverage is not None else {}
    motion, noise, covered = (np.full(shape, np.nan) for _ in range(3))
    for column, measure in enumerate(data.measures):
        if regions := measure.regions:
            motion[:, column] = change_in_motion(data, measure.task)
            noise[:, column] = _tsnr_change(regions, measure.task, tsnr, data.participants)
            covered[:, column] = _share_change(regions, measure.task, shares)
    return QualityChanges(motion, noise, covered)


def _tsnr_change(
    regions: Sequence[str],
    task: str,
    tsnr: Mapping[Source, Cells],
    participants: Sequence[str],
) -> Floats | float:
    members = tuple((region, "") for region in regions)
    asked = Measure(
        TSNR, "quality", TSNR, TSNR, "", "quality", None, members, complete=False, task=task
    )
    if asked.source not in tsnr:
        return np.nan
    values = measured_values(asked, tsnr[asked.source], participants).numbers
    change: Floats = values[1] - values[0]
    return change


def _shares(coverage: pd.DataFrame, study: Study, participants: Sequence[str]) -> Shares:
    """Percent of voxels valid at both timepoints by task and region, shape (2, n_participants)."""
    who, when = pd.Index(participants), pd.Index(TIMEPOINTS)
    rows = coverage[coverage["participant_id"].isin(who) & (coverage["n_voxels"] > 0)]
    sessions = rows["session_id"].fillna("").str.removeprefix("ses-")
    timepoints = sessions.map(study.timepoint_of_session)
    task = rows["run"].str.extract(TASK_OF_RUN, expand=False).fillna(study.tasks[0])
    task = task.replace(study.task_of_label)
    share = 100 * rows["n_valid_run"].astype(float) / rows["n_voxels"].astype(float)
    keys = [task, rows["region"], timepoints, rows["participant_id"]]
    means = share[timepoints.isin(when)].groupby(keys).mean()
    found: Shares = {}
    for (of_task, region), part in means.groupby(level=[0, 1]):
        values = np.full((len(when), len(who)), np.nan)
        timepoint, participant = (part.index.get_level_values(level) for level in (2, 3))
        values[when.get_indexer(timepoint), who.get_indexer(participant)] = part.to_numpy()
        found[str(of_task), str(region)] = values
    return found


def _share_change(regions: Sequence[str], task: str, shares: Shares) -> Floats | float:
    """Mean over regions of the change; NaN for a participant who lacks one."""
    if not all((task, region) in shares for region in regions):
        return np.nan
    each = [shares[task, region][1] - shares[task, region][0] for region in regions]
    change: Floats = np.mean(each, axis=0)
    return change
