"""What a verdict is decided from: the evidence of one claim in one study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Literal

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class NegativeControl:
    """The largest effect where none is claimed.

    Attributes
    ----------
    name : str
        Region or measure.
    dppc2 : float
        Its standardised difference in change.
    """

    name: str
    dppc2: float


@dataclass(frozen=True)
class DifferentialMotion:
    """What head motion has to do with the difference.

    Attributes
    ----------
    p : float
        Whether motion changed differently in the arms (two-sided p of Welch's t).
    adjusted_difference, adjusted_p : float
        Difference in change with change in motion as a covariate, and its permutation p.
    """

    p: float
    adjusted_difference: float
    adjusted_p: float


@dataclass(frozen=True)
class Threat:
    """Another explanation of a difference, or of its absence: it can only weaken a verdict.

    Attributes
    ----------
    name : str
        Its name, the same in every trace (``regression_to_the_mean``).
    asked : str
        The question in words; yes means that the threat is there.
    value, threshold : float
        The number and what it is compared with; NaN where there is none.
    present : bool or None
        Whether it is there; None if that could not be judged.
    consequence : str
        What follows, in words; empty where nothing does.
    """

    name: str
    asked: str
    value: float
    threshold: float
    present: bool | None
    consequence: str


@dataclass(frozen=True)
class Evidence:
    """What is known of one claim in one study; raw signs (post − pre, treated − control).

    Attributes
    ----------
    n_treated, n_control : int
        Participants with both values.
    direction : {'up', 'down'} or None
        What is claimed of treated − control; None claims a difference in either direction.
    has_control : bool
        Whether the design has a control arm at all.
    is_randomised : bool
        Whether chance decided who came into which arm.
    difference, low, high : float
        Difference in change and its interval, in the unit of the measure. Without control the
        change of the treated arm.
    unit : str
        Unit of the measure, for text; empty where it is not known.
    p, p_adjusted, p_floor : float
        Primary permutation test (without control: sign flips), adjusted for the family (NaN for an
        exploratory test), and the smallest p that was possible.
    family_size : int
        Tests that p was adjusted for.
    lead : {'change_score', 'ancova'}
        Which estimate difference, interval and p are of.
    ancova, ancova_p : float
        Difference at equal values before, and its p.
    estimators : mapping of str to float
        Every estimate of the difference, in the unit of the measure; NaN where not defined.
    tost_p, equivalence_bound : float
        Two one-sided tests against the smallest effect of interest, and that bound in the unit.
    bayes_factor_10 : float
        Evidence for a difference against none.
    bayes_factor_reliable : bool
        Whether the arms are large enough for it.
    multiverse : tuple of float, optional
        dppc2 of every specification; None if no multiverse was computed.
    negative_control : NegativeControl, optional
        None if there was none.
    motion : DifferentialMotion, optional
        None if motion was not compared.
    threats : tuple of Threat
        Other explanations that were looked for. One that is present counts as a safeguard that
        failed, and takes NO MEANINGFUL EFFECT away.
    dppc2 : float
        Difference in standard deviations before therapy.
    from_images : bool
        Whether the values were measured from images. If so, SUPPORTED and CONTRADICTED need a
        negative control and the comparison of motion; if not (symptom scores), these do not apply
        and that they were not made is said.
    problem : str
        Why quality control or the data forbid a test; empty where they do not.
    smallest_effect : float
        Smallest effect of interest, in standard deviations before therapy.
    alpha : float
        Level of the tests.
    fewest_participants : int
        Participants an arm needs for a test.
    """

    n_treated: int
    n_control: int
    direction: Direction | None = None
    has_control: bool = True
    is_randomised: bool = False
    difference: float = nan
    low: float = nan
    high: float = nan
    unit: str = ""
    p: float = nan
    p_adjusted: float = nan
    p_floor: float = nan
    family_size: int = 1
    lead: Literal["change_score", "ancova"] = "change_score"
    ancova: float = nan
    ancova_p: float = nan
    estimators: Mapping[str, float] = field(default_factory=dict)
    tost_p: float = nan
    equivalence_bound: float = nan
    bayes_factor_10: float = nan
    bayes_factor_reliable: bool = False
    multiverse: tuple[float, ...] | None = None
    negative_control: NegativeControl | None = None
    motion: DifferentialMotion | None = None
    threats: tuple[Threat, ...] = ()
    dppc2: float = nan
    from_images: bool = True
    problem: str = ""
    smallest_effect: float = 0.5
    alpha: float = 0.05
    fewest_participants: int = 5
