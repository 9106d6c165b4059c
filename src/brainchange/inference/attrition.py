"""How many participants of each arm remain at each step."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.observed import TIMEPOINTS
from brainchange.inference.participants import Enrolment
from brainchange.inference.prepost import PrePost
from brainchange.inference.schemas import ATTRITION_TABLE
from brainchange.study.model import Study

Prepared = Collection[tuple[str, str]]
"""Participants and timepoints of which images exist."""


def attrition_table(
    enrolment: Enrolment, study: Study, data: PrePost, prepared: Prepared, usable: Prepared
) -> pd.DataFrame:
    """Count participants at every step from enrolment to analysis.

    Parameters
    ----------
    enrolment : Enrolment
        Participants and arms.
    study : Study
        Names arms and outcomes.
    data : PrePost
        Values at pre and post.
    prepared, usable : collection of (str, str)
        Participant and timepoint of which images exist, and of which a run could be used.

    Returns
    -------
    pandas.DataFrame
        ``ATTRITION_TABLE``.
    """
    steps = _steps(enrolment, study, data, prepared, usable)
    arms = np.array(enrolment.arms, dtype=object)
    return ATTRITION_TABLE.frame(
        {
            "arm": arm,
            "arm_label": study.arms[arm].label,
            "step": step,
            "label": label,
            "n": int((remains & (arms == arm)).sum()),
        }
        for arm in study.arms
        for step, label, remains in steps
    )


def usable_timepoints(observations: pd.DataFrame) -> Prepared:
    """Find participants and timepoints with at least one value of a claim's metrics.

    Parameters
    ----------
    observations : pandas.DataFrame
        Observations of the metrics claims are about.

    Returns
    -------
    collection of (str, str)
        Participant and timepoint.
    """
    found = observations[np.isfinite(observations["value"].to_numpy(dtype=float))]
    return _sessions(found)


def observed_timepoints(observations: pd.DataFrame) -> Prepared:
    """Find participants and timepoints with a session, for a study that starts from observations.

    Parameters
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.

    Returns
    -------
    collection of (str, str)
        Participant and timepoint.
    """
    averaged = observations["n_runs"].fillna(0) > 0
    found = observations[averaged | observations["session_id"].notna()]
    return _sessions(found)


def _sessions(observations: pd.DataFrame) -> Prepared:
    distinct = observations[["participant_id", "timepoint"]].drop_duplicates()
    return set(distinct.itertuples(index=False, name=None))


def _steps(
    enrolment: Enrolment, study: Study, data: PrePost, prepared: Prepared, usable: Prepared
) -> list[tuple[str, str, npt.NDArray[np.bool_]]]:
    who = enrolment.participants
    files = {t: np.array([(p, t) in prepared for p in who], dtype=bool) for t in TIMEPOINTS}
    used = {t: np.array([(p, t) in usable for p in who], dtype=bool) for t in TIMEPOINTS}
    both_scores = {
        measure.name: ~np.isnan(data.change[:, column])
        for column, measure in enumerate(data.measures)
        if measure.kind == "outcome"
    }
    what = "images" if study.observations is None else "values"
    measured = [
        ("files_pre", f"{what} before", files["pre"]),
        ("files_post", f"{what} after", files["post"]),
        ("files_both", f"{what} before and after", files["pre"] & files["post"]),
        ("usable_both", f"usable {what} before and after", used["pre"] & used["post"]),
    ]
    return [
        ("enrolled", "enrolled", np.ones(len(who), dtype=bool)),
        *(measured if prepared or study.observations is None else []),
        *(
            (f"outcome_{name}", f"{study.outcomes[name].label} before and after", remains)
            for name, remains in both_scores.items()
        ),
    ]
