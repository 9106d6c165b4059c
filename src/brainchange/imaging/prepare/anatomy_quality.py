"""How well the preparation of a T1w image went, and when it is of no use."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from brainchange.study.decisions import Decision
from brainchange.study.settings import AnatomyPreparation

KEY = "preparation.anatomy"


@dataclass(frozen=True)
class AnatomyQuality:
    """Numbers of one prepared T1w image.

    Attributes
    ----------
    similarity : float
        Correlation of the warped T1w image with the template within the brain; NaN if undefined.
    mask_overlap : float
        Dice coefficient of the brain mask and that of the warped template.
    brain : float
        Volume of the brain mask, in ml.
    grey, white, fluid : float
        Volume of each tissue, in ml: sum of its probability.
    """

    similarity: float
    mask_overlap: float
    brain: float
    grey: float
    white: float
    fluid: float

    @property
    def intracranial_volume(self) -> float:
        """Volume inside the skull, in mm3: brain mask with fluid, as all masks of this kind."""
        return 1000 * self.brain


@dataclass(frozen=True)
class Scan:
    """Whose T1w image it is.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    session : str or None
        ``ses-pre``; None in a dataset without sessions.
    """

    participant: str
    session: str | None


def failures(quality: AnatomyQuality, scan: Scan, settings: AnatomyPreparation) -> list[Decision]:
    """Say why a prepared T1w image is of no use.

    Returns
    -------
    list of dict
        A row of ``DECISIONS_TABLE`` for each threshold it fails; none for a good image.
    """
    return [
        about_t1w(
            scan, "excluded", reason, value=_known(value), threshold=threshold, unit=unit,
            config_key=f"{KEY}.{key}",
        )
        for reason, value, threshold, unit, key in _failed(quality, settings)
    ]  # fmt: skip


def _failed(
    quality: AnatomyQuality, settings: AnatomyPreparation
) -> Iterator[tuple[str, float, float, str | None, str]]:
    # Written so that a value that is not a number fails.
    if not quality.similarity >= settings.smallest_similarity:
        reason = "the T1w image does not look like the template it was registered to"
        yield reason, quality.similarity, settings.smallest_similarity, None, "smallest_similarity"
    if not quality.mask_overlap >= settings.smallest_mask_overlap:
        reason = "the brain found in the T1w image and that of the warped template do not agree"
        threshold = settings.smallest_mask_overlap
        yield reason, quality.mask_overlap, threshold, None, "smallest_mask_overlap"
    if not quality.brain >= settings.smallest_brain:
        reason = "the brain found in the T1w image is too small to be one"
        yield reason, quality.brain, settings.smallest_brain, "ml", "smallest_brain"
    if not quality.brain <= settings.largest_brain:
        reason = "the brain found in the T1w image is too large to be one"
        yield reason, quality.brain, settings.largest_brain, "ml", "largest_brain"


def about_t1w(scan: Scan, action: str, reason: str, **more: object) -> Decision:
    """Make a row of ``DECISIONS_TABLE`` about a T1w image."""
    return {
        "scope": "participant",
        "participant_id": scan.participant,
        "session_id": scan.session,
        "name": "T1w",
        "action": action,
        "reason": reason,
        **more,
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
