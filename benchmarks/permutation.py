"""Speed and memory of the permutation of arms, at the size of a very large study."""

from __future__ import annotations

import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from brainchange.inference.permutation import named_generator, permutation_test

PARTICIPANTS, MEASURES, PERMUTATIONS = 10_000, 200, 10_000
SAMPLE = (2, 50)
"""Measures and permutations the loop over scipy is timed with; its time grows with both."""


def rows() -> list[dict[str, Any]]:
    """Measure how long 10,000 permutations of 200 values of 10,000 participants take.

    Returns
    -------
    list of dict
        name, value, unit, bar and whether the bar holds.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, gigabytes = pool.apply(_permute)
    ratio = _seconds_of_scipy() / seconds
    return [
        _row("permutation: 10,000 participants × 200 values × 10,000", seconds, "s", 60, most=True),
        _row("permutation: peak memory", gigabytes, "GB", 2, most=True),
        _row("permutation: speed against a loop over scipy", ratio, "×", 50, most=False),
    ]


def _row(name: str, value: float, unit: str, bar: float, *, most: bool) -> dict[str, Any]:
    holds = value <= bar if most else value >= bar
    shown = f"{'≤' if most else '≥'} {bar:g}"
    return {"name": name, "value": value, "unit": unit, "bar": shown, "holds": holds}


def _data() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    changes = np.random.default_rng(1).normal(size=(PARTICIPANTS, MEASURES))
    return changes, np.arange(PARTICIPANTS) < PARTICIPANTS // 2


def _permute() -> tuple[float, float]:
    changes, treated = _data()
    start = time.perf_counter()
    permutation_test(
        changes,
        treated,
        exact_up_to=1,
        permutations=PERMUTATIONS,
        generator=named_generator(1, "benchmark"),
    )
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _seconds_of_scipy() -> float:
    """Time of one ``scipy.stats.permutation_test`` a measure, scaled up from a few."""
    changes, treated = _data()
    measures, permutations = SAMPLE
    start = time.perf_counter()
    for measure in range(measures):
        stats.permutation_test(
            (changes[treated, measure], changes[~treated, measure]),
            _absolute_t,
            n_resamples=permutations,
            alternative="greater",
            vectorized=True,
            batch=permutations,
            rng=np.random.default_rng(1),
        )
    seconds = time.perf_counter() - start
    return seconds * MEASURES / measures * PERMUTATIONS / permutations


def _absolute_t(
    treated: npt.NDArray[np.float64], control: npt.NDArray[np.float64], axis: int
) -> npt.NDArray[np.float64]:
    statistic: npt.NDArray[np.float64] = np.abs(
        stats.ttest_ind(treated, control, axis=axis, equal_var=False).statistic
    )
    return statistic
