"""One threat to an effect: the table of threats, and what every threat is judged from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from brainchange.inference.evidence import Sides
from brainchange.inference.measures import Measure
from brainchange.inference.prepost import PrePost
from brainchange.inference.reliability import Retest
from brainchange.inference.schemas import KINDS
from brainchange.inference.verdict_text import amount, p_text
from brainchange.study.settings import Settings
from brainchange.tables import Column, TableSchema

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

ASKED = {
    "regression_to_the_mean": "Could regression to the mean make a difference that matters?",
    "baseline_change_correlation": "Do those who start higher change more?",
    "oldham_correlation": "Do those with a higher mean of both values change more?",
    "baseline_imbalance": "Does the difference depend on how unlike the arms were at the start?",
    "differential_motion": "Did head motion change differently in the arms?",
    "motion_adjusted": "Is the difference lost at equal change in head motion?",
    "motion_correlation": "Does head motion drive the measure, towards the difference?",
    "tsnr_change": "Did the signal-to-noise ratio change differently in the arms?",
    "coverage_change": "Did the share of measurable voxels change differently in the arms?",
    "negative_control": "Is there as large an effect where none is claimed?",
    "attrition": "Were more participants lost from one arm?",
    "those_who_left": "Did those who were lost start elsewhere than those who stayed?",
    "shared_participants": "Are participants also in another study?",
    "covariates_adjusted": "Is the difference lost at equal covariates of the study?",
    "known_trap": "Does a known trap of the study bear on it?",
}
"""Threats in the order of the table, and the question each asks: yes means that it is there."""
OF_IMAGES = (
    "differential_motion",
    "motion_adjusted",
    "motion_correlation",
    "tsnr_change",
    "coverage_change",
    "negative_control",
)
"""Threats that make sense only for values measured from images."""

THREATS_TABLE = TableSchema(
    "threats",
    "One other explanation of one difference in change (or of its absence), and what the data say "
    "of it. A threat can only weaken a verdict; that none is found proves nothing.",
    (
        Column("measure", "string", "Claim or scale", required=True),
        Column("kind", "string", "What kind of measure it is", required=True, levels=KINDS),
        Column("label", "string", "Name of the measure for text", required=True),
        Column("contrast", "string", "Contrast", required=True),
        Column("contrast_label", "string", "Name of the contrast for text", required=True),
        Column("threat", "string", "The threat", required=True, levels=tuple(ASKED)),
        Column(
            "asked",
            "string",
            "The question; yes means that the threat is there",
            required=True,
        ),
        Column("value", "number", "What was found, in `unit`; treated − control where arms differ"),
        Column("unit", "string", "Unit of value, interval and threshold"),
        Column("ci_low", "number", "Lower end of its 95 % interval"),
        Column("ci_high", "number", "Upper end of its 95 % interval"),
        Column("p", "number", "Two-sided p, where a test was made"),
        Column("p_floor", "number", "Smallest p the test can give, where it is a permutation"),
        Column("found_in", "string", "What it was found in, where that is another measure"),
        Column("threshold", "number", "What the size of the value is held against"),
        Column("n_treated", "integer", "Treated participants it was found in", required=True),
        Column("n_control", "integer", "Control participants it was found in", required=True),
        Column(
            "weakens",
            "boolean",
            "Whether it weakens what may be said; n/a where that could not be judged, or where "
            "the number only describes",
        ),
        Column(
            "words", "string", "The same in words, or why it could not be judged", required=True
        ),
    ),
    key=("kind", "measure", "contrast", "threat"),
)


@dataclass(frozen=True)
class Found:
    """What was found of one threat.

    Attributes
    ----------
    threat : str
        Its name, of ``ASKED``.
    words : str
        The finding, or why there is none.
    weakens : bool or None
        Whether it weakens; None if not judged.
    value, low, high, p, floor, threshold : float
        Numbers, NaN where there are none.
    unit : str
        Of value, interval and threshold.
    sizes : tuple of int, optional
        Treated and control participants it was found in; those of the effect by default.
    found_in : str
        What it was found in, where that is another measure.
    """

    threat: str
    words: str
    weakens: bool | None = None
    value: float = nan
    low: float = nan
    high: float = nan
    p: float = nan
    floor: float = nan
    threshold: float = nan
    unit: str = ""
    sizes: tuple[int, int] | None = None
    found_in: str = ""


@dataclass(frozen=True)
class ComparedMeasure:
    """One measure in one contrast: what threats to it are judged from.

    Attributes
    ----------
    data : PrePost
        Values of all participants.
    column : int
        Place of the measure.
    treated, control : numpy.ndarray of bool, shape (n_participants,)
        Participants enrolled in either side.
    effect : mapping
        Row of ``EFFECTS_TABLE``.
    retest : Retest
        Reliability of the measure in the untreated arm.
    randomised : bool
        Whether chance decided who came into which arm.
    settings : Settings
        Seed, level and fewest participants.
    names : tuple of str
        Study and contrast: names of seeds.
    """

    data: PrePost
    column: int
    treated: Booleans
    control: Booleans
    effect: Mapping[str, Any]
    retest: Retest
    randomised: bool
    settings: Settings
    names: tuple[str, ...]

    @property
    def measure(self) -> Measure:
        """The measure."""
        return self.data.measures[self.column]

    @cached_property
    def pre(self) -> Floats:
        """Values before, shape (n_participants,)."""
        return self.data.pre[:, self.column]

    @cached_property
    def post(self) -> Floats:
        """Values after, shape (n_participants,)."""
        return self.data.post[:, self.column]

    @cached_property
    def both(self) -> Booleans:
        """Participants of the contrast with both values, shape (n_participants,)."""
        found: Booleans = (self.treated | self.control) & np.isfinite(self.post - self.pre)
        return found

    @cached_property
    def sides(self) -> Sides:
        """Values of those with both."""
        treated, control = self.both & self.treated, self.both & self.control
        return Sides(
            (self.pre[treated], self.post[treated]), (self.pre[control], self.post[control])
        )

    @property
    def starts(self) -> tuple[Floats, Floats]:
        """Values before of those with both: treated, control."""
        return self.sides.treated[0], self.sides.control[0]

    @property
    def adjusted(self) -> bool:
        """Whether the leading estimate compares arms at equal values before."""
        return bool(self.effect["lead_estimator"] == "ancova")

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval of the leading estimate excludes 0."""
        return bool(self.effect["lead_ci_low"] > 0 or self.effect["lead_ci_high"] < 0)

    @property
    def sign(self) -> int:
        """Sign of the leading estimate."""
        return int(np.sign(np.nan_to_num(self.effect["lead_difference"])))


