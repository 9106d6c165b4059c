"""Numbers in the words of a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from brainchange.inference.verdict_evidence import Evidence

Outcome = Literal[
    "SUPPORTED",
    "SUPPORTED (associational)",
    "SUGGESTIVE",
    "CONTRADICTED",
    "NO MEANINGFUL EFFECT",
    "INCONCLUSIVE",
    "CONSISTENT (no control)",
    "NOT CONSISTENT (no control)",
    "NOT TESTED",
    "NOT TESTABLE WITH MRI",
]

NAMES = {
    "change_score": "change score",
    "mixed_model": "mixed model",
    "ancova": "ANCOVA",
    "constrained_baseline": "constrained baseline",
}
"""What estimators are called in text."""
LEADS = {"change_score": "", "ancova": " of the difference at equal values before"}
"""What the leading estimate adds to the name of the test."""


def amount(value: float) -> str:
    """Write a number with three significant digits, or as a whole one, and with a true minus."""
    text = f"{value:.0f}" if 1000 <= abs(value) < math.inf else f"{value:.3g}"
    return text.replace("-", "−")


def quantity(evidence: Evidence, value: float) -> str:
    """Write a number with the unit of the measure."""
    return f"{amount(value)} {evidence.unit}".strip()


def p_text(p: float) -> str:
    """Write a p value as figures do: ``p = 0.031``, ``p = 0.17``, ``p < 0.001``."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def level_text(alpha: float) -> str:
    """Write a level as p values are written: ``0.05``."""
    return f"{alpha:g}"


MEANINGS: Mapping[Outcome, str] = {
    "SUPPORTED": "What the article says was found here, and no check explains it away.",
    "SUPPORTED (associational)": "What the article says was found here, and no check explains it "
    "away; but people were not assigned by chance, so therapy need not be the cause.",
    "SUGGESTIVE": "The data point the way the article says, but a check failed or was not made.",
    "CONTRADICTED": "The data show the opposite of what the article says.",
    "NO MEANINGFUL EFFECT": "If there is a difference, it is too small to matter.",
    "INCONCLUSIVE": "These data cannot tell: a difference that matters and none at all both fit.",
    "CONSISTENT (no control)": "People changed as the article says, but they were compared with "
    "nobody: time alone may have done it.",
    "NOT CONSISTENT (no control)": "People did not change as the article says; they were compared "
    "with nobody.",
    "NOT TESTED": "This study could not test it.",
    "NOT TESTABLE WITH MRI": "No study with MRI can test it.",
}
"""What every verdict means, for somebody who is no statistician."""
OF_SCALES = (
    ("What the article says", "An improvement beyond that without therapy"),
    ("the way the article says", "toward improvement"),
    ("the opposite of what the article says", "the opposite of an improvement"),
    ("People changed as the article says", "People got better"),
    ("People did not change as the article says", "People did not get better"),
)
"""What the same words are for a scale, about which the article says nothing."""


def meaning(verdict: Outcome, kind: str) -> str:
    """Say what a verdict means, for somebody who is no statistician.

    Parameters
    ----------
    verdict : str
        The verdict.
    kind : {'claim', 'outcome'}
        A claim of the article, or a scale of the study.
    """
    text = MEANINGS[verdict]
    for words, others in OF_SCALES if kind == "outcome" else ():
        text = text.replace(words, others)
    return text
