"""What a reader must know in a minute: what was asked, what was found, how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from brainchange.figures.badges import BADGES, Badge
from brainchange.figures.numbers import number, plural
from brainchange.inference.verdict_text import Outcome
from brainchange.report.findings import Finding
from brainchange.study.claims import Claims
from brainchange.study.model import Study

LED: Mapping[Outcome, str] = {
    "SUPPORTED": "Found as the article says, and no check explains it away",
    "SUPPORTED (associational)": "Found as the article says, and no check explains it away, but "
    "therapy need not be the cause",
    "SUGGESTIVE": "Points the way the article says, but a check failed or was not made",
    "CONTRADICTED": "The opposite of what the article says was found",
    "NO MEANINGFUL EFFECT": "Too small to matter, if there is anything at all",
    "INCONCLUSIVE": "Cannot be told from these data, neither for nor against",
    "CONSISTENT (no control)": "Changed as the article says, but compared with nobody: time alone "
    "may have done it",
    "NOT CONSISTENT (no control)": "Did not change as the article says; compared with nobody",
}
"""What stands before statements with the same verdict."""


@dataclass(frozen=True)
class Alike:
    """Statements with the same verdict.

    Attributes
    ----------
    badge : Badge
        The verdict.
    words : str
        What it means.
    statements : tuple of (str, str)
        Short name of each, and what it is about.
    """

    badge: Badge
    words: str
    statements: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Summary:
    """Three short answers; what was found by verdict, and what of the rest."""

    asked: str
    found: tuple[Alike, ...]
    rest: str
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
    return Summary(
        _asked(study, claims, rows, said),
        _found(said),
        _rest(said),
        _sure(study, rows, found, said),
    )


def _asked(study: Study, claims: Claims, rows: pd.DataFrame, said: pd.DataFrame) -> str:
    contrast = study.contrasts[study.primary_contrast]
    counts = ""
    if len(rows):
        treated, control = rows["n_treated"], rows["n_control"]
        counts = f" ({_range(treated)} vs {_range(control)} participants with both timepoints)"
    all_said = len(claims.claims)
    asked = len({*rows["measure"], *said.loc[said["estimator"].notna(), "measure"]})
    some = f"{asked} of the {plural(all_said, 'statement')}"
    statements = plural(asked, "statement") if asked == all_said else some
    return (
        f"{statements} of “{claims.article}” about the brain, as the "
        f"difference in change, post − pre, {contrast.label}{counts}."
    )


def _found(verdicts: pd.DataFrame) -> tuple[Alike, ...]:
    """Gather the statements by verdict, the strongest first."""
    tested = verdicts[verdicts["estimator"].notna()]
    groups = {word: tested[tested["verdict"] == word] for word in LED}
    return tuple(
        Alike(BADGES[word], LED[word], tuple(zip(rows["measure"], rows["label"], strict=True)))
        for word, rows in groups.items()
        if len(rows)
    )


def _rest(verdicts: pd.DataFrame) -> str:
    """Count what is not tested."""
    tested = verdicts["estimator"].notna() & verdicts["verdict"].isin(list(LED))
    rest = verdicts[~tested]
    if len(rest) == len(verdicts):
        return "No statement could be tested; the page says why."
    if rest.empty:
        return ""
    blind = int((rest["verdict"] == "NOT TESTABLE WITH MRI").sum())
    said = f"Nothing is said of {plural(len(rest), 'other statement')}"
    return f"{said}, {blind} of which no MRI study could test." if blind else f"{said}."


def _sure(
    study: Study, rows: pd.DataFrame, found: Sequence[Finding], verdicts: pd.DataFrame
) -> str:
    smallest = [float(v) for v in rows["minimum_detectable_effect"] if math.isfinite(v)]
    said = []
    if smallest:
        said.append(
            f"Arms of this size find differences of {number(min(smallest), 1)} SD of change or "
            "more with 80 % power; smaller ones are easily missed."
        )
    if (verdicts["verdict"] == "INCONCLUSIVE").any():
        said.append("INCONCLUSIVE is no evidence that nothing changes.")
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
