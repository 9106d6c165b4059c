"""Effects within an arm: one row a measure and arm."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.change import Change, describe_change, sign_flip_test
from brainchange.inference.effect_size import within_effect
from brainchange.inference.permutation import named_generator
from brainchange.inference.prepost import PrePost
from brainchange.inference.schemas import WITHIN_TABLE
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]


def within_table(data: PrePost, study: Study, settings: Settings) -> pd.DataFrame:
    """Describe and test the change of every arm in every measure.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Names the arms.
    settings : Settings
        Seed, and what is tested how.

    Returns
    -------
    pandas.DataFrame
        ``WITHIN_TABLE``: every measure in every arm of the study; what cannot be computed is
        missing with a flag.
    """
    return WITHIN_TABLE.frame(
        _row(data, column, arm, study, settings)
        for column in range(len(data.measures))
        for arm in study.arms
    )


def _row(data: PrePost, column: int, arm: str, study: Study, settings: Settings) -> dict[str, Any]:
    measure, members = data.measures[column], data.arms == arm
    pre, post = data.pre[members, column], data.post[members, column]
    both = ~np.isnan(post - pre)
    change = describe_change(pre[both], post[both])
    effect = within_effect(pre[both], post[both])
    tested = _sign_flip(post[both] - pre[both], change, settings, (measure.kind, measure.name, arm))
    return {
        "measure": measure.name,
        "kind": measure.kind,
        "label": measure.label,
        "metric": measure.metric,
        "unit": measure.unit or None,
        "arm": arm,
        "arm_label": study.arms[arm].label,
        "n_arm": int(members.sum()),
        "n_pre": int((~np.isnan(pre)).sum()),
        "n_post": int((~np.isnan(post)).sum()),
        "n_both": change.n,
        **_described(change),
        "g_av": effect.g_av,
        "g_av_ci_low": effect.low,
        "g_av_ci_high": effect.high,
        "d_z": effect.d_z,
        "p_sign_flip": tested[0],
        "p_floor": tested[1],
        "flag": measure.problem or _flag(change, effect.g_av, settings) or None,
    }


def _described(change: Change) -> dict[str, float]:
    return {
        "mean_pre": change.mean_pre,
        "sd_pre": change.sd_pre,
        "mean_post": change.mean_post,
        "sd_post": change.sd_post,
        "change": change.mean,
        "ci_low": change.low,
        "ci_high": change.high,
        "sd_change": change.sd,
        "correlation": change.correlation,
    }


def _sign_flip(
    values: Floats, change: Change, settings: Settings, names: tuple[str, ...]
) -> tuple[float, float]:
    if change.n < settings.inference.fewest_participants or not change.sd > 0:
        return nan, nan
    test = sign_flip_test(
        values,
        exact_up_to=settings.inference.exact_up_to,
        permutations=settings.inference.permutations,
        generator=named_generator(settings.seed, "sign flip", *names),
    )
    return float(test.p[0]), test.floor


def _flag(change: Change, g_av: float, settings: Settings) -> str:
    fewest = settings.inference.fewest_participants
    if change.n == 0:
        return "no participant has both values"
    reasons = []
    if change.n < fewest:
        reasons.append(
            f"only {change.n} with both values, fewer than {fewest}: described, not tested"
        )
    if change.sd == 0:
        reasons.append("every participant changes by the same amount: no interval and no test")
    elif change.n > 2 and np.isnan(g_av):
        reasons.append("the measure does not vary: no standardised effect")
    return "; ".join(reasons)
