"""How often verdicts, tests and intervals are wrong where nothing changes, and right where it does.

Run it from the folder of the project with ``python -m benchmarks.calibration``; it takes some ten
minutes on two cores and writes ``calibration.tsv`` beside itself, which is committed. The studies
have the sizes of ds003007; values are judged as measured from images, with a negative control and
head motion, as by ``brainchange judge --from-images``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.progress import track

from brainchange.inference.arranged import Arranged
from brainchange.inference.judge import Judgement, judge
from brainchange.inference.judge_case import Question
from brainchange.study.settings import Inference, Settings

Floats = npt.NDArray[np.float64]
Shape = Literal["normal", "treated change SD doubled", "exponential", "15 % missing"]

RESULTS = Path(__file__).with_name("calibration.tsv")
NULL_STUDIES, POWER_STUDIES = 2000, 500
SIZES = ((8, 15), (14, 15))
SHAPES: tuple[Shape, ...] = ("normal", "treated change SD doubled", "exponential", "15 % missing")
EFFECTS = (0.5, 0.8, 1.2, 1.6)
RELIABILITY = 0.65
"""Correlation of before and after without therapy."""
SETTINGS = Settings(inference=Inference(permutations=999, exact_up_to=1))
NOMINAL, COVERAGE = 0.05, (0.93, 0.97)
MOST_WRONG = 0.05
TESTS = {
    "permutation test": lambda numbers: numbers["p_permutation"],
    "Welch test": lambda numbers: numbers["p_welch"],
    "ANCOVA, HC3": lambda numbers: numbers["ancova"]["p"],
}
INTERVALS = {
    "Welch interval of the difference in change": "change_difference_ci",
    "normal interval of dppc2": "dppc2_ci",
    "BCa interval of dppc2": "dppc2_bca_ci",
}


@dataclass(frozen=True)
class Design:
    """How studies are made.

    Attributes
    ----------
    treated, control : int
        Participants an arm.
    shape : str
        Distribution of values.
    effect : float
        True difference in change, in standard deviations before therapy.
    randomised : bool
        What is told of the allocation.
    """

    treated: int
    control: int
    shape: Shape
    effect: float = 0.0
    randomised: bool = False


def main() -> None:
    """Judge all studies and write the table."""
    nulls = [Design(*sizes, shape) for sizes in SIZES for shape in SHAPES]
    powers = [Design(*n, "normal", d, randomised=True) for n in SIZES for d in EFFECTS]
    rows = [row for design in nulls for row in _null_rows(design, _judged(design, NULL_STUDIES))]
    rows += [
        row for design in powers for row in _power_rows(design, _judged(design, POWER_STUDIES))
    ]
    table = pd.DataFrame(rows)
    table.to_csv(RESULTS, sep="\t", index=False, na_rep="n/a", float_format="%.4g")
    print(table.to_string())


def _judged(design: Design, n_studies: int) -> list[Judgement]:
    jobs = (joblib.delayed(_one)(design, number) for number in range(n_studies))
    told = f"{design.treated} v {design.control}, {design.shape}, effect {design.effect:g}"
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        done = joblib.Parallel(return_as="generator", batch_size=50)(jobs)
        return list(track(done, told, n_studies))


def _one(design: Design, number: int) -> Judgement:
    seed = [number, design.treated, design.control, SHAPES.index(design.shape)]
    random = np.random.default_rng([*seed, round(100 * design.effect)])
    question = Question(("t",), ("c",), "up", design.randomised, from_images=True)
    (judgement,) = judge(_study(design, random), question, SETTINGS)
    return judgement


def _study(design: Design, random: np.random.Generator) -> Arranged:
    """Make values and a negative control of one study, and head motion without a difference."""
    n = design.treated + design.control
    treated = np.arange(n) < design.treated
    (pre, post), control = (_values(design, treated, random) for _ in range(2))
    post = post + design.effect * treated
    if design.shape == "15 % missing":
        post[random.random(n) < 0.15] = np.nan
    return Arranged(
        participants=tuple(f"sub-{number:03}" for number in range(n)),
        treated=treated,
        measures=(("value", ""),),
        pre=pre[:, None],
        post=post[:, None],
        infinite=np.zeros(1, dtype=int),
        covariates=np.empty((n, 0)),
        motion=0.05 + random.gamma(4, 0.03, (2, n)),
        negative_control={("control", ""): control},
    )


def _values(
    design: Design, treated: npt.NDArray[np.bool_], random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Values before and after with standard deviation 1 before, and no change on average."""
    n = treated.size

    def noise() -> Floats:
        if design.shape == "exponential":
            return random.exponential(size=n) - 1
        return random.standard_normal(n)

    trait = math.sqrt(RELIABILITY) * noise()
    own = math.sqrt(1 - RELIABILITY)
    pre, post = trait + own * noise(), trait + own * noise()
    if design.shape == "treated change SD doubled":
        # The variance of change is 2 · own²; three times that more doubles its standard deviation.
        post = post + treated * math.sqrt(6) * own * noise()
    return pre, post


