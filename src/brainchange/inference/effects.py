"""Effects between arms: one row a measure and contrast."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.between import Welch
from brainchange.inference.effect_size import between_effect
from brainchange.inference.estimators import four_estimators
from brainchange.inference.evidence import Sides, evidence
from brainchange.inference.lead import leading_estimates
from brainchange.inference.measures import Measure
from brainchange.inference.multiplicity import ADJUSTMENTS
from brainchange.inference.permutation import PermutationTest
from brainchange.inference.prepost import PrePost
from brainchange.inference.resampling import Resampled, resample
from brainchange.inference.schemas import EFFECTS_TABLE
from brainchange.study.model import Contrast, Study
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def effects_table(data: PrePost, study: Study, settings: Settings) -> pd.DataFrame:
    """Compare the change of the arms of every contrast in every measure.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Names the contrasts.
    settings : Settings
        Seed, and what is tested how.

    Returns
    -------
    pandas.DataFrame
        ``EFFECTS_TABLE``: every measure in every contrast; what cannot be computed is missing with
        a flag. Adjusted within family and contrast: Holm for confirmatory claims (primary contrast
        only) and for outcomes, Benjamini-Hochberg for secondary ones. What is adjusted is the p of
        the estimator that leads.
    """
    rows = [row for name in study.contrasts for row in _contrast(data, name, study, settings)]
    table = EFFECTS_TABLE.frame(rows)
    for (_, family), tests in table.groupby(["contrast", "family"], sort=False):
        if family in ADJUSTMENTS:
            p = tests["lead_p"].to_numpy()
            table.loc[tests.index, "p_adjusted"] = ADJUSTMENTS[family][1](p)
            table.loc[tests.index, "family_size"] = int((~np.isnan(p)).sum())
    return EFFECTS_TABLE.frame(table)


def _contrast(data: PrePost, name: str, study: Study, settings: Settings) -> list[dict[str, Any]]:
    contrast = study.contrasts[name]
    treated, control = (np.isin(data.arms, side) for side in (contrast.treated, contrast.control))
    columns = range(len(data.measures))
    sides = [_sides(data, column, treated, control) for column in columns]
    testable = (column for column in columns if _testable(sides[column], settings))
    resampled = resample(
        data,
        treated,
        control,
        testable=testable,
        settings=settings,
        names=(study.id, name),
    )
    leads = leading_estimates(
        data,
        (treated, control),
        sides,
        {column: found.test for column, found in resampled.items()},
        randomised=study.is_randomised(name),
        settings=settings,
        names=(study.id, name),
    )
    rows = [
        _row(measure, sides[column], resampled.get(column), settings)
        | _names(measure, name, contrast, study)
        | leads[column].columns
        for column, measure in enumerate(data.measures)
    ]
    return [
        row
        | four_estimators(
            (data.pre[treated, column], data.post[treated, column]),
            (data.pre[control, column], data.post[control, column]),
            difference=row["difference"],
            ancova=row["ancova"],
            tested=column in resampled,
        )
        for column, row in enumerate(rows)
    ]


def _sides(data: PrePost, column: int, treated: Booleans, control: Booleans) -> Sides:
    both = ~np.isnan(data.change[:, column])
    arms = [
        (data.pre[arm & both, column], data.post[arm & both, column]) for arm in (treated, control)
    ]
    return Sides(arms[0], arms[1])


def _testable(sides: Sides, settings: Settings) -> bool:
    enough = min(sides.sizes) >= settings.inference.fewest_participants
    return enough and sides.welch.standard_error > 0


def _names(measure: Measure, name: str, contrast: Contrast, study: Study) -> dict[str, Any]:
    demoted = measure.family == "confirmatory" and name != study.primary_contrast
    family = "secondary" if demoted else measure.family
    adjustment = ADJUSTMENTS[family][0] if family in ADJUSTMENTS else "none"
    return {
        "measure": measure.name,
        "kind": measure.kind,
        "label": measure.label,
        "metric": measure.metric,
        "unit": measure.unit or None,
        "family": family,
        "direction": measure.direction,
        "contrast": name,
        "contrast_label": contrast.label,
        "primary": contrast.primary,
        "adjustment": adjustment,
    }


def _row(
    measure: Measure, sides: Sides, resampled: Resampled | None, settings: Settings
) -> dict[str, Any]:
    raw, test = sides.welch, resampled.test if resampled else None
    effect = between_effect(sides.treated, sides.control)
    n_treated, n_control = sides.sizes
    tested = test is not None
    return {
        "n_treated": n_treated,
        "n_control": n_control,
        "difference": raw.difference,
        "ci_low": raw.low,
        "ci_high": raw.high,
        "df": raw.df,
        "p_welch": raw.p if tested else nan,
        "dppc2": effect.value,
        "dppc2_se": effect.standard_error,
        "dppc2_ci_low": effect.low,
        "dppc2_ci_high": effect.high,
        "dppc2_bca_low": resampled.dppc2_low if resampled else nan,
        "dppc2_bca_high": resampled.dppc2_high if resampled else nan,
        "p_permutation": float(test.p[0]) if test else nan,
        "p_max_t": resampled.p_max_t if resampled else nan,
        "p_floor": test.floor if test else nan,
        "permutation_method": test.method if test else None,
        "n_permutations": test.n_permutations if test else None,
        **evidence(sides, settings.inference, tested=tested),
        "flag": measure.problem or _flag(sides, raw, effect.value, test, settings) or None,
    }


def _flag(
    sides: Sides, raw: Welch, dppc2: float, test: PermutationTest | None, settings: Settings
) -> str:
    sizes = sides.sizes
    fewest, alpha = settings.inference.fewest_participants, settings.inference.alpha
    named = list(zip(("treated", "control"), sizes, strict=True))
    if empty := [side for side, size in named if size == 0]:
        return f"no {' and no '.join(empty)} participant has both values: no comparison"
    reasons = [
        f"only {size} {side} with both values, fewer than {fewest}: described, not tested"
        for side, size in named
        if size < fewest
    ]
    if min(sizes) > 1 and np.isnan(raw.standard_error):
        reasons.append("change does not vary in either arm: no interval and no test")
    if min(sizes) > 1 and np.isnan(dppc2):
        reasons.append("the measure does not vary before therapy: no standardised effect")
    if test is not None and test.floor > alpha:
        reasons.append(f"no p below {test.floor:.2g} is possible with so few participants")
    return "; ".join(reasons)
