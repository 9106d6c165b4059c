"""Effects in the words of the report, under its rules.

An estimate and its interval come first; a difference that was not found is never called absent;
two arms are never compared by which of them is significant; without chance in the allocation an
effect is an association. No verdict is given here (see `answer`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from brainchange.figures.numbers import interval, number, p_floor, p_value, places
from brainchange.figures.wording import text_of, title_of, with_unit
from brainchange.report.beside import beside
from brainchange.report.estimators import Estimators, estimators
from brainchange.report.lead import is_adjusted, led
from brainchange.report.strip import Strip, strip
from brainchange.study.claims import Claim, Claims
from brainchange.study.model import Study
from brainchange.study.settings import Inference

Row = Mapping[Any, Any]
BETTER = {"down": "lower", "up": "higher"}
MEAN_CHANGE = "The mean change, post − pre,"
ADJUSTED = {"holm": "Holm", "benjamini_hochberg": "Benjamini–Hochberg", "none": ""}


@dataclass(frozen=True)
class Finding:
    """One effect, written for the page.

    Attributes
    ----------
    measure, kind, label, metric, unit : str
        What was measured.
    quote, note, family : str
        The article's words, what must be known to read the result, and the family of tests.
    direction : str
        ``up``, ``down`` or empty.
    contrast : str
        Name of the contrast for people.
    measured : str
        Whether the difference is one in change or at equal values before.
    estimated : bool
        Whether there is an estimate at all.
    difference, ends, standardised, standardised_ends : str
        The effect in its unit and in SD before therapy, each with its 95 % interval.
    p, p_note : str
        Adjusted p value, and how it was adjusted with the smallest p the test can give.
    counts : str
        Participants with both timepoints in the two arms.
    detectable, detectable_sd : str
        Smallest difference found with 80 % power, in its unit and in SD of change.
    side : str
        On which side of zero the interval lies, against the article's direction.
    reading : tuple of str
        The effect in sentences.
    beside : str
        Equivalence, Bayes factor, and what arms of this size could show.
    estimators : Estimators or None
        Four estimators of it side by side.
    flag : str
        Why something is missing or weak.
    strip : Strip or None
        Small picture.
    """

    measure: str
    kind: str
    label: str
    metric: str
    unit: str
    quote: str
    note: str
    family: str
    direction: str
    contrast: str
    measured: str
    estimated: bool
    difference: str
    ends: str
    standardised: str
    standardised_ends: str
    p: str
    p_note: str
    counts: str
    detectable: str
    detectable_sd: str
    side: str
    reading: tuple[str, ...]
    beside: str
    estimators: Estimators | None
    flag: str
    strip: Strip | None


def findings(
    effects: pd.DataFrame,
    kind: str,
    contrast: str,
    *,
    claims: Claims,
    study: Study,
    rules: Inference,
) -> tuple[Finding, ...]:
    """Write the effects of one kind of measure in one contrast.

    Parameters
    ----------
    effects : pandas.DataFrame
        Columns of ``EFFECTS_TABLE``.
    kind : str
        ``claim``, ``outcome``, ….
    contrast : str
        Name of the contrast.
    claims : Claims
        The article's words.
    study : Study
        How participants came into their arms.
    rules : Inference
        Level and smallest effect of interest.
    """
    said = {claim.id: claim for claim in claims.claims}
    rows = effects[(effects["kind"] == kind) & (effects["contrast"] == contrast)]
    return tuple(
        finding(row, said.get(str(row["measure"])) if kind == "claim" else None, study, rules)
        for row in rows.to_dict("records")
    )


def finding(row: Row, claim: Claim | None, study: Study, rules: Inference) -> Finding:
    """Write one effect.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    claim : Claim, optional
        The claim it belongs to.
    study : Study
        How participants came into their arms.
    rules : Inference
        Level and smallest effect of interest.
    """
    original, row = row, led(row)
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    adjusted = text_of(row["adjustment"]) != "none" and math.isfinite(row["p_adjusted"])
    smallest = row["minimum_detectable_difference"]
    return Finding(
        measure=text_of(row["measure"]),
        kind=text_of(row["kind"]),
        label=title_of(row),
        metric=text_of(row["metric"]),
        unit=unit,
        quote=claim.quote if claim else "",
        note=claim.note if claim else "",
        family=text_of(row["family"]),
        direction=text_of(row["direction"]),
        contrast=text_of(row["contrast_label"]),
        estimated=math.isfinite(row["difference"]),
        difference=number(row["difference"], digits, sign=True),
        ends=interval(row["ci_low"], row["ci_high"], digits),
        standardised=number(row["dppc2"], sign=True),
        standardised_ends=interval(row["dppc2_ci_low"], row["dppc2_ci_high"]),
        p=p_value(row["p_adjusted"] if adjusted else row["p_permutation"]),
        p_note=_p_note(row),
        counts=f"{int(row['n_treated'])} vs {int(row['n_control'])}",
        detectable=f"± {with_unit(smallest, digits, unit)}" if math.isfinite(smallest) else "n/a",
        detectable_sd=_detectable_sd(row),
        side=_side(row),
        reading=reading(original, study, rules),
        measured="at equal values before" if is_adjusted(original) else "in change",
        beside=beside(original, rules),
        estimators=estimators(original, randomised=study.is_randomised(str(original["contrast"]))),
        flag=text_of(row["flag"]),
        strip=strip(row, rules.smallest_effect_of_interest),
    )


def reading(row: Row, study: Study, rules: Inference) -> tuple[str, ...]:
    """Say in sentences what an effect is and what it leaves open.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    study : Study
        How participants came into their arms, and what their arms are called.
    rules : Inference
        Level of the tests.
    """
    adjusted, row = is_adjusted(row), led(row)
    if not math.isfinite(row["difference"]):
        why = text_of(row["flag"]) or "no participant has both timepoints"
        return (f"Not estimated: {why}.",)
    contrast = study.contrasts[str(row["contrast"])]
    treated = " or ".join(study.arms[arm].label for arm in contrast.treated)
    control = " or ".join(study.arms[arm].label for arm in contrast.control)
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    amount = with_unit(abs(row["difference"]), digits, unit)
    more = "higher" if row["difference"] > 0 else "lower"
    what = "At equal values before, the mean after therapy" if adjusted else MEAN_CHANGE
    said = [f"{what} was {amount} {more} in “{treated}” than in “{control}”."]
    if text_of(row["kind"]) == "outcome":
        said.append(f"On this scale {BETTER[text_of(row['direction'])]} is better.")
    sides = {
        "as the article says": "That is the direction the article says.",
        "opposite to the article": "That is opposite to what the article says.",
    }
    said += [sides[side]] if (side := _side(row)) in sides else []
    said += _certainty(row, rules, digits, unit)
    if not study.is_randomised(str(row["contrast"])):
        said.append("Arms were not randomised, so any difference is an association.")
    return tuple(said)


def _certainty(row: Row, rules: Inference, digits: int, unit: str) -> list[str]:
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if not (math.isfinite(low) and math.isfinite(high)):
        return [f"No interval: {text_of(row['flag']) or 'too few participants'}."]
    ends = f"from {number(low, digits, sign=True)} to {with_unit(high, digits, unit, sign=True)}"
    tested, said = math.isfinite(row["p_permutation"]), []
    if low <= 0 <= high:
        said.append(
            f"The 95 % interval, {ends}, includes zero: these data are compatible with no "
            "difference and with every difference in that interval."
        )
        smallest = float(row["minimum_detectable_difference"])
        if tested and math.isfinite(smallest):
            said.append(
                f"Arms of this size find a difference of {with_unit(smallest, digits, unit)} four "
                "times out of five, and smaller ones less often."
            )
    else:
        said.append(f"The 95 % interval, {ends}, does not include zero.")
    if not tested:
        said.append(f"No test: {text_of(row['flag']) or 'too few participants'}.")
    p = float(row["p_adjusted"])
    if math.isfinite(p) and text_of(row["adjustment"]) != "none":
        side = "below" if p < rules.alpha else "not below"
        count = text_of(row["family_size"])
        size = f" for {count} tests" if count else ""
        start = "The test gives" if count == "1" else f"Adjusted{size},"
        said.append(f"{start} {p_value(p)}, {side} the level of {rules.alpha:g}.")
    return said


def _p_note(row: Row) -> str:
    notes = []
    name = ADJUSTED.get(text_of(row["adjustment"]), "")
    if name:
        notes.append(f"{name} of {text_of(row['family_size'])}".removesuffix(" of "))
    elif math.isfinite(row["p_permutation"]):
        notes.append("not adjusted")
    floor = p_floor(row["p_floor"])
    return ", ".join(
        filter(None, [*notes, f"{floor} before adjustment" if floor and name else floor])
    )


def _detectable_sd(row: Row) -> str:
    value = row["minimum_detectable_effect"]
    return f"{number(value)} SD of change" if math.isfinite(value) else ""


def _agreement(row: Row) -> str:
    direction, difference = text_of(row["direction"]), row["difference"]
    if not direction or not math.isfinite(difference) or difference == 0:
        return ""
    return "as said" if (difference > 0) == (direction == "up") else "opposite"


def _side(row: Row) -> str:
    low, high = row["ci_low"], row["ci_high"]
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    if low <= 0 <= high:
        return "interval includes zero"
    said = {"as said": "as the article says", "opposite": "opposite to the article"}
    return said.get(_agreement(row), "") if text_of(row["kind"]) == "claim" else ""
