"""A difference between arms at equal change in head motion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.inference.freedman_lane import Adjusted, freedman_lane
from brainchange.inference.permutation import named_generator
from brainchange.inference.prepost import PrePost
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
MOTION = "mean_framewise_displacement"


def change_in_motion(data: PrePost, task: str) -> Floats:
    """Take the change in mean framewise displacement of every participant in a task.

    Parameters
    ----------
    data : PrePost
        Values before and after; head motion is one of its measures.
    task : str
        The task.

    Returns
    -------
    numpy.ndarray, shape (n_participants,)
        In mm; NaN where it is not known.
    """
    for column, measure in enumerate(data.measures):
        if measure.kind == "quality" and measure.source == (MOTION, task, ""):
            return data.change[:, column]
    return np.full(len(data.participants), np.nan)


def at_equal_motion(
    data: PrePost,
    column: int,
    arms: tuple[Booleans, Booleans],
    *,
    adjusted: bool,
    settings: Settings,
    names: tuple[str, ...],
) -> Adjusted | None:
    """Compare the change of arms with change in head motion as a covariate.

    Parameters
    ----------
    data : PrePost
        Values before and after.
    column : int
        Place of the measure.
    arms : tuple of two numpy.ndarray of bool, shape (n_participants,)
        Participants of the treated and of the control arms.
    adjusted : bool
        Whether the value before is a covariate too, as in analysis of covariance.
    settings : Settings
        Seed and number of permutations.
    names : tuple of str
        Study and contrast: names of the seed.

    Returns
    -------
    Adjusted or None
        None where fewer than 2 participants of an arm have both values and known motion.
    """
    moved = change_in_motion(data, data.measures[column].task)
    treated, control = arms
    who = (treated | control) & np.isfinite(data.change[:, column] + moved)
    if min((who & treated).sum(), (who & control).sum()) < 2:
        return None
    covariates = [moved[who], *([data.pre[who, column]] if adjusted else [])]
    people = [name for name, kept in zip(data.participants, who, strict=True) if kept]
    return freedman_lane(
        data.change[who, column],
        treated[who],
        np.column_stack(covariates),
        permutations=settings.inference.permutations,
        generator=named_generator(settings.seed, "motion", *names, *people),
        errors="hc3" if adjusted else "arms",
    )
