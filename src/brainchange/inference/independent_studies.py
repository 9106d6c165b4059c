"""Which studies may be taken together: participants are never counted twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brainchange.sources.overlap import Shared


def dependent_studies(sizes: Mapping[str, int], shared: Sequence[Shared]) -> dict[str, str]:
    """Choose which of the studies that share participants do not count.

    Parameters
    ----------
    sizes : mapping of str to int
        Studies and how many participants they have in the comparison.
    shared : sequence of Shared
        Participants in two studies.

    Returns
    -------
    dict of str to str
        Study that does not count → why. Largest studies are kept first, ties by name; a study that
        shares a participant with one that is kept is dropped whole, because an arm without some of
        its participants would be another comparison.
    """
    pairs: dict[frozenset[str], set[str]] = {}
    for one in shared:
        pairs.setdefault(frozenset((one.study, one.other_study)), set()).add(one.participant)
    kept: list[str] = []
    dropped: dict[str, str] = {}
    for study in sorted(sizes, key=lambda name: (-sizes[name], name)):
        twins = [name for name in kept if frozenset((study, name)) in pairs]
        if twins:
            told = ", ".join(f"{len(pairs[frozenset((study, n))])} with {n}" for n in twins)
            dropped[study] = f"shares participants ({told}), which has more and counts instead"
        else:
            kept.append(study)
    return dropped
