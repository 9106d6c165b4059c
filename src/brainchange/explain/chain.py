"""The chain behind one verdict, from what lies on disk: claim, rules, effect, values, files."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from brainchange.errors import BrainchangeError, ConfigError, did_you_mean
from brainchange.explain.files import Record, files_of, is_missing, sources_of
from brainchange.inference.declared_measures import declare_measures
from brainchange.inference.observed import TIMEPOINTS
from brainchange.inference.prepost import primary_observations, primary_specification
from brainchange.inference.schemas import CHANGES_TABLE, EFFECTS_TABLE, WITHIN_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.inference.verdict_text import meaning
from brainchange.metrics.observations import OBSERVATIONS_TABLE
from brainchange.project import Project
from brainchange.study.claims import Claim
from brainchange.tables import TableSchema


def explain(project: Project, name: str, contrast: str = "") -> Record:
    """Collect everything behind the verdict on one claim or scale.

    Parameters
    ----------
    project : Project
        The configuration, with the study.
    name : str
        Claim (``T2``) or scale (``BDI``).
    contrast : str
        Name of the contrast; the primary one unless said.

    Returns
    -------
    dict
        JSON-ready, with documented keys (docs/explain.md); what is not defined is None.

    Raises
    ------
    ConfigError
        There is no such claim, scale or contrast.
    BrainchangeError
        The study has no results yet, or they were made before the claim was.
    """
    contrast = _contrast(project, contrast)
    claim = _claim(project, name)
    kind = "claim" if claim else "outcome"
    results = project.root / "results" / project.study.id
    verdict = _one(_read(VERDICTS_TABLE, results, project), kind, name, contrast)
    if verdict is None:
        raise BrainchangeError(
            f"the results do not know {kind} '{name}' in '{contrast}'",
            where=f"results/{project.study.id}/verdicts.tsv",
            cause="it was added after the results were made",
            fix=f"run again: brainchange run {project.study.id}",
        )
    effect = _one(_read(EFFECTS_TABLE, results, project), kind, name, contrast)
    people = _people(_read(CHANGES_TABLE, results, project), kind, name, project, contrast)
    within = _read(WITHIN_TABLE, results, project)
    observed = _observed(project, claim, results, people) if effect else None
    record = {
        "study": _study(project),
        "claim": _said(project, claim, name),
        "contrast": _about_contrast(project, contrast),
        "verdict": _verdict(verdict),
        "rules": _rules(results, kind, name, contrast),
        "effect": effect,
        "observations": observed,
        "participants": people if effect else [],
        "arms": _arms(within, kind, name, {one["arm"] for one in people}) if effect else [],
        "files": files_of(project, people, kind) if effect else [],
        "sources": sources_of(project),
        "results": results.relative_to(project.root).as_posix(),
    }
    defined: Record = _defined(record)
    return defined


def explained_names(project: Project) -> list[str]:
    """List the claims and scales that can be explained."""
    return [claim.id for claim in project.claims.claims] + list(project.study.outcomes)


def _contrast(project: Project, asked: str) -> str:
    known = project.study.contrasts
    if asked and asked not in known:
        raise ConfigError(
            f"the study has no contrast '{asked}'",
            where="--contrast",
            fix=did_you_mean(asked, known),
        )
    return asked or project.study.primary_contrast


def _claim(project: Project, name: str) -> Claim | None:
    """Find a claim; None for a scale."""
    said = {claim.id: claim for claim in project.claims.claims}
    if name in said:
        return said[name]
    if name not in project.study.outcomes:
        raise ConfigError(
            f"there is no claim or scale '{name}'", where="CLAIM", fix=_hint(project, name)
        )
    return None


def _hint(project: Project, name: str) -> str:
    """Say which claim was meant: one of nearly that name, or those about what was typed."""
    hint = did_you_mean(name, explained_names(project))
    if hint.startswith("Did you mean"):
        return hint
    claims = project.claims.claims
    about = [one.id for one in claims if name.lower() in f"{one.quote} {one.about}".lower()]
    if about:
        return f"Claims about it: {', '.join(about)}."
    scales = ", ".join(project.study.outcomes) or "none"
    return f"Claims: brainchange list claims. Scales of this study: {scales}."


def _read(schema: TableSchema, results: Path, project: Project) -> pd.DataFrame:
    path = results / f"{schema.name}.tsv"
    if not path.is_file():
        shown = path.relative_to(project.root).as_posix()
        raise BrainchangeError(
            f"the study '{project.study.id}' has no results yet: there is no {shown}",
            cause="the workflow was not run, or did not come to its end",
            fix=f"make them with: brainchange run {project.study.id}",
        )
    return schema.read(path)


def _one(table: pd.DataFrame, kind: str, name: str, contrast: str) -> Record | None:
    chosen = table[(table["kind"] == kind) & (table["measure"] == name)]
    rows = chosen[chosen["contrast"] == contrast].to_dict("records")
    return {str(key): value for key, value in rows[0].items()} if rows else None


def _people(
    changes: pd.DataFrame, kind: str, name: str, project: Project, contrast: str
) -> list[Record]:
    """Values of every participant of the contrast; those with both are compared."""
    sides = project.study.contrasts[contrast]
    rows = changes[(changes["kind"] == kind) & (changes["measure"] == name)]
    rows = rows[rows["arm"].isin([*sides.treated, *sides.control])]
    kept = rows[["participant_id", "arm", "pre", "post", "change", "flag"]]
    records: list[Record] = kept.to_dict("records")
    return records


def _observed(
    project: Project, claim: Claim | None, results: Path, people: Sequence[Record]
) -> Record:
    """Say which values were averaged into the value of a participant, and where they stand."""
    if claim is None:
        return {"table": _participants_table(project), "n_values": None, "members": []}
    table = _read(OBSERVATIONS_TABLE, results, project)
    units = dict(zip(table["metric"], table["unit"].fillna(""), strict=True))
    measures = declare_measures(project.study, (claim,), project.regions, units)
    measure = next(one for one in measures if (one.kind, one.name) == ("claim", claim.id))
    who = [one["participant_id"] for one in people if not is_missing(one["change"])]
    rows = primary_observations(
        table, project.study, primary_specification(project.study, project.settings)
    )
    rows = rows[(rows["metric"] == measure.metric) & rows["participant_id"].isin(who)]
    rows = rows[
        (rows["task"] == measure.task) & (rows["condition"].fillna("") == measure.condition)
    ]
    rows = rows[rows["timepoint"].isin(TIMEPOINTS)]
    pairs = list(zip(rows["region"].fillna(""), rows["region_2"].fillna(""), strict=True))
    rows = rows[[pair in set(measure.every) for pair in pairs]]
    return {
        "table": (results / "observations.tsv").relative_to(project.root).as_posix(),
        "metric": measure.metric,
        "unit": measure.unit,
        "task": measure.task,
        "condition": measure.condition or None,
        "specifications": sorted(set(rows["specification"])),
        "members": ["–".join(filter(None, member)) for member in measure.every],
        "sessions": sorted({str(one) for one in rows["session_id"].dropna()}),
        "n_values": len(rows),
        "n_participants": len(who),
    }


def _participants_table(project: Project) -> str:
    study = project.study
    if study.observations is not None:
        return f"results/{study.id}/participants.tsv"
    return (project.study_folder / study.participants.table).relative_to(project.root).as_posix()


def _arms(within: pd.DataFrame, kind: str, name: str, arms: Collection[str]) -> list[Record]:
    names = ["arm", "arm_label", "n_arm", "n_both", "mean_pre", "mean_post"]
    rows = within[(within["kind"] == kind) & (within["measure"] == name)]
    rows = rows[rows["arm"].isin(arms)]
    records: list[Record] = rows[[*names, "change", "ci_low", "ci_high"]].to_dict("records")
    return records


def _verdict(row: Mapping[str, Any]) -> Record:
    return {
        "verdict": row["verdict"],
        "meaning": meaning(row["verdict"], row["kind"]),
        "reasons": _split(row["reasons"], " | "),
        "safeguards_not_made": _split(row["not_made"], ";"),
        "threats": _split(row["threats"], ";"),
        "remark": row["remark"],
        "needed": row["needed"],
        **{
            name: row[name]
            for name in ("estimator", "difference", "ci_low", "ci_high", "unit", "p", "p_adjusted")
        },
    }


def _rules(results: Path, kind: str, name: str, contrast: str) -> list[Record]:
    told = json.loads((results / "verdict_trace.json").read_text(encoding="utf-8"))
    key = (kind, name, contrast)
    found = (one for one in told if (one["kind"], one["measure"], one["contrast"]) == key)
    rules: list[Record] = next(found, {"trace": []})["trace"]
    return rules


def _said(project: Project, claim: Claim | None, name: str) -> Record:
    if claim is None:
        outcome = project.study.outcomes[name]
        return {"id": name, "quote": None, "about": outcome.label, "direction": outcome.better}
    return {
        "id": claim.id,
        "quote": claim.quote,
        "article": project.claims.article,
        "about": claim.about,
        "direction": claim.direction,
        "family": claim.family,
        "metric": claim.metric,
        "groups": list(claim.groups),
        "pairs": [list(pair) for pair in claim.pairs],
        "networks": [list(pair) for pair in claim.networks],
        "minus": [list(pair) for pair in claim.minus],
        "contradicts": list(claim.contradicts),
        "note": claim.note or None,
    }


def _about_contrast(project: Project, name: str) -> Record:
    study, contrast = project.study, project.study.contrasts[name]
    return {
        "name": name,
        "label": contrast.label,
        "treated": [study.arms[arm].label for arm in contrast.treated],
        "control": [study.arms[arm].label for arm in contrast.control],
        "primary": contrast.primary,
        "randomised": study.is_randomised(name),
    }


def _study(project: Project) -> Record:
    study = project.study
    return {
        "id": study.id,
        "title": study.title,
        "version": study.version,
        "doi": study.doi or None,
        "license": study.license,
        "citation": study.citation,
        "simulated": study.simulated,
    }


def _split(cell: object, separator: str) -> list[str]:
    return [] if is_missing(cell) else str(cell).split(separator)


def _defined(value: Any) -> Any:  # noqa: ANN401
    """Replace what JSON has no word for by None, and numpy's numbers by Python's."""
    if isinstance(value, Mapping):
        return {str(key): _defined(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(entry) for entry in value]
    if is_missing(value):
        return None
    if hasattr(value, "item"):
        return _defined(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value
