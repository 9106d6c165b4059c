"""What is inferred of a study: tables that follow from each other, each made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from brainchange.inference.attrition import (
    Prepared,
    attrition_table,
    observed_timepoints,
    usable_timepoints,
)
from brainchange.inference.brain_symptom import brain_symptom_table
from brainchange.inference.claim_evidence import Checks
from brainchange.inference.crossover import crossover_table
from brainchange.inference.durability import durability_table
from brainchange.inference.edges import edges_table
from brainchange.inference.effects import effects_table
from brainchange.inference.multiverse import Multiverse, multiverse
from brainchange.inference.observed import TIMEPOINTS, observed_cells
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
from brainchange.inference.reliability import Retest, reliability_table, retests
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
from brainchange.study.testability import Judged, judge_claims, measured_claims


@dataclass(frozen=True)
class Inferred:
    """The tables of this stage, each made when it is first asked for.

    Attributes
    ----------
    study, registry, regions, settings
        The configuration; the registry is that of claims.
    observations, participants, coverage, shared, prepared, prediction
        What is inferred from, as :func:`infer` takes it.
    """

    study: Study
    registry: Claims
    regions: tuple[Region, ...]
    settings: Settings
    observations: pd.DataFrame
    participants: pd.DataFrame
    coverage: pd.DataFrame | None = None
    shared: Mapping[str, Collection[str]] | None = None
    prepared: Prepared | None = None
    prediction: pd.DataFrame | None = None

    @cached_property
    def enrolment(self) -> Enrolment:
        """Participants and arms."""
        return enrol(self.participants, self.study)

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """All claims, and which of them the study can tell."""
        computed = computed_metrics(self.settings.metrics)
        from_table = self.study.observations is not None
        return judge_claims(
            self.registry,
            self.study,
            computed=set(self.observations["metric"]) if from_table else computed,
            groups=groups_and_networks(self.regions),
            arm_sizes=Counter(self.enrolment.arms),
            contrasted=contrasted_metrics(),
        )

    def between(
        self, timepoints: tuple[str, str] = TIMEPOINTS
    ) -> tuple[PrePost, tuple[Decision, ...]]:
        """Values of everything that is measured at two timepoints, and what was left out."""
        return collect(
            self.study,
            measured_claims(self.judged),
            self.regions,
            specification=primary_specification(self.study, self.settings),
            enrolment=self.enrolment,
            observations=self.observations,
            timepoints=timepoints,
        )

    @cached_property
    def collected(self) -> tuple[PrePost, tuple[Decision, ...]]:
        """Values at pre and post, and what was left out."""
        return self.between()

    @property
    def data(self) -> PrePost:
        """Values at pre and post."""
        return self.collected[0]

    @cached_property
    def primary(self) -> pd.DataFrame:
        """Observations of the primary specification."""
        specification = primary_specification(self.study, self.settings)
        return primary_observations(self.observations, self.study, specification)

    @property
    def _of_claims(self) -> pd.DataFrame:
        """Those of metrics and tasks that claims are about."""
        claimed = {claim.metric for claim in self.registry.claims if claim.metric}
        tested = self.primary["task"].isin(_tasks(self.data, self.study))
        return self.primary[self.primary["metric"].isin(claimed) & tested]

    @cached_property
    def effects(self) -> pd.DataFrame:
        """``EFFECTS_TABLE``."""
        return effects_table(self.data, self.study, self.settings)

    @cached_property
    def retests(self) -> tuple[Retest, ...]:
        """Reliability of every measure."""
        return retests(self.data, self.study)

    @cached_property
    def threats(self) -> pd.DataFrame:
        """``THREATS_TABLE``: what else could make the differences, or hide them."""
        noise = self.primary[self.primary["metric"] == TSNR]
        cells = observed_cells(noise, self.data.participants)
        return threats_table(
            self.data,
            self.study,
            self.settings,
            self.effects,
            reliability=self.retests,
            quality=quality_changes(self.data, self.study, cells, self.coverage),
            shared=self.shared,
            cells=self.enrolment.cells,
        )

    @cached_property
    def multiverse(self) -> Multiverse:
        """Every claim under every specification."""
        return multiverse(self.data, self.observations, self.study, self.settings)

    @cached_property
    def durability(self) -> pd.DataFrame:
        """``DURABILITY_TABLE``: what lasts until follow-up; empty without one."""
        return durability_table(
            self.data,
            self.effects,
            self.study,
            self.settings,
            lambda step: self.between(step)[0],
        )

    @cached_property
    def crossover(self) -> pd.DataFrame:
        """``CROSSOVER_TABLE``: both treatments within participants; empty without a crossover."""
        return crossover_table(self.study, self.enrolment, lambda step: self.between(step)[0])

    @cached_property
    def omnibus(self) -> pd.DataFrame:
        """``OMNIBUS_TABLE``: more than two arms; empty with two."""
        return omnibus_table(self.data, self.study, self.settings)

    @cached_property
    def brain_symptom(self) -> pd.DataFrame:
        """``BRAIN_SYMPTOM_TABLE``."""
        return brain_symptom_table(self.data, self.study, self.settings, self.retests)

    @cached_property
    def verdicts(self) -> tuple[Decided, ...]:
        """What may be said of every claim and scale in every contrast."""
        study, settings = self.study, self.settings
        threats = threat_weakenings(self.threats)
        checks = Checks(specifications=self.multiverse.effects, threats=threats)
        tables: dict[ToldBy, pd.DataFrame] = {
            "durability": self.durability,
            "omnibus": self.omnibus,
            "regions": self.effects,
            "brain_symptom": self.brain_symptom,
        }
        return tell(
            decide_all(
                self.data, self.effects, self.judged, study=study, settings=settings, checks=checks
            ),
            self.judged,
            tables if self.prediction is None else tables | {"prediction": self.prediction},
            randomised={name: study.is_randomised(name) for name in study.contrasts},
            settings=settings,
        )

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """``DECISIONS_TABLE``: participants, outcome cells and measures that were left out here."""
        strangers = _strangers(self.observations, self.enrolment, self.study)
        return DECISIONS_TABLE.frame([*self.enrolment.decisions, *strangers, *self.collected[1]])

    @cached_property
    def claims(self) -> pd.DataFrame:
        """``CLAIMS_TABLE``: all claims, and which of them the study can tell."""
        return claims_table(self.judged)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """``CHANGES_TABLE``; of claims only those that the study can tell and that are measured."""
        return changes_table(self.data)

    @cached_property
    def within(self) -> pd.DataFrame:
        """``WITHIN_TABLE``."""
        return within_table(self.data, self.study, self.settings)

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """``RELIABILITY_TABLE``."""
        return reliability_table(self.data, self.retests)

    @cached_property
    def responders(self) -> pd.DataFrame:
        """``RESPONDERS_TABLE``."""
        return responders_table(self.data, self.study, self.retests)

    @cached_property
    def attrition(self) -> pd.DataFrame:
        """``ATTRITION_TABLE``."""
        images = self.prepared
        if images is None:
            images = observed_timepoints(self.observations)
        usable = usable_timepoints(self._of_claims)
        return attrition_table(self.enrolment, self.study, self.data, images, usable)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """``PAIRS_TABLE``: pairs of more than two arms; empty with two."""
        return pairs_table(self.data, self.study, self.settings)

    @cached_property
    def edges(self) -> pd.DataFrame:
        """``EDGES_TABLE``: every pair of regions in the primary contrast."""
        return edges_table(self.data, self.primary, self.regions, self.study, self.settings)


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
