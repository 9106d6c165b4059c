"""Many rearrangements at once equal published values, statsmodels, and one at a time."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from brainchange.inference.curve import ArmSet, Universe, specification_curve
from brainchange.inference.many_adjusted import adjusted_differences
from brainchange.inference.many_mixed import mixed_differences
from brainchange.inference.mixed_model import mixed_model
from brainchange.inference.rearranged_arms import Arms

VECTORS = json.loads((Path(__file__).parent / "inference_vectors.json").read_text())
N_TREATED, N_CONTROL = 8, 15
TREATED = np.repeat([True, False], [N_TREATED, N_CONTROL])
NOTHING = np.empty((TREATED.size, 0))


def arms(*rows: Any) -> Arms:
    treated = np.array(rows, dtype=float)
    return Arms(treated, 1 - treated)


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Two arms whose values follow motion, with sessions lost in either."""
    rng = np.random.default_rng(11)
    n = TREATED.size
    trait, motion = rng.normal(100, 3, n), rng.normal(0.2, 0.1, (2, n))
    pre = trait + rng.normal(0, 1, n) + 5 * motion[0]
    post = trait + rng.normal(0, 2, n) + 5 * motion[1] + TREATED
    lost_pre, lost_post = pre.copy(), post.copy()
    lost_post[[3, 15, 20]] = np.nan
    lost_pre[6] = np.nan
    return {"pre": pre, "post": post, "motion": motion, "lost": (lost_pre, lost_post)}


def test_values_of_the_two_arms_published_with_the_vectors() -> None:
    """numpy, scipy, statsmodels, R (sandwich, lme4, lmerTest): `two_arm_change`."""
    vector = VECTORS["two_arm_change"]
    given, expected = vector["inputs"], vector["expected"]
    pre, post = (np.array(given[f"{t}T"] + given[f"{t}C"]) for t in ("pre", "post"))
    codes = np.repeat([1, 0], [len(given["preT"]), len(given["preC"])]).astype(np.int8)
    curve = specification_curve(
        [Universe("x", "a", model, "none") for model in ("change_score", "ancova", "mixed_model")],
        {"x": (pre, post)},
        (np.zeros(pre.size), np.zeros(pre.size)),
        codes,
        {"a": ArmSet((1,), (0,))},
        permutations=199,
        generator=np.random.default_rng(1),
    )
    np.testing.assert_allclose(
        curve.difference,
        [expected["raw_diff_of_changes"], expected["ancova_b_arm"], expected["lmm_b_arm_x_time"]],
        rtol=1e-6,
    )
    assert curve.dppc2[0, 0] == pytest.approx(expected["dppc2"], rel=1e-6)
    assert curve.statistic[0, 0] == pytest.approx(abs(expected["welch"]["t"]), rel=1e-6)
    assert curve.standard_error[2] == pytest.approx(expected["lmm_se"], rel=1e-5)
    np.testing.assert_allclose(curve.dppc2[0] / curve.difference, curve.unit)


def test_without_covariates_the_statistic_is_that_of_welch(made: dict[str, Any]) -> None:
    change = made["post"] - made["pre"]
    rng = np.random.default_rng(2)
    rows = rng.permuted(np.tile(TREATED, (20, 1)), axis=1)
    found = adjusted_differences(arms(*rows), change, NOTHING)
    expected = [
        stats.ttest_ind(change[row], change[~row], equal_var=False).statistic for row in rows
    ]
    np.testing.assert_allclose(found.difference / found.standard_error, expected)


def test_adjusted_differences_are_least_squares_with_one_variance_an_arm(
    made: dict[str, Any],
) -> None:
    """The sandwich written out, for observed and permuted arms."""
    change = made["post"] - made["pre"]
    covariates = np.column_stack([made["pre"], made["motion"][1] - made["motion"][0]])
    rows = np.random.default_rng(3).permuted(np.tile(TREATED, (5, 1)), axis=1)
    found = adjusted_differences(arms(*rows), change, covariates)
    for place, row in enumerate(rows):
        design = sm.add_constant(np.column_stack([covariates, row]))
        fitted = sm.OLS(change, design).fit()
        inverse = np.linalg.inv(design.T @ design)
        leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
        variance = np.empty(change.size)
        for side in (row, ~row):
            variance[side] = (fitted.resid[side] ** 2).sum() / (1 - leverage[side]).sum()
        covariance = inverse @ (design.T * variance) @ design @ inverse
        assert found.difference[place] == pytest.approx(fitted.params[-1], rel=1e-9)
        assert found.standard_error[place] == pytest.approx(covariance[-1, -1] ** 0.5, rel=1e-9)
        assert found.df[place] == 19


@pytest.mark.parametrize("sessions", ["lost", "all"])
@pytest.mark.parametrize("with_motion", [False, True])
def test_mixed_differences_are_those_of_statsmodels(
    made: dict[str, Any], sessions: str, with_motion: bool
) -> None:
    pre, post = made["lost"] if sessions == "lost" else (made["pre"], made["post"])
    motion = made["motion"]
    n = TREATED.size
    long = pd.DataFrame(
        {
            "y": np.r_[pre, post],
            "time": np.repeat([0.0, 1.0], n),
            "arm": np.tile(TREATED.astype(float), 2),
            "motion": motion.ravel(),
            "who": np.tile(np.arange(n), 2),
        }
    ).dropna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = smf.mixedlm(
            "y ~ time * arm" + (" + motion" if with_motion else ""), long, groups=long["who"]
        ).fit(reml=True, method=["powell", "bfgs"])
    covariate = (motion[0], motion[1]) if with_motion else None
    found = mixed_differences(arms(TREATED), pre, post, covariate)
    assert found.difference[0] == pytest.approx(fitted.params["time:arm"], rel=1e-5)
    assert found.standard_error[0] == pytest.approx(fitted.bse["time:arm"], rel=2e-3)


def test_mixed_differences_are_those_of_one_model_at_a_time(made: dict[str, Any]) -> None:
    """Another algorithm (Fisher scoring), in every arrangement."""
    pre, post = made["lost"]
    rows = np.random.default_rng(4).permuted(np.tile(TREATED, (25, 1)), axis=1)
    found = mixed_differences(arms(*rows), pre, post)
    single = [mixed_model((pre[row], post[row]), (pre[~row], post[~row])) for row in rows]
    np.testing.assert_allclose(found.difference, [one.estimate for one in single], atol=1e-6)
    np.testing.assert_allclose(
        found.standard_error, [one.unadjusted_error for one in single], rtol=1e-5
    )


def test_with_both_values_of_everybody_the_mixed_model_is_students_t(made: dict[str, Any]) -> None:
    found = mixed_differences(arms(TREATED), made["pre"], made["post"])
    change = made["post"] - made["pre"]
    t = stats.ttest_ind(change[TREATED], change[~TREATED]).statistic
    assert found.difference[0] / found.standard_error[0] == pytest.approx(t, rel=1e-5)
