"""Numbers for people: as many digits as the interval deserves, a true minus, p and its floor."""

from __future__ import annotations

import math

MINUS = "−"
NOT_KNOWN = "n/a"
LARGEST_PLACES = 4


def places(*values: float) -> int:
    """Decimals that show a spread of values to two significant digits.

    Parameters
    ----------
    *values : float
        Usually the two ends of an interval; what is not finite does not count.

    Returns
    -------
    int
        0 to 4: 0 for a spread of 20 or more, 1 from 2, 2 from 0.2, …
    """
    finite = [v for v in values if math.isfinite(v)]
    spread = max(finite) - min(finite) if len(finite) > 1 else abs(finite[0]) if finite else 0.0
    if spread <= 0:
        return 2
    return min(max(1 - math.floor(math.log10(spread / 2)), 0), LARGEST_PLACES)


def number(value: float, decimals: int = 2, *, sign: bool = False) -> str:
    """Write a number with a true minus sign; ``n/a`` if there is none.

    Parameters
    ----------
    value : float
        The number.
    decimals : int
        Digits after the point.
    sign : bool
        Whether a positive number gets a plus.
    """
    if value is None or not math.isfinite(value):
        return NOT_KNOWN
    text = f"{abs(value):.{decimals}f}"
    is_zero = float(text) == 0
    if value < 0 and not is_zero:
        return MINUS + text
    return f"+{text}" if sign and not is_zero else text


def interval(low: float, high: float, decimals: int = 2) -> str:
    """Write an interval so that minus signs cannot be misread: ``[−0.12, 0.31]``."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOT_KNOWN
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def p_value(p: float) -> str:
    """Write a p value: ``p = 0.031``, ``p < 0.001``, ``p n/a``."""
    if p is None or not math.isfinite(p):
        return f"p {NOT_KNOWN}"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def p_floor(floor: float) -> str:
    """Write the smallest p a test can give: ``smallest possible 0.000011``; empty if unknown."""
    if floor is None or not math.isfinite(floor) or floor <= 0:
        return ""
    return f"smallest possible {floor:.{1 - math.floor(math.log10(floor))}f}"


def plural(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun: ``1 participant``, ``2 participants``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
