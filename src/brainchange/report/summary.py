"""What a reader must know in a minute: what was asked, what was found, how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.badges import BADGES, Badge
from brainchange.figures.numbers import interval, number, places, plural
from brainchange.figures.wording import text_of, with_unit
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
COUNTED: Mapping[Outcome, tuple[str, str]] = {
    "SUPPORTED": ("is supported", "are supported"),
    "SUPPORTED (associational)": (
        "is supported as an association",
        "are supported as associations",
    ),
    "SUGGESTIVE": ("is suggestive", "are suggestive"),
    "CONTRADICTED": ("is contradicted", "are contradicted"),
    "NO MEANINGFUL EFFECT": ("has no effect that matters", "have no effect that matters"),
    "INCONCLUSIVE": ("cannot be told", "cannot be told"),
    "CONSISTENT (no control)": ("fits, without a control", "fit, without a control"),
    "NOT CONSISTENT (no control)": (
        "does not fit, without a control",
        "do not fit, without a control",
    ),
}
"""What is said of one statement with a verdict, and of several."""


@dataclass(frozen=True)
class Alike:
    """Statements with the same verdict.

    Attributes
    ----------
    badge : Badge
        The verdict.
    words : str
        What it means.
    statements : tuple of Said
        Each of them.
    """

    badge: Badge
    words: str
    statements: tuple[Said, ...]


@dataclass(frozen=True)
class Said:
    """One statement on the first screen: short name, what it is about, its leading estimate."""

    name: str
    about: str
    effect: str


@dataclass(frozen=True)
class Counted:
    """How many statements have a verdict."""

    badge: Badge
    count: int


@dataclass(frozen=True)
class Summary:
    """The first screen.

    Attributes
    ----------
    answer : str
        All statements in one sentence, by verdict; and those that were not tested.
    tally : tuple of Counted
        The same in numbers, the strongest verdict first.
    asked, sure : str
        What was asked, and how sure the answers are.
    found : tuple of Alike
        The statements that were tested, by verdict.
    """

    answer: str
    tally: tuple[Counted, ...]
    asked: str
    found: tuple[Alike, ...]
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
        answer=f"{_counted(said)} {_rest(said)}".strip(),
        tally=_tally(said),
        asked=_asked(study, claims, rows, said),
        found=_found(said),
        sure=_sure(study, rows, found, said),
    )


def counted(verdicts: pd.Series) -> str:
    """Count verdicts in words: ``1 is supported and 2 cannot be told``.

    Parameters
    ----------
    verdicts : pandas.Series
        One verdict a statement.
    """
    counts = [(int((verdicts == word).sum()), forms) for word, forms in COUNTED.items()]
    parts = [f"{n} {forms[n > 1]}" for n, forms in counts if n]
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _counted(verdicts: pd.DataFrame) -> str:
    """Say in a sentence how many of the tested statements have which verdict."""
    tested = verdicts.loc[_tested(verdicts), "verdict"]
    if tested.empty:
        return "This study can test none of the statements of the article; the page says why."
    told = counted(tested)
    if len(tested) == 1:
        return f"This study can test 1 statement of the article: it {told.partition(' ')[2]}."
    return f"Of the {len(tested)} statements of the article that this study can test, {told}."


def _tally(verdicts: pd.DataFrame) -> tuple[Counted, ...]:
    counts = verdicts["verdict"].value_counts()
    return tuple(
        Counted(badge, int(counts[word])) for word, badge in BADGES.items() if word in counts.index
    )


def _tested(verdicts: pd.DataFrame) -> pd.Series:
    return verdicts["estimator"].notna() & verdicts["verdict"].isin(list(LED))


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
        Alike(BADGES[word], LED[word], tuple(map(_said, rows.to_dict("records"))))
        for word, rows in groups.items()
        if len(rows)
    )


def _said(row: Mapping[Any, Any]) -> Said:
    effect = ""
    if math.isfinite(row["difference"]):
        digits = places(row["ci_low"], row["ci_high"])
        size = with_unit(row["difference"], digits, text_of(row["unit"]), sign=True)
        effect = f"{size} {interval(row['ci_low'], row['ci_high'], digits)}"
    return Said(text_of(row["measure"]), text_of(row["label"]), effect)


def _rest(verdicts: pd.DataFrame) -> str:
    """Count what is not tested."""
    rest = verdicts[~_tested(verdicts)]
    if rest.empty or len(rest) == len(verdicts):
        return ""
    blind = int((rest["verdict"] == "NOT TESTABLE WITH MRI").sum())
    said = f"Nothing is said of the other {len(rest):,}"
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
        if study.randomised
        else "Participants were not randomised: every difference is an association, and cannot "
        "show that therapy caused it."
    )
    if study.simulated:
        said.append("The data are simulated and say nothing about therapy.")
    return " ".join(said)


def _range(values: pd.Series) -> str:
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low}–{high}"