def _null_rows(design: Design, judged: list[Judgement]) -> Iterator[dict[str, Any]]:
    """Rates of false positives, coverage and wrong verdicts."""
    for name, p_of in TESTS.items():
        p = np.array([p_of(one.numbers) for one in judged], dtype=float)
        low, high = _monte_carlo(NOMINAL, int(np.isfinite(p).sum()))
        rate = float(np.mean(p[np.isfinite(p)] < NOMINAL))
        yield _row(design, f"{name}: false positives", rate, (low, high), len(judged))
    for name, key in INTERVALS.items():
        pairs = np.array([one.numbers[key] for one in judged], dtype=float)
        known = np.isfinite(pairs).all(axis=1)
        covered = (pairs[known, 0] <= 0) & (pairs[known, 1] >= 0)
        yield _row(design, f"{name}: coverage", float(covered.mean()), COVERAGE, len(judged))
    outcomes = [one.verdict.outcome for one in judged]
    wrong = np.mean([o.startswith(("SUPPORTED", "CONTRADICTED")) for o in outcomes])
    yield _row(design, "SUPPORTED or CONTRADICTED", float(wrong), (0, MOST_WRONG), len(judged))
    for outcome in ("SUGGESTIVE", "NO MEANINGFUL EFFECT", "INCONCLUSIVE", "NOT TESTED"):
        yield _row(design, outcome, outcomes.count(outcome) / len(judged), None, len(judged))


def _power_rows(design: Design, judged: list[Judgement]) -> Iterator[dict[str, Any]]:
    outcomes = [one.verdict.outcome for one in judged]
    p = np.array([one.numbers["p_permutation"] for one in judged], dtype=float)
    yield _row(design, "permutation test: power", float(np.mean(p < NOMINAL)), None, len(judged))
    for outcome in ("SUPPORTED", "SUGGESTIVE", "CONTRADICTED", "INCONCLUSIVE"):
        yield _row(design, outcome, outcomes.count(outcome) / len(judged), None, len(judged))


def _monte_carlo(rate: float, n: int) -> tuple[float, float]:
    """Range a true rate is found in, in 99 of 100 simulations of that size."""
    margin = 2.576 * math.sqrt(rate * (1 - rate) / n)
    return rate - margin, rate + margin


def _row(
    design: Design, what: str, value: float, bar: tuple[float, float] | None, n: int
) -> dict[str, Any]:
    return {
        "treated": design.treated,
        "control": design.control,
        "values": design.shape,
        "true_effect_sd": design.effect,
        "randomised": design.randomised,
        "what": what,
        "share": value,
        "standard_error": math.sqrt(max(value * (1 - value), 1e-12) / n),
        "lowest": bar[0] if bar else math.nan,
        "highest": bar[1] if bar else math.nan,
        "holds": "n/a" if bar is None else "yes" if bar[0] <= value <= bar[1] else "NO",
        "studies": n,
    }


if __name__ == "__main__":
    main()