def untold(threat: str, reason: str) -> Found:
    """Say why a threat could not be judged."""
    return Found(threat, f"not judged: {reason}")


def interval_text(low: float, high: float, unit: str = "") -> str:
    """Write an interval with its unit."""
    return f"95 % interval {amount(low)} to {amount(high)}{f' {unit}' if unit else ''}"


def tested_text(found: Found) -> str:
    """Write a value with its unit, interval and p; a correlation has no unit."""
    unit = f" {found.unit}" if found.unit not in ("", "r") else ""
    told = [f"{amount(found.value)}{unit}"]
    if np.isfinite(found.low):
        told.append(interval_text(found.low, found.high))
    if np.isfinite(found.p):
        told.append(p_text(found.p))
    return ", ".join(told)


def threat_cells(found: Found, compared: ComparedMeasure) -> dict[str, Any]:
    """Write what was found of one threat as a row of ``THREATS_TABLE``.

    Parameters
    ----------
    found : Found
        What was found.
    compared : ComparedMeasure
        The measure and contrast.

    Returns
    -------
    dict
        The row.
    """
    n_treated, n_control = found.sizes or compared.sides.sizes
    effect = compared.effect
    return {
        **{name: effect[name] for name in ("measure", "kind", "label")},
        **{name: effect[name] for name in ("contrast", "contrast_label")},
        "threat": found.threat,
        "asked": ASKED[found.threat],
        "value": found.value,
        "unit": found.unit or None,
        "ci_low": found.low,
        "ci_high": found.high,
        "p": found.p,
        "p_floor": found.floor,
        "found_in": found.found_in or None,
        "threshold": found.threshold,
        "n_treated": n_treated,
        "n_control": n_control,
        "weakens": found.weakens,
        "words": found.words + ("; this weakens what may be said" if found.weakens else ""),
    }
