"""Models of all values equal those of R, statsmodels, and of whole matrices written out.

``inference_vectors.json`` and ``symptoms_ds003007.json`` name the implementations of each value.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import optimize, stats

from brainchange.inference.ancova import ancova
from brainchange.inference.mixed_model import (
    EXCHANGEABLE,
    UNSTRUCTURED,
    constrained_baseline,
    mixed_model,
)

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "inference_vectors.json").read_text())
SYMPTOMS = json.loads((HERE / "symptoms_ds003007.json").read_text())
REL = 1e-6
TREATED = "treated_cbt_plus_nfb_minus_no_treatment"
Arm = tuple[Any, Any]


def everybody(scale: str, *arms: str) -> Arm:
    named = [SYMPTOMS["all_participants"][scale][arm] for arm in arms]
    pre, post = (
        np.concatenate([np.array(arm[timepoint], dtype=float) for arm in named])
        for timepoint in ("pre", "post")
    )
    return pre, post


def random_arms(seed: int) -> tuple[Arm, Arm]:
    """Arms of different size with a fifth of the values missing."""
    rng = np.random.default_rng(seed)
    arms = []
    for n, shift in ((9, 4.0), (15, 0.0)):
        trait = rng.normal(40 + shift, 6, n)
        values = trait + rng.normal([[0.0], [-3 - shift]], 5, (2, n))
        values[rng.integers(0, 2, n), np.arange(n)] = np.where(
            rng.random(n) < 0.4, np.nan, values[0]
        )
        arms.append((values[0], values[1]))
    return arms[0], arms[1]


def long_table(treated: Arm, control: Arm) -> pd.DataFrame:
    rows = [
        {"who": f"{arm} {i}", "arm": arm, "time": time, "y": values[time][i]}
        for arm, values in ((1, treated), (0, control))
        for i in range(len(values[0]))
        for time in (0, 1)
    ]
    return pd.DataFrame(rows).dropna().reset_index(drop=True)


def test_mixed_model_of_two_complete_arms_equals_lme4() -> None:
    inputs, expected = (VECTORS["two_arm_change"][part] for part in ("inputs", "expected"))
    pre_t, post_t, pre_c, post_c = (
        np.array(inputs[name]) for name in ("preT", "postT", "preC", "postC")
    )
    found = mixed_model((pre_t, post_t), (pre_c, post_c))
    assert found.estimate == pytest.approx(expected["lmm_b_arm_x_time"], rel=REL)
    assert found.standard_error == pytest.approx(expected["lmm_se"], rel=1e-3)
    assert found.df == pytest.approx(expected["lmm_df_KR"], rel=REL)
    assert found.p == pytest.approx(expected["lmm_p_KR"], rel=REL)


@pytest.mark.parametrize(
    ("contrast", "arms"),
    [
        ("depr_cbt_minus_no_treatment", ("depr_cbt",)),
        ("depr_nfb_minus_no_treatment", ("depr_nfb",)),
        (TREATED, ("depr_cbt", "depr_nfb")),
    ],
)
def test_mixed_model_of_depression_equals_lme4(contrast: str, arms: tuple[str, ...]) -> None:
    expected = SYMPTOMS["contrasts"][contrast]["expected"]["lmm_all_available_R"]
    found = mixed_model(everybody("BDI", *arms), everybody("BDI", "depr_no_treatment"))
    assert found.n_treated + found.n_control == expected["n_subj"]
    assert found.estimate == pytest.approx(expected["b_armxtime"], rel=REL)
    assert found.unadjusted_error == pytest.approx(expected["se_unadjusted"], rel=REL)
    assert found.standard_error == pytest.approx(expected["se_KR"], rel=REL)
    assert found.df == pytest.approx(expected["df_KR"], rel=REL)
    assert found.p == pytest.approx(expected["p_KR"], rel=REL)
    assert not found.problem


def test_constrained_baseline_of_depression_equals_nlme() -> None:
    expected = SYMPTOMS["contrasts"][TREATED]["expected"]["clda_reml"]
    arms = everybody("BDI", "depr_cbt", "depr_nfb"), everybody("BDI", "depr_no_treatment")
    found = constrained_baseline(*arms)
    assert found.estimate == pytest.approx(expected["b_time_x_arm"], rel=REL)
    assert found.unadjusted_error == pytest.approx(expected["se"], rel=REL)


@pytest.mark.parametrize("seed", range(6))
def test_mixed_model_equals_statsmodels(seed: int) -> None:
    """Its error comes from the observed, not the expected, information: alike, not equal."""
    treated, control = random_arms(seed)
    found = mixed_model(treated, control)
    table = long_table(treated, control)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm("y ~ arm * time", table, groups=table["who"]).fit(
            reml=True, method="powell"
        )
    assert found.estimate == pytest.approx(fit.params["arm:time"], rel=1e-4)
    assert found.unadjusted_error == pytest.approx(fit.bse["arm:time"], rel=0.05)


def test_the_scale_on_which_lbfgs_fails_has_an_estimate() -> None:
    """``MixedLM.fit`` of statsmodels ends in a singular matrix here unless told another method."""
    arms = everybody("Zung_SDS", "depr_cbt", "depr_nfb"), everybody("Zung_SDS", "depr_no_treatment")
    table = long_table(*arms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm("y ~ arm * time", table, groups=table["who"]).fit(method="powell")
    found = mixed_model(*arms)
    assert not found.problem
    assert found.estimate == pytest.approx(fit.params["arm:time"], rel=1e-4)
    assert found.unadjusted_error == pytest.approx(fit.bse["arm:time"], rel=0.05)


def dense(treated: Arm, control: Arm, basis: Any, columns: Callable[..., Any]) -> dict[str, float]:
    """Kenward and Roger (1997) with whole matrices, the covariance found without derivatives."""
    table = long_table(treated, control)
    y = table["y"].to_numpy()
    x = columns(table["arm"].to_numpy(float), table["time"].to_numpy(float))
    same = table["who"].to_numpy()[:, None] == table["who"].to_numpy()
    time = table["time"].to_numpy()
    parts = [same * matrix[time[:, None], time] for matrix in basis]

    def loss(root: Any) -> float:
        factor = np.zeros((2, 2))
        if len(basis) == 2:
            within, between = np.exp(root)
            covariance = within * np.eye(2) + between
        else:
            factor[np.tril_indices(2)] = root
            covariance = factor @ factor.T
        v = same * covariance[time[:, None], time]
        sign, log_v = np.linalg.slogdet(v)
        if sign <= 0:
            return 1e9
        inverse = np.linalg.inv(v)
        precision = x.T @ inverse @ x
        residual = y - x @ np.linalg.solve(precision, x.T @ inverse @ y)
        return float(log_v + np.linalg.slogdet(precision)[1] + residual @ inverse @ residual)

    start = [3.0, 3.0] if len(basis) == 2 else [8.0, 3.0, 6.0]
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 10_000, "maxfev": 10_000}
    root = optimize.minimize(loss, start, method="Nelder-Mead", options=options).x
    if len(basis) == 2:
        weights = np.exp(root)
    else:
        factor = np.array([[root[0], 0], [root[1], root[2]]])
        covariance = factor @ factor.T
        weights = np.array([covariance[0, 0], covariance[1, 1], covariance[0, 1]])
    v = sum(w * part for w, part in zip(weights, parts, strict=True))
    inverse = np.linalg.inv(v)
    spread = np.linalg.inv(x.T @ inverse @ x)
    projection = inverse - inverse @ x @ spread @ x.T @ inverse
    size = range(len(parts))
    information = np.array(
        [[np.trace(projection @ parts[i] @ projection @ parts[j]) / 2 for j in size] for i in size]
    )
    uncertainty = np.linalg.inv(information)
    p = [-x.T @ inverse @ part @ inverse @ x for part in parts]
    middle = sum(
        uncertainty[i, j]
        * (x.T @ inverse @ parts[i] @ inverse @ parts[j] @ inverse @ x - p[i] @ spread @ p[j])
        for i in size
        for j in size
    )
    adjusted = spread + 2 * spread @ middle @ spread
    last = np.zeros(x.shape[1])
    last[-1] = 1
    theta = np.outer(last, last) / spread[-1, -1]
    a = sum(
        uncertainty[i, j]
        * np.trace(theta @ spread @ p[i] @ spread)
        * np.trace(theta @ spread @ p[j] @ spread)
        for i in size
        for j in size
    )
    b = 7 * a / 2
    rho = (1 - b / 7) / ((1 - 2 * b / 7) ** 2 * (1 - 4 * b / 7)) * (1 - a) ** 2
    df = 4 + 3 / (rho - 1)
    estimate = float((spread @ x.T @ inverse @ y)[-1])
    error = float(np.sqrt(adjusted[-1, -1]))
    return {
        "estimate": estimate,
        "standard_error": error,
        "df": df,
        "p": 2 * stats.t.sf(abs(estimate / error), df),
    }


@pytest.mark.parametrize("seed", range(4))
def test_models_equal_kenward_and_roger_written_out(seed: int) -> None:
    treated, control = random_arms(seed)
    cases = (
        (
            mixed_model,
            EXCHANGEABLE,
            lambda arm, time: np.column_stack([np.ones_like(arm), time, arm, arm * time]),
        ),
        (
            constrained_baseline,
            UNSTRUCTURED,
            lambda arm, time: np.column_stack([np.ones_like(arm), time, arm * time]),
        ),
    )
    for model, basis, columns in cases:
        found = model(treated, control)
        for name, value in dense(treated, control, basis, columns).items():
            assert getattr(found, name) == pytest.approx(value, rel=1e-4), (model, name)


@pytest.mark.parametrize("seed", range(4))
def test_constrained_baseline_equals_ancova_where_nobody_has_only_post(seed: int) -> None:
    """Post given pre does not depend on those who have only pre (Liang and Zeger 2000)."""
    (pre_t, post_t), (pre_c, post_c) = random_arms(seed)
    treated, control = (
        (pre[np.isfinite(pre)], post[np.isfinite(pre)])
        for pre, post in ((pre_t, post_t), (pre_c, post_c))
    )
    both = [
        (arm[0][np.isfinite(arm[1])], arm[1][np.isfinite(arm[1])]) for arm in (treated, control)
    ]
    assert len(both[0][0]) < len(treated[0])
    found = constrained_baseline(treated, control)
    assert found.estimate == pytest.approx(ancova(*both).estimate, rel=1e-6)
