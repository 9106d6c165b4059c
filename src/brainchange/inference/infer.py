"""The whole stage: observations and outcomes in, effects out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from brainchange.inference.attrition import (
    Prepared,
    attrition_table,
    observed_timepoints,
    usable_timepoints,
)
from brainchange.inference.brain_symptom import brain_symptom_table
from brainchange.inference.claim_evidence import Checks
from brainchange.inference.durability import durability_table
from brainchange.inference.edges import edges_table
from brainchange.inference.effects import effects_table
from brainchange.inference.multiverse import Multiverse, multiverse
from brainchange.inference.observed import observed_cells
from brainchange.inference.omnibus import omnibus_table, pairs_table
from brainchange.inference.participants import Enrolment, enrol
from brainchange.inference.prepost import (
    PrePost,
    changes_table,
    collect,
    primary_observations,
    primary_specification,
)
from brainchange.inference.quality_changes import TSNR, quality_changes
from brainchange.inference.reliability import reliability_table, retests
from brainchange.inference.responders import responders_table
from brainchange.inference.threats import threat_weakenings, threats_table
from brainchange.inference.told import tell
from brainchange.inference.verdicts import Decided, decide_all
from brainchange.inference.within import within_table
from brainchange.metrics.registry import computed_metrics, contrasted_metrics
from brainchange.study.claims import Claims, ToldBy
from brainchange.study.claims_table import claims_table
from brainchange.study.decisions import DECISIONS_TABLE, Decision
from brainchange.study.model import Study
from brainchange.study.regions import Region, groups_and_networks
from brainchange.study.settings import Settings
from brainchange.study.testability import judge_claims, measured_claims


@dataclass(frozen=True)
class Inferred:
    """The tables of this stage.

    Attributes
    ----------
    claims : pandas.DataFrame
        ``CLAIMS_TABLE``: all claims, and which of them the study can tell.
    changes, within, effects, attrition : pandas.DataFrame
        ``CHANGES_TABLE``, ``WITHIN_TABLE``, ``EFFECTS_TABLE`` and ``ATTRITION_TABLE``; of the
        claims only those that the study can tell and that are measured.
    reliability, responders, brain_symptom : pandas.DataFrame
        ``RELIABILITY_TABLE``, ``RESPONDERS_TABLE`` and ``BRAIN_SYMPTOM_TABLE``.
    threats : pandas.DataFrame
        ``THREATS_TABLE``: what else could make the differences, or hide them.
    durability : pandas.DataFrame
        ``DURABILITY_TABLE``: what lasts until follow-up; empty without one.
    omnibus, pairs : pandas.DataFrame
        ``OMNIBUS_TABLE`` and ``PAIRS_TABLE``: more than two arms; empty with two.
    edges : pandas.DataFrame
        ``EDGES_TABLE``: every pair of regions in the primary contrast.
    multiverse : Multiverse
        Every claim under every specification.
    verdicts : tuple of Decided
        What may be said of every claim and scale in every contrast.
    decisions : pandas.DataFrame
        ``DECISIONS_TABLE``: participants, outcome cells and measures that were left out here.
    """

    claims: pd.DataFrame
    changes: pd.DataFrame
    within: pd.DataFrame
    effects: pd.DataFrame
    reliability: pd.DataFrame
    responders: pd.DataFrame
    brain_symptom: pd.DataFrame
    threats: pd.DataFrame
    attrition: pd.DataFrame
    durability: pd.DataFrame
    omnibus: pd.DataFrame
    pairs: pd.DataFrame
    edges: pd.DataFrame
    multiverse: Multiverse
    verdicts: tuple[Decided, ...]
    decisions: pd.DataFrame


def infer(
    study: Study,
    claims: Claims,
    regions: tuple[Region, ...],
    settings: Settings,
    *,
    observations: pd.DataFrame,
    participants: pd.DataFrame,
    coverage: pd.DataFrame | None = None,
    shared: Mapping[str, Collection[str]] | None = None,
    prepared: Prepared | None = None,
    prediction: pd.DataFrame | None = None,
) -> Inferred:
    """Compute every change and effect of a study.

    Parameters
    ----------
    study, claims, settings
        The configuration.
    regions : tuple of Region
        The configured regions, in order.
    observations : pandas.DataFrame
        ``OBSERVATIONS_TABLE``; may be empty.
    participants : pandas.DataFrame
        The study's table of participants with every cell as text (``brainchange.tables.read_tsv``).
        It alone says who is in which arm.
    coverage : pandas.DataFrame, optional
        ``COVERAGE_TABLE``; without it change in coverage is not judged.
    shared : mapping of str to collection of str, optional
        Other study → participants of this one who are also in it; without it that is not judged.
    prepared : collection of (str, str), optional
        Participants (``sub-01``) and timepoints (``pre``) of which images exist. By default those
        with a session in the observations.
    prediction : pandas.DataFrame, optional
        ``PREDICTION_TABLE``; without it claims of prediction are not decided.

    Returns
    -------
    Inferred
        The tables. The order of rows in the input changes nothing.

    Raises
    ------
    TableError
        The table of participants lacks a column that the study names.
    """
    enrolment = enrol(participants, study)
    specification = primary_specification(study, settings)
    from_table = study.observations is not None
    judged = judge_claims(
        claims,
        study,
        computed=set(observations["metric"]) if from_table else computed_metrics(settings.metrics),
        groups=groups_and_networks(regions),
        arm_sizes=Counter(enrolment.arms),
        contrasted=contrasted_metrics(),
    )
    told = measured_claims(judged)
    between = partial(
        collect,
        study,
        told,
        regions,
        specification=specification,
        enrolment=enrolment,
        observations=observations,
    )
    data, decisions = between()
    claimed = {claim.metric for claim in claims.claims if claim.metric}
    primary = primary_observations(observations, study, specification)
    of_claims = primary["metric"].isin(claimed) & primary["task"].isin(_tasks(data, study))
    usable = usable_timepoints(primary[of_claims])
    if prepared is None:
        prepared = observed_timepoints(observations)
    effects = effects_table(data, study, settings)
    cells = observed_cells(primary[primary["metric"] == TSNR], data.participants)
    reliability = retests(data, study)
    threats = threats_table(
        data,
        study,
        settings,
        effects,
        reliability=reliability,
        quality=quality_changes(data, study, cells, coverage),
        shared=shared,
        cells=enrolment.cells,
    )
    specified = multiverse(data, observations, study, settings)
    checks = Checks(specifications=specified.effects, threats=threat_weakenings(threats))
    durability = durability_table(
        data, effects, study, settings, lambda step: between(timepoints=step)[0]
    )
    omnibus = omnibus_table(data, study, settings)
    correlations = brain_symptom_table(data, study, settings, reliability)
    tables: dict[ToldBy, pd.DataFrame] = {
        "durability": durability,
        "omnibus": omnibus,
        "regions": effects,
        "brain_symptom": correlations,
    }
    verdicts = tell(
        decide_all(data, effects, judged, study=study, settings=settings, checks=checks),
        judged,
        tables if prediction is None else tables | {"prediction": prediction},
        randomised={name: study.is_randomised(name) for name in study.contrasts},
        settings=settings,
    )
    return Inferred(
        claims=claims_table(judged),
        changes=changes_table(data),
        within=within_table(data, study, settings),
        effects=effects,
        reliability=reliability_table(data, reliability),
        responders=responders_table(data, study, reliability),
        brain_symptom=correlations,
        threats=threats,
        attrition=attrition_table(enrolment, study, data, prepared, usable),
        durability=durability,
        omnibus=omnibus,
        pairs=pairs_table(data, study, settings),
        edges=edges_table(data, primary, regions, study, settings),
        multiverse=specified,
        verdicts=verdicts,
        decisions=DECISIONS_TABLE.frame(
            [*enrolment.decisions, *_strangers(observations, enrolment, study), *decisions]
        ),
    )


def _tasks(data: PrePost, study: Study) -> set[str]:
    """Tasks that claims are tested in; the first of the study where none is tested."""
    tested = {measure.task for measure in data.measures if measure.kind == "claim"}
    return tested or {study.tasks[0]}


def _strangers(observations: pd.DataFrame, enrolment: Enrolment, study: Study) -> list[Decision]:
    """Tell of participants with images whom the table of participants does not name."""
    told = {row["participant_id"] for row in enrolment.decisions}
    known = set(enrolment.participants) | told
    what = "images" if study.observations is None else "values"
    return [
        {
            "scope": "participant",
            "participant_id": participant,
            "action": "excluded",
            "reason": f"there are {what}, but the table of participants does not name the "
            "participant: the arm is unknown",
        }
        for participant in sorted(set(observations["participant_id"].unique()) - known)
    ]
