"""Sums over arms under many rearrangements of their labels, from matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brainchange.inference.permutation import BLOCK_BYTES

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Arms:
    """Who is in either arm, in many arrangements.

    Attributes
    ----------
    treated, control : numpy.ndarray, shape (n_arrangements, n_participants)
        1 for those in the arm, 0 for others; a participant may be in neither.
    """

    treated: Floats
    control: Floats

    def sums(self, columns: Floats) -> tuple[Floats, Floats]:
        """Sum columns over either arm, each shape (n_arrangements, n_columns)."""
        return self.treated @ columns, self.control @ columns

    def products(self, columns: Floats) -> tuple[Floats, Floats]:
        """Sum the products of all pairs of columns over either arm.

        Parameters
        ----------
        columns : numpy.ndarray, shape (n_participants, n_columns)
            Finite; 0 for a participant that is not to count.

        Returns
        -------
        tuple of two numpy.ndarray, shape (n_arrangements, n_columns, n_columns)
            Treated and control.
        """
        n_columns = columns.shape[1]
        first, second = np.triu_indices(n_columns)
        place = np.zeros((n_columns, n_columns), dtype=int)
        place[first, second] = place[second, first] = np.arange(first.size)
        treated, control = self.sums(columns[:, first] * columns[:, second])
        return treated[:, place], control[:, place]


def arrangements(
    codes: Codes, permutations: int, generator: np.random.Generator
) -> Iterator[Codes]:
    """Rearrange labels, in blocks; the first arrangement is the one that was observed.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (n_participants,)
        Number of the arm of every participant, in an order that no file decides.
    permutations : int
        Random arrangements besides the observed one.
    generator : numpy.random.Generator
        Source of the arrangements.

    Yields
    ------
    numpy.ndarray of int, shape (n_rows, n_participants)
        Rows of the next block.
    """
    rows = max(1, BLOCK_BYTES // (16 * codes.size))
    yield codes[None, :]
    for start in range(0, permutations, rows):
        block = np.tile(codes, (min(rows, permutations - start), 1))
        yield generator.permuted(block, axis=1)
