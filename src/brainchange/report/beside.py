"""What stands beside every effect, above all beside a null: equivalence, Bayes factor, power."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from brainchange.figures.numbers import number, p_value, places
from brainchange.figures.wording import text_of, with_unit
from brainchange.inference.evidence import LARGE_BOUND, NARROW_SCALE, SMALL_BOUND, WIDE_SCALE
from brainchange.study.settings import Inference

Row = Mapping[Any, Any]


def beside(row: Row, rules: Inference) -> str:
    """Write equivalence, Bayes factor and what arms of this size could show in one paragraph.

    Parameters
    ----------
    row : mapping
        Row of ``EFFECTS_TABLE``.
    rules : Inference
        Smallest effect of interest.

    Returns
    -------
    str
        Empty where nothing was tested.
    """
    parts = [_equivalence(row, rules), _bayes(row), _could(row)]
    return " ".join(filter(None, parts))


def _equivalence(row: Row, rules: Inference) -> str:
    bounds = {
        "tost_p_small": SMALL_BOUND,
        "tost_p": rules.smallest_effect_of_interest,
        "tost_p_large": LARGE_BOUND,
    }
    told = [
        f"{p_value(row[name])} within ± {bound:g} SD"
        for name, bound in bounds.items()
        if math.isfinite(row[name])
    ]
    return f"Equivalence (two one-sided Welch tests): {', '.join(told)} before therapy." * bool(
        told
    )


def _bayes(row: Row) -> str:
    if not math.isfinite(row["bayes_factor_10"]):
        return ""
    narrow, wide = (_factor(row[f"bayes_factor_10_{name}"]) for name in ("narrow", "wide"))
    ceiling = number(row["bayes_factor_01_ceiling"], 1)
    weak = row["bayes_factor_reliable"] is False or str(row["bayes_factor_reliable"]) == "False"
    return (
        f"Bayes factor for a difference: {_factor(row['bayes_factor_10'])} ({narrow} with a Cauchy "
        f"scale of {NARROW_SCALE:g}, {wide} with {WIDE_SCALE:g}); against one at most {ceiling} "
        f"was possible.{' With arms this small it is not to be trusted.' if weak else ''}"
    )


def _could(row: Row) -> str:
    found, bound = row["minimum_detectable_difference"], row["smallest_equivalence_difference"]
    if not (math.isfinite(found) and math.isfinite(bound)):
        return ""
    digits, unit = places(row["ci_low"], row["ci_high"]), text_of(row["unit"])
    return (
        f"Arms of this size find ± {with_unit(found, digits, unit)} with 80 % power and could at "
        f"best show that a difference is within ± {with_unit(bound, digits, unit)}."
    )


def _factor(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
