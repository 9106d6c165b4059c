"""The report of a study: one page that needs nothing else and runs nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from markupsafe import Markup

from brainchange.figures import theme
from brainchange.figures.badges import BADGES
from brainchange.figures.drawing import configuration
from brainchange.figures.numbers import plural
from brainchange.files import human_bytes
from brainchange.inference.crossover import CROSSOVER_TABLE
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE
from brainchange.inference.prediction_schema import PREDICTION_TABLE
from brainchange.inference.reliability_schema import (
    BRAIN_SYMPTOM_TABLE,
    RELIABILITY_TABLE,
    RESPONDERS_TABLE,
)
from brainchange.inference.threat_row import THREATS_TABLE
from brainchange.report.answer import Answer, answers, not_tested
from brainchange.report.beyond import brain_symptom, correlated, prediction, responders
from brainchange.report.brain import BrainViews
from brainchange.report.cannot_tell import cannot_tell
from brainchange.report.data_table import LARGEST_DOWNLOAD, download
from brainchange.report.findings import Finding, findings
from brainchange.report.glyphs import share_letters
from brainchange.report.methods import methods
from brainchange.report.more import both_treatments, lasting, omnibus
from brainchange.report.pictures import Picture
from brainchange.report.plain_rows import arms, decisions
from brainchange.report.provenance import Provenance
from brainchange.report.quality import Quality
from brainchange.report.references import REFERENCES
from brainchange.report.results import ONLY_BESIDE, RESULTS
from brainchange.report.shell import environment, shell
from brainchange.report.summary import summary
from brainchange.report.threat_tables import multiverse, overview, reliability, topics
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.tables import TableSchema

KINDS = ("claim", "outcome")
PLACES = {
    "region_slopes": "regions",
    "motion": "motion",
    "coverage": "motion",
    "attrition": "attrition",
    "estimators": "baseline",
    "negative_controls": "negative-controls",
    "glass_brain": "brain",
    "specification_curve": "multiverse",
    "brain_symptom": "brain-symptom",
    "prediction": "prediction",
    "verdicts": "verdicts",
}
"""Where figures stand that are not of one claim or scale; all others stand at the end."""
MOST_INPUTS_LISTED = 2000
MOST_DECISIONS_LISTED = 2000


@dataclass(frozen=True)
class ReportInput:
    """What a report is made from.

    Attributes
    ----------
    study, settings, claims, regions
        The configuration.
    tables : mapping of str to pandas.DataFrame
        Tables of ``results.RESULTS``, of which ``verdicts``, ``claims``, ``effects``, ``within``
        and ``decisions`` must be there.
    trace : sequence of mapping
        ``verdict_trace.json``.
    pictures : tuple of Picture
        The figures.
    provenance : Provenance
        Versions, checksums, inputs.
    quality : Quality
        Pictures and numbers of images; empty for a study from a table.
    brain : BrainViews or None
        Regions on a brain; None for a study from a table.
    beside : frozenset of str
        Tables that cannot be taken from the page, for want of room; they lie beside it.
    """

    study: Study
    settings: Settings
    claims: Claims
    regions: tuple[Region, ...]
    tables: Mapping[str, pd.DataFrame]
    trace: Sequence[Mapping[str, Any]]
    pictures: tuple[Picture, ...]
    provenance: Provenance
    quality: Quality = field(default_factory=Quality)
    brain: BrainViews | None = None
    beside: frozenset[str] = frozenset()

    def table(self, schema: TableSchema) -> pd.DataFrame:
        """Give a table by its schema; an empty one where it was not given."""
        return self.tables.get(schema.name, schema.frame())


@dataclass(frozen=True)
class Section:
    """One measure with its evidence: the verdict, the effects, the arms, the picture."""

    finding: Finding
    answer: Answer | None
    others: tuple[tuple[Finding, Answer | None], ...]
    arms: tuple[dict[str, str], ...]
    pictures: tuple[Picture, ...]


def render(given: ReportInput) -> str:
    """Make the page.

    Parameters
    ----------
    given : ReportInput
        Configuration, tables, pictures, provenance.

    Returns
    -------
    str
        HTML with everything inside; no network is needed and none is allowed by its policy.
    """
    pictures, letters = share_letters(given.pictures)
    given = replace(given, pictures=pictures)
    effects, study = given.tables["effects"], given.study
    sections = {kind: _sections(given, kind) for kind in KINDS}
    found = [section.finding for section in sections["claim"]]
    said = {kind: _answers(given, kind, study.primary_contrast) for kind in KINDS}
    told = [one for one in said["claim"] if one.of_table]
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            study=study,
            claims=given.claims,
            settings=given.settings,
            summary=summary(study, given.claims, effects, found, given.tables["verdicts"]),
            not_tested=not_tested(given.tables["verdicts"], study.primary_contrast),
            badges=BADGES,
            contrast=study.contrasts[study.primary_contrast],
            untold=cannot_tell(given.claims, given.tables["claims"], [one.measure for one in told]),
            claim_answers=said["claim"],
            outcome_answers=said["outcome"],
            told=told,
            claim_sections=sections["claim"],
            outcome_sections=sections["outcome"],
            pictures=placed(given.pictures, sections, study.primary_contrast),
            downloads={
                name: download(name, table, largest=0 if name in given.beside else LARGEST_DOWNLOAD)
                for name, table in given.tables.items()
            },
            tables=RESULTS,
            large=ONLY_BESIDE,
            overview=overview(given.table(THREATS_TABLE), study.primary_contrast),
            topics=topics(given.table(THREATS_TABLE), study.primary_contrast),
            reliability=reliability(given.table(RELIABILITY_TABLE)),
            multiverse=multiverse(given.table(MULTIVERSE_SUMMARY_TABLE), study.primary_contrast),
            brain_symptom=brain_symptom(given.table(BRAIN_SYMPTOM_TABLE)),
            correlated=correlated(given.table(BRAIN_SYMPTOM_TABLE), given.settings.inference.alpha),
            configuration=configuration(study, given.settings, given.claims, given.regions),
            responders=responders(given.table(RESPONDERS_TABLE), study),
            prediction=prediction(given.table(PREDICTION_TABLE)),
            lasting=lasting(given.table(DURABILITY_TABLE), study.primary_contrast),
            omnibus=omnibus(given.table(OMNIBUS_TABLE), study),
            both_treatments=both_treatments(given.table(CROSSOVER_TABLE)),
            decisions=decisions(given.tables["decisions"]),
            most_decisions=MOST_DECISIONS_LISTED,
            methods=methods(study, given.settings, given.regions),
            references=REFERENCES,
            provenance=given.provenance,
            quality=given.quality,
            brain=given.brain,
            inputs=given.provenance.inputs[:MOST_INPUTS_LISTED],
            input_bytes=human_bytes(sum(file.size_bytes for file in given.provenance.inputs)),
            human_bytes=human_bytes,
            plural=plural,
            letters=Markup(letters),  # noqa: S704 (outlines of pictures that were checked)
            paper=Markup(json.dumps([[f"--f{c[1:]}", c] for c in theme.DARK])),  # noqa: S704
            shell=shell(*(["viewer.js"] if given.brain else [])),
            simulated=study.simulated,
        )
    )


def _sections(given: ReportInput, kind: str) -> tuple[Section, ...]:
    study = given.study

    def found(contrast: str) -> tuple[Finding, ...]:
        return findings(
            given.tables["effects"],
            kind,
            contrast,
            claims=given.claims,
            study=study,
            rules=given.settings.inference,
        )

    told = {
        name: {one.measure: one for one in _answers(given, kind, name)} for name in study.contrasts
    }
    others = [
        (one, told[name].get(one.measure))
        for name in study.contrasts
        if name != study.primary_contrast
        for one in found(name)
    ]
    return tuple(
        Section(
            finding=primary,
            answer=told[study.primary_contrast].get(primary.measure),
            others=tuple(other for other in others if other[0].measure == primary.measure),
            arms=arms(given.tables["within"], kind, primary.measure),
            pictures=tuple(
                p for p in given.pictures if (p.kind, p.measure) == (kind, primary.measure)
            ),
        )
        for primary in found(study.primary_contrast)
    )


def _answers(given: ReportInput, kind: str, contrast: str) -> tuple[Answer, ...]:
    return answers(given.tables["verdicts"], given.trace, kind, contrast)


def placed(
    pictures: Sequence[Picture], sections: Mapping[str, Sequence[Section]], primary: str
) -> dict[str, tuple[Picture, ...]]:
    """Say where each picture stands; those of a section stand there.

    Parameters
    ----------
    pictures : sequence of Picture
        All of them.
    sections : mapping of str to sequence of Section
        Evidence of claims and scales.
    primary : str
        Name of the primary contrast.
    """
    mine = {picture.name for kind in sections for one in sections[kind] for picture in one.pictures}
    found: dict[str, tuple[Picture, ...]] = {}
    for picture in pictures:
        if picture.name not in mine:
            place = _place(picture, primary)
            found[place] = (*found.get(place, ()), picture)
    return found


def _place(picture: Picture, primary: str) -> str:
    if picture.figure != "forest":
        return PLACES.get(picture.figure, "more")
    if picture.name == f"forest_{primary}":
        return "effects"
    return "regions" if picture.name.startswith("forest_regions_") else "contrasts"
