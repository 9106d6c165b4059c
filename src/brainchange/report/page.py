"""The report of a study: one page that needs nothing else and runs nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from brainchange.figures.badges import BADGES
from brainchange.figures.numbers import interval, number, places, plural
from brainchange.figures.wording import text_of, with_unit
from brainchange.files import human_bytes
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE
from brainchange.report.answer import Answer, answers, not_tested
from brainchange.report.cannot_tell import cannot_tell
from brainchange.report.findings import Finding, findings
from brainchange.report.methods import REFERENCES, methods
from brainchange.report.more import lasting, omnibus
from brainchange.report.pictures import Picture, colour_rules
from brainchange.report.provenance import Provenance
from brainchange.report.summary import summary
from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.regions import Region
from brainchange.study.settings import Settings
from brainchange.tables import TableSchema

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
        ``verdicts``, ``claims``, ``effects``, ``within`` and ``decisions``; ``durability`` and
        ``omnibus`` where the study has follow-up or more than two arms.
    trace : sequence of mapping
        ``verdict_trace.json``.
    pictures : tuple of Picture
        The figures.
    provenance : Provenance
        Versions, checksums, inputs.
    """

    study: Study
    settings: Settings
    claims: Claims
    regions: tuple[Region, ...]
    tables: Mapping[str, pd.DataFrame]
    trace: Sequence[Mapping[str, Any]]
    pictures: tuple[Picture, ...]
    provenance: Provenance

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
    effects, study = given.tables["effects"], given.study
    sections = {kind: _sections(given, kind) for kind in ("claim", "outcome")}
    found = [section.finding for section in sections["claim"]]
    claims_ = _answers(given, "claim", study.primary_contrast)
    told = [one for one in claims_ if one.of_table]
    light, dark = colour_rules()
    script = _text("script.js")
    return (
        _environment()
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
            claim_answers=claims_,
            outcome_answers=_answers(given, "outcome", study.primary_contrast),
            told=told,
            claim_sections=sections["claim"],
            outcome_sections=sections["outcome"],
            pictures={name: _of_figure(given.pictures, name) for name in _figure_names(given)},
            lasting=lasting(given.table(DURABILITY_TABLE), study.primary_contrast),
            omnibus=omnibus(given.table(OMNIBUS_TABLE), study),
            decisions=_decisions(given.tables["decisions"]),
            most_decisions=MOST_DECISIONS_LISTED,
            methods=methods(study, given.settings, given.regions),
            references=REFERENCES,
            provenance=given.provenance,
            inputs=given.provenance.inputs[:MOST_INPUTS_LISTED],
            input_bytes=human_bytes(sum(file.size_bytes for file in given.provenance.inputs)),
            human_bytes=human_bytes,
            plural=plural,
            style=Markup(_text("style.css")),  # noqa: S704 (our own file)
            light=Markup(light),  # noqa: S704 (colours of the theme)
            dark=Markup(dark),  # noqa: S704
            script=Markup(script),  # noqa: S704 (our own file)
            script_digest=_digest(script),
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
            arms=_arms(given.tables["within"], kind, primary.measure),
            pictures=tuple(
                p for p in given.pictures if (p.kind, p.measure) == (kind, primary.measure)
            ),
        )
        for primary in found(study.primary_contrast)
    )


def _answers(given: ReportInput, kind: str, contrast: str) -> tuple[Answer, ...]:
    return answers(given.tables["verdicts"], given.trace, kind, contrast)


def _arms(within: pd.DataFrame, kind: str, measure: str) -> tuple[dict[str, str], ...]:
    rows = within[(within["kind"] == kind) & (within["measure"] == measure)]
    return tuple(_arm(row) for row in rows.to_dict("records"))


def _arm(row: dict[Any, Any]) -> dict[str, str]:
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    ends = (row["g_av_ci_low"], row["g_av_ci_high"])
    return {
        "arm": text_of(row["arm_label"]),
        "n": f"{int(row['n_both'])} of {int(row['n_arm'])}",
        "pre": _mean(row["mean_pre"], row["sd_pre"], digits),
        "post": _mean(row["mean_post"], row["sd_post"], digits),
        "change": with_unit(row["change"], digits, unit, sign=True),
        "ends": interval(row["ci_low"], row["ci_high"], digits),
        "g_av": number(row["g_av"], sign=True)
        + (f" {interval(*ends)}" if math.isfinite(ends[0]) else ""),
        "flag": text_of(row["flag"]),
    }


def _mean(mean: float, deviation: float, digits: int) -> str:
    said = number(mean, digits)
    return f"{said} ({number(deviation, digits)})" if math.isfinite(deviation) else said


def _figure_names(given: ReportInput) -> list[str]:
    return list(dict.fromkeys(picture.figure for picture in given.pictures))


def _of_figure(pictures: tuple[Picture, ...], figure: str) -> tuple[Picture, ...]:
    return tuple(picture for picture in pictures if picture.figure == figure)


def _decisions(table: pd.DataFrame) -> list[dict[str, str]]:
    return [_decision(row) for row in table.to_dict("records")]


def _decision(row: dict[Any, Any]) -> dict[str, str]:
    unit = text_of(row["unit"])
    where = (row["participant_id"], row["session_id"], row["name"])
    value, threshold = (
        "" if pd.isna(row[key]) else f"{float(row[key]):.3g} {unit}".strip()
        for key in ("value", "threshold")
    )
    return {
        "scope": text_of(row["scope"]),
        "where": " · ".join(text_of(part) for part in where if text_of(part)) or "all",
        "action": text_of(row["action"]),
        "reason": text_of(row["reason"]),
        "value": value,
        "threshold": threshold,
        "config_key": text_of(row["config_key"]),
    }


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.DictLoader(
            {
                entry.name: entry.read_text(encoding="utf-8")
                for entry in sorted(
                    (resources.files("brainchange.report") / "templates").iterdir(),
                    key=lambda entry: entry.name,
                )
                if entry.name.endswith(".j2")
            }
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _text(name: str) -> str:
    return (resources.files("brainchange.report") / "templates" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """Digest by which the policy of the page allows this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
