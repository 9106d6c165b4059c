"""Volumes that FreeSurfer measured: which ``aseg.stats`` belongs to which timepoint."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Stream = Literal["longitudinal", "cross-sectional"]
Timepoints = Sequence[tuple[str, Sequence[str]]]

STATS = "stats/aseg.stats"
_SET = re.compile(
    r"(?P<participant>sub-[A-Za-z0-9+]+)(?:_ses-(?P<session>[A-Za-z0-9+]+))?(?P<long>\.long\..+)?"
)
ONE_SET = (
    "FreeSurfer made one set of volumes of the participant, which serves all sessions: no change "
    "of volume can be measured from it"
)


@dataclass(frozen=True)
class FreesurferVolumes:
    """Tables of volumes of one participant.

    Attributes
    ----------
    participant : str
        ``sub-01``.
    stats : tuple of (str, str)
        Timepoints and the paths of their ``aseg.stats`` in the study folder; none where change
        cannot be measured.
    stream : {'longitudinal', 'cross-sectional'}
        Whether the sessions of the participant were segmented together (Reuter et al. 2012) or each
        by itself.
    reason : str
        Why change cannot be measured; empty where it can.
    """

    participant: str
    stats: tuple[tuple[str, str], ...] = ()
    stream: Stream = "longitudinal"
    reason: str = ""

    @property
    def caution(self) -> str:
        """What weakens every volume; empty where nothing does."""
        if self.stream == "longitudinal" or not self.stats:
            return ""
        return "FreeSurfer segmented each session by itself: its errors are part of the change"


def freesurfer_volumes(
    paths: Collection[str], folder: str, timepoints: Timepoints
) -> Mapping[str, FreesurferVolumes]:
    """Find the tables of volumes of every participant.

    FreeSurfer's folders are called ``sub-01_ses-pre.long.sub-01`` (longitudinal stream),
    ``sub-01_ses-pre`` (a session by itself) or ``sub-01`` (all images together). Those of the
    longitudinal stream are taken where they are there for every timepoint that any is there for;
    the two streams are never mixed, as they differ in bias.

    Parameters
    ----------
    paths : collection of str
        Files of the study, in the study folder.
    folder : str
        FreeSurfer's folder of subjects in the study folder.
    timepoints : sequence of (str, sequence of str)
        Session labels of each timepoint, in order.

    Returns
    -------
    dict of str to FreesurferVolumes
        By participant, sorted; a participant without any table is not there.
    """
    found: dict[str, dict[tuple[str, bool], str]] = defaultdict(dict)
    start, end = f"{folder}/", f"/{STATS}"
    for path in sorted(paths):
        if path.startswith(start) and path.endswith(end):
            name = _SET.fullmatch(path[len(start) : -len(end)])
            if name:
                key = (name["session"] or "", bool(name["long"]))
                found[name["participant"]].setdefault(key, path)
    return {one: _of_participant(one, sets, timepoints) for one, sets in sorted(found.items())}


def _of_participant(
    participant: str, sets: Mapping[tuple[str, bool], str], timepoints: Timepoints
) -> FreesurferVolumes:
    together, alone = (_at_timepoints(sets, timepoints, long=long) for long in (True, False))
    if len(together) > 1 and len(together) >= len(alone):
        return FreesurferVolumes(participant, together, "longitudinal")
    if len(alone) > 1:
        return FreesurferVolumes(participant, alone, "cross-sectional")
    if ("", False) in sets and not (together or alone):
        return FreesurferVolumes(participant, reason=ONE_SET)
    told = " and ".join(timepoint for timepoint, _ in together or alone)
    reason = f"FreeSurfer has volumes at {told or 'no timepoint of the study'} only"
    return FreesurferVolumes(participant, reason=reason)


def _at_timepoints(
    sets: Mapping[tuple[str, bool], str], timepoints: Timepoints, *, long: bool
) -> tuple[tuple[str, str], ...]:
    """Take the first session of each timepoint that has a table."""
    return tuple(
        (timepoint, next(sets[label, long] for label in labels if (label, long) in sets))
        for timepoint, labels in timepoints
        if any(label and (label, long) in sets for label in labels)
    )
