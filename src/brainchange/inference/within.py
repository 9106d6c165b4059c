"""Effects within an arm: one row a measure and arm."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.change import Change, describe_change, sign_flip_test
from brainchange.inference.effect_size import within_effect
from brainchange.inference.permutation import (
    PermutationTest,
    named_generator,
    same_participants,
)
from brainchange.inference.prepost import PrePost
from brainchange.inference.schemas import WITHIN_TABLE
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Booleans = npt.NDArray[np.bool_]


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
    tests = {arm: _sign_flip_tests(data, arm, study, settings) for arm in study.arms}
    return WITHIN_TABLE.frame(
        _row(data, column, arm, study, settings) | _tested(tests[arm].get(column))
        for column in range(len(data.measures))
        for arm in study.arms
    )


def _row(data: PrePost, column: int, arm: str, study: Study, settings: Settings) -> dict[str, Any]:
    measure, members = data.measures[column], data.arms == arm
    pre, post = data.pre[members, column], data.post[members, column]
    both = ~np.isnan(post - pre)
    change = describe_change(pre[both], post[both])
    effect = within_effect(pre[both], post[both])
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
        "flag": measure.problem or _flag(change, settings) or None,
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


def _sign_flip_tests(
    data: PrePost, arm: str, study: Study, settings: Settings
) -> dict[int, PermutationTest]:
    """Test all measures that can be; those of the same participants share their signs."""
    present = (data.arms == arm)[:, None] & ~np.isnan(data.change)
    testable = (
        column
        for column in range(len(data.measures))
        if _testable(data, column, present[:, column], settings)
    )
    tests: dict[int, PermutationTest] = {}
    for who, columns in same_participants(present, testable):
        participants = [name for name, kept in zip(data.participants, who, strict=True) if kept]
        together = sign_flip_test(
            data.change[who][:, columns],
            exact_up_to=settings.inference.exact_up_to,
            permutations=settings.inference.permutations,
            generator=named_generator(settings.seed, "signs", study.id, arm, *participants),
        )
        tests |= {column: together.of(place) for place, column in enumerate(columns)}
    return tests


def _testable(data: PrePost, column: int, present: Booleans, settings: Settings) -> bool:
    change = describe_change(data.pre[present, column], data.post[present, column])
    return change.n >= settings.inference.fewest_participants and change.sd > 0


def _tested(test: PermutationTest | None) -> dict[str, float]:
    if test is None:
        return {"p_sign_flip": nan, "p_floor": nan}
    return {"p_sign_flip": float(test.p[0]), "p_floor": test.floor}


def _flag(change: Change, settings: Settings) -> str:
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
    return "; ".join(reasons)
