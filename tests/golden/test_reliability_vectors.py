"""Reliability, regression to the mean, loss: equal to published and independent values."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from brainchange.inference.correlation import correlation, spearman
from brainchange.inference.imbalance import standardised_difference
from brainchange.inference.intraclass import icc_agreement, icc_consistency
from brainchange.inference.regression_to_mean import expected_regression
from brainchange.inference.reliability import retest
from brainchange.inference.reliable_change import (
    direction_of,
    error_of_difference,
    percent_improvement,
    reliable_size,
)
from brainchange.inference.risk_difference import risk_difference

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "reliability_and_meta_vectors.json").read_text())
SYMPTOMS = json.loads((HERE / "symptoms_ds003007.json").read_text())


def test_icc_of_shrout_and_fleiss() -> None:
    vector = VECTORS["shrout_fleiss_1979"]
    values = np.array(vector["inputs"]["matrix"], dtype=float)
    assert icc_agreement(values).icc == pytest.approx(vector["expected"]["ICC2"], abs=5e-3)
    assert icc_consistency(values).icc == pytest.approx(vector["expected"]["ICC3"], abs=5e-3)


def test_icc_of_a_retest_with_its_intervals() -> None:
    vector = VECTORS["icc_test_retest_10x2"]
    values, expected = np.array(vector["inputs"]["matrix"]), vector["expected"]
    for name, found in (("ICC2", icc_agreement(values)), ("ICC3", icc_consistency(values))):
        assert found.icc == pytest.approx(expected[name]["icc"], abs=1e-6)
        assert (found.low, found.high) == pytest.approx(expected[name]["ci95"], abs=1e-6)


def test_error_of_measurement_and_detectable_change() -> None:
    vector = VECTORS["icc_test_retest_10x2"]
    values, expected = np.array(vector["inputs"]["matrix"]), vector["expected"]
    found = retest(values[:, 0], values[:, 1])
    assert found.sem == pytest.approx(expected["SEM_from_EMS_sqrt"], abs=1e-6)
    assert found.sem == pytest.approx(expected["SEM_from_pooledSD_ICC3"], abs=1e-6)
    assert found.sd_change == pytest.approx(expected["SD_diff"], abs=1e-6)
    assert found.mdc95 == pytest.approx(expected["MDC95_from_EMS"], abs=1e-6)
    assert found.mdc95 / found.sem == pytest.approx(2.77, abs=2e-3)


@pytest.mark.filterwarnings("ignore::Warning:pingouin.*")
@pytest.mark.parametrize("seed", range(4))
def test_icc_equals_pingouin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 12, 2 + seed % 2
    values = rng.normal(size=(n, 1)) + rng.normal(scale=0.3 + seed, size=(n, k)) + np.arange(k)
    table = {
        "who": np.repeat(np.arange(n), k),
        "when": np.tile(np.arange(k), n),
        "value": values.ravel(),
    }
    told = pingouin.intraclass_corr(pd.DataFrame(table), "who", "when", "value")
    column = next(name for name in told.columns if name.startswith("CI95"))
    rows = dict(zip(told.iloc[:, 0], told.to_dict("records"), strict=True))
    kinds = [name for name in rows if "A,1" in name or name == "ICC2"]
    kinds += [name for name in rows if "C,1" in name or name == "ICC3"]
    for name, found in zip(kinds, (icc_agreement(values), icc_consistency(values)), strict=True):
        assert found.icc == pytest.approx(float(rows[name]["ICC"]), abs=1e-6)
        assert (found.low, found.high) == pytest.approx(tuple(rows[name][column]), abs=6e-3)


@pytest.mark.parametrize(("cutoff", "icc"), [(-1.0, 0.2), (0.0, 0.5), (1.3, 0.8), (3.0, 0.4)])
def test_expected_regression_equals_what_selected_participants_lose(
    cutoff: float, icc: float
) -> None:
    """The mean of a truncated normal distribution, from scipy; the retest keeps the share ICC."""
    deviation = 7.0
    selected = stats.truncnorm.mean(cutoff, np.inf) * deviation
    assert expected_regression(deviation, icc, cutoff) == pytest.approx((1 - icc) * selected)


def test_expected_regression_in_simulated_participants() -> None:
    rng = np.random.default_rng(3)
    trait = rng.normal(50, sqrt(0.6) * 10, 400_000)
    first, second = (trait + rng.normal(0, sqrt(0.4) * 10, trait.size) for _ in range(2))
    chosen = first > 60
    assert (first - second)[chosen].mean() == pytest.approx(
        expected_regression(10, 0.6, 1.0), abs=0.1
    )


def test_correlation_equals_scipy_and_pingouin() -> None:
    rng = np.random.default_rng(5)
    x, y, z = rng.normal(size=(3, 17))
    y += 0.6 * x
    plain, expected = correlation(x, y), stats.pearsonr(x, y)
    assert (plain.r, plain.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (plain.low, plain.high) == pytest.approx(tuple(expected.confidence_interval()))
    frame = pd.DataFrame({"x": x, "y": y, "z": z})
    partial = pingouin.partial_corr(frame, "x", "y", "z").iloc[0]
    found = correlation(x, y, z[:, None])
    assert found.r == pytest.approx(float(partial["r"]), abs=1e-6)
    assert found.p == pytest.approx(float(partial["p-val" if "p-val" in partial else "p_val"]))
    ranked = pingouin.partial_corr(frame, "x", "y", "z", method="spearman").iloc[0]
    assert spearman(x, y, z[:, None]) == pytest.approx(float(ranked["r"]), abs=1e-6)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_standardised_difference_equals_pingouin_and_the_noncentral_t() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.normal(1, 2, 9), rng.normal(0, 1, 13)
    found = standardised_difference(first, second)
    hedges = pingouin.compute_effsize(first, second, eftype="hedges")
    assert found.g == pytest.approx(hedges, rel=2e-3)
    t = stats.ttest_ind(first, second).statistic
    root = sqrt(1 / 9 + 1 / 13)
    assert stats.nct.sf(t, 20, found.low / root) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(t, 20, found.high / root) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("counts", [(3, 8, 1, 15), (0, 10, 2, 12), (0, 5, 0, 9), (6, 6, 0, 7)])
def test_risk_difference_equals_statsmodels(counts: tuple[int, int, int, int]) -> None:
    found = risk_difference(*counts)
    low, high = confint_proportions_2indep(*counts, method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    a, n, b, m = counts
    assert found.p == pytest.approx(stats.fisher_exact([[a, n - a], [b, m - b]])[1])


def test_reliable_change_of_jacobson_and_truax() -> None:
    vector = VECTORS["reliable_change_index"]
    inputs, expected = vector["inputs"], vector["expected"]
    error = error_of_difference(inputs["sd_pre"], inputs["rel"])
    assert error == pytest.approx(expected["S_diff"], abs=1e-6)
    assert (inputs["post"] - inputs["pre"]) / error == pytest.approx(expected["RCI"], abs=1e-6)
    assert reliable_size(error) == pytest.approx(expected["critical_change_95"], abs=1e-6)
    assert direction_of(15.0, reliable_size(error), "up") == "improved"


@pytest.mark.parametrize(("reliability", "points"), [(0.86, 11.5), (0.93, 8.1)])
def test_critical_change_of_depression_scores(reliability: float, points: float) -> None:
    size = reliable_size(error_of_difference(11.09, reliability))
    assert size == pytest.approx(points, abs=0.05)


@pytest.mark.parametrize(
    ("arm", "responders"), [("depr_no_treatment", 3), ("depr_cbt", 2), ("depr_nfb", 2)]
)
def test_responders_of_ds003007(arm: str, responders: int) -> None:
    scores = SYMPTOMS["arms"][arm]
    found = [
        percent_improvement(pre, post, 0, "down") >= 50
        for pre, post in zip(scores["pre"], scores["post"], strict=True)
    ]
    assert sum(found) == responders
