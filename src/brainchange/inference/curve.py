"""One effect under many specifications, and the same when the arms of all are permuted together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from brainchange.inference.many_adjusted import Estimates, adjusted_differences
from brainchange.inference.many_mixed import mixed_differences
from brainchange.inference.permutation import TIE
from brainchange.inference.rearranged_arms import Arms, Codes, arrangements

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Session = tuple[Floats, Floats]
"""Values of every participant before and after; NaN where missing."""
Model = Literal["change_score", "ancova", "mixed_model"]
Covariates = Literal["none", "motion"]


@dataclass(frozen=True)
class Universe:
    """One full set of choices.

    Attributes
    ----------
    specification : str
        Name of denoising and censoring.
    arm_set : str
        Which arms are compared.
    model : {'change_score', 'ancova', 'mixed_model'}
        How their change is compared.
    covariates : {'none', 'motion'}
        What is held equal.
    """

    specification: str
    arm_set: str
    model: Model
    covariates: Covariates


@dataclass(frozen=True)
class ArmSet:
    """Numbers of the arms on either side of a comparison."""

    treated: tuple[int, ...]
    control: tuple[int, ...]


@dataclass(frozen=True)
class Curve:
    """Effects of every universe: the first row as observed, the others with permuted arms.

    Attributes
    ----------
    difference, standard_error, df : numpy.ndarray, shape (n_universes,)
        As observed, in the unit of the values; NaN where not defined.
    unit : numpy.ndarray, shape (n_universes,)
        Standard deviations before therapy in one unit, as observed, small-sample factor included.
    dppc2 : numpy.ndarray, shape (1 + n_permutations, n_universes)
        Standardised effects.
    statistic : numpy.ndarray, shape (1 + n_permutations, n_universes)
        Absolute value of difference over error; infinite where a permutation leaves it undefined.
    """

    difference: Floats
    standard_error: Floats
    df: Floats
    unit: Floats
    dppc2: Floats
    statistic: Floats

    def p(self) -> Floats:
        """Two-sided p of every universe in every row, (1 + n_permutations, n_universes).

        Share of rows whose statistic is at least as large, itself included: (b + 1)/(m + 1) of
        Phipson and Smyth (2010) for the observed row, and what each permutation would have called
        its own p. NaN where the observed row has no statistic.
        """
        n_rows = len(self.statistic)
        ordered = np.sort(self.statistic, axis=0)
        found = np.empty_like(self.statistic)
        for place, (column, own) in enumerate(zip(ordered.T, self.statistic.T, strict=True)):
            smaller = np.searchsorted(column, own * (1 - TIE) - TIE, side="left")
            found[:, place] = (n_rows - smaller) / n_rows
        found[np.isnan(self.statistic)] = np.nan
        return found


def specification_curve(
    universes: Sequence[Universe],
    values: Mapping[str, Session],
    motion: Session,
    arms: Codes,
    arm_sets: Mapping[str, ArmSet],
    *,
    permutations: int,
    generator: np.random.Generator,
) -> Curve:
    """Compute the effect of every universe, as observed and with permuted arms.

    Parameters
    ----------
    universes : sequence of Universe
        What is computed.
    values : mapping of str to (numpy.ndarray, numpy.ndarray)
        By specification, before and after, each shape (n_participants,).
    motion : tuple of two numpy.ndarray, shape (n_participants,)
        Mean framewise displacement in mm, before and after.
    arms : numpy.ndarray of int, shape (n_participants,)
        Arm of every participant, in an order that no file decides.
    arm_sets : mapping of str to ArmSet
        Arms on either side of every comparison.
    permutations : int
        Random arrangements of the arms.
    generator : numpy.random.Generator
        Source of the arrangements.

    Returns
    -------
    Curve
        In the order of the universes.

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020, Nature Human Behaviour 4:1208): arms are permuted once for
    all universes, so that what universes share is shared under the null too. Covariates and values
    before stay with their participant. Where arms differ in a covariate, exchanging them is exact
    only asymptotically; the statistic is studentised for that reason.
    """
    blocks = [
        _block(universes, values, motion, codes, arm_sets)
        for codes in arrangements(arms, permutations, generator)
    ]
    dppc2, statistic = (np.vstack([block[part] for block in blocks]) for part in (0, 1))
    statistic[1:][~np.isfinite(statistic[1:])] = np.inf
    difference, error, df, unit = (part[0] for part in blocks[0][2:])
    return Curve(difference, error, df, unit, dppc2, statistic)


def _block(
    universes: Sequence[Universe],
    values: Mapping[str, Session],
    motion: Session,
    codes: Codes,
    arm_sets: Mapping[str, ArmSet],
) -> list[Floats]:
    """Effects, statistics, differences, errors, df and units, each (n_rows, n_universes)."""
    arms = {
        name: Arms(
            np.isin(codes, sides.treated).astype(float), np.isin(codes, sides.control).astype(float)
        )
        for name, sides in arm_sets.items()
    }
    columns = [
        list(_one(arms[one.arm_set], values[one.specification], motion, one)) for one in universes
    ]
    return [np.column_stack(part) for part in zip(*columns, strict=True)]


def _one(arms: Arms, values: Session, motion: Session, universe: Universe) -> Iterator[Floats]:
    pre, post = values
    found = _estimates(arms, pre, post, motion, universe)
    moved = motion if universe.covariates == "motion" else (pre, post)
    unit = _standard_unit(arms, pre, np.isfinite(post - pre) & np.isfinite(moved[1] - moved[0]))
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.abs(found.difference) / found.standard_error
    yield found.difference * unit
    yield statistic
    yield found.difference
    yield found.standard_error
    yield found.df
    yield unit


def _estimates(
    arms: Arms, pre: Floats, post: Floats, motion: Session, universe: Universe
) -> Estimates:
    moves = universe.covariates == "motion"
    if universe.model == "mixed_model":
        return mixed_differences(arms, pre, post, motion if moves else None)
    covariates = [pre] if universe.model == "ancova" else []
    covariates += [motion[1] - motion[0]] if moves else []
    return adjusted_differences(
        arms, post - pre, np.column_stack(covariates) if covariates else np.empty((pre.size, 0))
    )


def _standard_unit(arms: Arms, pre: Floats, present: Booleans) -> Floats:
    """Small-sample factor over the pooled standard deviation before therapy, (n_arrangements,)."""
    mean = float(pre[present].mean()) if present.any() else 0.0
    centred = np.where(present, pre - mean, 0.0)
    columns = np.column_stack([present.astype(float), centred, centred**2])
    squares, sizes = 0.0, 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        for n, total, square in (part.T for part in arms.sums(columns)):
            squares = squares + np.maximum(square - total**2 / n, 0.0)
            sizes = sizes + n
        df = np.asarray(sizes) - 2
        unit: Floats = (1 - 3 / (4 * df - 1)) / np.sqrt(np.asarray(squares) / df)
    return np.where(np.isfinite(unit), unit, np.nan)
