"""How a verdict looks: a word, a sign and colours, so that no one of them is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brainchange.figures import theme
from brainchange.inference.verdict_text import Outcome


@dataclass(frozen=True)
class Badge:
    """A verdict as a page or a figure shows it.

    Attributes
    ----------
    word, sign, tone : str
        The verdict, a sign before it, and the name of its colours in the style sheet of the page.
    """

    word: str
    sign: str
    tone: str

    @property
    def colour(self) -> str:
        """Colour of word, sign and border in a figure."""
        return theme.TONES[self.tone.split()[0]][0]

    @property
    def wash(self) -> str:
        """Colour behind the word in a figure; none where the badge is open."""
        return "none" if "open" in self.tone else theme.TONES[self.tone][1]


BADGES: Mapping[Outcome, Badge] = {
    badge.word: badge  # type: ignore[misc]
    for badge in (
        Badge("SUPPORTED", "✓", "good"),
        Badge("SUPPORTED (associational)", "✓", "good open"),
        Badge("SUGGESTIVE", "◐", "maybe"),
        Badge("CONTRADICTED", "✗", "bad"),
        Badge("NO MEANINGFUL EFFECT", "=", "none"),
        Badge("INCONCLUSIVE", "?", "unknown"),
        Badge("CONSISTENT (no control)", "◔", "maybe open"),
        Badge("NOT CONSISTENT (no control)", "✗", "bad open"),
        Badge("NOT TESTED", "–", "unknown open"),
        Badge("NOT TESTABLE WITH MRI", "⊘", "unknown open"),
    )
}
"""How every verdict looks."""
