"""Threats from how images were taken: head motion, signal-to-noise ratio, coverage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from brainchange.inference.between import welch
from brainchange.inference.correlation import correlation
from brainchange.inference.effect_size import standard_deviation
from brainchange.inference.equal_motion import at_equal_motion
from brainchange.inference.freedman_lane import Adjusted
from brainchange.inference.permutation import (
    PermutationTest,
    named_generator,
    permutation_test,
    same_participants,
)
from brainchange.inference.quality_changes import QualityChanges
from brainchange.inference.threat_row import ComparedMeasure, Found, tested_text, untold
from brainchange.inference.verdict_text import amount

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
SAID = {
    "differential_motion": ("mean framewise displacement", "mm"),
    "tsnr_change": ("the signal-to-noise ratio of its regions", ""),
    "coverage_change": ("the share of measurable voxels of its regions", "percentage points"),
}
"""What changes in quality are called in text, and their unit."""
Tests = Mapping[tuple[str, int], PermutationTest]


def quality_of(changes: QualityChanges, threat: str, column: int) -> Floats:
    """Take the change in quality a threat is about, shape (n_participants,)."""
    values = {
        "differential_motion": changes.motion,
        "tsnr_change": changes.tsnr,
        "coverage_change": changes.coverage,
    }
    return values[threat][:, column]


def quality_tests(cases: Sequence[ComparedMeasure], changes: QualityChanges) -> Tests:
    """Test in all measures of a contrast whether quality changed differently in the arms.

    Parameters
    ----------
    cases : sequence of ComparedMeasure
        The measures of one contrast.
    changes : QualityChanges
        Change in quality.

    Returns
    -------
    mapping of (str, int) to PermutationTest
        By threat and column, where arms are large enough and quality varies. What was measured in
        the same participants shares its arrangements.
    """
    asked = [(threat, case) for case in cases for threat in SAID]
    if not asked:
        return {}
    values = np.column_stack([quality_of(changes, threat, case.column) for threat, case in asked])
    present = np.column_stack([case.both for _, case in asked]) & np.isfinite(values)
    testable = [n for n, (_, case) in enumerate(asked) if _testable(case, values[:, n])]
    first = asked[0][1]
    found: dict[tuple[str, int], PermutationTest] = {}
    for who, places in same_participants(present, testable):
        tests = permutation_test(
            values[who][:, places],
            first.treated[who],
            exact_up_to=first.settings.inference.exact_up_to,
            permutations=first.settings.inference.permutations,
            generator=_generator(first, who),
        )
        found |= {
            (asked[place][0], asked[place][1].column): tests.of(n) for n, place in enumerate(places)
        }
    return found


def threats_of_images(
    compared: ComparedMeasure, changes: QualityChanges, tests: Tests
) -> list[Found]:
    """Judge what the quality of images could have done.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.
    changes : QualityChanges
        Change in quality.
    tests : mapping of (str, int) to PermutationTest
        Of :func:`quality_tests`.

    Returns
    -------
    list of Found
        Difference in change of motion, signal-to-noise ratio and coverage; the effect at equal
        change in motion; correlation of change with change in motion.
    """
    unlike = [_unlike(threat, compared, changes, tests) for threat in SAID]
    return [unlike[0], *_motion(compared, changes.motion[:, compared.column]), *unlike[1:]]


def _unlike(threat: str, compared: ComparedMeasure, changes: QualityChanges, tests: Tests) -> Found:
    values, (what, unit) = quality_of(changes, threat, compared.column), SAID[threat]
    treated, control = _arms(compared, values)
    if min(treated.size, control.size) < 2:
        return untold(threat, f"change in {what} is not known")
    raw, test = welch(treated, control), tests.get((threat, compared.column))
    if not raw.standard_error > 0:
        said = f"{what} changes by the same amount in everybody"
        same = raw.difference == 0
        return Found(threat, said, False if same else None, raw.difference, unit=unit)
    found = Found(
        threat,
        "",
        value=raw.difference,
        low=raw.low,
        high=raw.high,
        unit=unit,
        sizes=(treated.size, control.size),
    )
    if test is None:
        words = f"change in {what} differs by {tested_text(found)}; too few for a test"
        return replace(found, words=words)
    found = replace(found, p=float(test.p[0]), floor=test.floor)
    return replace(
        found,
        words=f"change in {what} differs by {tested_text(found)}",
        weakens=bool(found.p < compared.settings.inference.alpha),
    )


def _motion(compared: ComparedMeasure, moved: Floats) -> list[Found]:
    """Judge the effect at equal change in motion, and what motion does to the measure."""
    treated, control = _arms(compared, moved)
    if min(treated.size, control.size) < compared.settings.inference.fewest_participants:
        reason = "too few participants whose change in head motion is known"
        return [untold(threat, reason) for threat in ("motion_adjusted", "motion_correlation")]
    who = compared.both & np.isfinite(moved)
    change, arm = (compared.post - compared.pre)[who], compared.treated[who]
    adjusted = at_equal_motion(
        compared.data,
        compared.column,
        (compared.treated, compared.control),
        adjusted=compared.adjusted,
        settings=compared.settings,
        names=compared.names,
    )
    sizes = (treated.size, control.size)
    found = [_adjusted(compared, adjusted), _correlated(compared, change, moved[who], arm)]
    return [replace(one, sizes=sizes) for one in found]


def _adjusted(compared: ComparedMeasure, adjusted: Adjusted | None) -> Found:
    threat, unit, alpha = (
        "motion_adjusted",
        compared.measure.unit,
        compared.settings.inference.alpha,
    )
    if adjusted is None or not np.isfinite(adjusted.p):
        return untold(threat, "change in motion does not vary, or tells the arms apart")
    found = Found(
        threat,
        "",
        value=adjusted.difference,
        low=adjusted.low,
        high=adjusted.high,
        p=adjusted.p,
        floor=adjusted.floor,
        unit=unit,
    )
    turned = adjusted.difference * compared.sign < 0
    lost = compared.effect["lead_p"] < alpha <= adjusted.p
    words = (
        f"at equal change in head motion the difference is {tested_text(found)}, instead "
        f"of {amount(compared.effect['lead_difference'])}"
    )
    return replace(found, words=words, weakens=bool(turned or lost))


def _correlated(compared: ComparedMeasure, change: Floats, moved: Floats, arm: Booleans) -> Found:
    threat = "motion_correlation"
    r = correlation(change, moved, arm[:, None].astype(float))
    if not np.isfinite(r.r):
        return untold(threat, "change in the measure or in motion does not vary within arms")
    found = Found(threat, "", value=r.r, low=r.low, high=r.high, p=r.p, unit="r")
    drawn = r.r * (moved[arm].mean() - moved[~arm].mean())
    weakens = bool((r.low > 0 or r.high < 0) and drawn * compared.sign > 0)
    words = (
        f"within arms, change in the measure and change in head motion correlate by "
        f"{tested_text(found)}; what motion does points "
        f"{'towards' if drawn * compared.sign > 0 else 'away from'} the difference"
    )
    return replace(found, words=words, weakens=weakens)


def _arms(compared: ComparedMeasure, values: Floats) -> tuple[Floats, Floats]:
    who = compared.both & np.isfinite(values)
    return values[who & compared.treated], values[who & compared.control]


def _testable(compared: ComparedMeasure, values: Floats) -> bool:
    treated, control = _arms(compared, values)
    fewest = compared.settings.inference.fewest_participants
    if min(treated.size, control.size) < fewest:
        return False
    return max(standard_deviation(treated), standard_deviation(control)) > 0


def _generator(compared: ComparedMeasure, who: Booleans) -> np.random.Generator:
    names = _named(compared.data.participants, who)
    return named_generator(compared.settings.seed, "threats", *compared.names, *names)


def _named(participants: Iterable[str], who: Booleans) -> list[str]:
    return [name for name, kept in zip(participants, who, strict=True) if kept]
