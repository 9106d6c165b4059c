"""Threats from where participants started: regression to the mean, arms unlike before therapy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brainchange.inference.imbalance import standardised_difference
from brainchange.inference.regression_to_mean import (
    baseline_change_correlation,
    expected_difference,
    oldham_correlation,
)
from brainchange.inference.threat_row import (
    ComparedMeasure,
    Found,
    interval_text,
    tested_text,
    untold,
)
from brainchange.inference.verdict_text import amount

UNLIKE = 0.25
"""Difference before therapy, in standard deviations, from which arms count as unlike (Rubin 2001,
Health Services & Outcomes Research Methodology 2:169)."""


def threats_at_start(compared: ComparedMeasure) -> list[Found]:
    """Judge what follows from the values before therapy.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.

    Returns
    -------
    list of Found
        Expected regression to the mean, the two correlations that show it, baseline imbalance.
    """
    return [_expected(compared), *_correlations(compared), _imbalance(compared)]


def _expected(compared: ComparedMeasure) -> Found:
    """Hold what regression to the mean would give against half of what was found.

    Where nothing was found, against half of the smallest effect of interest: it could hide one.
    """
    threat = "regression_to_the_mean"
    retest, treated, control = compared.retest, *compared.starts
    if not min(treated.size, control.size):
        return untold(threat, "an arm has no participant with both values")
    if not np.isfinite(retest.consistency.icc):
        return untold(threat, retest.problem)
    reliability = retest.consistency
    value, *ends = (
        expected_difference(treated, control, icc)
        for icc in (reliability.icc, reliability.low, reliability.high)
    )
    low, high = min(ends), max(ends)
    threshold, same = float(compared.effect["equivalence_bound"]) / 2, True
    if compared.adjusted:
        same = False
    elif compared.excludes_zero:
        threshold = abs(float(compared.effect["difference"])) / 2
        same = value * compared.sign > 0
    unit = compared.measure.unit
    words = (
        f"with a reliability of {amount(reliability.icc)} (untreated arm, n = {retest.n}), arms "
        f"that start {amount(float(treated.mean() - control.mean()))} {unit} apart would differ by "
        f"{amount(value)} {unit} in change without any effect, at most "
        f"({interval_text(low, high)} for the interval of the reliability); "
        f"{amount(threshold)} {unit} would matter"
        f"{', but analysis of covariance leads and corrects it' if compared.adjusted else ''}"
    )
    weakens = bool(same and abs(value) >= threshold) if np.isfinite(threshold) else None
    return Found(threat, words, weakens, value, low, high, threshold=threshold, unit=unit)


def _correlations(compared: ComparedMeasure) -> list[Found]:
    """Two descriptions; neither decides, because both arms regress."""
    pre, post = compared.pre[compared.both], compared.post[compared.both]
    arm = compared.treated[compared.both].astype(float)
    found = []
    for threat, function, said in (
        (
            "baseline_change_correlation",
            baseline_change_correlation,
            "within arms, value before and change correlate by {}: negative by construction, "
            "because both hold the value before",
        ),
        (
            "oldham_correlation",
            oldham_correlation,
            "within arms, mean of both values and change correlate by {}: about 0 where only "
            "regression to the mean ties change to the start",
        ),
    ):
        r = function(pre, post, arm)
        if not np.isfinite(r.r):
            found.append(untold(threat, "too few participants, or nothing varies within arms"))
            continue
        one = Found(threat, "", None, r.r, r.low, r.high, r.p, unit="r")
        found.append(replace(one, words=said.format(tested_text(one))))
    return found


def _imbalance(compared: ComparedMeasure) -> Found:
    """Ask whether arms are unlike, and whether the difference hangs on how that is handled."""
    threat = "baseline_imbalance"
    apart = standardised_difference(*compared.starts)
    if not np.isfinite(apart.g):
        return untold(threat, "an arm has fewer than 2 participants, or nothing varies before")
    unlike, hangs = abs(apart.g) > UNLIKE, _hangs_on_start(compared)
    said = f"before therapy the arms are {amount(apart.g)} SD apart "
    said += f"({interval_text(apart.low, apart.high)})"
    if compared.randomised:
        said += ": by chance, because the arms were randomised; analysis of covariance corrects it"
    elif unlike:
        said += (
            ": change score and analysis of covariance answer different questions (Lord's "
            f"paradox); at equal values before, the difference is "
            f"{amount(compared.effect['ancova'])} instead of "
            f"{amount(compared.effect['difference'])} {compared.measure.unit}"
        )
    weakens = False if compared.randomised or not unlike else hangs
    return Found(threat, said, weakens, apart.g, apart.low, apart.high, threshold=UNLIKE, unit="SD")


def _hangs_on_start(compared: ComparedMeasure) -> bool | None:
    """Tell whether half of the difference, or its interval's distance from 0, is lost."""
    effect = compared.effect
    difference, adjusted = effect["difference"], effect["ancova"]
    if not np.isfinite(adjusted * difference):
        return None
    halved = adjusted * compared.sign < abs(difference) / 2
    spans = effect["ancova_ci_low"] <= 0 <= effect["ancova_ci_high"]
    return bool(halved or (compared.excludes_zero and spans))
