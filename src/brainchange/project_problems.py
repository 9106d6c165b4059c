"""What is wrong between files of the configuration: names that one has and another lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from brainchange.errors import Problem, did_you_mean
from brainchange.metrics.registry import contrasted_metrics, metrics
from brainchange.project_folder import CLAIMS, CONFIG, REGIONS, study_file
from brainchange.study.claims import Claim, Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Regressors, Scrubbing, Settings


def settings_problems(settings: Settings) -> list[Problem]:
    """Tell of settings that name no metric, name one twice, or contradict each other."""
    known = metrics()
    problems = [
        Problem(f"there is no metric '{name}'", f"{CONFIG}: {key}", fix=did_you_mean(name, known))
        for key, names in (
            ("metrics", settings.metrics),
            ("alternatives.metrics", settings.alternatives.metrics),
        )
        for name in names
        if name not in known
    ]
    twice = sorted({name for name in settings.metrics if settings.metrics.count(name) > 1})
    problems += [
        Problem(f"metric '{name}' is given twice", f"{CONFIG}: metrics", fix="keep one of them")
        for name in twice
    ]
    problems += _alternative_problems(settings)
    if settings.frequency.low >= settings.frequency.high:
        problems.append(Problem("low is not below high", f"{CONFIG}: frequency", fix="swap them"))
    return problems


def network_problems(settings: Settings, regions: tuple[Region, ...]) -> Iterator[Problem]:
    """Tell of networks of groups that do not exist, and of names that mean something else."""
    groups = dict.fromkeys(region.group for region in regions)
    names = {*groups, *(region.region for region in regions)}
    for network, members in settings.networks.items():
        place = f"{CONFIG}: networks.{network}"
        if network in names:
            yield Problem(f"'{network}' is also a region or group", place, fix="rename the network")
        for group in dict.fromkeys(members):
            if group not in groups:
                yield Problem(
                    f"no region belongs to the group '{group}'",
                    place,
                    f"it is mistyped, or its regions are not in {REGIONS}",
                    did_you_mean(group, groups),
                )
    known = metrics()
    for name in settings.metrics:
        of = known[name].of if name in known else ""
        if of and of not in settings.metrics:
            yield Problem(
                f"the metric '{name}' is made from '{of}', which is not computed",
                f"{CONFIG}: metrics",
                fix=f"add {of}, or leave {name} out",
            )


def seed_problems(settings: Settings, regions: tuple[Region, ...]) -> Iterator[Problem]:
    """Tell of seeds that no region belongs to."""
    groups = dict.fromkeys(region.group for region in regions)
    if settings.task.seeds not in groups:
        yield Problem(
            f"no region belongs to the group '{settings.task.seeds}'",
            f"{CONFIG}: task.seeds",
            fix=did_you_mean(settings.task.seeds, groups),
        )


def _alternative_problems(settings: Settings) -> Iterator[Problem]:
    """Tell of an alternative that has the name of the primary choice and is another."""
    pairs: tuple[tuple[str, Regressors | Scrubbing, Sequence[Regressors | Scrubbing]], ...] = (
        ("denoising", settings.denoising, settings.alternatives.denoising),
        ("censoring", settings.censoring, settings.alternatives.censoring),
    )
    for key, primary, others in pairs:
        for other in others:
            told = other.model_dump()
            if other.name == primary.name and told != primary.model_dump(include=set(told)):
                yield Problem(
                    f"'{other.name}' is also the name of the primary {key}, which differs from it",
                    f"{CONFIG}: alternatives.{key}",
                    fix="rename one of them",
                )


def claim_problems(
    claims: Claims, regions: tuple[Region, ...], settings: Settings
) -> list[Problem]:
    """Tell of claims that name a metric, network or group there is none of."""
    groups = {region.group for region in regions}
    networks = tuple(settings.networks)
    return [p for claim in claims.claims for p in _problems_of_claim(claim, groups, networks)]


def _problems_of_claim(
    claim: Claim, groups: Collection[str], networks: Collection[str]
) -> Iterator[Problem]:
    """Tell names that do not exist; what is merely not computed is told for each study."""
    place = f"{CLAIMS}: claim {claim.id}"
    declared = {name: metric for metric in metrics().values() for name in metric.produced}
    metric = declared.get(claim.metric or "")
    if claim.metric and metric is None:
        hint = did_you_mean(claim.metric, declared)
        yield Problem(f"there is no metric '{claim.metric}'", place, "a typing error", hint)
    elif metric and metric.per not in _fitting(claim):
        yield Problem(
            f"the metric '{claim.metric}' has one value a {metric.per}",
            place,
            fix="use 'pairs' for a metric of pairs, 'groups' for a metric of regions, 'networks' "
            "for a metric of networks",
        )
    predictors = claim.predictors
    if predictors and (of := declared.get(predictors.metric)) is None:
        hint = did_you_mean(predictors.metric, declared)
        yield Problem(f"there is no metric '{predictors.metric}'", place, "a typing error", hint)
    elif predictors and of and of.per != "pair":
        yield Problem(f"the metric '{predictors.metric}' is none of pairs", place)
    for network in (*claim.named_networks, *(predictors.networks if predictors else ())):
        if network not in networks:
            yield Problem(
                f"there is no network '{network}'",
                place,
                f"it is mistyped, or not among the networks of {CONFIG}",
                did_you_mean(network, networks),
            )
    for group in (*claim.named_groups, *(predictors.groups if predictors else ())):
        if group not in groups:
            yield Problem(
                f"no region belongs to the group '{group}'",
                place,
                f"it is mistyped, or its regions are not in {REGIONS}",
                did_you_mean(group, groups),
            )


def _fitting(claim: Claim) -> tuple[str, ...]:
    """Say what a metric must have one value of, for what the claim names."""
    if claim.pairs:
        return "pair", "seed"
    return ("network",) if claim.networks else ("region",)


def task_claim_problems(study: Study, claims: Claims) -> Iterator[Problem]:
    """Tell of claims that task contrasts name and that cannot be tested with them."""
    known = {claim.id: claim for claim in claims.claims}
    for name, contrast in study.task_contrasts.items():
        place = f"{study_file(study.id)}: task_contrasts.{name}.claims"
        for claim in contrast.claims:
            if claim not in known:
                yield Problem(f"there is no claim '{claim}'", place, fix=did_you_mean(claim, known))
            elif known[claim].metric and known[claim].metric not in contrasted_metrics():
                yield Problem(
                    f"claim '{claim}' is about the metric '{known[claim].metric}', which belongs "
                    "to no contrast of conditions",
                    place,
                    fix=f"name claims about {', '.join(sorted(contrasted_metrics()))}",
                )
