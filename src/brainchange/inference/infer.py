"""The whole stage: observations and outcomes in, effects out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from brainchange.inference.attrition import (
    Prepared,
    attrition_table,
    observed_timepoints,
    usable_timepoints,
)
from brainchange.inference.edges import edges_table
from brainchange.inference.multiverse import Multiverse
from brainchange.inference.omnibus import pairs_table
from brainchange.inference.prepost import changes_table
from brainchange.inference.reliability import reliability_table
from brainchange.inference.responders import responders_table
from brainchange.inference.study_tables import StudyTables
from brainchange.inference.verdicts import Decided
from brainchange.inference.within import within_table
from brainchange.study.claims import Claims
from brainchange.study.claims_table import claims_table
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings


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
    crossover : pandas.DataFrame
        ``CROSSOVER_TABLE``: both treatments within participants; empty without a crossover.
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
    crossover: pd.DataFrame
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
    made = StudyTables(
        study, claims, regions, settings, observations, participants, coverage, shared, prediction
    )
    usable = usable_timepoints(made.of_claims)
    images = observed_timepoints(observations) if prepared is None else prepared
    return Inferred(
        claims=claims_table(made.judged),
        changes=changes_table(made.data),
        within=within_table(made.data, study, settings),
        effects=made.effects,
        reliability=reliability_table(made.data, made.retests),
        responders=responders_table(made.data, study, made.retests),
        brain_symptom=made.brain_symptom,
        threats=made.threats,
        attrition=attrition_table(made.enrolment, study, made.data, images, usable),
        durability=made.durability,
        crossover=made.crossover,
        omnibus=made.omnibus,
        pairs=pairs_table(made.data, study, settings),
        edges=edges_table(made.data, made.primary, regions, study, settings),
        multiverse=made.multiverse,
        verdicts=made.verdicts,
        decisions=made.decisions,
    )
