"""The estimate that leads: change scores, or analysis of covariance where chance made the arms."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from brainchange.inference.lead import analysis_of_covariance
from brainchange.study.settings import Settings

SETTINGS = Settings()
ASSOCIATED = {"randomised": False, "description": "They chose."}


def arms(seed: int = 0, n: int = 30, effect: float = 0.0):
    rng = np.random.default_rng(seed)
    treated = np.arange(n) < n // 2
    pre = rng.normal(20, 5, n)
    post = 10 + 0.4 * pre + rng.normal(0, 3, n) + effect * treated
    return pre, post - pre, treated


def lead(pre, change, treated):
    return analysis_of_covariance(pre, change, treated, settings=SETTINGS, names=("s", "c"))


def test_the_leading_analysis_of_covariance_is_that_of_statsmodels():
    pre, change, treated = arms(effect=-4.0)
    found = lead(pre, change, treated)
    design = sm.add_constant(np.column_stack([treated, pre]).astype(float))
    fit = sm.OLS(pre + change, design).fit(cov_type="HC3", use_t=True)
    assert found.difference == pytest.approx(fit.params[1])
    assert [found.low, found.high] == pytest.approx(list(fit.conf_int()[1]))
    assert found.p == pytest.approx(fit.pvalues[1], abs=0.01)
    assert found.method == "freedman_lane"


def test_its_permutation_rejects_a_null_as_often_as_it_says():
    rejected = sum(lead(*arms(seed, 16)).p <= 0.05 for seed in range(200))
    assert 2 <= rejected <= 20


def test_it_does_not_lead_where_nothing_varies_before_therapy():
    pre, change, treated = arms()
    assert lead(np.full_like(pre, 7.0), change, treated) is None


def test_chance_in_the_allocation_decides_what_leads(made_up, study_with):
    made = made_up(8)
    randomised = made.infer().effects
    judged = randomised["kind"].isin(["claim", "outcome"])
    assert set(randomised.loc[judged, "lead_estimator"]) == {"ancova"}
    assert set(randomised.loc[~judged, "lead_estimator"]) == {"change_score"}
    told = randomised[judged]
    assert told["lead_difference"].tolist() == told["ancova"].tolist()
    assert told["lead_ci_low"].tolist() == told["ancova_ci_low"].tolist()
    assert (told["lead_p"] != told["p_permutation"]).all()
    chosen = made.infer(study=study_with(allocation=ASSOCIATED)).effects
    assert set(chosen["lead_estimator"]) == {"change_score"}
    assert chosen["lead_p"].tolist() == chosen["p_permutation"].tolist()
    assert chosen["lead_ci_high"].tolist() == chosen["ci_high"].tolist()
