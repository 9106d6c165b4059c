"""Rules of claims about all regions together, and about brain and symptoms together."""

from __future__ import annotations

from math import isfinite, nan

import pandas as pd

from brainchange.inference.multiplicity import holm
from brainchange.inference.told_rules import Asked, Row, Told
from brainchange.inference.verdict_rules import Rule
from brainchange.inference.verdict_text import amount, p_text


def what_regions_tell(asked: Asked) -> Told:
    """Decide whether anything changed in any region.

    Parameters
    ----------
    asked : Asked
        With ``EFFECTS_TABLE``.

    Returns
    -------
    Told
        SUGGESTIVE where a region changes (step-down max |T| over all regions of a metric, Westfall
        & Young 1993, then Holm over metrics), else INCONCLUSIVE; NOT TESTED without a region.
        Head motion was not held equal, so no verdict is stronger.
    """
    table = asked.table[asked.table["contrast"] == asked.contrast]
    smallest = _smallest_of_metrics(table, "region")
    gate = Rule(
        "gate_regions",
        "Could a region be compared between the arms?",
        float(len(smallest)),
        1.0,
        bool(len(smallest)),
        "" if len(smallest) else "no region has enough participants with both values",
    )
    if smallest.empty:
        return Told("NOT TESTED", (gate,))
    best = smallest.loc[smallest["p_all"].idxmin()]
    found = _any_region(best, len(smallest), asked.alpha)
    unheld = "head motion was not held equal in the test of all regions"
    motion = Rule("equal_motion", "Does it hold at equal head motion?", nan, nan, None, unheld)
    rules = (gate, found, _controls_stay(table, asked.alpha), motion)
    cells = {
        "estimator": "regions",
        "n_treated": int(best["n_treated"]),
        "n_control": int(best["n_control"]),
        "p": best["p_max_t"],
        "p_adjusted": best["p_all"],
        "family_size": len(smallest),
        "needed": None,
    }
    return Told("SUGGESTIVE" if found.held else "INCONCLUSIVE", rules, cells)


def _smallest_of_metrics(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Row with the smallest p of every metric, and that p after Holm over metrics."""
    rows = table[(table["kind"] == kind) & table["p_max_t"].notna()]
    smallest = rows.loc[rows.groupby("metric", sort=False)["p_max_t"].idxmin()]
    return smallest.assign(p_all=holm(smallest["p_max_t"]))


def _any_region(best: pd.Series, metrics: int, alpha: float) -> Rule:
    p = float(best["p_all"])
    held = p < alpha
    clearest = (
        f"{best['label']}, difference in change {amount(best['difference'])} "
        f"[{amount(best['ci_low'])}, {amount(best['ci_high'])}] {best['unit']}, "
        f"{p_text(p)} adjusted for all regions and metrics ({metrics})"
    )
    text = (
        f"clearest change: {clearest}"
        if held
        else f"no region stands out (clearest: {clearest}), which does not show that none changed"
    )
    return Rule("primary_test", "Does any region change?", p, alpha, held, text)


def _controls_stay(table: pd.DataFrame, alpha: float) -> Rule:
    asked = "Do regions that therapy should not change stay as they are?"
    controls = _smallest_of_metrics(table, "negative_control")
    if controls.empty:
        return Rule("negative_control", asked, nan, alpha, None, "there are no negative controls")
    p = float(controls["p_all"].min())
    held = p >= alpha
    text = "" if held else f"a negative control changes too ({p_text(p)}): it may be an artefact"
    return Rule("negative_control", asked, p, alpha, held, text)


def what_goes_together(asked: Asked) -> Told:
    """Decide whether brain and symptoms change together.

    Parameters
    ----------
    asked : Asked
        With ``BRAIN_SYMPTOM_TABLE``.

    Returns
    -------
    Told
        SUGGESTIVE where a partial correlation of both changes (all arms, at equal arm) has the sign
        that both directions say and p after Holm over all of them is below the level, else
        INCONCLUSIVE; NOT TESTED below 20 participants. A correlation is no stronger than that.
    """
    table = asked.table[asked.table["scope"] == "all"]
    tested = table[table["p"].notna()]
    n = int(table["n"].max()) if len(table) else 0
    gate = Rule(
        "gate_both_changes",
        "Do enough participants have both changes?",
        float(n),
        20.0,
        bool(len(tested)),
        "" if len(tested) else f"{n} participants have both changes; 20 are needed for a test",
    )
    if tested.empty:
        return Told("NOT TESTED", (gate,))
    tested = tested.assign(p_all=holm(tested["p"]))
    best = tested.loc[tested["p_all"].idxmin()].to_dict()
    found = _correlated(best, _expected_sign(best, asked), len(tested), asked.alpha)
    cause = "a correlation of changes does not say which of them brings about the other"
    rules = (gate, found, Rule("cause", "Is it the cause?", nan, nan, None, cause))
    cells = {
        "estimator": "brain_symptom",
        "difference": best["r"],
        "ci_low": best["ci_low"],
        "ci_high": best["ci_high"],
        "unit": "partial r",
        "p": best["p"],
        "p_adjusted": best["p_all"],
        "p_floor": 1 / (int(best["n_permutations"]) + 1),
        "family_size": len(tested),
        "needed": None,
    }
    return Told("SUGGESTIVE" if found.held else "INCONCLUSIVE", rules, cells)


def _expected_sign(row: Row, asked: Asked) -> int:
    """Sign that both directions say; 0 where one of them says none."""
    sides = {"up": 1, "down": -1}
    brain, scale = (asked.directions.get(str(row[key]), "") for key in ("measure", "outcome"))
    return sides.get(brain, 0) * sides.get(scale, 0)


def _correlated(row: Row, sign: int, tests: int, alpha: float) -> Rule:
    p, r = float(row["p_all"]), float(row["r"])
    other_way = isfinite(r) and r * sign < 0
    text = (
        f"clearest: {row['label']} with {row['outcome_label']}, r = {amount(r)} "
        f"[{amount(row['ci_low'])}, {amount(row['ci_high'])}], n = {int(row['n'])}, "
        f"{p_text(p)} adjusted for {tests} correlations"
    )
    if p >= alpha:
        text += ": that none was found does not show that there is none"
    elif other_way:
        text += ": it runs against what the article says"
    held = p < alpha and not other_way
    return Rule("primary_test", "Do brain and symptoms change together?", p, alpha, held, text)
