"""All measures of all participants at pre and post, in matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.declared_measures import declare_measures
from brainchange.inference.measures import Measure
from brainchange.inference.observed import TIMEPOINTS, Values, measured_values, observed_cells
from brainchange.inference.outcomes import outcome_values
from brainchange.inference.participants import Enrolment
from brainchange.inference.schemas import CHANGES_TABLE
from brainchange.study.claims import Claim
from brainchange.study.decisions import Decision
from brainchange.study.given import GIVEN
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PrePost:
    """Values of every participant at pre and post: what all effects are computed from.

    Attributes
    ----------
    participants : tuple of str
        Sorted.
    arms : numpy.ndarray of str, shape (n_participants,)
        Their arms.
    measures : tuple of Measure
        What the columns are.
    pre, post, change : numpy.ndarray, shape (n_participants, n_measures)
        Values in the unit of the measure; NaN where missing.
    flags : numpy.ndarray of str, shape (n_participants, n_measures)
        Why a value is missing or weak.
    """

    participants: tuple[str, ...]
    arms: npt.NDArray[np.str_]
    measures: tuple[Measure, ...]
    pre: Floats
    post: Floats
    flags: npt.NDArray[np.object_]

    @cached_property
    def change(self) -> Floats:
        """Change (post − pre), NaN where one of them is."""
        return self.post - self.pre


def collect(
    study: Study,
    claims: Sequence[Claim],
    regions: tuple[Region, ...],
    *,
    specification: str,
    enrolment: Enrolment,
    observations: pd.DataFrame,
    timepoints: tuple[str, ...] = TIMEPOINTS,
) -> tuple[PrePost, tuple[Decision, ...]]:
    """Bring observations and outcomes to one value per participant, timepoint and measure.

    Parameters
    ----------
    study, claims, regions
        What is measured: claims the study can tell, regions in the configured order.
    specification : str
        The primary set of analysis choices; others are left to the multiverse.
    enrolment : Enrolment
        Participants and arms.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.
    timepoints : tuple of str
        The two timepoints that stand for pre and post in the matrices.

    Returns
    -------
    PrePost
        The matrices.
    tuple of dict
        Rows of ``DECISIONS_TABLE``.
    """
    chosen = primary_observations(observations, study, specification)
    units = chosen.drop_duplicates("metric").set_index("metric")["unit"].fillna("").to_dict()
    measures = declare_measures(study, claims, regions, units)
    cells = observed_cells(chosen, enrolment.participants, timepoints)
    found = [
        outcome_values(measure.name, study, enrolment, timepoints)
        if measure.kind == "outcome"
        else measured_values(measure, cells.get(measure.source), enrolment.participants)
        for measure in measures
    ]
    decisions = tuple(row for values in found for row in values.decisions)
    return _matrices(enrolment, measures, found, timepoints), decisions


def primary_observations(
    observations: pd.DataFrame, study: Study, specification: str
) -> pd.DataFrame:
    """Keep the observations of the primary specification.

    Parameters
    ----------
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``.
    study : Study
        Names the tasks; a row without a task is of the first.
    specification : str
        The primary set of analysis choices.

    Returns
    -------
    pandas.DataFrame
        The rows kept, in order.
    """
    kept = observations[observations["specification"] == specification]
    return kept.assign(task=kept["task"].fillna(study.tasks[0]))


def primary_specification(study: Study, settings: Settings) -> str:
    """Name the set of analysis choices that is primary.

    Parameters
    ----------
    study : Study
        One that starts from a table says it itself.
    settings : Settings
        Names it for all others.
    """
    if study.observations is not None:
        return study.observations.specification or GIVEN
    return settings.denoising.name


def changes_table(data: PrePost) -> pd.DataFrame:
    """Write every participant's values and change in long form.

    Parameters
    ----------
    data : PrePost
        The matrices.

    Returns
    -------
    pandas.DataFrame
        ``CHANGES_TABLE``: every enrolled participant in every measure, missing ones flagged.
    """
    n_participants, n_measures = data.pre.shape
    of_measures = {
        "measure": [measure.name for measure in data.measures],
        "kind": [measure.kind for measure in data.measures],
        "unit": [measure.unit or None for measure in data.measures],
    }
    long = pd.DataFrame(of_measures).loc[np.repeat(np.arange(n_measures), n_participants)]
    long = long.reset_index(drop=True)
    long["participant_id"] = np.tile(np.array(data.participants, dtype=object), n_measures)
    long["arm"] = np.tile(data.arms.astype(object), n_measures)
    for name in ("pre", "post", "change"):
        long[name] = getattr(data, name).T.ravel()
    long["flag"] = [flag or None for flag in data.flags.T.ravel()]
    return CHANGES_TABLE.frame(long)


def _matrices(
    enrolment: Enrolment,
    measures: tuple[Measure, ...],
    found: list[Values],
    timepoints: tuple[str, ...],
) -> PrePost:
    shape = (len(measures), len(timepoints), len(enrolment.participants))
    values = np.array([one.numbers for one in found], dtype=float).reshape(shape)
    flags = np.array([one.flags for one in found], dtype=object).reshape(shape)
    joined = np.array([_joined(pre, post, timepoints) for pre, post in _pairs(flags)], dtype=object)
    return PrePost(
        enrolment.participants,
        np.array(enrolment.arms, dtype=str),
        measures,
        values[:, 0].T,
        values[:, 1].T,
        joined.reshape(shape[0], shape[2]).T,
    )


def _pairs(flags: npt.NDArray[np.object_]) -> list[tuple[str, str]]:
    return list(zip(flags[:, 0].ravel(), flags[:, 1].ravel(), strict=True))


def _joined(pre: str, post: str, timepoints: tuple[str, ...]) -> str:
    """Join the flags of both timepoints; what holds for both is said once."""
    if pre == post:
        return pre
    told = [
        text if timepoint in text else f"{timepoint}: {text}"
        for timepoint, text in zip(timepoints, (pre, post), strict=True)
        if text
    ]
    return "; ".join(told)
