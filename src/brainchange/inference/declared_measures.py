"""What is measured: each claim, region, quality and outcome as one value per timepoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from brainchange.inference.control_measures import control_groups, control_pairs
from brainchange.inference.measures import Measure, Members, Source
from brainchange.metrics.given_names import KnownMetric, known_metrics
from brainchange.metrics.registry import anatomy_metrics, metrics
from brainchange.study.claims import Claim, nothing_of
from brainchange.study.model import Study
from brainchange.study.regions import Region, network_edges
from brainchange.study.strict import Direction
from brainchange.study.tasks import ANATOMY

REGION_METRICS = {"falff_z": "fractional ALFF (z)", "alff_z": "ALFF (z)"}
"""Metrics that are shown for every group of regions, and their names."""
ACTIVATION = "activation"
"""Metric that is shown for every task contrast and group of regions."""
VOLUMES = {"volume": "volume", "volume_change": "volume change"}
"""Metrics of anatomy that are shown for every group of regions, and their names."""
QUALITY_METRICS = {
    "mean_framewise_displacement": "mean framewise displacement",
    "kept_volumes": "kept volumes",
}
"""Metrics of the whole run that are compared between arms, and their names."""
SIGNED: dict[str, Direction] = {"up": "up", "down": "down"}
"""Directions that have a sign; a claim of another kind is compared with none."""
TSNR = ("tsnr", "temporal signal-to-noise ratio, mean over regions")
WHOLE_RUN: Members = (("", ""),)


def declare_measures(
    study: Study, claims: Sequence[Claim], regions: tuple[Region, ...], units: Mapping[str, str]
) -> tuple[Measure, ...]:
    """List everything that is compared, in the order of tables and figures.

    Parameters
    ----------
    study : Study
        Names the outcomes.
    claims : sequence of Claim
        The claims the study can tell (``brainchange.study.testability``).
    regions : tuple of Region
        The configured regions, in order.
    units : mapping of str to str
        Unit of every metric that was observed.

    Returns
    -------
    tuple of Measure
        Claims, outcomes, groups of regions, networks, negative controls (of everything a claim is
        about), quality. A claim whose metric was not observed is listed with its problem; other
        measures of such a metric are not listed.
    """
    of_claims = [_claim(claim, study, regions, units) for claim in claims if claim.metric]
    tasks = dict.fromkeys([study.tasks[0], *(measure.task for measure in of_claims)])
    tasks.pop(ANATOMY, None)
    shown = [source for _, _, source in _shown(study, units)]
    return (
        *of_claims,
        *_outcomes(study),
        *_groups(study, regions, units, "region"),
        *_networks(of_claims, regions, units, study.tasks[0], "network"),
        *_groups(study, regions, units, "negative_control"),
        *_networks(of_claims, regions, units, study.tasks[0], "negative_control"),
        *control_pairs(of_claims, study, regions, units),
        *control_groups(of_claims, study, regions, units, shown),
        *(measure for task in tasks for measure in _quality(task, study, regions, units)),
    )


def _claim(
    claim: Claim, study: Study, regions: tuple[Region, ...], units: Mapping[str, str]
) -> Measure:
    configured = {region.group for region in regions}
    configured |= {network for region in regions for network in region.networks}
    named = (*claim.named_groups, *claim.named_networks)
    absent = [name for name in named if name not in configured]
    metric, problem = claim.metric or "", ""
    if metric not in units:
        problem = f"the metric '{metric}' was not computed"
    elif absent:
        problem = nothing_of(absent[0], claim)
    condition = study.task_contrast_of(claim.id)
    task = study.task_of(claim.requires.images)
    if condition:
        task = study.task_contrasts[condition].task
    if metric in anatomy_metrics():
        task = ANATOMY
    return Measure(
        name=claim.id,
        kind="claim",
        label=claim.about,
        metric=metric,
        unit=units.get(metric, ""),
        family=claim.family,
        direction=SIGNED.get(claim.direction),
        members=() if problem else claim.members(regions),
        problem=problem,
        task=task or study.tasks[0],
        condition=condition or "",
        subtracted=() if problem else claim.subtracted(),
        of_regions=_of_networks(regions, *claim.named_networks),
    )


def _of_networks(regions: tuple[Region, ...], *networks: str) -> tuple[str, ...]:
    return tuple(r.region for r in regions if set(networks).intersection(r.networks))


def _networks(
    of_claims: Sequence[Measure],
    regions: tuple[Region, ...],
    units: Mapping[str, str],
    task: str,
    kind: Literal["network", "negative_control"],
) -> list[Measure]:
    """List the mean within every network, and each pair of networks that a claim is about.

    A network all of whose regions are negative controls is one itself.
    """
    every = dict.fromkeys(name for region in regions for name in region.networks)
    aside = {
        name
        for name in every
        if all(r.role == "negative_control" for r in regions if name in r.networks)
    }
    made = {metric.name: metric for metric in metrics().values() if metric.level == "network"}
    wanted = [(name, name) for name in sorted(every)]
    claimed = [pair for one in of_claims if one.metric in made for pair in one.every]
    return [
        Measure(
            name="_".join([metric.name, *dict.fromkeys(pair)]),
            kind=kind,
            label=f"{_pair_name(pair)}, {metric.label.lower()}",
            metric=metric.name,
            unit=units[metric.name],
            family="exploratory",
            members=(pair,),
            task=task,
            of_regions=_of_networks(regions, *pair),
        )
        for metric in made.values()
        if metric.name in units
        for pair in dict.fromkeys((*wanted, *claimed))
        if network_edges(regions, *pair)
        if (set(pair) <= aside) == (kind == "negative_control")
    ]


def _pair_name(pair: tuple[str, str]) -> str:
    return f"within {pair[0]}" if pair[0] == pair[1] else "–".join(pair)


def _outcomes(study: Study) -> list[Measure]:
    return [
        Measure(name, "outcome", outcome.label, name, outcome.unit, "outcome", outcome.better)
        for name, outcome in study.outcomes.items()
    ]


def _groups(
    study: Study,
    regions: tuple[Region, ...],
    units: Mapping[str, str],
    kind: Literal["region", "negative_control"],
) -> list[Measure]:
    role = "target" if kind == "region" else kind
    groups = dict.fromkeys(region.group for region in regions if region.role == role)
    return [
        Measure(
            name=f"{name}_{group}",
            kind=kind,
            label=f"{group}, {label}",
            metric=metric,
            unit=units[metric],
            family="exploratory",
            members=tuple((r.region, "") for r in regions if r.group == group and r.role == role),
            task=task,
            condition=condition,
        )
        for name, label, (metric, task, condition) in _shown(study, units)
        if metric in units
        for group in groups
    ]


def _shown(study: Study, units: Mapping[str, str]) -> list[tuple[str, str, Source]]:
    """Name, label and source of what is shown for every group of regions."""
    named = REGION_METRICS
    if study.observations is not None:
        named = _given(known_metrics(study.observations), units)
    plain = [(metric, label, (metric, study.tasks[0], "")) for metric, label in named.items()]
    anatomy = [(metric, label, (metric, ANATOMY, "")) for metric, label in VOLUMES.items()]
    activation = [
        (f"{ACTIVATION}_{name}", contrast.label, (ACTIVATION, contrast.task, name))
        for name, contrast in study.task_contrasts.items()
    ]
    return plain + activation + anatomy


def _given(known: Mapping[str, KnownMetric], units: Mapping[str, str]) -> dict[str, str]:
    """Name the metrics of regions that a table holds, but for those of anatomy and of quality."""
    aside = {TSNR[0], *anatomy_metrics()}
    of_regions = [n for n in units if n in known and known[n].per == "region" and n not in aside]
    return {name: REGION_METRICS.get(name, known[name].label) for name in of_regions}


def _quality(
    task: str, study: Study, regions: tuple[Region, ...], units: Mapping[str, str]
) -> list[Measure]:
    """Measure the quality of the runs of a task; those of the first task bear no name of it."""
    first = task == study.tasks[0]
    of_regions = tuple((region.region, "") for region in regions)
    wanted = [(metric, label, WHOLE_RUN, True) for metric, label in QUALITY_METRICS.items()]
    wanted.append((*TSNR, of_regions, False))
    return [
        Measure(
            name=metric if first else f"{metric}_{task}",
            kind="quality",
            label=label if first else f"{label}, task {task}",
            metric=metric,
            unit=units[metric],
            family="quality",
            members=members,
            complete=complete,
            task=task,
        )
        for metric, label, members, complete in wanted
        if metric in units
    ]
