"""What a reader must know in a minute: what was asked, what was found, how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from brainchange.figures.badges import BADGES
from brainchange.figures.numbers import number, plural
from brainchange.report.findings import Finding
from brainchange.study.claims import Claims
from brainchange.study.model import Study


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
    verdicts: pd.DataFrame,
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
    verdicts : pandas.DataFrame
        ``VERDICTS_TABLE``.
    """
    rows = effects[(effects["kind"] == "claim") & effects["primary"].fillna(value=False)]
    said = verdicts[(verdicts["kind"] == "claim") & verdicts["primary"].fillna(value=False)]
    return Summary(_asked(study, claims, rows), _found(said), _sure(study, rows, found))


def _asked(study: Study, claims: Claims, rows: pd.DataFrame) -> str:
    contrast = study.contrasts[study.primary_contrast]
    counts = ""
    if len(rows):
        treated, control = rows["n_treated"], rows["n_control"]
        counts = f" ({_range(treated)} vs {_range(control)} participants with both timepoints)"
    all_said = len(claims.claims)
    some = f"{len(rows)} of the {plural(all_said, 'statement')}"
    said = plural(len(rows), "statement") if len(rows) == all_said else some
    return (
        f"{said} of “{claims.article}” about the brain, as the "
        f"difference in change, post − pre, {contrast.label}{counts}."
    )


def _found(verdicts: pd.DataFrame) -> str:
    """Say which verdict each statement gets, the strongest first."""
    tested = verdicts[verdicts["estimator"].notna()]
    if tested.empty:
        return "No statement could be tested; the page says why."
    parts = [
        f"{word}: {', '.join(names)}"
        for word in BADGES
        if len(names := tested[tested["verdict"] == word]["measure"])
    ]
    rest = len(verdicts) - len(tested)
    blind = int((verdicts["verdict"] == "NOT TESTABLE WITH MRI").sum())
    said = "; ".join(parts) + "."
    if rest:
        said += f" Nothing is said of {plural(rest, 'other statement')}"
        said += f", {blind} of which no MRI study could test." if blind else "."
    return said


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
