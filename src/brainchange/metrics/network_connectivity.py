"""Functional connectivity within and between networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brainchange.metrics.registry import Metric

FloatArray = npt.NDArray[np.float64]


def network_connectivity(edges: FloatArray) -> FloatArray:
    """Average the connectivity of the edges of a network, or between two.

    Every edge counts the same, so that a network's value does not depend on the size of regions.
    Fisher's z is averaged, which is less biased than averaging r (Silver & Dunlap 1987).

    Parameters
    ----------
    edges : numpy.ndarray
        Fisher z, (n, n_edges); NaN for an edge that is left out.

    Returns
    -------
    numpy.ndarray
        Fisher z, (n,); NaN where no edge is left.
    """
    kept = np.isfinite(edges)
    count = kept.sum(axis=1)
    sums = np.where(kept, edges, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


METRIC = Metric(
    name="network_connectivity",
    label="Network connectivity",
    unit="Fisher z",
    level="network",
    per="network",
    needs=("rest", "task"),
    description="Mean connectivity over the edges within a network, or between two",
    source="Silver & Dunlap 1987, J Appl Psychol 72:146 (average of Fisher z)",
    function=network_connectivity,
    of="connectivity",
)
