"""What a made-up study says of its effects: reliability, specifications, threats, symptoms."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from brainchange.inference.edges import EDGES_TABLE
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE, MULTIVERSE_TABLE
from brainchange.inference.prediction_schema import PREDICTION_NULL_TABLE, PREDICTION_TABLE
from brainchange.inference.reliability_schema import BRAIN_SYMPTOM_TABLE, RELIABILITY_TABLE
from brainchange.inference.threat_row import ASKED, THREATS_TABLE
from brainchange.study.model import Study
from made_up.measures import GROUPS
from made_up.study import MadeUp

CHOICES = product(
    ("motion12-wm-csf", "motion24-wm-csf", "motion24-wm-csf-gs", "acompcor5-motion24"),
    ("fd0.5", "uncensored"),
    ("change_score", "ancova", "mixed_model"),
    ("none", "motion"),
)
SPECIFICATIONS = tuple(CHOICES)


def reliability_of(changes: pd.DataFrame, effects: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Give the error of every claim and scale in the untreated arm."""
    untreated = [name for name, arm in study.arms.items() if arm.role == "untreated"]
    rows = []
    for row in _once(effects).to_dict("records"):
        mine = changes[(changes["kind"] == row["kind"]) & (changes["measure"] == row["measure"])]
        mine = mine[mine["arm"].isin(untreated)].dropna(subset=["change"])
        error = mine["change"].std() / np.sqrt(2)
        rows.append(
            _named(row, "measure", "kind", "label", "metric", "unit")
            | {"n": len(mine), "sd_change": mine["change"].std(), "sem": error}
            | {"mdc95": 2.77 * error}
        )
    return RELIABILITY_TABLE.frame(rows)


