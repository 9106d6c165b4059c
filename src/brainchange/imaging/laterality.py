"""Which side a label is on, told from its name, in the ways atlases write it.

``Left-Amygdala``, ``ctx-lh-insula`` (FreeSurfer), ``Left Frontal Pole`` (Harvard-Oxford, Jülich),
``Insula_L`` (AAL), ``7Networks_LH_Vis_1`` (Schaefer), ``aHIP-rh`` (Tian).
"""

from __future__ import annotations

import re
from typing import Literal

Side = Literal["L", "R"]

_OTHER = {"left": "right", "Left": "Right", "L": "R", "lh": "rh", "LH": "RH"}
_OTHER |= {right: left for left, right in _OTHER.items()}
_WORD = re.compile(r"(?<![A-Za-z0-9])(?:[Ll]eft|[Rr]ight|L|R|lh|rh|LH|RH)(?![A-Za-z0-9])")


def side_of(label: str) -> Side | None:
    """Say which side the name of a label tells; None where it tells none, or both."""
    told: set[Side] = {"L" if word[0] in "Ll" else "R" for word in _WORD.findall(label)}
    return told.pop() if len(told) == 1 else None


def other_side(label: str) -> str:
    """Name of the same label on the other side; the name itself where it tells no side."""
    return _WORD.sub(lambda found: _OTHER[found[0]], label)
