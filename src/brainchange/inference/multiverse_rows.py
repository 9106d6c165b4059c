"""Effects of all specifications of a claim as rows: one by one, and together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from brainchange.inference.curve import Curve, Universe
from brainchange.inference.measures import Measure
from brainchange.inference.universes import SpecifiedClaim
from brainchange.metrics.registry import computed_metrics
from brainchange.study.settings import Settings
from brainchange.study.specifications import Specification
from brainchange.study.strict import Direction

Floats = npt.NDArray[np.float64]
ROUNDING = 1e-12


@dataclass(frozen=True)
class Case:
    """One claim in one contrast, computed.

    Attributes
    ----------
    claim : SpecifiedClaim
        The claim and its values.
    settings : Settings
        Level and permutations.
    sizes : mapping of Universe to (int, int)
        Treated and control participants of every universe.
    computed : tuple of Universe
        Those with enough of them.
    curve : Curve or None
        Their effects; None where there are none.
    """

    claim: SpecifiedClaim
    settings: Settings
    sizes: Mapping[Universe, tuple[int, int]]
    computed: tuple[Universe, ...]
    curve: Curve | None

    @property
    def named(self) -> dict[str, Any]:
        """Columns that name claim and contrast."""
        measure, contrast = self.claim.measure, self.claim.contrast
        return {
            "measure": measure.name,
            "label": measure.label,
            "contrast": contrast,
            "contrast_label": self.claim.study.contrasts[contrast].label,
            "direction": measure.direction,
        }


def rows(case: Case, named: Mapping[str, Specification], primary: str) -> Iterator[dict[str, Any]]:
    """Write the rows of ``MULTIVERSE_TABLE`` of one claim in one contrast.

    Parameters
    ----------
    case : Case
        What was computed.
    named : mapping of str to Specification
        The configured specifications by name.
    primary : str
        Name of the primary one.

    Yields
    ------
    dict
        In the order of the grid.
    """
    effects = _effects(case)
    fewest = case.settings.inference.fewest_participants
    for one, sizes in case.sizes.items():
        known = named.get(one.specification)
        choices = {
            "arm_set": one.arm_set,
            "specification": one.specification,
            "denoising": known.denoising.name if known else None,
            "censoring": _censoring(case.claim.measure, known),
            "model": one.model,
            "covariates": one.covariates,
            "primary": one == Universe(primary, case.claim.contrast, "change_score", "none"),
            "n_treated": sizes[0],
            "n_control": sizes[1],
        }
        lost = {"flag": f"an arm has fewer than {fewest} participants that count"}
        yield case.named | choices | effects.get(one, lost)


def _censoring(measure: Measure, known: Specification | None) -> str | None:
    """Name the censoring of a metric that knows one; those of voxels take all volumes."""
    if known is None:
        return None
    found = computed_metrics((measure.metric,)).get(measure.metric)
    of_voxels = found is None or found.of_voxels
    return None if of_voxels else known.censoring.name


def _effects(case: Case) -> dict[Universe, dict[str, Any]]:
    """Effects of the universes that are computed, with their place on the curve."""
    if case.curve is None:
        return {}
    curve, effects = case.curve, case.curve.dppc2[0]
    p = curve.p()[0]
    order = np.argsort(np.where(np.isfinite(effects), effects, np.inf), kind="stable")
    low, high = _null_band(curve)
    found: dict[Universe, dict[str, Any]] = {}
    for rank, place in enumerate(order.tolist()):
        if not isfinite(effects[place]):
            found[case.computed[place]] = {"flag": "the effect is not defined for these values"}
            continue
        margin = float(stdtrit(curve.df[place], 0.975)) * curve.standard_error[place]
        ends = sorted(
            (curve.difference[place] + sign * margin) * curve.unit[place] for sign in (-1, 1)
        )
        found[case.computed[place]] = {
            "difference": curve.difference[place],
            "dppc2": effects[place],
            "ci_low": ends[0],
            "ci_high": ends[1],
            "p": p[place],
            "rank": rank + 1,
            "null_low": low[rank],
            "null_high": high[rank],
        }
    return found


def _null_band(curve: Curve) -> tuple[Floats, Floats]:
    """Percentiles of the effect at every place of the curve when arms are permuted."""
    defined = np.isfinite(curve.dppc2[0])
    permuted = np.sort(curve.dppc2[1:][:, defined], axis=1)
    permuted = permuted[np.isfinite(permuted).all(axis=1)]
    if not len(permuted):
        nothing = np.full(int(defined.sum()), np.nan)
        return nothing, nothing
    low, high = np.percentile(permuted, [2.5, 97.5], axis=0)
    return low, high


def summary(case: Case) -> dict[str, Any]:
    """Write the row of ``MULTIVERSE_SUMMARY_TABLE`` of one claim in one contrast.

    Parameters
    ----------
    case : Case
        What was computed.

    Returns
    -------
    dict
        Median, share with the claimed sign and share of small p, each with its share of
        permutations at least as extreme.
    """
    count = case.settings.multiverse.permutations
    row = case.named | {"n_permutations": count, "p_floor": 1 / (count + 1)}
    defined = np.isfinite(case.curve.dppc2[0]) if case.curve else np.empty(0, dtype=bool)
    if case.curve is None or not defined.any():
        return row | {"n_specifications": 0, "flag": "no specification has an effect"}
    effects = case.curve.dppc2[:, defined]
    significant = case.curve.p()[:, defined] < case.settings.inference.alpha
    with np.errstate(invalid="ignore"):
        middle = np.nanmedian(effects, axis=1)
        claimed = _share_claimed(effects, case.claim.measure.direction)
    share = significant.mean(axis=1)
    ends = np.percentile(middle[1:][np.isfinite(middle[1:])], [2.5, 97.5])
    return row | {
        "n_specifications": int(defined.sum()),
        "median_dppc2": middle[0],
        "median_null_low": ends[0],
        "median_null_high": ends[1],
        "median_p": _p(_median_statistic(case.curve, defined)),
        "share_claimed": claimed[0],
        "share_claimed_p": _p(claimed),
        "share_significant": share[0],
        "share_significant_p": _p(share),
    }


def _median_statistic(curve: Curve, defined: npt.NDArray[np.bool_]) -> Floats:
    """Distance from 0 of the median studentised effect in every row.

    Studentised, because permuted effects of arms that differ in size and variance vary too little
    or too much (as the mean difference of two arms does).
    """
    signed = np.sign(curve.dppc2[:, defined]) * curve.statistic[:, defined]
    middle: Floats = np.abs(np.median(np.where(np.isnan(signed), np.inf, signed), axis=1))
    return middle


def _share_claimed(effects: Floats, direction: Direction | None) -> Floats:
    """Share of effects with the claimed sign in every row; without one, with the commoner sign."""
    known = np.isfinite(effects).sum(axis=1)
    up, down = ((effects > 0).sum(axis=1) / known, (effects < 0).sum(axis=1) / known)
    shares: dict[str | None, Floats] = {"up": up, "down": down, None: np.maximum(up, down)}
    return shares[direction]


def _p(statistic: Floats) -> float:
    """Share of rows at least as large as the first, itself included; undefined rows count."""
    smaller = statistic < statistic[0] - ROUNDING * max(1.0, abs(statistic[0]))
    return float(1 - smaller.mean())
