"""Random numbers that depend on names alone, never on order or on the process that draws them."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """Make the random generator of one named unit.

    Parameters
    ----------
    seed : int
        Seed of the configuration.
    *names : str
        What the numbers are for (study, participant, session, purpose).

    Returns
    -------
    numpy.random.Generator
        PCG64 seeded with the seed and the SHA-256 digest of the names.
    """
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4")
    return np.random.default_rng([seed, *(int(word) for word in words)])
