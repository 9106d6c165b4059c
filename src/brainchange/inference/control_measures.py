"""Negative controls: what a claim is compared with where no claim expects an effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

from brainchange.inference.measures import Measure, Members, Source
from brainchange.metrics.registry import metrics
from brainchange.study.model import Study
from brainchange.study.regions import Region


def control_pairs(
    of_claims: Sequence[Measure],
    study: Study,
    regions: tuple[Region, ...],
    units: Mapping[str, str],
) -> list[Measure]:
    """List what claims about pairs are compared with: edges between regions no claim is about.

    A metric of seeds has none of them; it is compared with edges from a seed to such a region.

    Parameters
    ----------
    of_claims : sequence of Measure
        The claims.
    study : Study
        Names the first task.
    regions : tuple of Region
        The configured regions, in order.
    units : mapping of str to str
        Unit of every metric that was observed.
    """
    sources = dict.fromkeys(
        claim.source
        for claim in of_claims
        if any(second for _, second in claim.members) and not _is_of_networks(claim)
    )
    seeds = {claim.source: _seeds(claim, regions) for claim in of_claims if _is_seeded(claim)}
    controls = [region for region in regions if region.role == "negative_control"]
    groups = dict.fromkeys(region.group for region in controls)
    return [
        Measure(
            name="_".join([metric, *_of_task(task, condition, study), one, other]),
            kind="negative_control",
            label=f"{one}–{other}, {metric}",
            metric=metric,
            unit=units[metric],
            family="exploratory",
            members=_edges(regions, one, other),
            task=task,
            condition=condition,
        )
        for metric, task, condition in sources
        for one, other in (
            product(seeds[metric, task, condition], groups)
            if (metric, task, condition) in seeds
            else combinations(groups, 2)
        )
    ]


def _edges(regions: tuple[Region, ...], one: str, other: str) -> Members:
    """Edges between two groups, the region that is configured first before the other."""
    return tuple(
        (a.region, b.region)
        for a, b in combinations(regions, 2)
        if {a.group, b.group} == {one, other}
    )


def _is_seeded(claim: Measure) -> bool:
    known = metrics().get(claim.metric)
    return bool(known and known.per == "seed" and claim.members)


def _is_of_networks(claim: Measure) -> bool:
    known = metrics().get(claim.metric)
    return bool(known and known.per == "network")


def _seeds(claim: Measure, regions: tuple[Region, ...]) -> list[str]:
    """Find the groups that every pair of a claim has one region of."""
    group = {region.region: region.group for region in regions}
    shared = [{group[first], group[second]} for first, second in claim.members]
    return sorted(set.intersection(*shared))


def control_groups(
    of_claims: Sequence[Measure],
    study: Study,
    regions: tuple[Region, ...],
    units: Mapping[str, str],
    shown: Sequence[Source],
) -> list[Measure]:
    """List what claims about regions are compared with, where it is not shown anyway.

    Parameters
    ----------
    of_claims : sequence of Measure
        The claims.
    study : Study
        Names the first task.
    regions : tuple of Region
        The configured regions, in order.
    units : mapping of str to str
        Unit of every metric that was observed.
    shown : sequence of (str, str, str)
        Sources that are shown for every group of regions.
    """
    of_regions = (claim for claim in of_claims if any(first for first, _ in claim.members))
    sources = dict.fromkeys(
        claim.source for claim in of_regions if not any(second for _, second in claim.members)
    )
    controls = [region for region in regions if region.role == "negative_control"]
    return [
        Measure(
            name="_".join([metric, *_of_task(task, condition, study), group]),
            kind="negative_control",
            label=" ".join(
                [f"{group}, {metric.replace('_', ' ')}", *_of_task(task, condition, study)]
            ),
            metric=metric,
            unit=units[metric],
            family="exploratory",
            members=tuple((region.region, "") for region in controls if region.group == group),
            task=task,
            condition=condition,
        )
        for metric, task, condition in sources
        if (metric, task, condition) not in shown
        for group in dict.fromkeys(region.group for region in controls)
    ]


def _of_task(task: str, condition: str, study: Study) -> list[str]:
    """Tell measures of several tasks apart; those of the first bear no name of it."""
    if condition:
        return [condition]
    return [] if task == study.tasks[0] else [task]
