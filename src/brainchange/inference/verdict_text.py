"""Numbers in the words of a verdict."""

from __future__ import annotations

from brainchange.inference.verdict_evidence import Evidence

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
    """Write a number with four significant digits and a true minus sign."""
    return f"{value:.4g}".replace("-", "−")


def quantity(evidence: Evidence, value: float) -> str:
    """Write a number with the unit of the measure."""
    return f"{amount(value)} {evidence.unit}".strip()


def p_text(p: float) -> str:
    """Write a p value: three decimals, ``< .001`` below."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


def level_text(alpha: float) -> str:
    """Write a level as p values are written: ``.05``."""
    return f"{alpha:g}".replace("0.", ".")
