"""What a reader must know in a minute: what was asked, what was found, how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from brainchange.figures.numbers import number, plural
from brainchange.report.findings import Finding
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.settings import Inference


@dataclass(frozen=True)
class Summary:
    """Three short answers."""

    asked: str
    found: str
    sure: str


def summary(
    study: Study,
    claims: Claims,
    effects: pd.DataFrame,
    found: Sequence[Finding],
    rules: Inference,
) -> Summary:
    """Answer the three questions.

    Parameters
    ----------
    study : Study
        Design.
    claims : Claims
        The article.
    effects : pandas.DataFrame
        Columns of ``EFFECTS_TABLE``.
    found : sequence of Finding
        The claims in the primary contrast.
    rules : Inference
        Level of the tests.
    """
    rows = effects[(effects["kind"] == "claim") & effects["primary"].fillna(value=False)]
    return Summary(_asked(study, claims, rows), _found(rows, rules), _sure(study, rows, found))


def _asked(study: Study, claims: Claims, rows: pd.DataFrame) -> str:
    contrast = study.contrasts[study.primary_contrast]
    counts = ""
    if len(rows):
        treated, control = rows["n_treated"], rows["n_control"]
        counts = f" ({_range(treated)} vs {_range(control)} participants with both timepoints)"
    return (
        f"{plural(len(rows), 'statement')} of “{claims.article}” about the brain, as the "
        f"difference in change, post − pre, {contrast.label}{counts}."
    )


def _found(rows: pd.DataFrame, rules: Inference) -> str:
    known = rows[rows["ci_low"].notna()]
    if known.empty:
        return "No statement could be tested; the table says why."
    beyond = known[(known["ci_low"] > 0) | (known["ci_high"] < 0)]
    within = known.drop(index=beyond.index)
    up = beyond["difference"] > 0
    agrees = up == (beyond["direction"] == "up")
    parts = []
    for part, words in (
        (beyond[agrees], "the 95 % interval lies wholly on the side the article says"),
        (beyond[~agrees], "the 95 % interval lies wholly on the side opposite to the article"),
        (within, "the 95 % interval includes zero, so these data cannot tell"),
    ):
        if len(part):
            names = ", ".join(part["measure"])
            count = "all" if len(part) == len(rows) > 1 else f"{len(part)} of"
            parts.append(f"for {count} {len(rows)} ({names}) {words}")
    missing = len(rows) - len(known)
    if missing:
        names = ", ".join(rows[rows["ci_low"].isna()]["measure"])
        parts.append(f"{missing} ({names}) could not be tested")
    said = "; ".join(parts) + "."
    return said[0].upper() + said[1:] + _adjusted(rows, rules)


def _adjusted(rows: pd.DataFrame, rules: Inference) -> str:
    """Say for which claims p stays below the level when it is adjusted for their number."""
    tested = rows[rows["p_adjusted"].notna()]
    if tested.empty:
        return ""
    below = ", ".join(tested[tested["p_adjusted"] < rules.alpha]["measure"])
    tests = plural(len(tested), "test")
    return f" Adjusted for {tests}, p is below {rules.alpha:g} for {below or 'none'}."


def _sure(study: Study, rows: pd.DataFrame, found: Sequence[Finding]) -> str:
    smallest = [float(v) for v in rows["minimum_detectable_effect"] if math.isfinite(v)]
    said = []
    if smallest:
        said.append(
            f"Arms of this size find differences of {number(min(smallest), 1)} SD of change or "
            "more with 80 % power; smaller ones are easily missed."
        )
    flagged = [finding.measure for finding in found if finding.flag and finding.estimated]
    if flagged:
        said.append(f"Read with caution: {', '.join(flagged)} (see the notes in the table).")
    said.append(
        "Participants were randomised."
        if study.allocation.randomised
        else "Participants were not randomised: every difference is an association, and cannot "
        "show that therapy caused it."
    )
    if study.simulated:
        said.append("The data are simulated and say nothing about therapy.")
    return " ".join(said)


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low}–{high}"
