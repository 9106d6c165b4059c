"""Claims across studies: random effects of the primary contrasts of independent studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from brainchange.inference.across_schema import FOREST_TABLE, META_TABLE
from brainchange.inference.independent_studies import dependent_studies
from brainchange.inference.meta_verdict import decide_across
from brainchange.inference.multiplicity import holm
from brainchange.inference.random_effects import RandomEffects, random_effects
from brainchange.sources.overlap import Shared
from brainchange.study.settings import Inference

Scale = Literal["standardised", "raw"]
SD = "SD before therapy"


@dataclass(frozen=True)
class StudyEffects:
    """What one study brings.

    Attributes
    ----------
    name : str
        The study.
    effects : pandas.DataFrame
        Its ``EFFECTS_TABLE``.
    randomised : bool
        Whether chance made its arms.
    """

    name: str
    effects: pd.DataFrame
    randomised: bool


@dataclass(frozen=True)
class _Entry:
    """One claim in one study, on one scale."""

    study: StudyEffects
    row: Mapping[str, Any]
    effect: float
    error: float
    unit: str
    reason: str

    @property
    def size(self) -> int:
        return int(self.row["n_treated"]) + int(self.row["n_control"])


@dataclass(frozen=True)
class Across:
    """Studies taken together.

    Attributes
    ----------
    meta, forest : pandas.DataFrame
        ``META_TABLE`` and ``FOREST_TABLE``.
    """

    meta: pd.DataFrame
    forest: pd.DataFrame


def across_studies(
    studies: Sequence[StudyEffects], shared: Sequence[Shared], inference: Inference
) -> Across:
    """Take every claim together over all independent studies.

    Parameters
    ----------
    studies : sequence of StudyEffects
        The studies, in any order.
    shared : sequence of Shared
        Participants that are in two of them (``brainchange.sources.overlap``).
    inference : Inference
        Level and smallest effect of interest.

    Returns
    -------
    Across
        For every claim one row standardised (dppc2 with the error of Morris 2008), and one in raw
        units where every study measures it in the same unit.

    Notes
    -----
    Only the primary contrast of a study enters, so that no control arm is counted twice. Studies
    that share participants are dropped but for the largest. p are adjusted over confirmatory claims
    (Holm), for each scale.
    """
    ordered = sorted(studies, key=lambda study: study.name)
    meta: list[dict[str, Any]] = []
    forest: list[dict[str, Any]] = []
    for claim in _claims(ordered):
        for scale in ("standardised", "raw"):
            entries = list(_entries(ordered, claim, scale, shared))
            units = {entry.unit for entry in entries if not entry.reason}
            if not entries or (scale == "raw" and len(units) != 1):
                continue
            row, rows = _together(claim, scale, entries, inference)
            meta.append(row)
            forest += rows
    table = _adjusted(META_TABLE.frame(_without_family(meta)), [row["family"] for row in meta])
    return Across(decide_across(table, forest, inference), FOREST_TABLE.frame(forest))


def _claims(studies: Sequence[StudyEffects]) -> list[str]:
    """Claims that any study tested, in the order of the studies' tables."""
    found: dict[str, None] = {}
    for study in studies:
        rows = study.effects[study.effects["kind"] == "claim"]
        found |= dict.fromkeys(map(str, rows["measure"]))
    return list(found)


def _entries(
    studies: Sequence[StudyEffects], claim: str, scale: Scale, shared: Sequence[Shared]
) -> Iterator[_Entry]:
    rows: dict[str, tuple[StudyEffects, Mapping[str, Any]]] = {}
    for study in studies:
        table = study.effects
        chosen = (table["kind"] == "claim") & (table["measure"] == claim)
        chosen &= table["primary"].fillna(value=False).astype(bool)
        for row in table[chosen].to_dict("records"):
            rows[study.name] = (study, {str(name): cell for name, cell in row.items()})
    usable = {
        name: int(row["n_treated"]) + int(row["n_control"])
        for name, (_, row) in rows.items()
        if all(map(isfinite, _effect(row, scale)))
    }
    dropped = dependent_studies(usable, shared)
    for name, (study, row) in rows.items():
        effect, error = _effect(row, scale)
        reason = dropped.get(name, "")
        if name not in usable:
            flag = row["flag"]
            reason = f"no effect: {flag if isinstance(flag, str) else 'it is not defined'}"
        unit = SD if scale == "standardised" else str(row["unit"])
        yield _Entry(study, row, effect, error, unit, reason)


def _effect(row: Mapping[str, Any], scale: Scale) -> tuple[float, float]:
    """Effect and its standard error; NaN where it is not defined or has none."""
    if scale == "standardised":
        effect, error = float(row["dppc2"]), float(row["dppc2_se"])
    else:
        effect, df = float(row["difference"]), float(row["df"])
        half = (float(row["ci_high"]) - float(row["ci_low"])) / 2
        error = half / float(stdtrit(df, 0.975)) if df > 0 else nan
    return (effect, error) if error > 0 else (nan, nan)


