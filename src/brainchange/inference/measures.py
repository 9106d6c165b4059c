"""What is measured: each claim, region, quality and outcome as one value per timepoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from brainchange.study.claims import Claim, Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.strict import Direction

Kind = Literal["claim", "outcome", "region", "negative_control", "quality"]
Family = Literal["confirmatory", "secondary", "exploratory", "outcome", "quality"]
Members = tuple[tuple[str, str], ...]

REGION_METRICS = {"falff_z": "fractional ALFF (z)", "alff_z": "ALFF (z)"}
"""Metrics that are shown for every group of regions, and their names."""
QUALITY_METRICS = {
    "mean_framewise_displacement": "mean framewise displacement",
    "kept_volumes": "kept volumes",
}
"""Metrics of the whole run that are compared between arms, and their names."""
TSNR = "tsnr"
WHOLE_RUN: Members = (("", ""),)


@dataclass(frozen=True)
class Measure:
    """One value per participant and timepoint, and what it stands for.

    Attributes
    ----------
    name : str
        Claim, scale, or metric and group (``falff_z_amygdala``).
    kind : str
        claim, outcome, region, negative_control or quality.
    label : str
        Name for figures and text.
    metric : str
        Metric, or the scale of an outcome.
    unit : str
        Unit of its values.
    family : str
        Family of tests in the primary contrast.
    direction : {'up', 'down'} or None
        Direction a claim says, or in which an outcome is better.
    members : tuple of (str, str)
        Regions or edges whose values are averaged; ``("", "")`` for a value of the whole run.
    complete : bool
        Whether all members are needed. Otherwise the mean is over those with a value at every
        timepoint of the participant, so that no change comes from a change of members.
    problem : str
        Why it cannot be computed for anybody; empty where it can.
    """

    name: str
    kind: Kind
    label: str
    metric: str
    unit: str
    family: Family
    direction: Direction | None = None
    members: Members = ()
    complete: bool = True
    problem: str = ""


def declare_measures(
    study: Study, claims: Claims, regions: tuple[Region, ...], units: Mapping[str, str]
) -> tuple[Measure, ...]:
    """List everything that is compared, in the order of tables and figures.

    Parameters
    ----------
    study : Study
        Names the outcomes.
    claims : Claims
        The claims.
    regions : tuple of Region
        The configured regions, in order.
    units : mapping of str to str
        Unit of every metric that was observed.

    Returns
    -------
    tuple of Measure
        Claims, outcomes, groups of regions, negative controls, quality. A claim whose metric was
        not observed is listed with its problem; other measures of such a metric are not listed.
    """
    return (
        *(_claim(claim, regions, units) for claim in claims.claims),
        *_outcomes(study),
        *_groups(regions, units, "region"),
        *_groups(regions, units, "negative_control"),
        *_quality(regions, units),
    )


def _claim(claim: Claim, regions: tuple[Region, ...], units: Mapping[str, str]) -> Measure:
    configured = {region.group for region in regions}
    absent = [group for group in claim.named_groups if group not in configured]
    problem = ""
    if claim.metric not in units:
        problem = f"the metric '{claim.metric}' was not computed"
    elif absent:
        problem = f"no region of the group '{absent[0]}' is configured"
    return Measure(
        name=claim.id,
        kind="claim",
        label=claim.about,
        metric=claim.metric,
        unit=units.get(claim.metric, ""),
        family=claim.family,
        direction=claim.direction,
        members=() if problem else claim.members(regions),
        problem=problem,
    )


def _outcomes(study: Study) -> list[Measure]:
    return [
        Measure(name, "outcome", outcome.label, name, outcome.unit, "outcome", outcome.better)
        for name, outcome in study.outcomes.items()
    ]


def _groups(
    regions: tuple[Region, ...],
    units: Mapping[str, str],
    kind: Literal["region", "negative_control"],
) -> list[Measure]:
    role = "target" if kind == "region" else kind
    groups = dict.fromkeys(region.group for region in regions if region.role == role)
    return [
        Measure(
            name=f"{metric}_{group}",
            kind=kind,
            label=f"{group}, {label}",
            metric=metric,
            unit=units[metric],
            family="exploratory",
            members=tuple((r.region, "") for r in regions if r.group == group and r.role == role),
        )
        for metric, label in REGION_METRICS.items()
        if metric in units
        for group in groups
    ]


def _quality(regions: tuple[Region, ...], units: Mapping[str, str]) -> list[Measure]:
    measures = [
        Measure(metric, "quality", label, metric, units[metric], "quality", members=WHOLE_RUN)
        for metric, label in QUALITY_METRICS.items()
        if metric in units
    ]
    if TSNR in units:
        label = "temporal signal-to-noise ratio, mean over regions"
        members = tuple((region.region, "") for region in regions)
        measures.append(
            Measure(
                TSNR, "quality", label, TSNR, units[TSNR], "quality", None, members, complete=False
            )
        )
    return measures
