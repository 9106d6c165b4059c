"""More than two arms: one test of all of them, what therapies share, and every pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brainchange.inference.between import welch
from brainchange.inference.measures import Measure
from brainchange.inference.multiplicity import ADJUSTMENTS, holm
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE, PAIRS_TABLE
from brainchange.inference.permutation import named_generator, permutation_test
from brainchange.inference.prepost import PrePost
from brainchange.inference.welch_anova import welch_anova
from brainchange.study.model import Study
from brainchange.study.settings import Settings

Floats = npt.NDArray[np.float64]
JUDGED = ("claim", "outcome")


def omnibus_table(data: PrePost, study: Study, settings: Settings) -> pd.DataFrame:
    """Test whether three or more arms, or two or more therapies, change alike.

    Parameters
    ----------
    data : PrePost
        Values before and after.
    study : Study
        Arms and their roles.
    settings : Settings
        Seed, permutations, fewest participants of an arm.

    Returns
    -------
    pandas.DataFrame
        ``OMNIBUS_TABLE``; empty for a study of two arms. An arm with too few participants with both
        values is left out, with a flag.
    """
    sets = {"all": list(study.arms), "therapies": _therapies(study)}
    rows = [
        _row(data, column, among, arms, study, settings)
        for among, arms in sets.items()
        if len(arms) >= (3 if among == "all" else 2)
        for column, measure in enumerate(data.measures)
        if measure.kind in JUDGED
    ]
    table = OMNIBUS_TABLE.frame(rows)
    for (_, family), tests in table.groupby(["among", "family"], sort=False):
        if family in ADJUSTMENTS:
            p = tests["p_permutation"].to_numpy()
            table.loc[tests.index, "p_adjusted"] = ADJUSTMENTS[family][1](p)
    return OMNIBUS_TABLE.frame(table)


def pairs_table(data: PrePost, study: Study, settings: Settings) -> pd.DataFrame:
    """Compare the change of every pair of arms.

    Parameters
    ----------
    data : PrePost
        Values before and after.
    study : Study
        Arms.
    settings : Settings
        Seed, permutations, fewest participants of an arm.

    Returns
    -------
    pandas.DataFrame
        ``PAIRS_TABLE``; empty for a study of two arms. Holm over the pairs of a measure.
    """
    if len(study.arms) < 3:
        return PAIRS_TABLE.frame()
    rows = []
    for column, measure in enumerate(data.measures):
        if measure.kind in JUDGED:
            found = [
                _pair(data, column, pair, study, settings)
                for pair in combinations(list(study.arms), 2)
            ]
            adjusted = holm([row["p_permutation"] for row in found])
            rows += [row | {"p_adjusted": p} for row, p in zip(found, adjusted, strict=True)]
    return PAIRS_TABLE.frame(rows)


def _therapies(study: Study) -> list[str]:
    return [name for name, arm in study.arms.items() if arm.role == "therapy"]


def _changes(data: PrePost, column: int, arm: str) -> tuple[Floats, list[str]]:
    """Take the changes of an arm, and whose they are."""
    who = (data.arms == arm) & ~np.isnan(data.change[:, column])
    people = [name for name, kept in zip(data.participants, who, strict=True) if kept]
    return data.change[who, column], people


def _named(measure: Measure) -> dict[str, Any]:
    return {
        "measure": measure.name,
        "kind": measure.kind,
        "label": measure.label,
        "unit": measure.unit or None,
    }


def _row(  # noqa: PLR0917
    data: PrePost, column: int, among: str, arms: Sequence[str], study: Study, settings: Settings
) -> dict[str, Any]:
    measure, fewest = data.measures[column], settings.inference.fewest_participants
    found = {arm: _changes(data, column, arm) for arm in arms}
    kept = {arm: one for arm, one in found.items() if one[0].size >= fewest}
    gone = [study.arms[arm].label for arm in arms if arm not in kept]
    flag = f"left out, fewer than {fewest} with both values: {', '.join(gone)}" if gone else ""
    fixed = _named(measure) | {
        "family": measure.family,
        "among": among,
        "arms": ";".join(arms),
        "n": ";".join(str(changes.size) for changes, _ in found.values()),
        "adjustment": ADJUSTMENTS[measure.family][0] if measure.family in ADJUSTMENTS else "none",
        "flag": measure.problem or flag or None,
    }
    if len(kept) < (3 if among == "all" else 2):
        return fixed
    return fixed | _compared(kept, among, data, column, study, settings)


def _compared(  # noqa: PLR0917
    kept: dict[str, tuple[Floats, list[str]]],
    among: str,
    data: PrePost,
    column: int,
    study: Study,
    settings: Settings,
) -> dict[str, Any]:
    people = [name for _, who in kept.values() for name in who]
    order = np.argsort(people)
    values = np.concatenate([changes for changes, _ in kept.values()])[order]
    arms = np.repeat(np.arange(len(kept)), [changes.size for changes, _ in kept.values()])[order]
    test = welch_anova(
        values,
        arms,
        permutations=settings.inference.permutations,
        generator=named_generator(
            settings.seed, "omnibus", study.id, among, *(people[place] for place in order)
        ),
    )
    means = {arm: float(changes.mean()) for arm, (changes, _) in kept.items()}
    high, low = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    return {
        "largest_difference": means[high] - means[low],
        "largest_between": f"{high};{low}",
        "statistic": test.statistic,
        "df1": test.df1,
        "df2": test.df2,
        "p_welch": test.p,
        "p_permutation": test.p_permutation,
        "p_floor": test.floor,
        "n_permutations": test.n_permutations,
        "p_shared": _shared(kept, data, column, study, settings) if among == "therapies" else nan,
    }


def _shared(
    kept: dict[str, tuple[Floats, list[str]]],
    data: PrePost,
    column: int,
    study: Study,
    settings: Settings,
) -> float:
    """Largest p of the therapies against control: the intersection-union test of a conjunction."""
    control = study.contrasts[study.primary_contrast].control
    rows = [
        _pair(data, column, (arm, other), study, settings)
        for arm in kept
        for other in control
        if other not in kept
    ]
    if not rows or any(np.isnan(row["p_permutation"]) for row in rows):
        return nan
    signs = {np.sign(row["difference"]) for row in rows}
    return max(row["p_permutation"] for row in rows) if len(signs) == 1 else 1.0


def _pair(
    data: PrePost, column: int, pair: tuple[str, str], study: Study, settings: Settings
) -> dict[str, Any]:
    (first, one), (second, other) = (_changes(data, column, arm) for arm in pair)
    raw, fewest = welch(first, second), settings.inference.fewest_participants
    small = min(first.size, second.size) < fewest
    row = _named(data.measures[column]) | {
        "first": pair[0],
        "second": pair[1],
        "n_first": first.size,
        "n_second": second.size,
        "difference": raw.difference,
        "ci_low": raw.low,
        "ci_high": raw.high,
        "p_permutation": nan,
        "p_floor": nan,
        "flag": f"fewer than {fewest} in an arm: described, not tested" if small else None,
    }
    if small or not raw.standard_error > 0:
        return row
    people = [*one, *other]
    order = np.argsort(people)
    test = permutation_test(
        np.concatenate([first, second])[order][:, None],
        np.repeat([True, False], [first.size, second.size])[order],
        exact_up_to=settings.inference.exact_up_to,
        permutations=settings.inference.permutations,
        generator=named_generator(
            settings.seed, "arms", study.id, *pair, *(people[place] for place in order)
        ),
    )
    return row | {"p_permutation": float(test.p[0]), "p_floor": test.floor}
