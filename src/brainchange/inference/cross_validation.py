"""Prediction in participants a model has not seen: nested, repeated cross-validation of ridge.

Imports scikit-learn, which takes a second: only the step that predicts imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from brainchange.inference.permutation import BLOCK_BYTES

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
PENALTIES = np.logspace(-1, 4, 11)
"""Penalties that are tried: from hardly any to nearly the mean alone, for standardised features."""
FOLDS = 5
"""Folds, outer and inner."""


@dataclass(frozen=True)
class Quality:
    """How well outcomes were predicted; one value an outcome.

    Attributes
    ----------
    q2 : numpy.ndarray, shape (n_outcomes,)
        1 − squared error over that of the mean of the training participants; at most 1, and below 0
        where the mean predicts better. Mean over the repeats.
    error : numpy.ndarray, shape (n_outcomes,)
        Mean absolute error in the unit of the outcome, mean over the repeats.
    """

    q2: Floats
    error: Floats


@dataclass(frozen=True)
class Predicted:
    """Prediction without and with the features.

    Attributes
    ----------
    without, with_features : Quality
        From what is known anyway, and with the features added.
    """

    without: Quality
    with_features: Quality


def splits(n: int, repeats: int, seed: int) -> list[tuple[Places, Places]]:
    """Split participants into five, again and again.

    Parameters
    ----------
    n : int
        Participants, at least 10.
    repeats : int
        How often.
    seed : int
        Of the first repeat.

    Returns
    -------
    list of (numpy.ndarray, numpy.ndarray)
        Places of those to learn from and of those to predict; five a repeat.
    """
    found: list[tuple[Places, Places]] = []
    for repeat in range(repeats):
        found += KFold(FOLDS, shuffle=True, random_state=seed + repeat).split(np.empty((n, 1)))
    return found


def predict(
    features: Floats, known: Floats, outcomes: Floats, folds: list[tuple[Places, Places]]
) -> Predicted:
    """Predict outcomes of participants the model has not seen.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_participants, n_features)
        What may predict, finite.
    known : numpy.ndarray, shape (n_participants, n_known)
        What is known anyway (score before, age, sex), finite.
    outcomes : numpy.ndarray, shape (n_participants, n_outcomes)
        Finite; every column is predicted by itself.
    folds : list of (numpy.ndarray, numpy.ndarray)
        Of :func:`splits`.

    Returns
    -------
    Predicted
        Without features: least squares on what is known. With them: ridge of what this leaves of
        the outcome on what it leaves of the features. Features are standardised and the penalty is
        chosen inside the training participants alone (five inner folds), for every outcome.

    Notes
    -----
    Varoquaux (2018, NeuroImage 180:68); Poldrack et al. (2020, JAMA Psychiatry 77:534): repeated
    five-fold cross-validation, never leaving one out, with everything that learns inside it. One
    fit of scikit-learn's ridge takes all outcomes and penalties at once, so that permuted outcomes
    cost little more than one.
    """
    at_once = max(1, BLOCK_BYTES // (8 * PENALTIES.size * len(outcomes)))
    blocks = [
        outcomes[:, start : start + at_once] for start in range(0, outcomes.shape[1], at_once)
    ]
    missed = [[_missed(features, known, block, *fold) for fold in folds] for block in blocks]
    baseline, without, with_features = (
        np.concatenate([[one[part] for one in block] for block in missed], axis=2)
        for part in range(3)
    )
    return Predicted(_quality(without, baseline, folds), _quality(with_features, baseline, folds))


def _missed(
    features: Floats, known: Floats, outcomes: Floats, train: Places, test: Places
) -> tuple[Floats, Floats, Floats]:
    """Sum squared and absolute errors of one fold, each of shape (2, n_outcomes).

    Of the mean, without and with the features.
    """
    left_features, left = (_left(known, values, train, test) for values in (features, outcomes))
    chosen = _penalties(features[train], known[train], outcomes[train])
    added = _ridge(left_features, left[0], chosen)
    errors = (outcomes[test] - outcomes[train].mean(axis=0), left[1], left[1] - added)
    baseline, without, with_features = (
        np.array([(error**2).sum(axis=0), np.abs(error).sum(axis=0)]) for error in errors
    )
    return baseline, without, with_features


def _left(known: Floats, values: Floats, train: Places, test: Places) -> tuple[Floats, Floats]:
    """Take out of values what is known, as the training participants teach it."""
    if not known.shape[1]:
        mean = values[train].mean(axis=0)
        return values[train] - mean, values[test] - mean
    model = LinearRegression().fit(known[train], values[train])
    learnt, unseen = (values[who] - model.predict(known[who]) for who in (train, test))
    return learnt, unseen


def _ridge(features: tuple[Floats, Floats], outcomes: Floats, penalties: Floats) -> Floats:
    """Predict the test participants with one penalty an outcome, shape (n_test, n_outcomes)."""
    model = make_pipeline(StandardScaler(), Ridge(alpha=penalties, solver="svd"))
    predicted = model.fit(features[0], outcomes).predict(features[1])
    return np.reshape(predicted, (len(features[1]), outcomes.shape[1]))


def _penalties(features: Floats, known: Floats, outcomes: Floats) -> Floats:
    """Choose the penalty of every outcome by five inner folds, shape (n_outcomes,)."""
    n_outcomes = outcomes.shape[1]
    every = np.repeat(PENALTIES, n_outcomes)
    missed = np.zeros(every.size)
    # Participants come in an order that means nothing: one shuffle serves all outer folds.
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(features):
        left_features, left = (_left(known, values, train, test) for values in (features, outcomes))
        predicted = _ridge(left_features, np.tile(left[0], (1, PENALTIES.size)), every)
        missed += ((np.tile(left[1], (1, PENALTIES.size)) - predicted) ** 2).sum(axis=0)
    chosen: Floats = PENALTIES[np.argmin(missed.reshape(PENALTIES.size, n_outcomes), axis=0)]
    return chosen


def _quality(missed: Floats, baseline: Floats, folds: list[tuple[Places, Places]]) -> Quality:
    """Q² and mean absolute error from errors by fold, shape (n_folds, 2, n_outcomes)."""
    n = len(folds[0][0]) + len(folds[0][1])
    squared, mean = (
        part[:, 0].reshape(-1, FOLDS, part.shape[2]).sum(axis=1) for part in (missed, baseline)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        q2 = np.where(mean > 0, 1 - squared / mean, np.nan).mean(axis=0)
    return Quality(q2, missed[:, 1].sum(axis=0) * FOLDS / len(folds) / n)
