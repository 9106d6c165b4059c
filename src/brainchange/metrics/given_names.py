"""Names in a table of values: the metrics and regions that it may name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from brainchange.errors import Problem, did_you_mean
from brainchange.metrics.registry import metrics
from brainchange.study.given import Given
from brainchange.study.regions import Region

Place = tuple[str, str]


@dataclass(frozen=True)
class KnownMetric:
    """What must be known of a metric to read its values.

    Attributes
    ----------
    label, unit : str
        Name for people, and the unit of its values.
    per : str
        What one value belongs to: region, pair, seed or run.
    smallest, largest : float
        Range of possible values.
    """

    label: str
    unit: str
    per: str
    smallest: float = -math.inf
    largest: float = math.inf


def known_metrics(given: Given) -> dict[str, KnownMetric]:
    """List the metrics a table may hold: those of the registry, and those the study declares.

    Parameters
    ----------
    given : Given
        The table.

    Returns
    -------
    dict of str to KnownMetric
        By name; a range belongs to a metric itself, not to its values relative to the brain.
    """
    known = {
        name: KnownMetric(
            metric.label,
            metric.unit_of(name),
            metric.per,
            *((metric.smallest, metric.largest) if name == metric.name else ()),
        )
        for metric in metrics().values()
        for name in metric.produced
    }
    own = {
        name: KnownMetric(metric.label, metric.unit, metric.per)
        for name, metric in given.metrics.items()
    }
    return known | own


def given_problems(given: Given, regions: tuple[Region, ...], where: str) -> list[Problem]:
    """Tell what the study file names that does not exist, before the table is read.

    Parameters
    ----------
    given : Given
        What the study file says of the table.
    regions : tuple of Region
        The configured regions.
    where : str
        The study file, for messages.
    """
    known, problems = known_metrics(given), []
    for name in given.metrics:
        if any(name in metric.produced for metric in metrics().values()):
            what = f"the metric '{name}' is known already"
            problems.append(Problem(what, f"{where}: observations.metrics", fix="leave it out"))
    for values in given.measures:
        place_of = f"{where}: observations.measures: {values.metric}"
        for place, _ in values.places:
            problem = place_problem(values.metric, place, known, regions)
            if problem is not None:
                problems.append(Problem(problem.what, place_of, problem.cause, problem.fix))
        metric = known.get(values.metric)
        if metric and values.unit and values.unit != metric.unit:
            problems.append(
                Problem(
                    f"the metric '{values.metric}' is in '{metric.unit}', not '{values.unit}'",
                    place_of,
                    fix="convert the values; leave the unit out if it is only written differently",
                )
            )
    return list(dict.fromkeys(problems))


def place_problem(
    metric: str, place: Place, known: Mapping[str, KnownMetric], regions: tuple[Region, ...]
) -> Problem | None:
    """Say what is wrong with a metric and the regions of a value; None where nothing is.

    Parameters
    ----------
    metric : str
        Name of the metric.
    place : tuple of str
        Region and second region; empty where there is none.
    known : mapping of str to KnownMetric
        Metrics that may be named.
    regions : tuple of Region
        The configured regions.
    """
    if metric not in known:
        return Problem(
            f"there is no metric '{metric}'",
            cause="a typing error, or a metric of another program",
            fix=f"{did_you_mean(metric, known)} Declare one of your own in observations.metrics.",
        )
    needed = {"region": 1, "pair": 2, "seed": 2, "run": 0, "network": 2}[known[metric].per]
    if sum(map(bool, place)) != needed:
        names = {0: "no region", 1: "one region", 2: "two regions"}
        return Problem(
            f"a value of the metric '{metric}' belongs to {names[needed]}, this one to "
            f"{names[sum(map(bool, place))]}"
        )
    names_known = [region.region for region in regions] + [region.group for region in regions]
    if known[metric].per == "network":
        names_known = [network for region in regions for network in region.networks]
    for name in filter(None, place):
        if name not in names_known:
            return Problem(
                f"there is no {'network' if known[metric].per == 'network' else 'region'} '{name}'",
                fix=did_you_mean(name, dict.fromkeys(names_known)),
            )
    return None


def places_of(
    one: str, other: str, metric: KnownMetric, regions: tuple[Region, ...]
) -> list[Place]:
    """Turn the regions or groups of a value into the regions it stands for.

    Parameters
    ----------
    one, other : str
        Regions or groups; empty where there is none.
    metric : KnownMetric
        Whose value it is.
    regions : tuple of Region
        The configured regions, in order.

    Returns
    -------
    list of (str, str)
        A value of a group stands for each of its regions; a pair is in the configured order,
        unless its first region is a seed.
    """
    if metric.per == "network":
        return [(min(one, other), max(one, other))]
    order = {region.region: place for place, region in enumerate(regions)}
    members = [_members(name, regions) for name in (one, other)]
    pairs = [pair for pair in product(*members) if pair[0] != pair[1] or not pair[1]]
    if metric.per == "pair":
        pairs = [tuple(sorted(pair, key=order.__getitem__)) for pair in pairs]
    return list(dict.fromkeys((first, second) for first, second in pairs))


def _members(name: str, regions: tuple[Region, ...]) -> list[str]:
    if not name or any(region.region == name for region in regions):
        return [name]
    return [region.region for region in regions if region.group == name]
