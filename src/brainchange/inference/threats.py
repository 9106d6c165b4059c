"""Threats to every effect: what else could make a difference in change, or hide one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from brainchange.inference.prepost import PrePost
from brainchange.inference.quality_changes import QualityChanges
from brainchange.inference.reliability import Retest
from brainchange.inference.threat_row import (
    ASKED,
    THREATS_TABLE,
    ComparedMeasure,
    Found,
    threat_cells,
)
from brainchange.inference.threats_at_start import threats_at_start
from brainchange.inference.threats_from_elsewhere import negative_control, shared_participants
from brainchange.inference.threats_of_images import Tests, quality_tests, threats_of_images
from brainchange.inference.threats_of_loss import threats_of_loss
from brainchange.inference.threats_of_study import threats_of_study
from brainchange.inference.verdict_evidence import Threat
from brainchange.study.model import Study
from brainchange.study.settings import Settings

THREATENED = ("claim", "outcome")
"""Kinds of measures that are judged, and so have threats."""
OWN_RULE = ("motion_adjusted", "negative_control")
"""Threats that a verdict asks about with a rule of their own."""
DESCRIBE = ("baseline_change_correlation", "oldham_correlation")
"""Rows that describe and decide nothing."""


def threats_table(
    data: PrePost,
    study: Study,
    settings: Settings,
    effects: pd.DataFrame,
    *,
    reliability: tuple[Retest, ...],
    quality: QualityChanges,
    shared: Mapping[str, Collection[str]] | None = None,
    cells: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Judge every threat to every claim and scale in every contrast.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Names the contrasts.
    settings : Settings
        Seed, level and fewest participants.
    effects : pandas.DataFrame
        ``EFFECTS_TABLE`` of the same data.
    reliability : tuple of Retest
        Of every measure (``brainchange.inference.reliability.retests``).
    quality : QualityChanges
        Change in the quality of images.
    shared : mapping of str to collection of str, optional
        Other study → participants of this one who are also in it; None if it was not looked for.
    cells : pandas.DataFrame, optional
        Cells of the table of participants as text, indexed by participant, for covariates.

    Returns
    -------
    pandas.DataFrame
        ``THREATS_TABLE``: what could not be judged says why.
    """
    rows = []
    for name, rows_of in effects.groupby("contrast", sort=False):
        of_measure = rows_of.set_index(["kind", "measure"], drop=False)
        contrast = study.contrasts[str(name)]
        cases = [
            ComparedMeasure(
                data=data,
                column=column,
                treated=np.isin(data.arms, contrast.treated),
                control=np.isin(data.arms, contrast.control),
                effect=of_measure.loc[(measure.kind, measure.name)].to_dict(),
                retest=reliability[column],
                randomised=study.is_randomised(str(name)),
                settings=settings,
                names=(study.id, str(name)),
            )
            for column, measure in enumerate(data.measures)
            if measure.kind in THREATENED
        ]
        tests = quality_tests([case for case in cases if case.measure.kind == "claim"], quality)
        for case in cases:
            found = _found(case, effects, quality, tests, shared)
            found += threats_of_study(case, study, cells)
            order = {one.threat: one for one in found}
            rows += [threat_cells(order[threat], case) for threat in ASKED if threat in order]
    return THREATS_TABLE.frame(rows)


def _found(
    case: ComparedMeasure,
    effects: pd.DataFrame,
    quality: QualityChanges,
    tests: Tests,
    shared: Mapping[str, Collection[str]] | None,
) -> list[Found]:
    found = [*threats_at_start(case), *threats_of_loss(case), shared_participants(case, shared)]
    if case.measure.kind == "claim":
        found += threats_of_images(case, quality, tests)
        found.append(negative_control(case, effects))
    return found


def threat_weakenings(threats: pd.DataFrame) -> dict[tuple[str, str, str], tuple[Threat, ...]]:
    """Give the threats to every effect as a verdict reads them.

    Parameters
    ----------
    threats : pandas.DataFrame
        ``THREATS_TABLE``.

    Returns
    -------
    dict of (str, str, str) to tuple of Threat
        Kind, measure and contrast → threats that decide something. ``present`` is None where one
        could not be judged. Change in motion as covariate and negative controls are left out: a
        verdict has a rule of its own for each.
    """
    deciding = threats[~threats["threat"].isin([*OWN_RULE, *DESCRIBE])]
    found: dict[tuple[str, str, str], tuple[Threat, ...]] = {}
    for row in deciding.to_dict("records"):
        effect = (str(row["kind"]), str(row["measure"]), str(row["contrast"]))
        found[effect] = (*found.get(effect, ()), _threat(row))
    return found


def _threat(row: Mapping[Hashable, Any]) -> Threat:
    present = None if pd.isna(row["weakens"]) else bool(row["weakens"])
    return Threat(
        name=str(row["threat"]),
        asked=str(row["asked"]),
        value=float(row["value"]),
        threshold=float(row["threshold"]),
        present=present,
        consequence=str(row["words"]) if present else "",
    )
