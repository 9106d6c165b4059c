"""Whether change in the brain goes with change in symptoms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, nan, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.correlation import correlation, spearman
from brainchange.inference.equal_motion import change_in_motion
from brainchange.inference.partial_correlation import bca_interval, permutation_p
from brainchange.inference.permutation import named_generator
from brainchange.inference.prepost import PrePost
from brainchange.inference.reliability import Retest
from brainchange.inference.reliability_schema import BRAIN_SYMPTOM_TABLE
from brainchange.inference.reliable_change import reliability_of_change
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
FEWEST = 20
"""Participants below which a correlation is described, not tested."""
ALL = "all"


def brain_symptom_table(
    data: PrePost, study: Study, settings: Settings, reliability: tuple[Retest, ...]
) -> pd.DataFrame:
    """Correlate the change of every claim with the change of every scale.

    Parameters
    ----------
    data : PrePost
        Values at pre and post.
    study : Study
        Names the arms.
    settings : Settings
        Seed and number of permutations.
    reliability : tuple of Retest
        Of every measure.

    Returns
    -------
    pandas.DataFrame
        ``BRAIN_SYMPTOM_TABLE``: in all arms at equal arm, and in each arm; always at equal change
        in head motion where that is known.
    """
    claims, outcomes = (
        [column for column, measure in enumerate(data.measures) if measure.kind == kind]
        for kind in ("claim", "outcome")
    )
    pairs = (
        _Pair(data, study, claim, outcome, scope)
        for claim in claims
        for outcome in outcomes
        for scope in _scopes(study)
    )
    return BRAIN_SYMPTOM_TABLE.frame(
        pair.names | _correlated(pair, settings) | _attenuation(pair, reliability) for pair in pairs
    )


def _scopes(study: Study) -> Iterator[str]:
    if len(study.arms) > 1:
        yield ALL
    yield from study.arms


@dataclass(frozen=True)
class _Pair:
    """One claim and one scale in all arms or in one."""

    data: PrePost
    study: Study
    claim: int
    outcome: int
    scope: str

    @cached_property
    def who(self) -> Booleans:
        """Participants with both changes, shape (n_participants,)."""
        change = self.data.change
        both: Booleans = np.isfinite(change[:, self.claim] + change[:, self.outcome])
        return both if self.scope == ALL else both & (self.data.arms == self.scope)

    @cached_property
    def held(self) -> dict[str, list[Floats]]:
        """What is held equal, by name: columns of shape (n,)."""
        arms = self.data.arms[self.who]
        present = [arm for arm in self.study.arms if (arms == arm).any()]
        held = {"arm": [(arms == arm).astype(float) for arm in present[1:]]}
        moved = change_in_motion(self.data, self.data.measures[self.claim].task)[self.who]
        if moved.size and np.isfinite(moved).all() and np.ptp(moved) > 0:
            held["change in head motion"] = [moved]
        return {name: columns for name, columns in held.items() if columns}

    @property
    def given(self) -> Floats:
        """The same, shape (n, n_covariates)."""
        columns = [column for columns in self.held.values() for column in columns]
        return np.column_stack([np.empty((int(self.who.sum()), 0)), *columns])

    @property
    def names(self) -> dict[str, Any]:
        """Cells that say what is correlated."""
        brain, scale = (self.data.measures[column] for column in (self.claim, self.outcome))
        return {
            "measure": brain.name,
            "label": brain.label,
            "outcome": scale.name,
            "outcome_label": scale.label,
            "scope": self.scope,
            "scope_label": "all arms" if self.scope == ALL else self.study.arms[self.scope].label,
            "given": ", ".join(self.held) or None,
            "flag": brain.problem or None,
        }


def _correlated(pair: _Pair, settings: Settings) -> dict[str, Any]:
    """Cells of the correlation; tested only where participants are enough."""
    data, given = pair.data, pair.given
    first, second = (data.change[pair.who, column] for column in (pair.claim, pair.outcome))
    found = correlation(first, second, given)
    cells: dict[str, Any] = {
        "n": found.n,
        "descriptive": found.n < FEWEST,
        "r": found.r,
        "ci_low": found.low,
        "ci_high": found.high,
        "spearman": spearman(first, second, given),
    }
    if note := pair.names["flag"] or _flag(found.n, found.r):
        cells["flag"] = note
    if found.n < FEWEST or not isfinite(found.r):
        return cells
    names = [str(pair.names[key]) for key in ("measure", "outcome", "scope")]
    people = [name for name, kept in zip(data.participants, pair.who, strict=True) if kept]
    generator = named_generator(settings.seed, "brain and symptoms", pair.study.id, *names, *people)
    permutations = settings.inference.permutations
    p = permutation_p(first, second, given, permutations=permutations, generator=generator)
    low, high = bca_interval(first, second, given, data.arms[pair.who], generator=generator)
    return cells | {"p": p, "n_permutations": permutations, "bca_low": low, "bca_high": high}


def _attenuation(pair: _Pair, reliability: tuple[Retest, ...]) -> dict[str, float]:
    """Say how much of both changes is true change, and what correlation that allows."""
    data, who, found = pair.data, pair.who, []
    for column in (pair.claim, pair.outcome):
        r12 = correlation(data.pre[who, column], data.post[who, column], pair.given).r
        found.append(reliability_of_change(reliability[column].consistency.icc, r12))
    product = max(found[0], 0.0) * max(found[1], 0.0) if np.isfinite(found).all() else nan
    return {
        "reliability_of_change": found[0],
        "outcome_reliability_of_change": found[1],
        "largest_r": min(sqrt(product), 1.0) if isfinite(product) else nan,
    }


def _flag(n: int, r: float) -> str:
    if n == 0:
        return "nobody has both changes"
    if not isfinite(r):
        return "too few participants, or a change does not vary at equal covariates"
    if n < FEWEST:
        return f"n = {n}, fewer than {FEWEST}: descriptive, not tested"
    return ""
