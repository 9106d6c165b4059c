"""Whether one participant changed: held against error of measurement."""

from __future__ import annotations

from math import nan, sqrt

from brainchange.study.strict import Direction

CRITICAL = 1.96
"""Standard errors of a difference that count as more than error."""


def error_of_difference(deviation: float, reliability: float) -> float:
    """Give the standard error of the difference of two values of one participant.

    Parameters
    ----------
    deviation : float
        Standard deviation of values before therapy, in the unit of the measure.
    reliability : float
        Reliability of single values.

    Returns
    -------
    float
        ``SD √(2 (1 − reliability))``, in the unit of the measure; NaN where the reliability is not
        above 0, or is 1 and more.

    Notes
    -----
    Jacobson and Truax (1991, Journal of Consulting and Clinical Psychology 59:12).
    """
    if not 0 < reliability < 1:
        return nan
    return deviation * sqrt(2 * (1 - reliability))


def reliable_size(error: float) -> float:
    """Give the change of one participant that is more than error.

    Parameters
    ----------
    error : float
        Standard error of a difference, in the unit of the measure.

    Returns
    -------
    float
        1.96 standard errors: 95 in 100 participants without change stay below it.

    Notes
    -----
    1.96 as in Jacobson and Truax (1991) and Weir (2005), not the quantile to more digits.
    """
    return CRITICAL * error


def direction_of(change: float, size: float, better: Direction | None) -> str | None:
    """Say where a participant changed to, if by more than error.

    Parameters
    ----------
    change : float
        post − pre.
    size : float
        Change that is more than error.
    better : {'up', 'down'} or None
        Where better is.

    Returns
    -------
    str or None
        improved, worse or unchanged; increased or decreased where no direction is better; None
        where change or size are not known.
    """
    if not (abs(change) >= 0 and size >= 0):
        return None
    if abs(change) <= size:
        return "unchanged"
    up = change > 0
    if better is None:
        return "increased" if up else "decreased"
    return "improved" if up == (better == "up") else "worse"


def reliability_of_change(reliability: float, correlation: float) -> float:
    """Give the reliability of a difference of two values.

    Parameters
    ----------
    reliability : float
        Reliability of single values.
    correlation : float
        Correlation of both values.

    Returns
    -------
    float
        ``(rel − r₁₂)/(1 − r₁₂)``: the share of the variance of change that is true change, where
        both values vary alike. 0 and less: none can be seen. NaN where the correlation is 1.

    Notes
    -----
    Lord (1963, in Harris, Problems in Measuring Change), for equal variances and reliabilities.
    """
    if not correlation < 1:
        return nan
    return (reliability - correlation) / (1 - correlation)


def percent_improvement(pre: float, post: float, floor: float, better: Direction) -> float:
    """Give the improvement of a scale in percent of what could be lost.

    Parameters
    ----------
    pre, post : float
        Scores.
    floor : float
        Lowest possible score.
    better : {'up', 'down'}
        Where better is.

    Returns
    -------
    float
        ``100 (pre − post)/(pre − floor)``; NaN where more is better, or the value before is the
        lowest possible.
    """
    if better != "down" or not pre > floor:
        return nan
    return 100 * (pre - post) / (pre - floor)
