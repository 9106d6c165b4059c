"""Permutation tests and bootstrap intervals of all measures of a contrast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

from brainchange.inference.bootstrap import bca_intervals
from brainchange.inference.measures import Measure
from brainchange.inference.permutation import (
    PermutationTest,
    named_generator,
    permutation_test,
    same_participants,
)
from brainchange.inference.prepost import PrePost
from brainchange.study.settings import Settings

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Resampled:
    """What resampling says of one measure.

    Attributes
    ----------
    test : PermutationTest
        Permutation test of the arms.
    p_max_t : float
        Its p adjusted for the family of regions; NaN for a measure of none.
    dppc2_low, dppc2_high : float
        Bootstrap interval, in standard deviations before therapy.
    """

    test: PermutationTest
    p_max_t: float
    dppc2_low: float
    dppc2_high: float


def resample(
    data: PrePost,
    treated: Booleans,
    control: Booleans,
    *,
    testable: Iterable[int],
    settings: Settings,
    names: tuple[str, ...],
) -> dict[int, Resampled]:
    """Test measures; those of the same participants share arrangements and resamples.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    treated, control : numpy.ndarray of bool, shape (n_participants,)
        Participants of either arm.
    testable : iterable of int
        Columns of the measures that can be tested.
    settings : Settings
        Seed, and what is tested how.
    names : tuple of str
        Study and contrast. With the participants they are the names of the seed: the same
        arrangements for every measure, whatever else is measured and in whatever order.

    Returns
    -------
    dict of int to Resampled
        By column.

    Notes
    -----
    Regions of one metric, and negative controls of one metric, are families of max |T|. Those
    measured in different participants cannot share arrangements: a family that falls into groups is
    adjusted within each, and for the number of groups after Bonferroni.
    """
    present = (treated | control)[:, None] & ~np.isnan(data.change)
    groups = same_participants(present, testable)
    family = [_family(measure) for measure in data.measures]
    shares = Counter(name for _, columns in groups for name in {family[c] for c in columns})
    found: dict[int, Resampled] = {}
    for who, columns in groups:
        participants = [name for name, kept in zip(data.participants, who, strict=True) if kept]
        change = data.change[who][:, columns]
        tests = permutation_test(
            change,
            treated[who],
            exact_up_to=settings.inference.exact_up_to,
            permutations=settings.inference.permutations,
            generator=named_generator(settings.seed, "arms", *names, *participants),
            families=[family[column] for column in columns],
        )
        intervals = bca_intervals(
            data.pre[who][:, columns],
            change,
            treated[who],
            generator=named_generator(settings.seed, "bootstrap", *names, *participants),
        )
        for place, (column, ends) in enumerate(zip(columns, intervals.tolist(), strict=True)):
            adjusted = min(1.0, shares[family[column]] * float(tests.p_max_t[place]))
            found[column] = Resampled(tests.of(place), adjusted if family[column] else nan, *ends)
    return found


def _family(measure: Measure) -> str:
    exploratory = measure.family == "exploratory"
    return f"{measure.kind} {measure.metric}" if exploratory else ""
