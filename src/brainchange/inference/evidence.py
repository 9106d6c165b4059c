"""What is printed beside every effect: adjusted difference, equivalence, Bayes factor, design."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

from brainchange.inference.ancova import ancova
from brainchange.inference.bayes_factor import bayes_factor, student_t
from brainchange.inference.between import Welch, welch
from brainchange.inference.effect_size import pooled_sd
from brainchange.inference.equivalence import equivalence, smallest_equivalence_bound
from brainchange.inference.power import minimum_detectable_effect
from brainchange.study.settings import Inference

Floats = npt.NDArray[np.float64]
NARROW_SCALE, WIDE_SCALE = 0.5, 1.0
SMALL_BOUND, LARGE_BOUND = 0.3, 0.8
"""Other bounds of equivalence, in standard deviations before therapy, to see what hangs on one."""
FEWEST_FOR_BAYES = 8
"""Participants an arm below which a Bayes factor from Student's t is not to be trusted."""
Numbers = dict[str, float | bool | None]


@dataclass(frozen=True)
class Sides:
    """Participants of one measure and contrast with both values.

    Attributes
    ----------
    treated, control : tuple of two numpy.ndarray, shape (n_arm,)
        Their values at pre and post.
    """

    treated: tuple[Floats, Floats]
    control: tuple[Floats, Floats]

    @property
    def changes(self) -> tuple[Floats, Floats]:
        """Changes of the treated and of the control participants."""
        return self.treated[1] - self.treated[0], self.control[1] - self.control[0]

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of treated and of control participants."""
        return self.treated[0].size, self.control[0].size

    @property
    def welch(self) -> Welch:
        """Difference in change."""
        return welch(*self.changes, scale=np.concatenate([*self.treated, *self.control]))


def evidence(sides: Sides, inference: Inference, *, tested: bool) -> Numbers:
    """Collect what qualifies a difference in change, as columns of ``EFFECTS_TABLE``.

    Parameters
    ----------
    sides : Sides
        Participants with both values.
    inference : Inference
        Level and smallest effect of interest.
    tested : bool
        Whether the arms are large enough for tests; if not, estimates and intervals only.

    Returns
    -------
    dict
        Column to number; NaN where it is not defined.
    """
    return {
        **_adjusted(sides, tested=tested),
        **_equivalence(sides, inference, tested=tested),
        **_bayes(sides, tested=tested),
        **_design(sides, inference),
    }


def _adjusted(sides: Sides, *, tested: bool) -> Numbers:
    adjusted = ancova(sides.treated, sides.control)
    return {
        "ancova": adjusted.estimate,
        "ancova_se_hc3": adjusted.standard_error,
        "ancova_ci_low": adjusted.low,
        "ancova_ci_high": adjusted.high,
        "ancova_df": adjusted.df,
        "ancova_p": adjusted.p if tested else nan,
    }


def _equivalence(sides: Sides, inference: Inference, *, tested: bool) -> Numbers:
    unit = pooled_sd(sides.treated[0], sides.control[0]) if min(sides.sizes) > 1 else nan
    unit = unit if unit > 0 else nan
    result = equivalence(sides.welch, inference.smallest_effect_of_interest * unit)
    others = [equivalence(sides.welch, bound * unit).p for bound in (SMALL_BOUND, LARGE_BOUND)]
    small, large = others if tested else (nan, nan)
    return {
        "equivalence_bound": result.bound,
        "tost_p": result.p if tested else nan,
        "tost_p_small": small,
        "tost_p_large": large,
        "tost_ci_low": result.low / unit,
        "tost_ci_high": result.high / unit,
        "smallest_equivalence_bound": smallest_equivalence_bound(*sides.sizes),
        "smallest_equivalence_difference": result.smallest_bound,
    }


def _bayes(sides: Sides, *, tested: bool) -> Numbers:
    t = student_t(*sides.changes) if tested else nan
    return {
        "bayes_factor_10": bayes_factor(t, *sides.sizes),
        "bayes_factor_10_narrow": bayes_factor(t, *sides.sizes, scale=NARROW_SCALE),
        "bayes_factor_10_wide": bayes_factor(t, *sides.sizes, scale=WIDE_SCALE),
        "bayes_factor_01_ceiling": 1 / bayes_factor(0.0, *sides.sizes) if tested else nan,
        "bayes_factor_reliable": min(sides.sizes) >= FEWEST_FOR_BAYES if tested else None,
    }


def _design(sides: Sides, inference: Inference) -> Numbers:
    detectable = minimum_detectable_effect(*sides.sizes, inference.alpha)
    spread = pooled_sd(*sides.changes) if min(sides.sizes) > 1 else nan
    return {
        "minimum_detectable_effect": detectable,
        "minimum_detectable_difference": detectable * spread,
    }