def _together(
    claim: str, scale: Scale, entries: Sequence[_Entry], inference: Inference
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Rows of both tables for one claim on one scale."""
    counted = [entry for entry in entries if not entry.reason]
    shown = (counted or list(entries))[0]
    row: dict[str, Any] = {
        "measure": claim,
        "scale": scale,
        "label": shown.row["label"],
        "direction": shown.row["direction"],
        "family": shown.row["family"],
        "unit": shown.unit,
        "k": len(counted),
        "n_treated": sum(int(entry.row["n_treated"]) for entry in counted),
        "n_control": sum(int(entry.row["n_control"]) for entry in counted),
        "words": "no study has an effect",
        "flag": _flag(entries, scale) or None,
    }
    if not counted:
        return row, [_forest_row(claim, scale, entry, nan, None) for entry in entries]
    found = _pooled(counted)
    row |= _numbers(found, counted, inference, scale)
    weights = iter(found.weights.tolist())
    forest = [
        _forest_row(
            claim,
            scale,
            entry,
            nan if entry.reason else 100 * next(weights),
            _pooled([other for other in counted if other is not entry])
            if not entry.reason and len(counted) > 1
            else None,
        )
        for entry in entries
    ]
    return row, forest


def _pooled(entries: Sequence[_Entry]) -> RandomEffects:
    effects = np.array([entry.effect for entry in entries])
    return random_effects(effects, np.array([entry.error for entry in entries]) ** 2)


def _numbers(
    found: RandomEffects, counted: Sequence[_Entry], inference: Inference, scale: Scale
) -> dict[str, Any]:
    effects = np.array([entry.effect for entry in counted])
    variances = np.array([entry.error for entry in counted]) ** 2
    bound = inference.smallest_effect_of_interest if scale == "standardised" else nan
    return {
        "estimate": found.mean.value,
        "se": found.mean.standard_error,
        "ci_low": found.mean.low,
        "ci_high": found.mean.high,
        "p": found.p,
        "tau2": found.tau2,
        "tau2_low": found.tau2_low,
        "tau2_high": found.tau2_high,
        "i2": found.i2,
        "q": found.q,
        "q_p": found.q_p,
        "prediction_low": found.prediction_low,
        "prediction_high": found.prediction_high,
        "fixed": found.fixed.value,
        "fixed_ci_low": found.fixed.low,
        "fixed_ci_high": found.fixed.high,
        "estimate_dl": random_effects(effects, variances, "DL").mean.value,
        "estimate_pm": random_effects(effects, variances, "PM").mean.value,
        "tost_p": _equivalence(found, bound),
    }


def _equivalence(found: RandomEffects, bound: float) -> float:
    """Compute p of two one-sided t tests of the mean; NaN for one study."""
    if not (isfinite(bound) and found.k > 1):
        return nan
    inside = (bound - abs(found.mean.value)) / found.mean.standard_error
    return float(stdtr(found.df, -inside))


def _forest_row(
    claim: str, scale: Scale, entry: _Entry, weight: float, others: RandomEffects | None
) -> dict[str, Any]:
    row, raw = entry.row, scale == "raw"
    low, high = ("ci_low", "ci_high") if raw else ("dppc2_ci_low", "dppc2_ci_high")
    return {
        "measure": claim,
        "scale": scale,
        "study": entry.study.name,
        "contrast_label": row["contrast_label"],
        "effect": entry.effect,
        "se": entry.error,
        "ci_low": row[low],
        "ci_high": row[high],
        "unit": entry.unit,
        "n_treated": row["n_treated"],
        "n_control": row["n_control"],
        "randomised": entry.study.randomised,
        "counts": not entry.reason,
        "weight": weight,
        "without": others.mean.value if others else nan,
        "without_ci_low": others.mean.low if others else nan,
        "without_ci_high": others.mean.high if others else nan,
        "reason": entry.reason or None,
    }


def _flag(entries: Sequence[_Entry], scale: Scale) -> str:
    counted = [entry for entry in entries if not entry.reason]
    notes = [
        f"{entry.study.name} does not count: {entry.reason}" for entry in entries if entry.reason
    ]
    units = {str(entry.row["unit"]) for entry in counted}
    if scale == "standardised" and len(units) > 1:
        notes.append(f"units differ ({', '.join(sorted(units))}): standardised only")
    if len(counted) == 1:
        notes.append("one study: this is its own effect")
    if not all(entry.study.randomised for entry in counted):
        notes.append("not every study was randomised: an association")
    return "; ".join(notes)


def _without_family(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: cell for name, cell in row.items() if name != "family"}


def _adjusted(table: pd.DataFrame, families: Sequence[str]) -> pd.DataFrame:
    """Adjust p of the confirmatory claims, for each scale; others stand as they are."""
    confirmatory = pd.Series(families, index=table.index, dtype=object) == "confirmatory"
    table["p_adjusted"] = table["p"]
    for scale in table["scale"].unique():
        rows = confirmatory & (table["scale"] == scale)
        table.loc[rows, "p_adjusted"] = holm(table.loc[rows, "p"].to_numpy(dtype=float))
    return table
