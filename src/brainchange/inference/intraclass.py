"""Intraclass correlations of repeated values, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

Floats = npt.NDArray[np.float64]
NO_VARIANCE = 1e-20
"""Share of the sum of squares below which a mean square is rounding."""


@dataclass(frozen=True)
class Intraclass:
    """Reliability of single values; NaN where it is not defined.

    Attributes
    ----------
    icc, low, high : float
        Estimate and its interval.
    """

    icc: float
    low: float
    high: float


@dataclass(frozen=True)
class MeanSquares:
    """Two-way analysis of variance of participants by sessions, without repetition.

    Attributes
    ----------
    between, sessions, error : float
        Mean squares of participants, of sessions, and of what neither explains.
    n, k : int
        Participants and sessions.
    """

    between: float
    sessions: float
    error: float
    n: int
    k: int


UNDEFINED = Intraclass(nan, nan, nan)


def mean_squares(values: Floats) -> MeanSquares | None:
    """Analyse the variance of participants by sessions.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants, n_sessions)
        Values, finite.

    Returns
    -------
    MeanSquares or None
        None for fewer than 2 participants or sessions, or where nothing varies.
    """
    n, k = values.shape
    if n < 2 or k < 2:
        return None
    centred = values - values.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    left = centred - rows[:, None] - columns
    total = float((centred**2).sum())
    if not total > NO_VARIANCE * float((values**2).sum()):
        return None
    parts = [k * float(rows @ rows), n * float(columns @ columns), float((left**2).sum())]
    between, sessions, error = (part if part > NO_VARIANCE * total else 0.0 for part in parts)
    return MeanSquares(
        between / (n - 1),
        sessions / (k - 1),
        error / ((n - 1) * (k - 1)),
        n,
        k,
    )


def icc_consistency(values: Floats, confidence: float = 0.95) -> Intraclass:
    """ICC(3,1): consistency of single values; a shift of all participants does not count.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants, n_sessions)
        Values, finite.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Intraclass
        NaN for fewer than 2 participants, or where nothing varies.

    Notes
    -----
    Shrout and Fleiss (1979, Psychological Bulletin 86:420), case 3. Not pingouin, which returns
    all six kinds as a table, and needs seaborn for it.
    """
    ms = mean_squares(values)
    if ms is None:
        return UNDEFINED
    icc = (ms.between - ms.error) / (ms.between + (ms.k - 1) * ms.error)
    if not ms.error > 0:
        return Intraclass(icc, nan, nan)
    df, ratio, quantile = ms.n - 1, ms.between / ms.error, (1 + confidence) / 2
    low = ratio / float(fdtri(df, df * (ms.k - 1), quantile))
    high = ratio * float(fdtri(df * (ms.k - 1), df, quantile))
    return Intraclass(icc, (low - 1) / (low + ms.k - 1), (high - 1) / (high + ms.k - 1))


def icc_agreement(values: Floats, confidence: float = 0.95) -> Intraclass:
    """ICC(2,1): absolute agreement of single values; a shift of all participants counts.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_participants, n_sessions)
        Values, finite.
    confidence : float
        Confidence of the interval.

    Returns
    -------
    Intraclass
        NaN as in :func:`icc_consistency`.

    Notes
    -----
    Shrout and Fleiss (1979), case 2, with their approximate interval (Satterthwaite's degrees of
    freedom; McGraw and Wong 1996, Psychological Methods 1:30, table 7).
    """
    ms = mean_squares(values)
    if ms is None:
        return UNDEFINED
    n, k = ms.n, ms.k
    icc = (ms.between - ms.error) / (
        ms.between + (k - 1) * ms.error + k * (ms.sessions - ms.error) / n
    )
    if not ms.error > 0:
        return Intraclass(icc, nan, nan)
    return Intraclass(icc, *_agreement_interval(ms, icc, (1 + confidence) / 2))


def _agreement_interval(ms: MeanSquares, icc: float, quantile: float) -> tuple[float, float]:
    n, k, ratio = ms.n, ms.k, ms.sessions / ms.error
    rest = n * (1 + (k - 1) * icc) - k * icc
    df = (k - 1) * (n - 1) * (k * icc * ratio + rest) ** 2
    df /= (n - 1) * k**2 * icc**2 * ratio**2 + rest**2
    if not df > 0:
        return nan, nan
    sessions = k * ms.sessions + (k * n - k - n) * ms.error
    upper, lower = float(fdtri(n - 1, df, quantile)), float(fdtri(df, n - 1, quantile))
    low = n * (ms.between - upper * ms.error) / (upper * sessions + n * ms.between)
    high = n * (lower * ms.between - ms.error) / (sessions + n * lower * ms.between)
    return low, high
