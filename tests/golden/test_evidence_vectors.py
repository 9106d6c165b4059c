"""Adjusted differences, equivalence and Bayes factors equal those of R, statsmodels, pingouin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pingouin
import pytest
import statsmodels.api as sm
from scipy import integrate, stats

from brainchange.inference.ancova import ancova
from brainchange.inference.bayes_factor import bayes_factor, student_t
from brainchange.inference.between import Welch, welch
from brainchange.inference.change import describe_change
from brainchange.inference.equivalence import equivalence, smallest_equivalence_bound

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "inference_vectors.json").read_text())
SYMPTOMS = json.loads((HERE / "symptoms_ds003007.json").read_text())
REL = 1e-6


def arrays(inputs: dict[str, list[float]], *names: str) -> tuple[Any, ...]:
    return tuple(np.array(inputs[name], dtype=float) for name in names)


def sides(contrast: str) -> tuple[Any, Any]:
    named = SYMPTOMS["contrasts"][contrast]
    treated, control = (
        arrays(SYMPTOMS["arms"][named[side]], "pre", "post") for side in ("treated", "control")
    )
    return treated, control


def test_ancova_of_two_arms() -> None:
    inputs, expected = (VECTORS["two_arm_change"][part] for part in ("inputs", "expected"))
    found = ancova(arrays(inputs, "preT", "postT"), arrays(inputs, "preC", "postC"))
    assert found.estimate == pytest.approx(expected["ancova_b_arm"], rel=REL)
    assert found.standard_error == pytest.approx(expected["ancova_se_hc3"], rel=REL)
    assert found.df == 14
    assert found.p == pytest.approx(expected["ancova_p_hc3_t_df14"], rel=REL)


@pytest.mark.parametrize("contrast", SYMPTOMS["contrasts"])
def test_ancova_of_depression(contrast: str) -> None:
    expected = SYMPTOMS["contrasts"][contrast]["expected"]["ancova"]
    found = ancova(*sides(contrast))
    assert found.estimate == pytest.approx(expected["b_arm"], rel=REL)
    assert found.standard_error == pytest.approx(expected["se_hc3"], rel=REL)
    assert found.df == expected["df_resid"]
    assert found.p == pytest.approx(expected["p_hc3_t"], rel=REL)
    assert (found.low, found.high) == pytest.approx(expected["ci95_hc3_t"], rel=REL)


def test_ancova_equals_statsmodels() -> None:
    rng = np.random.default_rng(1)
    treated, control = tuple(rng.normal(40, 9, (2, 9))), tuple(rng.normal(35, 5, (2, 14)))
    pre, post = np.hstack([treated, control])
    design = np.column_stack([np.ones(23), np.arange(23) < 9, pre])
    fit = sm.OLS(post, design).fit(cov_type="HC3", use_t=True)
    found = ancova(treated, control)
    assert found.estimate == pytest.approx(fit.params[1], rel=1e-9)
    assert found.standard_error == pytest.approx(fit.bse[1], rel=1e-9)
    assert (found.low, found.high) == pytest.approx(fit.conf_int()[1], rel=1e-9)


def test_equivalence_of_independent_samples() -> None:
    vector = VECTORS["tost_raw"]
    x, y = arrays(vector["inputs"], "x", "y")
    found = equivalence(welch(x, y), vector["inputs"]["bound"])
    assert found.p == pytest.approx(vector["expected"]["p_welch"], rel=REL)
    assert (found.low, found.high) == pytest.approx(vector["expected"]["ci90_welch"], rel=REL)
    expected = pingouin.tost(x, y, bound=0.5, correction=True)
    assert found.p == pytest.approx(float(expected.iloc[0, 2]), abs=1e-4)


def test_equivalence_published_by_lakens_2017() -> None:
    """Means 5.25 and 5.22, SDs 0.95 and 0.83, 95 and 89 people, bound d 0.43: t(182) −2.69."""
    variances = (0.95**2 / 95, 0.83**2 / 89)
    error = float(np.sqrt(sum(variances)))
    df = sum(variances) ** 2 / (variances[0] ** 2 / 94 + variances[1] ** 2 / 88)
    bound = 0.43 * float(np.sqrt((0.95**2 + 0.83**2) / 2))
    found = equivalence(Welch(0.03, error, df, 0.03 / error, 1.0, 0.0, 0.0), bound)
    assert df == pytest.approx(182, abs=1)
    assert (0.03 - bound) / error == pytest.approx(-2.69, abs=0.005)
    assert found.p == pytest.approx(0.004, abs=0.0005)


@pytest.mark.parametrize(("n_treated", "n_control", "expected"), [(8, 15, 0.75), (14, 15, 0.63)])
def test_the_smallest_bound_of_the_flagship(
    n_treated: int, n_control: int, expected: float
) -> None:
    assert smallest_equivalence_bound(n_treated, n_control) == pytest.approx(expected, abs=0.005)


def test_bayes_factors_of_r() -> None:
    expected = VECTORS["jzs_bf10"]["expected"]
    first, second = arrays(VECTORS["jzs_bf10"]["inputs"]["sleep"], "group1", "group2")
    found = {
        "sleep_paired": bayes_factor(describe_change(second, first).t, 10),
        "sleep_independent": bayes_factor(student_t(first, second), 10, 10),
        "t3.5_n20_20": bayes_factor(3.5, 20, 20),
        "t3.5_n20": bayes_factor(3.5, 20),
        "t0_n14": bayes_factor(0.0, 14),
        "t2_n8": bayes_factor(2.0, 8),
        "t2_n8_15": bayes_factor(2.0, 8, 15),
        "t1_n8_15": bayes_factor(1.0, 8, 15),
        "t0_n8_15": bayes_factor(0.0, 8, 15),
        "t2_n8_r1": bayes_factor(2.0, 8, scale=1.0),
    }
    assert found == pytest.approx({name: expected[name] for name in found}, rel=REL)


@pytest.mark.parametrize("contrast", SYMPTOMS["contrasts"])
def test_bayes_factors_of_depression(contrast: str) -> None:
    expected = SYMPTOMS["contrasts"][contrast]["expected"]
    treated, control = sides(contrast)
    t = student_t(treated[1] - treated[0], control[1] - control[0])
    if "BF10_JZS_student_R" in expected:
        found = bayes_factor(t, treated[0].size, control[0].size)
        assert found == pytest.approx(expected["BF10_JZS_student_R"], rel=REL)


@pytest.mark.parametrize("arm", SYMPTOMS["arms"])
def test_bayes_factors_within_arms(arm: str) -> None:
    change = describe_change(*arrays(SYMPTOMS["arms"][arm], "pre", "post"))
    expected = SYMPTOMS["arms"][arm]["expected"]["BF10_JZS_R"]
    assert bayes_factor(change.t, change.n) == pytest.approx(expected, rel=REL)


@pytest.mark.parametrize(("t", "n"), [(0.3, 200), (6.0, 40), (-2.5, 3), (4.0, 120)])
def test_bayes_factors_equal_the_integral_over_the_effect(t: float, n: int) -> None:
    """Another route: average the noncentral t density over the Cauchy prior of the effect."""

    def weighted(effect: float) -> float:
        prior = stats.cauchy.pdf(effect, scale=np.sqrt(2) / 2)
        return float(stats.nct.pdf(t, n - 1, effect * np.sqrt(n)) * prior)

    peak = t / np.sqrt(n)
    width = 12 / np.sqrt(n) * np.sqrt(1 + t**2 / n)
    found, _ = integrate.quad(weighted, peak - width, peak + width, points=[peak, 0.0], limit=500)
    assert bayes_factor(t, n) == pytest.approx(found / stats.t.pdf(t, n - 1), rel=1e-3)