def brain_symptom_of(changes: pd.DataFrame, effects: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Correlate the change of every claim with that of the scale, by scipy."""
    scale = changes[changes["kind"] == "outcome"].set_index("participant_id")["change"]
    rows = []
    for row in _once(effects[effects["kind"] == "claim"]).to_dict("records"):
        mine = changes[(changes["kind"] == "claim") & (changes["measure"] == row["measure"])]
        mine = mine.assign(scale=mine["participant_id"].map(scale)).dropna(
            subset=["change", "scale"]
        )
        named = _named(row, "measure", "label") | {
            "outcome": "BDI",
            "outcome_label": "Beck Depression Inventory",
        }
        for scope in ("all", *study.arms):
            few = mine if scope == "all" else mine[mine["arm"] == scope]
            label = "all arms" if scope == "all" else study.arms[scope].label
            rows.append(named | {"scope": scope, "scope_label": label} | _correlation(few))
    return BRAIN_SYMPTOM_TABLE.frame(rows)


def _correlation(mine: pd.DataFrame) -> dict[str, Any]:
    n = len(mine)
    found: dict[str, Any] = {"n": n, "descriptive": n < 20, "given": "change in head motion"}
    if n < 4:
        return found | {"flag": f"n = {n}: no correlation"}
    test = stats.pearsonr(mine["change"], mine["scale"])
    ends = test.confidence_interval(0.95)
    p = {} if n < 20 else {"p": test.pvalue}
    return found | {"r": test.statistic, "ci_low": ends.low, "ci_high": ends.high} | p


def threats_of(effects: pd.DataFrame) -> pd.DataFrame:
    """Give the correlation of Oldham and the largest negative control of every claim."""
    rows = []
    for row in effects[effects["kind"].isin(["claim", "outcome"])].to_dict("records"):
        named = _named(row, "measure", "kind", "label", "contrast", "contrast_label")
        counts = {"n_treated": row["n_treated"], "n_control": row["n_control"]}
        found = {"value": 0.2, "ci_low": -0.2, "ci_high": 0.5, "p": 0.3, "unit": "r"}
        weak = {"value": 0.9, "unit": "SD", "weakens": row["measure"] == "P2"}
        for threat, said in (("oldham_correlation", found), ("negative_control", weak)):
            asked = {"threat": threat, "asked": ASKED[threat], "words": "in words"}
            rows.append(named | counts | asked | said)
    return THREATS_TABLE.frame(rows)


def multiverse_of(effects: pd.DataFrame) -> pd.DataFrame:
    """Spread the effect of every claim over 48 specifications."""
    rows = []
    for row in effects[effects["kind"] == "claim"].to_dict("records"):
        named = _named(row, "measure", "label", "contrast", "contrast_label", "direction")
        counts = {"n_treated": row["n_treated"], "n_control": row["n_control"]}
        for place, (denoising, censoring, model, held) in enumerate(SPECIFICATIONS):
            value = row["dppc2"] + 0.02 * (place - 20)
            rows.append(
                named
                | counts
                | {
                    "arm_set": row["contrast"],
                    "specification": f"{denoising}+{censoring}",
                    "denoising": denoising,
                    "censoring": censoring,
                    "model": model,
                    "covariates": held,
                    "primary": place == 0,
                    "dppc2": value,
                    "ci_low": value - 0.7,
                    "ci_high": value + 0.7,
                    "p": 0.02 + place / 100,
                    "rank": place + 1,
                    "null_low": -0.8,
                    "null_high": 0.8,
                }
            )
    return MULTIVERSE_TABLE.frame(rows)


def multiverse_summary_of(table: pd.DataFrame) -> pd.DataFrame:
    """Summarise it as if chance gave as much."""
    keys = ["measure", "label", "contrast", "contrast_label", "direction"]
    rows = [
        dict(zip(keys, names, strict=True))
        | {
            "n_specifications": int(rows["dppc2"].notna().sum()),
            "median_dppc2": rows["dppc2"].median(),
            "median_null_low": -0.8,
            "median_null_high": 0.8,
            "median_p": 0.4,
            "share_claimed": 0.7,
            "share_claimed_p": 0.4,
            "share_significant": 0.1,
            "share_significant_p": 0.3,
            "n_permutations": 999,
            "p_floor": 0.001,
        }
        for names, rows in table.groupby(keys, sort=False)
    ]
    return MULTIVERSE_SUMMARY_TABLE.frame(rows)


def _once(effects: pd.DataFrame) -> pd.DataFrame:
    return effects[effects["kind"].isin(["claim", "outcome"])].drop_duplicates(["kind", "measure"])


def _named(row: dict[Any, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def edges_of(size: MadeUp, study: Study, random: Any) -> pd.DataFrame:
    """Give every pair of regions an effect, some of them large, and a correlation with motion."""
    names = [GROUPS[g] if g < len(GROUPS) else f"region_{g}" for g in range(size.n_groups)]
    regions = [(f"{name}_{side}", name) for name in names for side in "LR"]
    contrast = study.contrasts[study.primary_contrast]
    rows = []
    for (first, group), (second, group_2) in combinations(regions, 2):
        value, p = float(random.normal(0, 0.2)), float(random.uniform())
        rows.append(
            {
                "region": first,
                "region_2": second,
                "group": group,
                "group_2": group_2,
                "metric": "connectivity",
                "unit": "Fisher z",
                "contrast": study.primary_contrast,
                "contrast_label": contrast.label,
                "n_treated": size.counts[0],
                "n_control": size.counts[-1],
                **{
                    f"{when}_{arm}": float(random.normal(0.3, 0.2))
                    for when in ("pre", "post")
                    for arm in ("treated", "control")
                },
                "difference": value,
                "ci_low": value - 0.3,
                "ci_high": value + 0.3,
                "p_permutation": p,
                "p_adjusted": p**0.5,
                "distance": float(random.uniform(10, 130)),
                "n_motion": sum(size.counts),
                "motion_correlation": float(np.clip(random.normal(0.05, 0.2), -1, 1)),
            }
        )
    return EDGES_TABLE.frame(rows)


def prediction_of(size: MadeUp) -> pd.DataFrame:
    """Predict from one claim: described with few participants, tested with 40 or more."""
    n = size.counts[0]
    row = {
        "measure": "Y1",
        "label": "connectivity before therapy predicts who gets better",
        "outcome": "BDI",
        "outcome_label": "Beck Depression Inventory",
        "unit": "points",
        "n": n,
        "descriptive": n < 40,
        "q2_clinical": 0.1,
        "q2_both": 0.16,
        "q2_gain": 0.06,
        "error_clinical": 6.2,
        "error_both": 5.9,
        "error_gain": 0.3,
    }
    tested = {"p_gain": 0.02, "null_q2_gain_high": 0.04, "n_permutations": 499}
    few = {"n": n, "descriptive": True, "flag": f"n = {n}, fewer than 10: nothing is predicted"}
    named = {k: row[k] for k in ("measure", "label", "outcome", "outcome_label", "unit")}
    return PREDICTION_TABLE.frame([named | few if n < 10 else row | (tested if n >= 40 else {})])


def prediction_null_of(size: MadeUp, random: Any) -> pd.DataFrame:
    """Permute where it was tested."""
    rows = [
        {"measure": "Y1", "outcome": "BDI", "permutation": n, "q2_gain": random.normal(-0.05, 0.04)}
        for n in range(1, 500 if size.counts[0] >= 40 else 1)
    ]
    return PREDICTION_NULL_TABLE.frame(rows)
